import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.ratios import ratio_estimate
from topdraw.errors import DomainError


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_of_equal_sizes_it_is_the_mean(shares: list[float]) -> None:
    ours = ratio_estimate(np.array(shares) * 7, [7] * len(shares))
    plain = mean_estimate(shares)
    assert (ours.value, ours.low, ours.high) == pytest.approx((plain.value, plain.low, plain.high))


def test_of_unequal_sizes_it_is_that_of_clusters() -> None:
    sizes, rights = np.array([2, 5, 9, 4]), np.array([1, 5, 3, 0])
    each = np.concatenate(
        [np.repeat([1.0, 0.0], [r, m - r]) for m, r in zip(sizes, rights, strict=True)]
    )
    whole = mean_estimate(each, clusters=np.repeat(np.arange(4), sizes))
    ours = ratio_estimate(rights, sizes)
    assert (ours.value, ours.low, ours.high) == pytest.approx((whole.value, whole.low, whole.high))
    # Clusters of problems are problems.
    together = ratio_estimate(rights, sizes, clusters=["a", "a", "b", "c"])
    joined = ratio_estimate([6, 3, 0], [7, 9, 4])
    assert (together.low, together.high) == pytest.approx((joined.low, joined.high))


def test_problems_without_a_term_are_left_out() -> None:
    assert ratio_estimate([1, 0], [2, 0]).n == 1
    assert np.isnan(ratio_estimate([0], [0]).value)
    assert np.isnan(ratio_estimate([], []).value)


def test_what_is_no_share_is_refused() -> None:
    with pytest.raises(DomainError, match="between 0 and their number"):
        ratio_estimate([3], [2])
    with pytest.raises(DomainError, match="confidence level"):
        ratio_estimate([1], [2], level=1.0)


@pytest.mark.slow
def test_its_interval_covers_what_it_says() -> None:
    rng, inside = np.random.default_rng(0), 0
    for _ in range(1000):
        sizes = rng.integers(1, 30, 60)
        inside += _covers(rng.binomial(sizes, rng.beta(2, 1, 60)), sizes, 2 / 3)
    assert 0.93 <= inside / 1000 <= 0.975


def _covers(sums: np.ndarray, sizes: np.ndarray, truth: float) -> bool:
    found = ratio_estimate(sums, sizes)
    return bool(found.low <= truth <= found.high)
