import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.analysis.winrate.logistic import (
    Data,
    fit_l1,
    fit_l1_cv,
    fold_of_rows,
    influence,
    sigmoid,
)
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "winrate.json").read_text())


def made(seed: int, rows: int = 120) -> Data:
    """Two regulariser models and one model; scikit-learn's fits to these are in the golden file."""
    random = np.random.default_rng(seed)
    hard = random.normal(0, 1.4, rows)
    parts = []
    for shift, own, weight in ((-800, 0, 0.1), (600, 0, 0.1), (-200, 1, 1.0)):
        delta = random.normal(shift, 500, rows)
        length = np.tanh(delta / delta.std(ddof=1))
        z = -1.5 * length + 0.8 * hard * own - 0.7 * own
        target = 1 / (1 + np.exp(-z - random.normal(0, 1, rows)))
        features = np.column_stack([length, hard, np.full(rows, float(own))])
        parts.append((features, target, np.full(rows, weight)))
    x, p, w = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Data(x, p, w)


@pytest.mark.parametrize("row", GOLDEN["logistic"]["rows"], ids=lambda row: f"seed {row['seed']}")
def test_the_fit_is_that_of_scikit_learn(row: dict[str, object]) -> None:
    found = fit_l1_cv(made(int(str(row["seed"]))))
    assert found.inverse_penalty == pytest.approx(row["C"])
    assert found.coefficients == pytest.approx(
        np.array(row["coefficients"]), abs=GOLDEN["logistic"]["tolerance"]
    )


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(-3, 3))
def test_the_optimum_has_a_subgradient_of_zero(seed: int, power: float) -> None:
    data, c = made(seed, 30), 10.0**power
    at = fit_l1(data, c).coefficients
    slope = c * data.features.T @ (data.weight * (sigmoid(data.features @ at) - data.target))
    moving = np.abs(at) > 0
    assert slope[moving] == pytest.approx(-np.sign(at[moving]), abs=1e-6 * max(c, 1))
    assert (np.abs(slope[~moving]) <= 1 + 1e-6 * max(c, 1)).all()


def test_a_strong_penalty_leaves_nothing() -> None:
    assert fit_l1(made(1), 1e-4).coefficients.tolist() == [0, 0, 0]


def test_separable_rows_stay_finite() -> None:
    data = Data(np.array([[1.0], [-1.0]] * 5), np.array([1.0, 0.0] * 5), np.ones(10))
    assert 0 < fit_l1(data, 1e4).coefficients[0] < 100


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_mirrored_labels_mirror_the_model(seed: int) -> None:
    data = made(seed, 30)
    mirrored = Data(data.features, 1 - data.target, data.weight)
    assert fit_l1(mirrored, 1.0).coefficients == pytest.approx(
        -fit_l1(data, 1.0).coefficients, abs=1e-7
    )


def test_influence_is_the_first_order_change_when_a_row_weighs_more() -> None:
    data = made(2, 40)
    fit = fit_l1(data, 1e6)
    row, more = 100, 1e-3
    weight: FloatArray = data.weight.copy()
    weight[row] += more
    moved = fit_l1(Data(data.features, data.target, weight), 1e6).coefficients - fit.coefficients
    expected = influence(data, fit)[row] * more / data.weight[row]
    assert moved == pytest.approx(expected, rel=0.02, abs=1e-8)


@given(st.integers(2, 500), st.integers(2, 7))
def test_folds_are_equal_but_for_one(rows: int, folds: int) -> None:
    sizes = np.bincount(fold_of_rows(rows, folds), minlength=folds)
    assert sizes.sum() == rows
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize(
    ("data", "c"),
    [
        (Data(np.empty((0, 1)), np.empty(0), np.empty(0)), 1.0),
        (Data(np.array([[np.nan]]), np.ones(1), np.ones(1)), 1.0),
        (Data(np.ones((1, 1)), np.array([1.5]), np.ones(1)), 1.0),
        (Data(np.ones((1, 1)), np.ones(1), -np.ones(1)), 1.0),
        (Data(np.ones((1, 1)), np.ones(1), np.ones(1)), 0.0),
    ],
)
def test_what_cannot_be_fitted_is_refused(data: Data, c: float) -> None:
    with pytest.raises(DomainError):
        fit_l1(data, c)


def test_fewer_rows_than_folds_are_refused() -> None:
    with pytest.raises(DomainError, match="cannot be cut into 5 folds"):
        fit_l1_cv(Data(np.ones((3, 1)), np.ones(3), np.ones(3)))
