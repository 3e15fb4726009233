import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.winrate.logistic import sigmoid
from topdraw.analysis.winrate.style import style_controlled, style_features
from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError

_counts = st.lists(
    st.lists(st.integers(0, 500).map(float), min_size=4, max_size=4), min_size=1, max_size=8
)


@given(_counts)
def test_swapping_the_sides_mirrors_the_features(rows: list[list[float]]) -> None:
    own, other = np.array(rows), np.array(rows)[::-1]
    found = style_features(own, other)
    assert found == pytest.approx(-style_features(other, own))
    assert (np.abs(found) <= 1).all()


def _drawn(battles: int, seed: int) -> tuple[FloatArray, IntArray, FloatArray, list[str]]:
    random = np.random.default_rng(seed)
    model = random.integers(2, size=battles)
    features = random.normal(0, 1, (battles, 4)) + model[:, None] * 0.5
    z = np.array([-0.4, 0.4])[model] + 1.2 * (features[:, 0] - features[:, 0].mean())
    value = (random.random(battles) < sigmoid(z)).astype(float)
    return value, model, features, [f"q{at // 2}" for at in range(battles)]


def test_a_model_that_wins_by_style_is_brought_back() -> None:
    value, model, features, questions = _drawn(4000, 0)
    found = style_controlled(value, model, features, questions, models=2, rounds=20)
    for at, truth in enumerate((-0.4, 0.4)):
        estimate, theirs = found.estimates[at], found.theirs[at]
        assert estimate.low < 100 * sigmoid(truth) < estimate.high
        assert theirs.low <= theirs.score <= theirs.high
        assert theirs.score == pytest.approx(estimate.value, abs=2)
    assert found.coefficients[0] == pytest.approx(1.2 * features[:, 0].std(), abs=0.15)


def test_the_fit_is_that_of_scikit_learn() -> None:
    golden = json.loads((Path(__file__).parents[2] / "golden" / "winrate.json").read_text())[
        "style"
    ]
    (row,), close = golden["rows"], golden["tolerance"]
    value, model, features, questions = _drawn(1000, 3)
    value[::7] = 0.5
    found = style_controlled(value, model, features, questions, models=2, rounds=1)
    assert [one.value for one in found.estimates] == pytest.approx(row["win_rates"], abs=close)
    assert found.coefficients.tolist() == pytest.approx(row["coefficients"], abs=close)


def test_without_style_the_fit_is_the_mean() -> None:
    value, model = np.array([1.0, 0, 1, 1, 0, 0.5]), np.array([0, 0, 0, 1, 1, 1])
    found = style_controlled(
        value, model, np.zeros((6, 4)), [*"aabbcc"], models=2, rounds=2
    )  # fmt: skip
    assert [one.value for one in found.estimates] == pytest.approx([200 / 3, 50])
    assert found.coefficients.tolist() == [0, 0, 0, 0]


def test_a_model_that_wins_all_has_no_fit() -> None:
    found = style_controlled(
        np.ones(6), np.zeros(6, int), np.zeros((6, 4)), [*"abcdef"], models=1, rounds=3
    )
    assert math.isnan(found.estimates[0].value)
    assert math.isnan(found.theirs[0].score)


def test_the_order_of_battles_does_not_matter() -> None:
    value, model, features, questions = _drawn(200, 1)
    order = np.random.default_rng(2).permutation(200)
    mixed = style_controlled(
        value[order], model[order], features[order], [questions[at] for at in order], models=2,
        rounds=2,
    )  # fmt: skip
    plain = style_controlled(value, model, features, questions, models=2, rounds=2)
    for one, two in zip(plain.estimates, mixed.estimates, strict=True):
        assert (one.value, one.low) == pytest.approx((two.value, two.low))


def test_misuse_is_refused() -> None:
    with pytest.raises(DomainError, match="one value, one model"):
        style_controlled(np.ones(2), np.zeros(3, int), np.zeros((2, 4)), ["a", "b"], models=1)
    with pytest.raises(DomainError, match="at least one battle"):
        style_controlled(np.ones(1), np.zeros(1, int), np.zeros((1, 4)), ["a"], models=2)
