import math
from xml.etree import ElementTree

import pytest

from topdraw.core.estimate import Estimate
from topdraw.reports.difference_figure import difference_figure
from topdraw.reports.frame import NARROW, WIDE, Layout

ROWS = [
    ("pass@10", Estimate(0.1, 0.02, 0.18)),
    ("a <b>less & more</b>", Estimate(-0.05, -0.3, 0.2)),
    ("lost", Estimate(math.nan)),
]


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_it_is_well_formed_and_has_a_mark_for_each_number(layout: Layout) -> None:
    svg = difference_figure(ROWS, "a less b", layout)
    root = ElementTree.fromstring(svg)  # noqa: S314 - made here
    assert root.get("class") == f"figure {layout.name}"
    marks = [one for one in root.iter() if one.get("class") == "mark"]
    assert len(marks) == 2
    assert marks[0].get("fill-opacity") is None
    assert marks[1].get("fill-opacity") == "0.35"
    assert "style=" not in svg
    texts = [one.text for one in root.iter("text")]
    assert "a <b>less & more</b>" in texts
    assert "0" in texts


def test_intervals_lie_inside_and_zero_is_on_the_axis() -> None:
    svg = difference_figure([("x", Estimate(0.5, 0.4, 0.6))], "gain")
    root = ElementTree.fromstring(svg)  # noqa: S314 - made here
    axis = next(one for one in root.iter() if one.get("class") == "axis")
    mark = next(one for one in root.iter() if one.get("class") == "mark")
    zero = float((axis.get("d") or "").split()[0][1:])
    assert zero < float(mark.get("cx") or 0) < WIDE.width


def test_one_without_an_interval_is_a_point_and_none_is_no_figure() -> None:
    assert "mark" in difference_figure([("x", Estimate(0.5))], "gain")
    assert difference_figure([("x", Estimate(math.nan))], "gain") == ""
    assert "mark" in difference_figure([("x", Estimate(0.0, 0.0, 0.0))], "gain")
