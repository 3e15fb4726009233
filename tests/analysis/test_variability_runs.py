import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from topdraw.analysis.variability_runs import (
    chance_std,
    expected_extremes,
    expected_largest,
    full_runs,
    spread,
)
from topdraw.errors import DomainError

NAN = math.nan
GOLDEN = Path(__file__).parents[1] / "golden" / "variability.json"
verdicts = arrays(
    float,
    st.tuples(st.integers(1, 6), st.integers(1, 7)),
    elements=st.sampled_from([0.0, 1.0, NAN]),
)


@given(verdicts)
def test_a_full_run_is_the_mean_of_a_complete_column(table: np.ndarray) -> None:
    rows = [row for row in table.tolist() if not all(map(math.isnan, row))]
    complete = [
        j for j in range(table.shape[1]) if rows and not any(math.isnan(r[j]) for r in rows)
    ]
    found = full_runs(table)
    assert found.problems == len(rows)
    if not found.closed_up:
        assert found.indices.tolist() == complete
        expected = [sum(r[j] for r in rows) / len(rows) for j in complete]
        assert found.scores.tolist() == pytest.approx(expected)
    else:
        scored = [[x for x in row if not math.isnan(x)] for row in rows]
        runs = min(map(len, scored))
        assert len(complete) < 2 <= runs or len(complete) < runs
        expected = [sum(row[j] for row in scored) / len(rows) for j in range(runs)]
        assert found.scores.tolist() == pytest.approx(expected)


def test_columns_that_some_problem_lacks_are_counted() -> None:
    found = full_runs([[1.0, 0.0, 1.0, 1.0], [0.0, 0.0, NAN, 1.0], [NAN] * 4])
    assert (found.indices.tolist(), found.left_out, found.problems) == ([0, 1, 3], 1, 2)


def test_samples_close_up_where_no_column_is_complete() -> None:
    found = full_runs([[NAN, 1, 0, 1], [1, NAN, 1, NAN]])
    assert found.closed_up
    assert found.scores.tolist() == [1.0, 0.5]


def test_the_spread_is_that_of_numpy_and_names_which_runs() -> None:
    table = np.random.default_rng(0).integers(0, 2, size=(20, 9)).astype(float)
    scores, found = table.mean(axis=0), spread(table)
    assert found is not None
    assert found.std.value == pytest.approx(scores.std())
    assert found.std_unbiased.value == pytest.approx(scores.std(ddof=1))
    assert found.gap.value == pytest.approx(np.ptp(scores))
    assert (found.best_index, found.worst_index) == (scores.argmax(), scores.argmin())
    assert "population" in found.std.method


def test_one_full_run_has_no_spread() -> None:
    assert spread([[1.0], [0.0]]) is None
    assert spread([[NAN, NAN]]) is None


def test_runs_that_agree_leave_doubt() -> None:
    found = spread(np.ones((10, 4)))
    assert found is not None
    assert found.std.value == found.std.low == 0
    assert 0 < found.std.high < 0.4


@pytest.mark.parametrize(
    "bad", [[1.0, 0.0], [[2.0, 0.0]], [[-0.5, 1.0]]], ids=["one axis", "above 1", "below 0"]
)
def test_what_is_no_table_of_scores_is_refused(bad: object) -> None:
    with pytest.raises(DomainError):
        full_runs(bad)  # type: ignore[arg-type]  # wrong on purpose


def test_a_level_outside_0_and_1_is_refused() -> None:
    with pytest.raises(DomainError, match="level"):
        spread([[1.0, 0.0]], level=1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7), st.data())
def test_expected_extremes_are_those_of_all_subsets(
    scores: list[float], data: st.DataObject
) -> None:
    runs = data.draw(st.integers(1, len(scores)))
    subsets = list(itertools.combinations(scores, runs))
    found = expected_extremes(scores, runs)
    assert found.lowest == pytest.approx(sum(map(min, subsets)) / len(subsets), abs=1e-12)
    assert found.highest == pytest.approx(sum(map(max, subsets)) / len(subsets), abs=1e-12)


# Tables of the mean range of normal samples (d2 of control charts; ISO 7870-2, table 2).
@pytest.mark.parametrize(("count", "range_"), [(2, 1.128), (5, 2.326), (10, 3.078), (25, 3.931)])
def test_the_mean_range_of_normal_samples_is_that_of_the_tables(count: int, range_: float) -> None:
    assert 2 * expected_largest(count) == pytest.approx(range_, abs=5e-4)
    with pytest.raises(DomainError):
        expected_largest(0)


def test_the_sanity_lines_of_the_paper() -> None:
    golden = json.loads(GOLDEN.read_text())
    for row in golden["binomial_std"]:
        right = round(row["p"] * 1000)
        alike = np.tile([1.0] * right + [0.0] * (1000 - right), (row["problems"], 1))
        assert 100 * chance_std(alike) == pytest.approx(row["std"], abs=0.005)


def test_chance_is_what_simulation_shows() -> None:
    rng = np.random.default_rng(1)
    p = rng.beta(0.5, 0.5, size=120)
    tables = rng.random((400, 120, 16)) < p[:, None]
    scores = tables.mean(axis=1)
    stds = [chance_std(table) for table in tables[:100]]
    exact = math.sqrt((p * (1 - p)).sum()) / 120
    assert np.mean(stds) == pytest.approx(exact, rel=0.01)
    found = [spread(table) for table in tables[:50]]
    told = np.mean([one.chance_gap.value for one in found if one is not None])
    assert told == pytest.approx(np.ptp(scores, axis=1).mean(), rel=0.03)


def test_two_samples_estimate_chance_without_bias() -> None:
    rng = np.random.default_rng(2)
    p = rng.beta(1, 2, size=100)
    variances = [
        chance_std((rng.random((100, 2)) < p[:, None]).astype(float)) ** 2 for _ in range(500)
    ]
    assert np.mean(variances) == pytest.approx((p * (1 - p)).sum() / 100**2, rel=0.02)
    assert math.isnan(chance_std([[1.0], [0.0]]))


def test_the_interval_of_the_std_covers() -> None:
    rng = np.random.default_rng(3)
    p = rng.beta(0.5, 1.0, size=100)
    truth = math.sqrt((p * (1 - p)).sum()) / 100
    hits = 0
    for _ in range(400):
        found = spread((rng.random((100, 10)) < p[:, None]).astype(float))
        assert found is not None
        hits += found.std.low <= truth <= found.std.high
    assert 0.92 <= hits / 400 <= 0.98
