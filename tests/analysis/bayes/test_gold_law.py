import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.bayes.gold_law import Form, fit_gold_law
from topdraw.errors import DomainError

KL = np.array([0.0, 0.1, 0.5, 1.0, 2.0, 3.5])
FORMS: list[Form] = ["linear", "log"]


def _by_hand(d: np.ndarray, alpha: float, beta: float, form: Form) -> np.ndarray:
    return d * (alpha - beta * (d if form == "linear" else np.log(np.maximum(d, 1e-300))))


@given(st.sampled_from(FORMS), st.floats(-2, 2), st.floats(-2, 2))
def test_what_follows_the_law_is_fitted_exactly(form: Form, alpha: float, beta: float) -> None:
    gain = _by_hand(np.sqrt(KL), alpha, beta, form)
    law = fit_gold_law(KL, [gain, gain], form=form)
    assert law.alpha.value == pytest.approx(alpha, abs=1e-9)
    assert law.beta.value == pytest.approx(beta, abs=1e-9)
    assert law.residual == pytest.approx(0, abs=1e-9)
    assert law.gain(KL) == pytest.approx(gain, abs=1e-9)
    assert (law.reach, law.points) == (3.5, 5)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.4), (0.5, 0.5), (0.2, 1.0), (-0.3, 0.5)])
def test_the_peak_is_where_the_law_is_largest(form: Form, alpha: float, beta: float) -> None:
    grid = np.linspace(0, 60, 600_001)
    law = fit_gold_law(KL, [_by_hand(np.sqrt(KL), alpha, beta, form)], form=form)
    assert law.peak_kl == pytest.approx(grid[law.gain(grid).argmax()], abs=2e-4)


def test_a_law_that_never_falls_has_no_peak() -> None:
    for form in FORMS:
        law = fit_gold_law(KL, [np.sqrt(KL)], form=form)
        assert math.isnan(law.peak_kl) or law.peak_kl > 1e6
    rising = fit_gold_law(KL, [np.sqrt(KL) * (1 + 0.1 * np.sqrt(KL))])
    assert math.isnan(rising.peak_kl)
    assert "rising" in str(rising)


def test_the_fit_is_least_squares_of_the_mean_with_students_intervals() -> None:
    from scipy.stats import ttest_1samp

    random = np.random.default_rng(0)
    gain = _by_hand(np.sqrt(KL), 1.0, 0.3, "linear") + random.normal(size=(30, 6)) * 0.2
    law = fit_gold_law(KL, gain, level=0.9)
    d = np.sqrt(KL[1:])
    columns = np.stack([d, -d * d], axis=1)
    expected = np.linalg.lstsq(columns, gain[:, 1:].mean(axis=0), rcond=None)[0]
    assert [law.alpha.value, law.beta.value] == pytest.approx(expected)
    each = np.array([np.linalg.lstsq(columns, row[1:], rcond=None)[0][1] for row in gain])
    ends = ttest_1samp(each, 0).confidence_interval(0.9)
    assert [law.beta.low, law.beta.high] == pytest.approx([ends.low, ends.high])


def test_it_says_that_it_is_a_model_and_where_it_extrapolates() -> None:
    inside = fit_gold_law(KL, [_by_hand(np.sqrt(KL), 1.0, 0.5, "linear")])
    assert str(inside).startswith("model d (alpha - beta d): alpha 1.0")
    assert str(inside).endswith("peak at KL 1")
    beyond = fit_gold_law(KL, [_by_hand(np.sqrt(KL), 1.0, 0.1, "linear")])
    assert str(beyond).endswith("peak at KL 25 (extrapolated)")


def test_too_little_is_refused() -> None:
    with pytest.raises(DomainError, match="3 different KLs"):
        fit_gold_law([0.0, 1.0, 1.0, 2.0], [[0.0, 1.0, 1.0, 2.0]])
    with pytest.raises(DomainError, match="shape"):
        fit_gold_law(KL, [[0.0, 1.0]])
