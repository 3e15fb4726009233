import math
import xml.etree.ElementTree as ET

import pytest

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import NARROW, WIDE, Layout
from topdraw.reports.sweep_heat import HeatCell, HeatMap, heat_figure


def _map(title: str = "", *values: float) -> HeatMap:
    cells = tuple(
        HeatCell(
            at % 2, at // 2, Estimate(value, value - 0.1, value + 0.1), "best" if at == 1 else ""
        )
        for at, value in enumerate(values)
    )
    return HeatMap(title, ("0", "0.5"), ("1", "<1.1>"), cells)


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_cell_says_its_number_and_the_darkest_is_the_highest(layout: Layout) -> None:
    maps = [_map("top p 0.9", 0.2, 0.6, 0.4, math.nan), _map("top p 1", 0.3, 0.1, 0.2, 0.3)]
    root = ET.fromstring(heat_figure(maps, across="temperature", down="penalty", layout=layout))  # noqa: S314 - our own
    texts = [each.text for each in root.iter("text")]
    assert {"0.20", "0.60", "0.40", "best", "top p 0.9", "<1.1>", "temperature"} <= set(texts)
    dark = [
        float(each.get("fill-opacity", "0"))
        for each in root.iter("rect")
        if each.get("class") == "heat"
    ]
    assert len(dark) == 7
    assert (max(dark), min(dark)) == (dark[1], dark[4])
    assert 0.05 <= min(dark) <= max(dark) <= 0.55
    assert "highest 0.60 [0.50, 0.70] at 0.5, 1" in root.get("aria-label", "")
    assert "0.5, 1\n0.60 [0.50, 0.70]; best" in "".join(root.itertext())


def test_equal_numbers_are_equally_dark() -> None:
    root = ET.fromstring(heat_figure([_map("", 0.5, 0.5)], across="a", down="b"))  # noqa: S314 - our own
    assert {each.get("fill-opacity") for each in root.iter("rect")} == {"0.550", None}


def test_nothing_known_is_no_figure() -> None:
    assert heat_figure([_map("", math.nan)], across="a", down="b") == ""
