"""Every kind of page through axe-core, at both widths and in both themes, folded and opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.reports.accessible import violations
from tests.reports.conftest import Chromium
from tests.reports.fake import fake_recipe, fake_summary, fake_views
from tests.reports.hostile import HOSTILE
from tests.reports.made_panels import hostile_panel, plain_panel
from tests.reports.seen import FLOWS_OVER, OPEN_ALL
from tests.reports.test_pages import CITE, TWO
from tests.reports.test_series_figure import COVERAGE, GREEDY, LAW, PAPER
from tests.reports.test_spot import ROWS
from tests.reports.test_sweep_page import AXES, _reading

from topdraw.reports.axis import Axis
from topdraw.reports.difference_figure import difference_figure
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.page import render_page
from topdraw.reports.pages import Page, page_text
from topdraw.reports.panel import Panel
from topdraw.reports.series_figure import series_figures
from topdraw.reports.sweep_page import sweep_page

pytestmark = pytest.mark.slow

WIDTHS = pytest.mark.parametrize("width", [1280, 390])
THEMES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((each) => { sum += each.value; }))
    .observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => setTimeout(() => done(sum)));
})"""


def _report(_folder: Path) -> str:
    summary = fake_summary(problems=4, n=30)
    ks = {k for curve in summary.curves for k in curve.k}
    costs = [Axis("tokens", {k: 11.0 * k for k in ks}, "counted")]
    return render_page(
        summary,
        fake_views(summary, HOSTILE),
        recipe=fake_recipe(),
        panels=[plain_panel(), hostile_panel()],
        costs=costs,
        whole=True,
    )


def _study(_folder: Path) -> str:
    lines = [GREEDY, PAPER, LAW, COVERAGE]
    panel = Panel("lines", "Lines", "They rise to 0.90 [0.80, 1.00].", series_figures(lines))
    rows = tuple(difference_figure(ROWS, "difference", layout) for layout in (WIDE, NARROW))
    paired = Panel("rows", "Rows", "One is better by 0.10 [0.05, 0.15].", rows)
    return page_text(
        Page(
            "Study",
            "It solves 0.90 [0.80, 1.00].",
            [panel, paired, TWO],
            ("a", "b"),
            "Lead.",
            cite=CITE,
        )
    )


def _sweep(folder: Path) -> str:
    return sweep_page(_reading(folder / "sweep", AXES, n_at_zero=2), command="topdraw sweep")


@pytest.fixture(scope="module", params=[_report, _study, _sweep], ids=["report", "study", "sweep"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    make: Callable[[Path], str] = request.param
    return make(tmp_path_factory.mktemp("page"))


@WIDTHS
@THEMES
def test_a_page_is_accessible_quiet_and_still(
    chromium: Chromium, page: str, width: int, dark: bool
) -> None:
    visit = chromium.visit(page, width=width, dark=dark)
    # Good is below 0.1; a page that is painted while it is still read may move by a hair.
    assert visit.page.evaluate(SHIFT) < 1e-3
    visit.page.evaluate(OPEN_ALL)
    for button in visit.page.locator(".archive button").all()[:1]:
        button.click()
        visit.page.locator(".browser .sample").first.wait_for()
    assert violations(visit.page) == []
    assert not visit.page.evaluate(FLOWS_OVER)
    assert visit.complaints == []
    assert [url for url in visit.requests if not url.startswith(("file:", "data:"))] == []


def test_a_broken_page_is_found_out(chromium: Chromium) -> None:
    visit = chromium.visit("<!doctype html><html><body><img src='data:,'><p>x</p></body></html>")
    found = "\n".join(violations(visit.page))
    assert "image-alt" in found
    assert "html-has-lang" in found
