import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import beta, norm

from topdraw.analysis.scaling.difficulty import STEP, logits
from topdraw.analysis.scaling.families import FAMILIES, share_of_zeros

MIDDLES = logits(10_000)
EDGES = np.append(MIDDLES - STEP / 2, MIDDLES[-1] + STEP / 2)


@pytest.mark.parametrize("name", FAMILIES)
@given(normals=st.lists(st.floats(-4, 4), min_size=5, max_size=5))
def test_masses_are_probabilities(name: str, normals: list[float]) -> None:
    family = FAMILIES[name]
    masses = family.masses(np.array([normals[: family.parameters]]), MIDDLES)
    assert (masses >= 0).all()
    assert masses.sum() == pytest.approx(1)


@pytest.mark.parametrize("normals", [[0.0, 0.0], [1.0, -1.0], [-1.0, 2.0]])
def test_beta_is_the_beta_law(normals: list[float]) -> None:
    masses = FAMILIES["beta"].masses(np.array([normals]), MIDDLES)[0]
    law = beta(np.exp(-1.3 + 0.6 * normals[0]), 3 * np.exp(1.5 * normals[1]))
    exact = law.cdf(expit(EDGES))
    # Masses are density at the middle of a cell times its width.
    assert np.abs(np.cumsum(masses)[:-1] - exact).max() < 0.002


def test_logit_normal_is_the_normal_law_of_the_logit() -> None:
    masses = FAMILIES["logit-normal"].masses(np.array([[0.5, -0.3]]), MIDDLES)[0]
    exact = norm(-2.5, 2 * np.exp(-0.15)).cdf(EDGES)
    assert np.abs(np.cumsum(masses)[:-1] - exact).max() < 0.002


def test_zeros_take_their_share_from_all_cells() -> None:
    normals = np.array([[0.1, -0.2, 0.7]])
    plain = FAMILIES["beta"].masses(normals[:, :2], MIDDLES)[0]
    some = FAMILIES["zero-inflated beta"].masses(normals, MIDDLES)[0]
    share = share_of_zeros(np.array([0.7]))[0]
    assert share == pytest.approx(beta(1, 3).ppf(norm.cdf(0.7)))
    np.testing.assert_allclose(some[1:], plain[1:] * (1 - share))
    assert some[0] == pytest.approx(plain[0] * (1 - share) + share)


@pytest.mark.parametrize("coverage", [0.0, 0.3, 0.4, 0.45, 1.0])
def test_prior_probabilities_sum_to_one(coverage: float) -> None:
    total = sum(family.prior_at(coverage) for family in FAMILIES.values())
    assert total == pytest.approx(1)


def test_more_solved_problems_make_room_for_unsolvable_ones() -> None:
    for name in ("zero-inflated beta", "zero-inflated general"):
        few, between, many = (FAMILIES[name].prior_at(share) for share in (0.2, 0.4, 0.6))
        assert few < between < many
