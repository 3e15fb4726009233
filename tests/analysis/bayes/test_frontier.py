import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.analysis.bayes.frontier import beta_for_kl, frontier, largest_kl, soft_curve
from topdraw.analysis.bayes.law import kl_bound
from topdraw.analysis.bayes.tilt import tilted
from topdraw.errors import DomainError

GOLDEN = json.loads((Path(__file__).parents[2] / "golden/bayes.json").read_text())
REWARDS = st.lists(st.integers(-9, 9).map(float), min_size=2, max_size=9).filter(
    lambda r: len(set(r)) > 1
)


@given(REWARDS, st.floats(0.001, 0.999))
def test_the_beta_of_a_budget_has_that_kl(rewards: list[float], share: float) -> None:
    budget = share * largest_kl([rewards])
    beta = beta_for_kl([rewards], budget)
    assert tilted(rewards, [beta]).kl[0] == pytest.approx(budget, rel=1e-6)


@settings(max_examples=30)
@given(st.lists(REWARDS, min_size=2, max_size=4), st.floats(0.05, 0.95))
def test_one_beta_serves_all_problems(rewards: list[list[float]], share: float) -> None:
    budget = share * largest_kl(rewards)
    beta = beta_for_kl(rewards, budget)
    kl = np.mean([tilted(each, [beta]).kl[0] for each in rewards])
    assert kl == pytest.approx(budget, rel=1e-6)


def test_no_other_split_of_a_budget_over_problems_reaches_more() -> None:
    random = np.random.default_rng(3)
    rewards = [random.normal(scale=s, size=20) for s in (0.2, 1.0, 5.0)]
    beta = beta_for_kl(rewards, 0.8)
    most = np.mean([tilted(each, [beta]).reward[0] for each in rewards])
    for split in random.dirichlet([1, 1, 1], size=50) * 0.8 * 3:
        if all(kl < largest_kl([r]) for kl, r in zip(split, rewards, strict=True)):
            betas = [beta_for_kl([r], kl) for r, kl in zip(rewards, split, strict=True)]
            other = [tilted(r, [b]).reward[0] for r, b in zip(rewards, betas, strict=True)]
            assert np.mean(other) <= most + 1e-9


@settings(max_examples=25)
@given(REWARDS, st.integers(1, 30))
def test_best_of_n_is_never_above_the_optimum(rewards: list[float], n: int) -> None:
    found = frontier([rewards], [n])
    assert found.optimum[0, 0] >= found.reward[0, 0]
    assert found.optimum[0, 0] <= max(rewards) + 1e-9
    if math.isfinite(found.beta[0]):
        assert 0 <= found.share[0] <= 1


def test_the_optimum_equals_a_general_optimiser() -> None:
    from scipy.optimize import minimize

    rewards = np.array([0.0, 1.0, 1.5, 4.0])
    found = frontier([rewards], [3])
    budget = found.kl[0, 0]
    done = minimize(
        lambda w: -w @ rewards,
        np.full(4, 0.25),
        bounds=[(1e-9, 1)] * 4,
        constraints=[
            {"type": "eq", "fun": lambda w: w.sum() - 1},
            {"type": "ineq", "fun": lambda w: budget - w @ np.log(4 * w)},
        ],
        tol=1e-12,
    )
    assert found.optimum[0, 0] == pytest.approx(-done.fun, abs=1e-5)


def test_normal_rewards_have_the_known_share() -> None:
    from scipy.stats import norm

    golden = GOLDEN["normal_share_of_the_optimum"]
    ns = [int(n) for n in golden["values"]]
    rewards = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    found = frontier([rewards], ns)
    assert found.kl[:, 0] == pytest.approx(kl_bound(ns), abs=2e-3)
    known = found.reward[:, 0] / np.sqrt(2 * kl_bound(ns))
    assert known == pytest.approx(list(golden["values"].values()), abs=golden["tolerance"])
    # Beyond, the quantiles end before the optimum does.
    assert found.share[:3] == pytest.approx(known[:3], abs=3e-4)


def test_its_ends() -> None:
    found = frontier([[0.0, 1.0], [5.0, 5.0]], [1, 4, 2000])
    assert found.beta[0] == math.inf
    assert math.isnan(found.share[0])
    assert found.optimum[0].tolist() == found.draw.tolist() == [0.5, 5.0]
    assert found.beta[2] == 0
    assert found.optimum[2].tolist() == [1.0, 5.0]
    assert found.share[2] == pytest.approx(1)
    assert found.kl[1, 1] == 0


@given(st.lists(REWARDS, min_size=1, max_size=3))
def test_the_soft_curve_is_the_mean_of_the_posteriors(rewards: list[list[float]]) -> None:
    betas = [0.3, 1.0, 7.0]
    kl, reward = soft_curve([[*each, math.nan] for each in rewards], betas)
    each = [tilted(one, betas) for one in rewards]
    assert kl == pytest.approx(np.mean([one.kl for one in each], axis=0), abs=1e-9)
    assert reward == pytest.approx(np.mean([one.reward for one in each], axis=0), abs=1e-9)


def test_rewards_of_any_size() -> None:
    for unit in (1e-200, 1e-9, 1e9, 1e200):
        beta = beta_for_kl([np.array([0.0, 1.0, 3.0]) * unit], 0.5)
        assert beta / unit == pytest.approx(beta_for_kl([[0.0, 1.0, 3.0]], 0.5), rel=1e-9)
    # Two rewards that almost tie need a beta far below the spread.
    near = beta_for_kl([[0.0, 1.0, 1.0 - 1e-9]], 1.0)
    assert tilted([0.0, 1.0, 1.0 - 1e-9], [near]).kl[0] == pytest.approx(1.0)


def test_rewards_that_only_rounding_tells_apart() -> None:
    beta = beta_for_kl([[0.0, 5.0, np.nextafter(5.0, 6.0)]], 1.0)
    assert tilted([0.0, 5.0, np.nextafter(5.0, 6.0)], [beta]).kl[0] == pytest.approx(1.0)
    # Far apart and at once almost tied: no float holds the beta, and the nearest is given.
    assert 0 < beta_for_kl([[0.0, 5e-324, 1e280], [0.0, 0.0, 5e-324]], 1.09) < 1e-200


@pytest.mark.parametrize("kl", [0.0, -1.0, 1.386295, 5.0, math.nan])
def test_a_budget_that_cannot_be_had_is_refused(kl: float) -> None:
    with pytest.raises(DomainError, match=r"between 0 and 1\.386"):
        beta_for_kl([[1.0, 2.0, 3.0, 4.0]], kl)


def test_what_has_no_frontier() -> None:
    with pytest.raises(DomainError, match="same reward"):
        beta_for_kl([[1.0, 1.0]], 0.5)
    with pytest.raises(DomainError, match="Problem 1 has no reward"):
        frontier([[1.0], [math.nan]], [1])
    for huge in (math.inf, 1e300):
        with pytest.raises(DomainError, match=r"beyond 1e\+290"):
            frontier([[1.0, huge]], [1])
    with pytest.raises(DomainError, match="at least one problem"):
        frontier([], [1])
