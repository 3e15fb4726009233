import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.winrate.test_logistic import made

from topdraw.analysis.winrate.controlled import (
    Gamed,
    Weights,
    from_weights,
    is_extreme,
    length_controlled,
    standardised,
)
from topdraw.analysis.winrate.logistic import sigmoid
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError

BOARD = json.loads((Path(__file__).parents[2] / "golden" / "winrate.json").read_text())[
    "alpaca_eval2"
]


def _drawn(
    rows: int, seed: int, weights: Weights
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Values, length differences and difficulties, and the LC win rate behind them."""
    random = np.random.default_rng(seed)
    hard, delta = random.normal(0, 1.4, rows), random.normal(-300, 900, rows)
    z = weights.length * np.tanh(delta / 950) + weights.difficulty * hard + weights.model
    mean = sigmoid(z)
    value = np.clip(random.beta(0.6 * mean + 1e-9, 0.6 * (1 - mean) + 1e-9), 0, 1)
    level = sigmoid(weights.model + weights.difficulty * random.normal(0, 1.4, 400_000))
    return value, delta, hard, 100 * float(level.mean())


def test_stored_weights_reproduce_the_board(shared_data: Path) -> None:
    folder = shared_data / "alpaca_eval2"
    with (folder / "instruction_difficulty_rebuilt.csv").open() as file:
        hard = [float(row["instruction_difficulty"]) for row in csv.DictReader(file)]
    with (folder / "glm_weights_rows.csv").open() as file:
        stored = {row[0]: Weights(*map(float, row[1:])) for row in list(csv.reader(file))[1:]}
    for name, weights in stored.items():
        found = from_weights(weights, hard, official=False)
        board = BOARD["rows"][name]["length_controlled_winrate"]
        assert found.value == pytest.approx(board, abs=BOARD["lc_from_stored_weights_tolerance"])
    fuse = from_weights(stored["FuseChat-Llama-3.2-3B-Instruct"], hard, official=False)
    assert (fuse.value, fuse.standard_error) == pytest.approx((53.9988, 0.6945), abs=0.02)


def test_a_model_against_itself_is_50_and_sides_mirror() -> None:
    a, b, hard = Weights(-1, 0.5, 0.3), Weights(-2, 1.1, -0.4), [-1.0, 0.2, 2.0]
    assert from_weights(a, hard, baseline=a).value == 50.0
    both = from_weights(a, hard, baseline=b).value + from_weights(b, hard, baseline=a).value
    assert both == pytest.approx(100)


def test_with_tables_the_fit_uses_the_regulariser_rows() -> None:
    data = made(3)
    gamed = Gamed(data.target[:240], np.arctanh(data.features[:240, 0]), data.features[:240, 1])
    own = data.rows(np.arange(240, 360))
    delta = np.arctanh(np.clip(own.features[:, 0], -0.9999999, 0.9999999))
    found = length_controlled(
        own.target, delta, difficulty=own.features[:, 1], gamed=gamed, official=True
    )
    assert found.basis == "official tables"
    alone = length_controlled(own.target, delta, difficulty=own.features[:, 1])
    assert alone.basis == "no official table"
    assert found.weights != alone.weights
    assert found.estimate.low < found.value < found.estimate.high
    assert math.isfinite(found.standard_error)


def test_length_preference_is_taken_out() -> None:
    value, delta, hard, truth = _drawn(2000, 0, Weights(-2.0, 1.0, 0.0))
    found = length_controlled(value, delta, difficulty=hard)
    assert found.estimate.low < truth < found.estimate.high
    assert 100 * value.mean() - found.value > 5  # its outputs are longer, and that paid
    assert found.weights.length == pytest.approx(-2, abs=0.3)


def test_failed_rows_are_predicted_but_not_fitted() -> None:
    value, delta, hard, _ = _drawn(300, 1, Weights(-1, 1, 0))
    value[:7] = np.nan
    found = length_controlled(value, delta, difficulty=hard)
    weights = found.weights
    each = sigmoid(weights.model + weights.difficulty * hard)
    assert found.value == pytest.approx(100 * each.mean())
    assert found.estimate.n == 300
    changed = value.copy()
    changed[0] = 1.0
    assert length_controlled(changed, delta, difficulty=hard).weights != weights


def test_a_row_of_unknown_length_is_not_fitted() -> None:
    value, delta, hard, _ = _drawn(100, 2, Weights(-1, 1, 0))
    delta[3] = np.nan
    assert math.isfinite(length_controlled(value, delta, difficulty=hard).value)


def test_lengths_that_never_vary_give_no_number() -> None:
    found = length_controlled([0.2, 0.8, 0.1, 0.5, 0.9], [7.0] * 5)
    assert math.isnan(found.value)
    assert math.isnan(found.estimate.value)


def test_without_difficulties_their_error_is_unknown_and_ours_is_not() -> None:
    value, delta, _, _ = _drawn(200, 3, Weights(-1, 1, 0))
    found = length_controlled(value, delta)
    assert math.isnan(found.standard_error)
    assert found.estimate.high - found.estimate.low > 4


def test_influences_beyond_0_and_1_are_not_cut_off() -> None:
    random = np.random.default_rng(0)
    delta = random.normal(1000, 900, 300)  # much shorter outputs: equal length is far away
    mean = sigmoid(-1.8 * np.tanh(delta / 900) - 0.6)
    value = (random.random(300) < mean).astype(float)
    found = length_controlled(value, delta)
    assert found.each is not None
    error = 100 * float(found.each.std(ddof=1)) / math.sqrt(300)
    assert found.estimate.standard_error == pytest.approx(error, rel=0.1)
    assert 100 * float(found.each.mean()) == pytest.approx(found.value)


def test_repeated_instructions_widen_the_interval() -> None:
    value, delta, hard, _ = _drawn(200, 4, Weights(-1, 1, 0))
    thrice = [np.tile(one, 3) for one in (value, delta, hard)]
    names = [str(at % 200) for at in range(600)]
    wide = length_controlled(thrice[0], thrice[1], difficulty=thrice[2], instructions=names)
    narrow = length_controlled(thrice[0], thrice[1], difficulty=thrice[2])
    assert wide.value == narrow.value
    assert (wide.estimate.high - wide.estimate.low) > 1.5 * (
        narrow.estimate.high - narrow.estimate.low
    )


@given(st.lists(st.integers(-9999, 9999), min_size=3, max_size=20))
def test_standardised_lengths_keep_their_zero(delta: list[int]) -> None:
    found = standardised(delta)
    if np.isfinite(found).all():
        assert np.array_equal(np.sign(found), np.sign(delta))


def test_extreme_changes_are_those_alpaca_eval_warns_of() -> None:
    assert [is_extreme(50, one) for one in (37, 38, 62, 63)] == [True, False, False, True]


def test_misuse_is_refused() -> None:
    gamed = Gamed(np.ones(1), np.ones(1), np.ones(1))
    with pytest.raises(DomainError, match="need the difficulty"):
        length_controlled([1] * 6, [1, 2, 3, 4, 5, 6], gamed=gamed)
    with pytest.raises(DomainError, match="one of each"):
        length_controlled([1] * 6, [1, 2])
    with pytest.raises(DomainError, match="cannot be cut"):
        length_controlled([1, 0], [1, 2])
    with pytest.raises(DomainError, match="finite difficulty"):
        from_weights(Weights(0, 0, 0), [])
    assert math.isnan(from_weights(Weights(0, 0, 0), [1.0]).standard_error)


@pytest.mark.slow
def test_our_interval_covers_and_theirs_does_not() -> None:
    weights = Weights(-1.1, 0.65, 0.26)
    ours, theirs = [], []
    for seed in range(40):
        value, delta, hard, truth = _drawn(120, seed + 10, weights)
        found = length_controlled(value, delta, difficulty=hard)
        ours.append(found.estimate.low <= truth <= found.estimate.high)
        theirs.append(abs(found.value - truth) <= 1.96 * found.standard_error)
    assert np.mean(ours) >= 0.88
    assert np.mean(theirs) < 0.8
