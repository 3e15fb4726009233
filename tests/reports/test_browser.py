from __future__ import annotations

import pytest
from tests.reports.conftest import Chromium
from tests.reports.fake import fake_recipe, fake_summary, fake_views
from tests.reports.test_page import hostile_page

from topdraw.reports.page import render_page

pytestmark = pytest.mark.slow

WIDTHS = pytest.mark.parametrize("width", [1280, 390])
THEMES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])

_FLOWS_OVER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
_TOO_WIDE = """() => [...document.querySelectorAll('body *')].filter((each) =>
  each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1
  && !each.closest('.sr, .skip, svg')).map((each) => each.outerHTML.slice(0, 80))"""
_CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const each of document.querySelectorAll('body *')) {
    const words = [...each.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!words || !each.checkVisibility() || each.closest('.sr, .skip')) continue;
    const style = getComputedStyle(each);
    const drawn = each.namespaceURI.endsWith('svg') ? style.fill : style.color;
    const [a, b] = [light(rgb(drawn)), light(ground(each))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${each.className} ${each.textContent} ${drawn}`);
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def html() -> str:
    summary = fake_summary(problems=100)
    return render_page(summary, fake_views(summary), recipe=fake_recipe())


@WIDTHS
@THEMES
def test_a_page_is_quiet_and_fits(chromium: Chromium, html: str, width: int, dark: bool) -> None:
    visit = chromium.visit(html, width=width, dark=dark)
    assert not visit.page.evaluate(_FLOWS_OVER)
    visit.page.evaluate(_OPEN_ALL)
    assert not visit.page.evaluate(_FLOWS_OVER)
    assert visit.page.evaluate(_TOO_WIDE) == []
    assert visit.complaints == []
    assert [url for url in visit.requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in visit.requests if url.startswith("file:")]) == 1


@WIDTHS
@THEMES
def test_text_can_be_read(chromium: Chromium, html: str, width: int, dark: bool) -> None:
    visit = chromium.visit(html, width=width, dark=dark)
    visit.page.evaluate(_OPEN_ALL)
    assert visit.page.evaluate(_CONTRAST) == []
    assert visit.page.locator("svg.figure:visible").count() == 2
    small = visit.page.locator("svg.figure:visible text").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect().height).filter((h) => h < 11)"
    )
    assert small == []


@WIDTHS
def test_hostile_text_does_nothing(chromium: Chromium, width: int) -> None:
    visit = chromium.visit(hostile_page(), width=width)
    visit.page.evaluate(_OPEN_ALL)
    assert visit.page.evaluate("window.broken") is None
    assert visit.complaints == []
    assert not visit.page.evaluate(_FLOWS_OVER)
    assert visit.page.evaluate(_TOO_WIDE) == []


def test_a_script_that_got_in_would_not_run(chromium: Chromium, html: str) -> None:
    visit = chromium.visit(html.replace("<main", "<script>window.broken = 1</script><main", 1))
    assert visit.page.evaluate("window.broken") is None
    assert "Content Security Policy" in visit.complaints[0]


def test_without_javascript_everything_but_comfort_is_there(chromium: Chromium, html: str) -> None:
    visit = chromium.visit(html, javascript=False)
    page = visit.page
    assert page.locator("svg.figure:visible").count() == 2
    assert page.locator("#results tbody tr").count() == 6
    assert page.locator("button:visible").count() == 0
    page.locator("details.problem summary").first.click()
    assert page.locator("details.problem .sample").first.is_visible()


def test_the_theme_switch_changes_colours_and_remembers(chromium: Chromium, html: str) -> None:
    page = chromium.visit(html).page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    switch = page.locator(".theme")
    switch.click()
    switch.click()
    dark = page.evaluate(ground)
    assert dark != light
    # A browser writes what pages store behind their back; on a busy machine a reload can be faster.
    for _ in range(50):
        page.reload()
        if page.locator(".theme").inner_text() == "Theme: dark":
            break
        page.wait_for_timeout(100)
    assert page.locator(".theme").inner_text() == "Theme: dark"
    assert page.evaluate(ground) == dark


@WIDTHS
def test_the_keyboard_reads_the_figure(chromium: Chromium, html: str, width: int) -> None:
    page = chromium.visit(html, width=width).page
    page.locator("svg.figure:visible .column").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    tip = page.locator(".tip:visible")
    assert tip.inner_text().startswith("k = 3, 100 problems\noracle (pass@k) 0.")
    assert not page.evaluate(_FLOWS_OVER)
    page.keyboard.press("Escape")
    assert page.locator(".tip:visible").count() == 0


def test_the_pointer_reads_the_figure(chromium: Chromium, html: str) -> None:
    page = chromium.visit(html).page
    page.locator("svg.figure:visible .column").nth(5).hover()
    assert "majority vote 0." in page.locator(".tip:visible").inner_text()


def test_a_deep_link_opens_its_problem(chromium: Chromium, html: str) -> None:
    slug = html.partition('class="problem" id="')[2].partition('"')[0]
    page = chromium.visit(html, at=f"#{slug}").page
    assert page.locator(f"#{slug}").get_attribute("open") is not None
    assert page.locator("details.problem[open]").count() == 1


def test_tables_sort_both_ways_and_back(chromium: Chromium, html: str) -> None:
    page = chromium.visit(html).page
    names = "all => all.map(row => row.cells[0].textContent.trim())"
    rows = page.locator("#results tbody tr")
    original = rows.evaluate_all(names)
    head = page.locator("#results thead th").nth(3)
    head.locator("button").click()
    falling = rows.evaluate_all(names)
    assert falling[0] == "oracle (pass@k)"
    assert head.get_attribute("aria-sort") == "descending"
    head.locator("button").click()
    assert rows.evaluate_all(names)[:4] == falling[:4][::-1]
    head.locator("button").click()
    assert rows.evaluate_all(names) == original


def test_tables_copy_as_text(chromium: Chromium, html: str) -> None:
    visit = chromium.visit(html)
    visit.page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    tools = visit.page.locator('.tools[data-for="results"] button')
    tools.nth(0).click()
    lines = visit.page.evaluate("window.copied").split("\n")
    assert lines[0] == "strategy\tk = 1\tk = 10\tk = 100"
    assert {line.count("\t") for line in lines} == {3}
    tools.nth(1).click()
    assert visit.page.evaluate("window.copied").startswith("| strategy | k = 1 | k = 10 |")


def test_print_is_light_unfolded_and_without_controls(chromium: Chromium, html: str) -> None:
    page = chromium.visit(html, dark=True).page
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".theme").is_visible()
    assert page.locator(".sample").first.is_visible()
    assert page.locator("svg.figure.wide").first.is_visible()


def test_the_page_paints_at_once_and_nothing_moves(chromium: Chromium, html: str) -> None:
    page = chromium.visit(html).page
    moved, painted = page.evaluate(
        """() => new Promise((done) => {
          let moved = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) moved += entry.value;
          }).observe({ type: 'layout-shift', buffered: true });
          const paints = () => performance.getEntriesByType('paint').length;
          setTimeout(() => done([moved, paints()]), 200);
        })"""
    )
    assert painted
    assert moved < 0.01
