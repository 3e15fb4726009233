import math
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import NO, YES, made_run

import topdraw
from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.scaling import fit_counts
from topdraw.errors import DomainError


def _problems(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.binomial(300, rng.beta(0.3, 2, size=100))


def test_the_fit_is_close_and_its_intervals_hold_it() -> None:
    law = fit_counts(300, _problems(), draws=50)
    assert law.residual < 0.02
    assert law.a.low < law.a.value < law.a.high < 0
    assert law.b.low < law.b.value < law.b.high < 0
    assert (law.k_max, law.a.n) == (300, 100)
    curve = coverage_curve(np.full(100, 300), _problems(), [10]).mean()
    assert law.predict(10).value == pytest.approx(curve, abs=0.03)


def test_residuals_are_law_less_coverage_at_each_k_fitted() -> None:
    found = fit_counts(300, _problems(), draws=2)
    curve = coverage_curve(np.full(100, 300), _problems(), found.ks.tolist()).mean(axis=0)
    fitted = np.exp(found.a.value * found.ks.astype(float) ** found.b.value)
    np.testing.assert_allclose(found.residuals, fitted - curve, atol=1e-12)
    assert found.residual == pytest.approx(np.abs(fitted - curve).mean())
    assert found.residual_std == pytest.approx(np.abs(fitted - curve).std())


def test_it_fits_coverage_better_than_the_line_through_logs() -> None:
    law = fit_counts(300, _problems(), draws=2)
    ks = np.unique(np.geomspace(1, 300, 100).round().astype(np.int64))
    curve = coverage_curve(np.full(100, 300), _problems(), ks.tolist()).mean(axis=0)
    a, b = law.log_log
    ours = np.array([law.predict(int(k)).value for k in ks])
    assert ((ours - curve) ** 2).sum() < ((np.exp(a * ks.astype(float) ** b) - curve) ** 2).sum()


def test_a_forecast_is_labelled_as_a_model_with_the_spread_of_models() -> None:
    law = fit_counts(300, _problems(), draws=20)
    inside, beyond = law.predict(100), law.predict(10_000)
    assert inside.label == "model c = exp(a k^b), interpolated"
    assert beyond.label == "model c = exp(a k^b), extrapolated from k <= 300"
    assert inside.value < beyond.value < 1
    assert beyond.low <= beyond.value <= beyond.high
    assert set(beyond.others) == {"log-log line", "beta-binomial"}
    assert "models say" in str(beyond)
    with pytest.raises(DomainError, match="k >= 1"):
        law.predict(0)


def test_the_beta_law_is_found_where_it_holds() -> None:
    rng = np.random.default_rng(1)
    right = rng.binomial(50, rng.beta(0.5, 1.5, size=4000))
    found = fit_counts(50, right, draws=2).predict(400).others["beta-binomial"]
    failing = math.prod((1.5 + i) / (2 + i) for i in range(400))
    assert found == pytest.approx(1 - failing, abs=0.01)


def test_the_same_seed_gives_the_same_law() -> None:
    first, again = (fit_counts(300, _problems(), draws=10, rng=4) for _ in range(2))
    assert first == again
    np.testing.assert_array_equal(first.draws, again.draws)


@pytest.mark.parametrize("right", [[0, 0], [9, 9]])
def test_what_has_no_curve_is_refused(right: list[int]) -> None:
    with pytest.raises(DomainError, match="no law to fit"):
        fit_counts(9, np.array(right))


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(DomainError, match="at least 3 samples per problem, not 2"):
        fit_counts(2, np.array([1, 0]))
    with pytest.raises(DomainError, match="not 0"):
        fit_counts(np.zeros(0, np.int64), np.zeros(0, np.int64))


def test_nearly_solved_and_nearly_hopeless_sets_still_fit() -> None:
    easy = fit_counts(10, np.array([10] * 30 + [9]), draws=5)
    hard = fit_counts(10, np.array([0] * 30 + [1]), draws=5)
    assert easy.predict(10).value == pytest.approx(1, abs=0.01)
    assert hard.predict(10).value == pytest.approx(1 / 31, abs=0.005)


def test_a_run_is_fitted_by_its_verifier(tmp_path: Path) -> None:
    verdicts = {f"p{i}": [YES] * i + [NO] * (8 - i) for i in range(8)}
    law = topdraw.fit_coverage(made_run(tmp_path / "run", verdicts), draws=5)
    assert (law.k_max, law.a.n) == (8, 8)
    assert law == fit_counts(8, np.arange(8), draws=5)


def test_too_few_problems_have_a_law_without_an_interval() -> None:
    law = fit_counts([100] * 4, [1, 5, 20, 80], draws=5)
    assert law.a.value < 0
    assert math.isnan(law.a.low)
    assert math.isnan(law.b.high)
    assert law.b.method.endswith("no interval: 4 of at least 5 problems")
    assert "no interval (model c" in str(law.predict(1_000))
    assert law.predict(1_000).as_dict()["low"] is None
