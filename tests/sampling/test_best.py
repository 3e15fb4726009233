"""A winner by score is settled: the MODEL by hand, its invariances, and its confidence by seeds."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from topdraw.analysis.stopping import Outcome, guaranteed, outcome
from topdraw.core.records import Score
from topdraw.core.until import Until
from topdraw.errors import DomainError, FormatError
from topdraw.sampling.best import FEWEST, can_be_settled, chance_of_better, is_best_settled
from topdraw.sampling.stopping import is_over

VALUES = st.lists(st.integers(-50, 50).map(float), min_size=FEWEST, max_size=40)
BEST = Until("best", by="r", batch=4, confidence=0.95)


def test_by_hand() -> None:
    # k = 8, r = 4: u = 4, excesses 96 + 3 + 2 + 1, S = 102, M - u = 96; one to come.
    values = [100.0, 7, 6, 5, 4, 3, 2, 1]
    assert chance_of_better(values, 1) == pytest.approx(5 / 9 * (1 + 96 / 102) ** -4)
    spread = float(np.std(values, ddof=1))
    expected = 2 * 5 / 9 * (1 + (96 + 0.5 * spread) / 102) ** -4
    assert chance_of_better(values, 2, gain=0.5) == pytest.approx(expected)


@pytest.mark.parametrize(
    "values",
    [[1.0] * 7, [1.0] * 30, [0.0] * 5 + [1.0] * 10, [*range(20), math.inf], [math.nan] * 20],
    ids=["few", "equal", "equal at the top", "infinite", "missing"],
)
def test_where_scores_have_no_scale_nothing_is_settled(values: list[float]) -> None:
    assert chance_of_better(values, 1, gain=3.0) == 1.0
    assert chance_of_better(values, 0) == 0.0


@given(
    VALUES, st.integers(1, 100), st.floats(0, 3), st.sampled_from([0.25, 4.0]), st.integers(-9, 9)
)
def test_units_and_order_make_no_difference(
    values: list[float], left: int, gain: float, scale: float, shift: int
) -> None:
    chance = chance_of_better(values, left, gain)
    moved = [scale * value + shift for value in reversed(values)]
    assert chance_of_better(moved, left, gain) == pytest.approx(chance, rel=1e-9)
    assert chance_of_better([*values, math.nan], left, gain) == chance
    assert 0 <= chance <= 1


@given(VALUES, st.integers(1, 100), st.floats(0, 3), st.floats(0, 3))
def test_more_to_come_is_likelier_and_a_larger_gain_is_not(
    values: list[float], left: int, gain: float, more: float
) -> None:
    chance = chance_of_better(values, left, gain)
    assert chance_of_better(values, left + 1, gain) >= chance
    assert chance_of_better(values, left, gain + more) <= chance


LAWS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "exponential": lambda rng, n: rng.exponential(size=n),
    "normal": lambda rng, n: rng.normal(size=n),
    "uniform": lambda rng, n: rng.random(n),
    "logistic": lambda rng, n: rng.logistic(size=n),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("confidence", "gain"), [(0.8, 0.0), (0.8, 1.0), (0.95, 0.5)])
def test_the_stated_confidence_holds(law: str, confidence: float, gain: float) -> None:
    """Of 400 problems, whose scores follow the law, looked at after every 4 of at most 64."""
    until = Until("best", by="r", batch=4, confidence=confidence, gain=gain)
    rng = np.random.default_rng(5)
    beaten, drawn = 0, []
    for _ in range(400):
        values = LAWS[law](rng, 64)
        end = outcome(until, 64, [Score(value=float(value)) for value in values]).drawn
        drawn.append(end)
        more = gain * values[:end].std(ddof=1)
        beaten += bool(end < 64 and values[end:].max() > values[:end].max() + more)
    allowed = 1 - confidence
    assert beaten / 400 <= allowed + 2 * math.sqrt(allowed * confidence / 400)
    assert min(drawn) >= guaranteed(until, 64)
    if law != "uniform" and confidence == 0.8:
        assert np.mean(drawn) < 62


def test_a_rule_sees_whole_batches_and_says_what_it_is() -> None:
    # Nothing to come can be expected to beat the one far out.
    values = [1.0, 2.0, 3.0, 4.0] * 4 + [1000.0]
    scores = [Score(value=value) for value in values] + [Score.missing("lost")] * 3
    assert outcome(BEST, 24, scores[:19]) == Outcome(16, 16, ended=False)
    assert outcome(BEST, 24, scores) == Outcome(20, 16, ended=True)
    assert is_over(BEST, scores, left=4)
    assert not is_over(BEST, scores[:16], left=8)
    assert str(BEST).startswith("until the best score is settled by r at confidence 0.95, looking")
    wide = Until("best", by="r", gain=0.5)
    assert "settled by r but for 0.5 sd at confidence 0.95" in str(wide)
    assert Until.from_dict(wide.as_dict()) == wide
    assert "gain" not in Until("settled", by="r").as_dict()


@given(
    st.integers(1, 12), st.integers(1, 60), st.sampled_from([0.0, 0.5]), st.floats(0.51, 1), VALUES
)
def test_no_scores_end_it_before_the_samples_it_guarantees(
    batch: int, cap: int, gain: float, confidence: float, values: list[float]
) -> None:
    until = Until("best", by="r", batch=batch, confidence=confidence, gain=gain)
    end = outcome(until, cap, [Score(value=value) for value in values])
    if end.ended:
        assert end.drawn >= guaranteed(until, cap)


@given(st.integers(FEWEST, 40), st.integers(1, 40), st.floats(0.51, 1, exclude_max=True))
def test_some_scores_end_it_where_it_can_be_ended(k: int, left: int, confidence: float) -> None:
    until = Until("best", by="r", confidence=confidence)
    far = [0.0] * (k - 1) + [1.0]
    assume(can_be_settled(until, k, left))
    assert is_best_settled(until, far, left)


def test_odd_rules_are_refused() -> None:
    with pytest.raises(DomainError, match=r"gain is -1.*>= 0"):
        Until("best", by="r", gain=-1)
    with pytest.raises(DomainError, match="'pass', 'settled' or 'best'"):
        Until("never", by="r")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(FormatError, match="no stopping rule"):
        Until.from_dict({"rule": "best", "by": "r", "gain": -1.0})
