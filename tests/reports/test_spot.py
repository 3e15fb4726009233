import xml.etree.ElementTree as ET

import pytest
from tests.reports.conftest import Chromium
from tests.reports.hostile import EVERYTHING

from topdraw.core.estimate import Estimate
from topdraw.reports.difference_figure import difference_figure
from topdraw.reports.panel import Panel
from topdraw.reports.panels import render_panels
from topdraw.reports.spot import column, spot
from topdraw.reports.sweep_heat import HeatCell, HeatMap, heat_figure

ROWS = [("a less b", Estimate(0.1, 0.05, 0.15, n=50)), ("c less b", Estimate(-0.2, -0.3, -0.1))]


def test_an_area_says_its_number_to_eye_and_ear() -> None:
    made = ET.fromstring(spot(1, 2, 3, 4, ("a", "b & c"), keys=("one",), first=True))  # noqa: S314 - our own
    assert made.get("aria-label") == "a b & c"
    assert made[0].text == "a\nb & c"
    assert (made.get("tabindex"), made.get("data-keys")) == ("0", "one")
    other = ET.fromstring(column((1, 3), (2, 6), 2, ("k", "x"), keys=("s",), room="above"))  # noqa: S314 - our own
    assert (other.get("width"), other.get("height"), other.get("data-x")) == ("2.0", "4.0", "2.0")
    assert (other.get("tabindex"), other.get("data-room")) == ("-1", "above")


def test_hostile_words_are_escaped_and_named() -> None:
    made = spot(0, 0, 1, 1, (EVERYTHING,))
    assert "<script" not in made
    assert "\u202e" not in made


@pytest.mark.slow
def test_pointer_and_arrows_walk_rows_and_cells(chromium: Chromium) -> None:
    cells = (HeatCell(0, 0, Estimate(float("nan"))), HeatCell(1, 0, Estimate(0.5, 0.4, 0.6, n=9)))
    heat = heat_figure([HeatMap("", ("0", "1"), ("r",), cells)], across="t", down="p")
    panels = [
        Panel("rows", "Rows", "It is so.", (difference_figure(ROWS, "difference"),)),
        Panel("heat", "Heat", "It is so.", (heat,)),
    ]
    page = chromium.visit(render_panels("Spots", "They are told.", panels)).page
    tip = page.locator("#rows ~ figure .tip")
    page.locator("#rows ~ figure .spot").first.focus()
    assert tip.inner_text() == "a less b\n0.100 [0.050, 0.150] (50 problems)"
    page.keyboard.press("ArrowDown")
    assert "c less b" in tip.inner_text()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.locator("#heat ~ figure .spot").hover()
    assert (
        page.locator("#heat ~ figure .tip").inner_text() == "1, r\n0.50 [0.40, 0.60] (9 problems)"
    )
    assert page.locator("#heat ~ figure .spot").get_attribute("tabindex") == "0"
