import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import betabinom

from topdraw.analysis.coverage import pass_at_k
from topdraw.analysis.scaling.families import FAMILIES
from topdraw.analysis.scaling.mixtures import fit_mixture
from topdraw.errors import DomainError, UnknownNameError


def _right(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.binomial(50, rng.beta(0.5, 1.5, 400))


def test_the_beta_fit_is_the_beta_binomial_of_scipy() -> None:
    right = _right()

    def loss(logs: np.ndarray) -> float:
        return -float(betabinom.logpmf(right, 50, *np.exp(logs)).sum())

    exact = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-6})
    found = fit_mixture(np.full(400, 50), right, "beta")
    assert found.log_likelihood == pytest.approx(-exact.fun, abs=0.3)
    failing = np.prod([(np.exp(exact.x[1]) + i) / (np.exp(exact.x).sum() + i) for i in range(400)])
    assert found.pass_at(400) == pytest.approx(1 - failing, abs=0.003)


@pytest.mark.parametrize("family", FAMILIES)
def test_within_the_samples_every_family_agrees_with_the_unbiased_estimate(family: str) -> None:
    right = _right()
    found = fit_mixture(np.full(400, 50), right, family)
    for k in (1, 5, 50):
        exact = float(pass_at_k(np.full(400, 50), right, k).mean())
        assert found.pass_at(k) == pytest.approx(exact, abs=0.03)


def test_a_share_of_zeros_is_found() -> None:
    rng = np.random.default_rng(4)
    chances = np.where(rng.random(600) < 0.3, 0.0, rng.beta(2, 5, 600))
    found = fit_mixture(np.full(600, 100), rng.binomial(100, chances), "zero-inflated beta")
    assert found.below(1e-6) == pytest.approx(0.3, abs=0.05)
    assert found.pass_at(1_000_000) == pytest.approx(0.7, abs=0.05)


def test_unknown_families_and_impossible_k_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="no family of difficulty laws 'gamma'"):
        fit_mixture([3], [1], "gamma")
    with pytest.raises(DomainError, match="k >= 1"):
        fit_mixture([3], [1], "beta").pass_at(0)
