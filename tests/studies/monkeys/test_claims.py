import dataclasses
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.studies.monkeys.made import law_counts, of_answers, of_counts

from topdraw.analysis.cost import Tables
from topdraw.core.estimate import Estimate
from topdraw.studies.monkeys.claims import (
    CHEAPER,
    FAMILY,
    FLAT,
    LAW,
    LINE,
    PASSES,
    RISES,
    WHERE,
    WORST_FIT,
    Claim,
    claims_of,
    claims_of_pair,
    counted,
    told,
    within,
)
from topdraw.studies.monkeys.pairs import Pair, pair
from topdraw.studies.monkeys.reading import Reading

TWO = {
    "strong": law_counts(-1.5, -0.35, n=1000, problems=60),
    "weak": law_counts(-4.5, -0.35, n=1000, problems=60),
}


def _by_text(found: list[Claim]) -> dict[str, Claim]:
    return {one.text: one for one in found}


def _pair(strong: Reading, weak: Reading) -> Pair:
    two = pair(strong, weak, tables=Tables())
    assert two is not None
    return two


def test_a_law_of_the_paper_supports_its_claims(tmp_path: Path) -> None:
    strong, weak = of_counts(tmp_path, TWO, n=1000)
    found = _by_text(claims_of(strong))
    assert found[RISES].verdict == "supports"
    assert found[LAW].verdict == "supports"
    assert found[LINE].number == strong.rise.line_error
    assert str(strong.rise.bend) in found[LINE].words
    assert _by_text(claims_of(weak))[LINE].verdict in ("supports", "cannot tell")
    both = _by_text(claims_of_pair(_pair(strong, weak)))
    assert both[PASSES].verdict == "supports"
    assert both[FAMILY].verdict in ("supports", "cannot tell")
    assert CHEAPER not in both


def test_every_sentence_carries_the_interval_that_decides(tmp_path: Path) -> None:
    strong, weak = of_counts(tmp_path, TWO, n=1000)
    for one in [*claims_of(strong), *claims_of_pair(_pair(strong, weak))]:
        assert str(one.number) in one.words
        assert one.text in WHERE


def test_coverage_that_stands_still_contradicts_a_rise(tmp_path: Path) -> None:
    (one,) = of_counts(tmp_path, {"m": [0] * 200 + [1000] * 200}, n=1000)
    found = _by_text(claims_of(one))
    assert found[RISES].verdict in ("contradicts", "cannot tell")
    assert found[RISES].number.value == 0
    assert found[LAW].verdict == "cannot tell"
    assert "no law" in found[LAW].words


def test_a_decade_that_brings_next_to_nothing_contradicts_a_rise(tmp_path: Path) -> None:
    """Every gain lies above 0, those of 10^-9, too; the line is no support of a level curve."""
    (one,) = of_counts(tmp_path, {"m": [900] * 40 + [800] * 400}, n=1000)
    found = _by_text(claims_of(one))
    assert found[RISES].verdict == "contradicts"
    assert found[LINE].verdict == "contradicts"
    assert found[RISES].words in found[LINE].words


@pytest.mark.parametrize("correct", [0, 1000])
def test_a_level_curve_is_no_straight_rise(tmp_path: Path, correct: int) -> None:
    (one,) = of_counts(tmp_path, {"m": [correct] * 60}, n=1000)
    assert _by_text(claims_of(one))[LINE].verdict == "cannot tell"


def test_a_piece_of_a_decade_says_nothing_of_a_rise(tmp_path: Path) -> None:
    counts = law_counts(-4.5, -0.35, n=1024, problems=200)
    (one,) = of_counts(tmp_path, {"m": counts}, n=1024)
    claim = _by_text(claims_of(one))[RISES]
    assert claim.verdict == "supports"
    assert "1,024" not in claim.words
    (few,) = of_counts(tmp_path, {"m": list(range(8)) * 5}, n=8)
    assert _by_text(claims_of(few))[RISES].verdict == "cannot tell"


def test_a_step_is_no_power_law(tmp_path: Path) -> None:
    """All problems are solved at about k = 300, none before: a law with b < 0 cannot bend so."""
    (one,) = of_counts(tmp_path, {"m": [10] * 200}, n=3000)
    found = _by_text(claims_of(one))
    assert found[LAW].verdict == "contradicts"
    assert found[LINE].verdict == "contradicts"
    assert found[LINE].number.low > WORST_FIT


def test_a_few_samples_are_no_decades(tmp_path: Path) -> None:
    (one,) = of_counts(tmp_path, {"m": list(range(20))}, n=50)
    assert _by_text(claims_of(one))[LINE].verdict == "cannot tell"


def test_a_vote_that_stands_still_while_coverage_rises_saturates(tmp_path: Path) -> None:
    answers = {f"p{at}": "a" * 96 + "bcde" for at in range(30)}
    one = of_answers(tmp_path, answers, right=dict.fromkeys(answers, "b"))
    (claim,) = [each for each in claims_of(one) if each.text == FLAT]
    assert claim.verdict == "supports"
    assert "majority vote" in claim.words
    (other,) = [
        each for each in claims_of(_with_gain(one, Estimate(-0.2, -0.3, -0.1))) if each.text == FLAT
    ]
    assert other.verdict == "contradicts"


def _with_gain(one: Reading, behind: Estimate) -> Reading:
    chosen = tuple(dataclasses.replace(each, behind=behind) for each in one.chosen)
    return dataclasses.replace(one, chosen=chosen)


def test_selectors_are_told_with_what_they_go_by(tmp_path: Path) -> None:
    answers = {"p": "aab", "q": "abb"}
    one = of_answers(
        tmp_path,
        answers,
        right=dict.fromkeys(answers, "a"),
        rewards={key: [1.0, 2.0, 3.0] for key in answers},
    )
    names = [told(each) for each in one.chosen]
    assert names == ["majority vote", "best of k by reward", "weighted vote by reward"]


def test_budgets_say_who_wins(tmp_path: Path) -> None:
    right = {f"p{at}": "a" for at in range(30)}
    few = {key: "a" + "b" * 39 for key in right}
    many = {key: "a" * 20 + "b" * 20 for key in right}
    strong = of_answers(tmp_path, many, right=right, model="builtin", name="strong")
    weak = of_answers(tmp_path, few, right=right, model="builtin:small", name="weak")
    found = _by_text(claims_of_pair(_pair(strong, weak)))
    assert found[CHEAPER].verdict == "contradicts"
    assert "equal FLOPs" in found[CHEAPER].words
    assert "times its FLOPs" in found[PASSES].words
    back = _by_text(claims_of_pair(_pair(weak, strong)))
    assert back[CHEAPER].verdict == "supports"


def test_never_passing_is_told_as_such(tmp_path: Path) -> None:
    strong, weak = of_counts(tmp_path, {"s": [19] * 20, "w": [0] * 19 + [1]}, n=20)
    claim = _by_text(claims_of_pair(_pair(strong, weak)))[PASSES]
    assert claim.verdict == "contradicts"
    assert claim.number.high < 0


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_verdict_hangs_on_the_interval_alone(value: float, less: float, more: float) -> None:
    number = Estimate(value, value - less, value + more)
    said = within(number, 0.1)
    inside = number.low >= -0.1 and number.high <= 0.1
    apart = number.low > 0.1 or number.high < -0.1
    assert said == ("supports" if inside else "contradicts" if apart else "cannot tell")
    assert within(Estimate(math.nan), 0.1) == "cannot tell"


def test_verdicts_are_counted_in_the_order_of_the_paper(tmp_path: Path) -> None:
    strong, weak = of_counts(tmp_path, TWO, n=1000)
    found = counted([*claims_of_pair(_pair(strong, weak)), *claims_of(weak), *claims_of(strong)])
    assert list(found) == [text for text in WHERE if text in found]
    assert sum(found[RISES].values()) == 2


@pytest.mark.parametrize("text", WHERE)
def test_every_claim_has_a_place_in_the_paper(text: str) -> None:
    assert "section" in WHERE[text]
