import math

import numpy as np
import pytest

from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.picked import FEWEST, Pick, picked
from topdraw.analysis.strategies import Pool, Strategy


def _one(name: str, at_n: object, *, real: bool = True) -> Strategy:
    column = np.asarray(at_n, dtype=float)[:, None]
    return Strategy(name, name, "", (1,), np.repeat(column, 2, axis=1), "exact", real=real)


def _strategies(problems: int = 40, seed: int = 0, *, greedy: bool = True) -> list[Strategy]:
    rng = np.random.default_rng(seed)
    mean = rng.random(problems)
    oracle = np.minimum(mean + 0.3, 1.0)
    made = [
        _one("random", mean, real=False),
        _one("a", np.minimum(mean + 0.1 * rng.random(problems), oracle)),
        _one("b", np.minimum(mean + 0.1 * rng.random(problems), oracle)),
        _one("oracle", oracle, real=False),
    ]
    return [_one("greedy", mean > 0.5, real=False), *made] if greedy else made


def _pick(compared: list[Strategy]) -> Pick | None:
    keys = tuple(map(str, range(len(compared[0].at_n))))
    return picked(compared, Pool(keys, 1), missing=3, rng=np.random.default_rng(0))


def test_the_best_is_named_and_valued_below_its_own_mean() -> None:
    compared = _strategies()
    pick = _pick(compared)
    means = {one.name: one.at_n.mean() for one in compared}
    assert pick is not None
    assert pick.strategy == max(("a", "b"), key=lambda name: means[name])
    assert pick.among == 2
    assert 0.5 < pick.share < 1
    assert means["random"] < pick.estimate.value < means[pick.strategy]
    assert (pick.estimate.n, pick.estimate.missing) == (40, 3)
    assert "picked on half of the problems" in pick.estimate.method


def test_differences_are_of_the_same_number() -> None:
    compared = _strategies()
    pick, means = _pick(compared), {one.name: one.at_n.mean() for one in compared}
    assert pick is not None
    for difference, other in ((pick.less_random, "random"), (pick.less_greedy, "greedy")):
        assert difference.value == pytest.approx(pick.estimate.value - means[other])
        assert math.isnan(difference.p_value)
        assert difference.low < difference.value < difference.high
    assert pick.gap.value == pytest.approx(means["oracle"] - pick.estimate.value)
    assert 0 <= pick.gap.low < pick.gap.value < pick.gap.high


def test_the_interval_is_that_of_the_best_without_its_luck() -> None:
    compared = _strategies()
    pick = _pick(compared)
    assert pick is not None
    best = mean_estimate(next(one.at_n for one in compared if one.name == pick.strategy))
    luck = best.value - pick.estimate.value
    assert luck > 0
    assert pick.estimate.low == pytest.approx(best.low - luck)
    assert pick.estimate.high == pytest.approx(best.high - luck)


def test_without_a_greedy_sample_there_is_no_difference_to_it() -> None:
    pick = _pick(_strategies(greedy=False))
    assert pick is not None
    assert math.isnan(pick.less_greedy.value)


def test_one_selector_was_not_picked() -> None:
    compared = [one for one in _strategies() if one.name != "b"]
    assert _pick(compared) is None
    silent = _one("b", np.full(40, np.nan))
    assert _pick([*compared, silent]) is None


def test_few_problems_pick_nothing() -> None:
    assert _pick(_strategies(FEWEST - 1)) is None
    assert _pick(_strategies(FEWEST)) is not None
