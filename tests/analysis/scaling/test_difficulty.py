import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit, log_expit
from scipy.stats import binom

from topdraw.analysis.scaling.difficulty import STEP, counted, failing, likelihood, logits
from topdraw.errors import DomainError


def test_equal_counts_are_put_together() -> None:
    found = counted(np.array([9, 9, 5, 9]), np.array([2, 2, 2, 0]))
    assert list(zip(found.n, found.c, found.problems, strict=True)) == [
        (5, 2, 1),
        (9, 0, 1),
        (9, 2, 2),
    ]
    assert found.total == 4


@pytest.mark.parametrize(("n", "c"), [([], []), ([0], [0]), ([3], [4]), ([3], [-1])])
def test_impossible_counts_are_refused(n: list[int], c: list[int]) -> None:
    with pytest.raises(DomainError, match="0 <= c <= n"):
        counted(np.array(n, np.int64), np.array(c, np.int64))


@pytest.mark.parametrize(("n", "c"), [(20, 0), (20, 3), (20, 20), (10_000, 4_321)])
def test_likelihood_is_the_binomial_averaged_over_the_cell(n: int, c: int) -> None:
    middles = logits(1000)
    table = likelihood(counted(np.array([n]), np.array([c])), middles)[0]
    at = int(np.argmax(table[1:-1])) if 0 < c < n else middles.size // 2
    low, high = middles[at] - STEP / 2, middles[at] + STEP / 2
    exact = quad(lambda x: binom.pmf(c, n, expit(x)), low, high, limit=500)[0] / STEP
    assert table[at + 1] == pytest.approx(exact, rel=1e-3)
    assert (table[0], table[-1]) == (float(c == 0), float(c == n))


@given(st.integers(1, 40))
def test_the_likelihoods_of_all_counts_sum_to_one_in_each_cell(n: int) -> None:
    every = likelihood(counted(np.full(n + 1, n), np.arange(n + 1)), logits(1000))
    assert every.sum(axis=0) == pytest.approx(1, abs=1e-4)


def test_failing_falls_with_k_and_with_ease() -> None:
    middles = logits(10_000)
    once, often = failing(middles, 1), failing(middles, 10_000)
    assert (np.diff(once) <= 0).all()
    assert (often <= once).all()
    assert (once[0], once[-1]) == (1, 0)
    assert once[1:-1] == pytest.approx(np.exp(log_expit(-middles)), abs=1e-3)
    assert failing(middles, 10_000)[1] > 0.999
