from dataclasses import replace
from pathlib import Path

import pytest
from tests.reports.made_scaling import made_scaling

from topdraw.analysis.scaling.reading import Scaling, saturations_of, shifts_of
from topdraw.reports.fit_panel import (
    fit_panels,
    fit_sentence,
    forecast_table,
    law_table,
    residual_table,
    saturation_table,
)
from topdraw.reports.panels import render_panels
from topdraw.reports.tabular import aligned_text, csv_text
from topdraw.store.evidence import open_evidence


@pytest.fixture
def models(tmp_path: Path) -> list[Scaling]:
    return made_scaling(tmp_path)


def test_tables_hold_a_row_for_each_model_and_k(models: list[Scaling]) -> None:
    assert [row[0] for row in law_table(models).rows] == ["<large>", "small"]
    assert [row[1] for row in forecast_table(models).rows] == [2_000, 90_000] * 2
    assert len(residual_table(models).rows) == 24
    assert "log-log line" in forecast_table(models).columns
    assert csv_text(forecast_table(models)).count("\n") == 5


def test_the_sentence_says_model_and_spread(models: list[Scaling]) -> None:
    said = fit_sentence(models)
    assert said.count("at k = 90,000 a model average says") == 2
    assert said.startswith("<large>: coverage")
    assert fit_sentence(models * 3).startswith("6 models. <large>")
    assert "single methods" in said


def test_a_page_has_forecast_law_residuals_and_shifts(models: list[Scaling]) -> None:
    panels = fit_panels(models, shifts_of(models))
    assert [panel.key for panel in panels] == ["forecast", "fit", "residuals", "shifts"]
    page = render_panels("How coverage scales", fit_sentence(models), panels)
    assert "<large>" not in page
    assert "nothing there was measured" in panels[0].claim
    assert "log10 shift" in panels[-1].claim


def test_a_selector_that_is_flat_has_a_row_and_a_panel(
    models: list[Scaling], tmp_path: Path
) -> None:
    rows = [f"p{i},{at},{int(at < i)},{int(at < i)}\n" for i in range(12) for at in range(12)]
    (tmp_path / "samples.csv").write_text("problem,index,answer,correct\n" + "".join(rows))
    flat = saturations_of(open_evidence(tmp_path / "samples.csv"))
    one = replace(models[0], saturations=flat)
    assert "majority" in aligned_text(saturation_table([one]))
    assert fit_panels([one])[-1].key == "saturation"
