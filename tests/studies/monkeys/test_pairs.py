import dataclasses
import datetime
import math
from pathlib import Path

import numpy as np
import pytest
from tests.studies.monkeys.made import law_counts, of_answers, of_counts

from topdraw.analysis.cost import Tables
from topdraw.analysis.scaling.shifts import Shifts
from topdraw.sampling.prices import Price
from topdraw.studies.monkeys.pairs import BUDGETS, family, pair, slope

TWO = {"strong": [60, 40, 30, 20, 10, 90, 80, 5, 2, 50], "weak": [20, 10, 9, 5, 3, 60, 40, 1, 1, 9]}
WIDE = {
    "strong": law_counts(-1.5, -0.35, n=400, problems=60),
    "weak": law_counts(-4.5, -0.35, n=400, problems=60),
}


def test_a_weak_model_with_many_samples_passes_a_strong_one(tmp_path: Path) -> None:
    strong, weak = of_counts(tmp_path, TWO, n=100)
    two = pair(strong, weak, tables=Tables())
    assert two is not None
    one = two.passing
    assert (one.weak, one.strong, one.most) == ("weak", "strong", 100)
    mean = np.mean(TWO["strong"]) / 100
    assert one.first is not None
    assert weak.coverage(one.first).value > mean
    assert one.sure is not None
    assert one.sure >= one.first
    assert one.less.low > 0
    # Counts say nothing of tokens.
    assert two.at_equal == ()
    assert two.why
    assert one.cost == {}


def test_a_model_that_never_solves_passes_nobody(tmp_path: Path) -> None:
    strong, weak = of_counts(tmp_path, {"strong": [9] * 8, "weak": [0] * 7 + [1]}, n=10)
    two = pair(strong, weak, tables=Tables())
    assert two is not None
    assert (two.passing.first, two.passing.sure) == (None, None)
    assert two.passing.less.high < 0
    assert "two models" in str(family([strong])) or "a law" in str(family([strong]))


def test_budgets_are_in_every_unit_that_is_known_for_both(tmp_path: Path) -> None:
    right = {f"p{at}": "a" for at in range(10)}
    few = {key: "a" * (1 + at % 3) + "b" * (19 - at % 3) for at, key in enumerate(right)}
    many = {key: "a" * 12 + "b" * 8 for key in right}
    strong = of_answers(tmp_path, many, right=right, model="builtin", name="strong")
    weak = of_answers(tmp_path, few, right=right, model="builtin:small", name="weak")
    price = {
        "builtin": Price(10, 10, datetime.date(2026, 1, 1)),
        "builtin:small": Price(1, 1, datetime.date(2026, 1, 1)),
    }
    two = pair(strong, weak, tables=Tables(price))
    assert two is not None
    assert two.units == {"flops", "usd", "output_tokens"} > BUDGETS
    assert {one.strategy for one in two.at_equal} == {"oracle", "majority"}
    assert all((one.a, one.b) == ("builtin:small", "builtin") for one in two.at_equal)
    k = two.passing.sure
    assert k is not None
    spent = two.passing.cost
    # Prompts of 2 tokens count once, outputs of 5 each time; a tenth of the price.
    assert spent["output_tokens"].ratio == pytest.approx(k)
    assert spent["usd"].ratio == pytest.approx((2 + 5 * k) / (2 + 5) / 10)
    assert spent["usd"].amount == pytest.approx((2 + 5 * k) / 1e6)


def test_models_without_a_problem_in_common_are_no_pair(tmp_path: Path) -> None:
    (one,) = of_counts(tmp_path, {"one": [1, 2, 3]}, n=10)
    right = {"other": "a", "another": "a"}
    other = of_answers(tmp_path, {key: "aab" for key in right}, right=right)
    assert pair(one, other, tables=Tables()) is None
    assert "share no problem" in str(family([one, other]))


def test_a_known_shift_is_found_again(tmp_path: Path) -> None:
    """(4.5 / 1.5)^(1 / 0.35) samples of the weak do what one of the strong does."""
    found = family(of_counts(tmp_path, WIDE, n=400))
    assert isinstance(found, Shifts)
    shift = found.shifts[1]
    assert shift.low <= math.log10(3) / 0.35 <= shift.high
    assert found.shifts[0].value == 0


def test_parallel_laws_have_one_slope(tmp_path: Path) -> None:
    strong, weak = of_counts(tmp_path, WIDE, n=400)
    assert strong.law is not None
    assert weak.law is not None
    less = slope(strong, weak)
    assert less.low <= 0 <= less.high
    assert less.value == pytest.approx(weak.law.b.value - strong.law.b.value)
    assert slope(strong, strong).value == 0


def test_slopes_of_other_problems_know_nothing_of_each_other(tmp_path: Path) -> None:
    strong, _ = of_counts(tmp_path, WIDE, n=400)
    (other,) = of_counts(tmp_path, {"m": WIDE["weak"][:40]}, n=400, name="other.csv")
    assert "of each by itself" in slope(strong, other).method
    (few,) = of_counts(tmp_path, {"m": [1, 9, 3]}, n=400, name="few.csv")
    assert math.isnan(slope(strong, few).low)
    (flat,) = of_counts(tmp_path, {"m": [0, 400]}, n=400, name="flat.csv")
    assert math.isnan(slope(strong, flat).value)


def test_one_name_for_two_models_is_no_family(tmp_path: Path) -> None:
    strong, _ = of_counts(tmp_path, WIDE, n=400)
    assert "one model's name" in str(family([strong, strong]))


def test_a_run_drawn_until_a_pass_is_shifted_nowhere(tmp_path: Path) -> None:
    strong, weak = of_counts(tmp_path, WIDE, n=400)
    solved = dataclasses.replace(weak.known, solved=np.ones(60, bool))
    stopped = dataclasses.replace(weak, known=solved)
    assert "until a pass" in str(family([strong, stopped]))
