import datetime
import math
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, ODD, YES, made_run

from topdraw.analysis.architectures import Architecture
from topdraw.analysis.cost import Tables
from topdraw.analysis.cost_of_k import Unit
from topdraw.analysis.cost_report import compare_all_costs, compare_costs, cost_of, spread_ks
from topdraw.analysis.cost_solved import cost_per_solved
from topdraw.analysis.coverage import pass_at_k
from topdraw.analysis.vote_curve import majority_of_k
from topdraw.core.billing import Answered, Asked
from topdraw.errors import ConfigError, DomainError
from topdraw.sampling.prices import Price
from topdraw.store.run import Run

PRICES = {
    "made": Price(1.0, 4.0, datetime.date(2026, 11, 20)),
    "dear": Price(2.0, 8.0, datetime.date(2026, 11, 20)),
}
DEAR = {"name": "dear"}
VERDICTS = {"p": [YES, NO, YES, LOST], "q": [NO, ODD, NO, NO], "r": [YES, YES, YES, ODD]}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made_run(tmp_path / "run", VERDICTS)


def test_each_k_has_its_cost_its_share_and_their_ratio(run: Run) -> None:
    got = cost_of(run, prices=PRICES, ks=[1, 3])
    assert (got.unit, got.strategy, got.ks) == ("usd", "oracle", (1, 3))
    assert got.cost == pytest.approx(((2 + 5 * 4) / 1e6, (2 + 15 * 4) / 1e6))
    solved = pass_at_k([3, 4, 4], [2, 0, 3], 3)
    assert got.solved[1].value == pytest.approx(solved.mean())
    expected = cost_per_solved(np.full(3, 62e-6), solved)
    assert got.per_solved[1].value == pytest.approx(expected.value)
    assert got.per_solved[1].high == pytest.approx(expected.high)
    assert got.per_solved[1].missing == 1
    assert got.billed_usd is None


def test_by_default_every_k_in_tokens_where_no_price_is_known(run: Run) -> None:
    got = cost_of(run, selector="majority")
    assert (got.unit, got.ks) == ("output_tokens", (1, 2, 3))
    answer, passed = np.array([0, 1, 0]), np.array([True, False, True])
    share = majority_of_k(answer, passed, [2])[0]
    votes = majority_of_k(np.array([0, 0, 0, 1]), np.array([1, 1, 1, 0], bool), [2])[0]
    assert got.solved[1].value == pytest.approx((share + votes) / 3)
    assert got.solved[1].method.startswith("majority, exact")


def test_the_bill_is_what_was_charged(run: Run) -> None:
    with run.bill_writer() as writer:
        asked = Asked("p", 0, 3, "localhost")
        writer.end(writer.begin(asked), Answered("delivered", 3, 1_000_000, 500_000))
    assert cost_of(run, prices=PRICES).billed_usd == pytest.approx(3.0)
    assert cost_of(run).billed_usd is None


def test_two_runs_at_equal_price(tmp_path: Path, run: Run) -> None:
    other = made_run(
        tmp_path / "other",
        {"r": [YES, YES], "q": [YES, NO], "s": [NO, NO]},
        model=DEAR,
    )
    got = compare_costs(run, other, prices=PRICES, budgets=[50e-6, 100e-6])
    assert (got.unit, got.problems) == ("usd", 2)
    assert (got.only_a, got.only_b) == (("p",), ("s",))
    first, second = got.budgets
    # 2 + 20 k of the one against 2 (2 + 20 k) of the other, in millionths.
    assert (first.a.k, first.b.k) == (2, 1)
    # Beyond k = 2 the first solves no more.
    assert (second.a.k, second.b.k) == (2, 2)
    assert (first.a.value.value, first.b.value.value) == (0.5, 0.75)
    assert first.difference.value == pytest.approx(-0.25)
    assert second.difference.value == pytest.approx(-0.5)
    assert "made at k = 2 less dear at k = 1" in first.difference.method


def test_two_runs_at_equal_tokens_and_the_default_budgets(tmp_path: Path, run: Run) -> None:
    other = made_run(tmp_path / "other", VERDICTS, model=DEAR)
    got = compare_costs(run, other)
    assert got.unit == "output_tokens"
    assert len(got.budgets) == 8
    assert all(at.difference.value == 0 for at in got.budgets)


def test_several_units_and_selectors_at_once_say_what_each_says_alone(
    tmp_path: Path, run: Run
) -> None:
    other = made_run(tmp_path / "other", VERDICTS, model=DEAR)
    units: tuple[Unit, ...] = ("samples", "output_tokens", "usd")
    found = compare_all_costs(run, other, units=units, tables=Tables(PRICES))
    assert [(one.unit, one.strategy) for one in found] == [
        (unit, strategy) for unit in units for strategy in ("oracle", "majority")
    ]
    for one in found:
        alone = compare_costs(run, other, unit=one.unit, selector=one.strategy, prices=PRICES)
        assert str(alone) == str(one)
    assert (found[0].a, found[0].b, found[0].level) == ("made", "dear", 0.95)
    assert found[-1].basis.startswith("made: ")
    assert found[0].adjusted_p == (1.0, 1.0, 1.0)


def test_clusters_are_units_of_the_differences(tmp_path: Path) -> None:
    a = made_run(tmp_path / "a", {f"p{i}": [YES, NO] for i in range(12)})
    b = made_run(tmp_path / "b", {f"p{i}": [NO, YES if i % 2 else NO] for i in range(12)})
    of = {f"p{i}": i // 4 for i in range(12)}
    alone, together = (
        compare_costs(a, b, unit="samples", clusters=clusters).budgets[0].difference
        for clusters in (None, of)
    )
    assert together.value == alone.value
    assert "in 3 clusters" in together.method
    assert together.p_value > alone.p_value
    with pytest.raises(ConfigError, match="does not say where the problem 'p0' belongs"):
        compare_costs(a, b, unit="samples", clusters="passage")


def test_the_run_that_lacks_something_is_named_with_what_to_give(tmp_path: Path, run: Run) -> None:
    other = made_run(tmp_path / "other", VERDICTS, model={"name": "unknown"})
    for unit, told in (("usd", "--prices FILE"), ("flops", "--architectures FILE")):
        with pytest.raises(ConfigError) as caught:
            compare_all_costs(
                run,
                other,
                units=[cast(Unit, unit)],
                tables=Tables(PRICES, {"made": Architecture(10, 1, 1)}),
            )
        assert "other is unknown; known is output tokens" in str(caught.value)
        assert told in caught.value.hint
        assert "'unknown'" in caught.value.hint
    with pytest.raises(ConfigError, match="requests") as caught:
        compare_costs(run, other, unit="seconds")
    assert caught.value.hint.startswith("Nobody recorded the requests")


def test_what_is_unknown_is_refused_by_name(tmp_path: Path, run: Run) -> None:
    with pytest.raises(ConfigError, match=r"The USD of .* is unknown; known is output tokens"):
        cost_of(run, unit="usd")
    other = made_run(tmp_path / "other", {"z": [YES]})
    with pytest.raises(ConfigError, match="no problem in common"):
        compare_costs(run, other)
    with pytest.raises(DomainError, match="oracle of 4 needs at least 4 scored samples"):
        cost_of(run, ks=[1, 4])
    lost = made_run(tmp_path / "lost", {"p": [LOST]})
    with pytest.raises(ConfigError, match="has no sample scored by 'judge'"):
        cost_of(lost)


def test_ks_are_all_of_them_or_spread_evenly() -> None:
    assert spread_ks(60) == tuple(range(1, 61))
    spread = spread_ks(10_000)
    assert (spread[0], spread[-1]) == (1, 10_000)
    assert len(spread) <= 60
    ratios = np.diff(np.log(spread[-20:]))
    assert ratios.max() / ratios.min() < 1.05


def test_nothing_solved_costs_without_end(tmp_path: Path) -> None:
    got = cost_of(made_run(tmp_path / "run", {"p": [NO], "q": [NO]}))
    assert got.per_solved[0].value == math.inf
