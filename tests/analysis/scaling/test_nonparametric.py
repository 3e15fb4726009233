import numpy as np
import pytest

from topdraw.analysis.coverage import pass_at_k
from topdraw.analysis.scaling.families import FAMILIES
from topdraw.analysis.scaling.mixtures import fit_mixture
from topdraw.analysis.scaling.nonparametric import bounds, fit_free
from topdraw.errors import DomainError


def _right(seed: int = 0, problems: int = 200) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.binomial(60, rng.beta(0.4, 2, problems))


def test_no_family_is_more_likely() -> None:
    n = np.full(200, 60)
    free = fit_free(n, _right())
    # It stops within 0.001 per problem of the best.
    assert all(
        free.log_likelihood >= fit_mixture(n, _right(), name).log_likelihood - 0.2
        for name in FAMILIES
    )


def test_within_the_samples_it_is_the_unbiased_estimate() -> None:
    n = np.full(200, 60)
    free = fit_free(n, _right())
    for k in (1, 8, 60):
        exact = float(pass_at_k(n, _right(), k).mean())
        assert free.pass_at(k) == pytest.approx(exact, abs=0.01)


def test_two_kinds_of_problems_are_two_spikes() -> None:
    rng = np.random.default_rng(0)
    right = rng.binomial(200, np.repeat([0.05, 0.6], 300))
    free = fit_free(np.full(600, 200), right)
    assert free.below(0.2) == pytest.approx(0.5, abs=0.01)
    assert free.below(0.03) < 0.02


def test_bounds_hold_the_truth_and_widen_beyond_the_samples() -> None:
    rng = np.random.default_rng(2)
    chances = rng.beta(0.3, 3, 300)
    right = rng.binomial(100, chances)
    near, far = (bounds(np.full(300, 100), right, k) for k in (100, 100_000))
    for k, found in ((100, near), (100_000, far)):
        truth = float(-np.expm1(k * np.log1p(-chances)).mean())
        assert found.low <= truth <= found.high
    assert far.high - far.low > near.high - near.low
    assert far.high > 0.99


@pytest.mark.slow
def test_bounds_hold_together_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    held = []
    for _ in range(100):
        right = rng.binomial(30, rng.beta(0.4, 2, 80))
        found = bounds(np.full(80, 30), right, 30)
        truth = 1 - np.prod([(2 + i) / (2.4 + i) for i in range(30)])
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.95


def test_unequal_n_and_a_single_problem() -> None:
    found = bounds([10, 40, 40], [0, 3, 40], 1000)
    assert 0 <= found.low <= found.high <= 1
    assert bounds([5], [0], 10).low == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("k", "level"), [(0, 0.95), (5, 1.0)])
def test_impossible_questions_are_refused(k: int, level: float) -> None:
    with pytest.raises(DomainError, match="Bounds need"):
        bounds([5], [1], k, level=level)
