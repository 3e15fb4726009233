import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.reports.made_scaling import made_scaling

from topdraw.reports.frame import NARROW, WIDE, Layout
from topdraw.reports.scaling_figure import scaling_figure


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_the_figure_is_escaped_and_inside_its_box(tmp_path: Path, layout: Layout) -> None:
    svg = scaling_figure(made_scaling(tmp_path), layout)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    assert root.get("class") == f"figure {layout.name}"
    assert "style=" not in svg
    assert "&lt;large&gt;" in svg
    marks = list(root.iter("circle"))
    assert len(marks) == 4
    for mark in marks:
        assert 0 <= float(mark.get("cx", "-1")) <= layout.width
        assert 0 <= float(mark.get("cy", "-1")) <= 380
    assert "90,000" in (root.get("aria-label") or "")


def test_without_a_model_there_is_no_figure() -> None:
    assert scaling_figure([], WIDE) == ""
