from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run

from topdraw.analysis.summary import summarize
from topdraw.reports.report_figures import report_figures, save_report_figures
from topdraw.store.run import Run


@pytest.fixture
def made(tmp_path: Path) -> Run:
    return made_run(tmp_path / "made", {"p": [YES, NO, YES, NO], "q": [NO, NO, NO, YES]})


@pytest.mark.slow
def test_every_figure_of_the_page_is_a_file(made: Run, tmp_path: Path) -> None:
    summary = summarize(made)
    names = list(report_figures(made, summary))
    assert names[:2] == ["curves", "curves-tokens"]
    assert {"difficulty", "greedy"} <= set(names)
    files = save_report_figures(made, summary, tmp_path / "figures")
    assert [one.svg.stem for one in files] == names
    for one in files:
        assert ET.parse(one.svg).getroot().get("viewBox")  # noqa: S314 - our own
