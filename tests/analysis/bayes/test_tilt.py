import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.selection.made import made

from topdraw.analysis.bayes.tilt import effective_samples, expectation, kl_from_draw, tilted
from topdraw.errors import DomainError
from topdraw.selection.pick import best_of_n, uniform
from topdraw.selection.posterior import posterior

GOLDEN = json.loads((Path(__file__).parents[2] / "golden/bayes.json").read_text())
REWARDS = st.lists(st.floats(-30, 30), min_size=1, max_size=12)
BETAS = st.floats(0.05, 50)


@given(REWARDS, BETAS)
def test_it_is_softmax_and_logsumexp(rewards: list[float], beta: float) -> None:
    from scipy.special import logsumexp, softmax
    from scipy.stats import entropy

    got, r = tilted(rewards, [beta]), np.array(rewards)
    weights = softmax(r / beta)
    even = np.full(r.size, 1 / r.size)
    assert got.weights[0] == pytest.approx(weights, abs=1e-14)
    assert got.log_z[0] == pytest.approx(logsumexp(r / beta) - math.log(r.size), abs=1e-9)
    assert got.reward[0] == pytest.approx(weights @ r, abs=1e-9)
    assert got.kl[0] == pytest.approx(entropy(weights, even), abs=1e-10)
    assert got.effective[0] == pytest.approx(1 / (weights**2).sum())
    # Straight from the definition: no weight that underflowed can spoil it.
    reverse = logsumexp(r / beta) - math.log(r.size) - r.mean() / beta
    assert got.reverse_kl[0] == pytest.approx(reverse, rel=1e-9, abs=1e-9)


@given(REWARDS, BETAS)
def test_the_two_forms_of_the_kl_agree(rewards: list[float], beta: float) -> None:
    got = tilted(rewards, [beta])
    identity = got.weights[0] @ np.array(rewards) / beta - got.log_z[0]
    assert got.kl[0] == pytest.approx(identity, abs=1e-10)
    assert kl_from_draw(got.weights)[0] == pytest.approx(got.kl[0], abs=1e-10)


@given(REWARDS, BETAS, st.data())
def test_no_other_weights_have_more_reward_less_beta_kl(
    rewards: list[float], beta: float, data: st.DataObject
) -> None:
    raw = data.draw(st.lists(st.floats(1e-3, 1), min_size=len(rewards), max_size=len(rewards)))
    other = np.array(raw) / sum(raw)
    got = tilted(rewards, [beta])
    most = got.reward[0] - beta * got.kl[0]
    assert most == pytest.approx(beta * got.log_z[0], abs=1e-8)
    assert other @ np.array(rewards) - beta * kl_from_draw(other) <= most + 1e-9


@given(REWARDS, BETAS, st.floats(-100, 100), st.floats(0.1, 10))
def test_zero_and_unit_of_the_reward(
    rewards: list[float], beta: float, shift: float, unit: float
) -> None:
    moved = tilted(np.array(rewards) * unit + shift, [beta * unit])
    got = tilted(rewards, [beta])
    assert moved.weights[0] == pytest.approx(got.weights[0], abs=1e-9)
    assert moved.kl[0] == pytest.approx(got.kl[0], abs=1e-8)


@given(st.lists(st.one_of(st.floats(-30, 30), st.just(math.nan)), min_size=1, max_size=8), BETAS)
def test_its_weights_are_the_selectors(rewards: list[float], beta: float) -> None:
    got = tilted(rewards, [beta]).weights[0]
    assert got == pytest.approx(posterior(made(value=rewards), beta=beta), abs=1e-14)


def test_the_more_choice_the_fewer_effective_samples() -> None:
    got = tilted(np.random.default_rng(0).normal(size=50), [100, 3, 1, 0.3, 0.1, 0.001])
    assert (np.diff(got.effective) < 0).all()
    assert (np.diff(got.kl) > 0).all()
    assert (np.diff(got.reward) > 0).all()
    assert got.effective[-1] == pytest.approx(1)
    assert got.kl[-1] == pytest.approx(math.log(50))


def test_hard_rewards() -> None:
    far = tilted([-1e308, 0.0, 1e308], [1e-3])
    assert far.weights[0].tolist() == [0, 0, 1]
    assert far.kl[0] == pytest.approx(math.log(3))
    never = tilted([-np.inf, 1.0, np.nan], [1.0])
    assert (never.n, never.weights[0].tolist()) == (2, [0, 1, 0])
    assert never.kl[0] == pytest.approx(math.log(2))
    assert never.reverse_kl[0] == np.inf
    assert never.reward[0] == 1
    surely = tilted([np.inf, 1.0], [1.0])
    assert (surely.reward[0], surely.log_z[0], surely.effective[0]) == (np.inf, np.inf, 1)
    nothing = tilted([np.nan, np.nan], [1.0, 2.0])
    assert nothing.n == 0
    assert not nothing.weights.any()
    assert np.isnan(nothing.kl).all()


@pytest.mark.parametrize("beta", [0.0, -1.0, math.inf, math.nan])
def test_beta_is_positive_and_finite(beta: float) -> None:
    with pytest.raises(DomainError, match="positive finite"):
        tilted([1.0], [1.0, beta])
    with pytest.raises(DomainError, match="positive finite"):
        tilted([1.0], [])


def test_a_posterior_mean_leaves_out_what_is_not_known() -> None:
    weights = np.array([0.5, 0.25, 0.25, 0.0])
    assert expectation(weights, [1.0, 0.0, 0.0, np.nan]) == 0.5
    assert expectation(weights, [1.0, 0.0, np.nan, np.inf]) == pytest.approx(2 / 3)
    assert np.isnan(expectation(weights, [np.nan, np.nan, np.nan, 1.0]))


def test_any_selectors_weights_will_do() -> None:
    one = made(value=[3.0, 3.0, 1.0, 0.0])
    assert effective_samples(uniform(one)) == 4
    assert kl_from_draw(uniform(one)) == pytest.approx(0)
    assert effective_samples(best_of_n(one)) == 2
    assert kl_from_draw(best_of_n(one)) == pytest.approx(math.log(2))
    assert kl_from_draw(best_of_n(one), n=2) == pytest.approx(0)
    nobody = np.zeros(3)
    assert np.isnan(effective_samples(nobody))
    assert np.isnan(kl_from_draw(nobody))


def test_normal_rewards_are_biased_as_known() -> None:
    golden = GOLDEN["normal_rewards"]
    rewards = np.random.default_rng(7).normal(size=(1500, golden["n"]))
    found = [tilted(each, [row["beta"] for row in golden["rows"]]) for each in rewards]
    for name in ("log_z", "kl", "effective"):
        got = np.mean([getattr(one, name) for one in found], axis=0)
        expected = [row[name] for row in golden["rows"]]
        assert got == pytest.approx(expected, rel=golden["relative_tolerance"])
