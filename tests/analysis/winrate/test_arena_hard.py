import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.winrate.test_verdicts import LABELS

from topdraw.analysis.winrate.arena_hard import (
    elo,
    score_estimate,
    their_bootstrap,
    win_rate_of_elo,
)
from topdraw.analysis.winrate.verdicts import battles

_labels = st.sampled_from(LABELS)
_games = st.lists(st.tuples(_labels, _labels), min_size=2, max_size=12)


@given(_games)
def test_the_estimate_is_the_exact_score(games: list[tuple[str | None, str | None]]) -> None:
    found = battles(games)
    names = [f"q{at}" for at in range(len(games))]
    estimate = score_estimate(found, names)
    assert estimate.value == pytest.approx(found.score)
    assert estimate.low <= estimate.value <= estimate.high


def test_questions_are_the_units() -> None:
    games: list[tuple[str | None, str | None]] = [("B>A", "A>B"), ("A>B", "B>A")] * 50
    found = battles(games)
    ours = score_estimate(found, [f"q{at}" for at in range(100)])
    theirs = their_bootstrap(found)
    assert "in 100 clusters" in ours.method
    # Both games of a question agree here, so that battles look like twice as much as there is.
    assert ours.high - ours.low > 1.4 * (theirs.high - theirs.low)


def test_their_bootstrap_is_seeded_and_says_its_quantiles() -> None:
    found = battles([("B>A", "A>B"), ("A>>B", "A=B"), ("B>A", "B>A")] * 20)
    assert their_bootstrap(found, rng=1) == their_bootstrap(found, rng=1)
    assert their_bootstrap(found, rng=1) != their_bootstrap(found, rng=2)
    now, then = their_bootstrap(found), their_bootstrap(found, old=True)
    assert (now.quantiles, then.quantiles) == ((0.05, 0.95), (0.025, 0.975))
    assert then.score == found.score
    assert now.score == pytest.approx(found.score, abs=2)
    assert now.low <= now.score <= now.high
    many = their_bootstrap(found, rounds=4000)
    assert many.score == pytest.approx(found.score, abs=0.3)
    assert math.isnan(their_bootstrap(battles([])).score)


@given(st.floats(0.01, 99.99))
def test_elo_and_win_rate_undo_each_other(score: float) -> None:
    assert win_rate_of_elo(elo(score)) == pytest.approx(score)
    assert elo(score) + elo(100 - score) == pytest.approx(2000)


def test_elo_is_the_bradley_terry_fit() -> None:
    found = battles([("B>A", "A>B"), ("A>>B", "A=B"), ("B>A", "B>A")], old=True)
    value, _ = found.repeated()
    # Maximum likelihood with one opponent: d log L / d theta = sum (value - p) = 0.
    theta = (elo(found.score) - 1000) / 400 * math.log(10)
    p = 1 / (1 + math.exp(-theta))
    assert float(np.sum(value - p)) == pytest.approx(0, abs=1e-9)
    assert (elo(0.0), elo(100.0)) == (-math.inf, math.inf)
    assert math.isnan(elo(math.nan))
