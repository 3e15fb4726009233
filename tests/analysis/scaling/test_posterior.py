import math

import numpy as np
import pytest
from scipy.stats import betabinom

from topdraw.analysis.scaling.difficulty import counted, likelihood, logits
from topdraw.analysis.scaling.families import FAMILIES
from topdraw.analysis.scaling.posterior import log_likelihood, posterior

MIDDLES = logits(10_000)


def test_likelihood_of_a_beta_law_is_the_beta_binomial() -> None:
    found = counted(np.full(6, 50), np.array([0, 0, 1, 5, 20, 50]))
    masses = FAMILIES["beta"].masses(np.zeros((1, 2)), MIDDLES)
    law = betabinom(50, math.exp(-1.3), 3)
    exact = law.logpmf([0, 0, 1, 5, 20, 50]).sum()
    ours = log_likelihood(found, likelihood(found, MIDDLES), masses)[0]
    assert ours == pytest.approx(exact, abs=0.02)


def test_evidence_is_the_integral_over_the_prior() -> None:
    rng = np.random.default_rng(5)
    found = counted(np.full(30, 40), rng.binomial(40, rng.beta(0.3, 3, 30)))
    chances = likelihood(found, MIDDLES)
    grid = np.linspace(-5, 5, 61)
    points = np.array([(x, y) for x in grid for y in grid])
    logs = log_likelihood(found, chances, FAMILIES["beta"].masses(points, MIDDLES))
    logs = logs - 0.5 * (points**2).sum(axis=1) - math.log(2 * math.pi)
    exact = np.logaddexp.reduce(logs) + 2 * math.log(grid[1] - grid[0])
    ours = posterior(FAMILIES["beta"], found, chances, MIDDLES, rng)
    assert ours.log_evidence == pytest.approx(exact, abs=0.1)
    assert ours.effective > 300


def test_evidence_tells_families_apart() -> None:
    rng = np.random.default_rng(1)
    right = rng.binomial(200, 1 / (1 + np.exp(-rng.normal(-2, 1.5, 200))))
    found = counted(np.full(200, 200), right)
    chances = likelihood(found, MIDDLES)
    evidence = {
        name: posterior(FAMILIES[name], found, chances, MIDDLES, rng).log_evidence
        for name in ("beta", "logit-normal")
    }
    assert evidence["logit-normal"] > evidence["beta"] + 3


def test_many_samples_leave_a_sharp_law() -> None:
    rng = np.random.default_rng(2)
    found = counted(np.full(500, 5_000), rng.binomial(5_000, rng.beta(0.4, 4, 500)))
    chances = likelihood(found, MIDDLES)
    ours = posterior(FAMILIES["general"], found, chances, MIDDLES, rng)
    assert ours.effective > 20
    assert np.ptp(ours.masses @ np.concatenate([[1], 1 / (1 + np.exp(MIDDLES)), [0]])) < 0.2
