import numpy as np
import pytest

from topdraw.analysis.clusters import labels, units
from topdraw.analysis.intervals import (
    bootstrap_estimate,
    mean_estimate,
    mean_estimates,
    paired_difference,
    resamples,
)
from topdraw.errors import DomainError


def test_each_problem_in_its_own_cluster_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    a, b, alone = rng.random(40), rng.random(40), [f"p{i}" for i in range(40)]
    plain, single = mean_estimate(a), mean_estimate(a, clusters=alone)
    assert (single.low, single.high) == pytest.approx((plain.low, plain.high))
    assert single.method == "Wilson over problems in 40 clusters"
    gap, lone = paired_difference(a, b), paired_difference(a, b, clusters=alone)
    assert (lone.low, lone.high) == pytest.approx((gap.low, gap.high))


def test_copies_of_a_problem_in_one_cluster_are_one_problem() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random(30), rng.random(30)
    three = np.repeat(np.arange(30), 3)
    once, copied = mean_estimate(a), mean_estimate(np.repeat(a, 3), clusters=three)
    assert (copied.value, copied.low, copied.high) == pytest.approx(
        (once.value, once.low, once.high)
    )
    gap = paired_difference(a, b, rng=3)
    same = paired_difference(np.repeat(a, 3), np.repeat(b, 3), clusters=three, rng=3)
    assert (same.low, same.high) == pytest.approx((gap.low, gap.high))
    assert same.p_value == pytest.approx(gap.p_value, abs=0.02)


def test_the_variance_of_clusters_of_unequal_size_is_the_ratio_estimators() -> None:
    values, where = np.array([1.0, 0.5, 0.0, 0.25, 1.0]), np.array([0, 0, 0, 1, 2])
    each, effective = units(values, where)
    mean = values.mean()
    sums, sizes = np.array([1.5, 0.25, 1.0]), np.array([3, 1, 1])
    robust = 3 / 2 * ((sums - sizes * mean) ** 2).sum() / 5**2
    assert each.mean() == pytest.approx(mean)
    assert each.var(ddof=1) / 3 == pytest.approx(robust)
    assert effective == pytest.approx(25 / 11)


@pytest.mark.slow
def test_intervals_over_clusters_cover_and_those_over_problems_do_not() -> None:
    rng, sets = np.random.default_rng(5), 1000
    covered = {True: 0, False: 0}
    for _ in range(sets):
        sizes = rng.integers(1, 8, size=40)
        where = np.repeat(np.arange(40), sizes)
        values = np.clip(rng.beta(1, 1, 40)[where] + rng.uniform(-0.05, 0.05, where.size), 0, 1)
        for use in covered:
            found = mean_estimate(values, clusters=where if use else None)
            covered[use] += found.low <= 0.5 <= found.high
    assert covered[True] / sets == pytest.approx(0.95, abs=0.02)
    assert covered[False] / sets < 0.8


def test_problems_without_a_number_take_their_labels_along() -> None:
    values = np.array([np.nan, 1.0, 0.0, 1.0])
    found = mean_estimate(values, clusters=["x", "x", "y", "z"])
    assert found == mean_estimate(values, clusters=["w", "x", "y", "z"])
    assert mean_estimates(values[:, None], clusters=["x", "x", "y", "z"]) == (found,)


def test_a_bootstrap_draws_clusters_whole() -> None:
    where = ["a", "a", "b", "c", "c", "c"]
    weights = resamples(6, 50, 0, clusters=where)
    assert weights.sum(axis=1) == pytest.approx([1] * 50)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    wide = bootstrap_estimate(np.repeat([0.0, 1.0, 0.4], 20), clusters=np.repeat([0, 1, 2], 20))
    plain = bootstrap_estimate(np.repeat([0.0, 1.0, 0.4], 20))
    assert wide.high - wide.low > 2 * (plain.high - plain.low)
    assert "in 3 clusters" in wide.method


def test_there_is_one_label_for_each_problem() -> None:
    assert labels(None, 3) is None
    with pytest.raises(DomainError, match="2 cluster labels for 3 problems"):
        mean_estimate([0.0, 1.0, 1.0], clusters=["a", "b"])
