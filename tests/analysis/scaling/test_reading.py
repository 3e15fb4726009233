from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import NO, ODD, YES, made_run

from topdraw.analysis.scaling import forecast_counts, forecast_coverage
from topdraw.analysis.scaling.nonparametric import bounds
from topdraw.analysis.scaling.reading import Scaling, saturations_of, scaling_of, shifts_of
from topdraw.core.records import Decoding
from topdraw.core.until import Until
from topdraw.errors import ConfigError, DomainError
from topdraw.store.evidence import open_evidence
from topdraw.store.run import Run

_COUNTS = "model,problem,n,c\n" + "".join(
    f"{model},p{i},200,{min(round(200 * chance * factor), 200)}\n"
    for model, factor in (("large", 1.0), ("small", 0.2))
    for i, chance in enumerate(np.geomspace(0.002, 0.9, 30))
)


def _run(folder: Path) -> Run:
    verdicts = {f"p{i}": [YES] * i + [NO] * (16 - i) + [ODD] * 4 for i in range(12)}
    rewards = {key: [float(at % 7) for at in range(20)] for key in verdicts}
    return made_run(folder, verdicts, rewards=rewards)


def _models(tmp_path: Path) -> list[Scaling]:
    (tmp_path / "counts.csv").write_text(_COUNTS)
    table = open_evidence(tmp_path / "counts.csv")
    return [
        scaling_of(table.of(name), name=name, extrapolate=[100, 5_000], draws=5)  # type: ignore[union-attr]  # a table
        for name in ("large", "small")
    ]


def test_a_run_has_a_law_forecasts_and_saturations(tmp_path: Path) -> None:
    found = scaling_of(_run(tmp_path / "run"), draws=5)
    assert (found.name, found.k_max) == ("made", 20)
    assert found.law is not None
    assert [value.k for value in found.forecasts] == [200]
    assert set(found.saturations) == {"majority", "best_of_n", "weighted_majority"}
    for value, limit in zip(found.forecasts, found.bounds, strict=True):
        assert limit.low <= value.value <= limit.high
    assert len(found.coverage) == found.known.ks.size


def test_forecasts_of_a_run_are_those_of_its_counts(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    assert forecast_coverage(run, [500]) == forecast_counts([20] * 12, list(range(12)), [500])


def test_counts_have_no_saturation_and_k_within_the_samples_are_not_forecast(
    tmp_path: Path,
) -> None:
    found = _models(tmp_path)[0]
    assert found.saturations == {}
    assert [value.k for value in found.forecasts] == [5_000]


def test_models_of_a_table_are_shifted_along_k(tmp_path: Path) -> None:
    shifts = shifts_of(_models(tmp_path))
    assert shifts is not None
    assert shifts.names == ("large", "small")
    assert shifts.shifts[1].value == pytest.approx(np.log10(5), abs=0.2)


def test_one_model_has_no_shift(tmp_path: Path) -> None:
    assert shifts_of(_models(tmp_path)[:1]) is None


def test_models_without_a_shared_problem_are_refused(tmp_path: Path) -> None:
    other = _run(tmp_path / "run")
    (tmp_path / "far.csv").write_text("problem,n,c\nq1,20,3\nq2,20,9\n")
    far = open_evidence(tmp_path / "far.csv")
    with pytest.raises(ConfigError, match="share no problem"):
        shifts_of([scaling_of(run, draws=2) for run in (other, far)])


def test_a_curve_without_a_law_still_has_a_forecast(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {f"p{i}": [NO] * 9 for i in range(9)})
    found = scaling_of(run)
    assert found.law is None
    assert found.forecasts[0].low < 0.05
    assert shifts_of([found, found]) is None


def test_too_few_samples_are_refused_and_one_sample_has_no_saturation(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [YES], "b": [NO]})
    with pytest.raises(DomainError, match="at least 3 samples"):
        scaling_of(run)
    assert saturations_of(run) == {}


def test_repeats_of_greedy_decoding_are_not_forecast(tmp_path: Path) -> None:
    verdicts = {f"p{i}": [YES if i < 3 else NO] * 5 for i in range(10)}
    run = made_run(tmp_path / "run", verdicts, sampled=Decoding(temperature=0.0))
    found = scaling_of(run)
    assert (found.forecasts, found.bounds, found.law) == ((), (), None)
    assert "temperature 0" in found.unforecast
    with pytest.raises(DomainError, match="temperature 0"):
        forecast_coverage(run, [50])


def test_counts_of_a_run_drawn_until_a_pass_are_not_taken_for_binomial(tmp_path: Path) -> None:
    until = Until("pass", by="judge")
    verdicts = {f"p{i}": [NO] * i + [YES] if i < 8 else [NO] * 8 for i in range(16)}
    run = made_run(tmp_path / "run", verdicts, until=until, cap=8)
    found = scaling_of(run, extrapolate=[100], draws=2)
    solved = np.arange(16) < 8
    assert found.k_max == 8
    assert found.bounds == (bounds(8, solved.astype(int), 100),)
    with pytest.raises(DomainError, match="drawn until a pass"):
        shifts_of([found, replace(found, name="other")])
