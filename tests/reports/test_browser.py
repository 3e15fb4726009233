from __future__ import annotations

import pytest
from tests.reports.conftest import Chromium
from tests.reports.fake import fake_recipe, fake_summary, fake_views
from tests.reports.made_panels import plain_panel
from tests.reports.seen import FLOWS_OVER, LOW_CONTRAST, OPEN_ALL, TOO_WIDE
from tests.reports.test_page import hostile_page

from topdraw.reports.axis import Axis
from topdraw.reports.page import render_page

pytestmark = pytest.mark.slow

WIDTHS = pytest.mark.parametrize("width", [1280, 390])
THEMES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


@pytest.fixture(scope="module")
def html() -> str:
    summary = fake_summary(problems=100)
    return render_page(summary, fake_views(summary), recipe=fake_recipe())


@WIDTHS
@THEMES
def test_a_page_is_quiet_and_fits(chromium: Chromium, html: str, width: int, dark: bool) -> None:
    visit = chromium.visit(html, width=width, dark=dark)
    assert not visit.page.evaluate(FLOWS_OVER)
    visit.page.evaluate(OPEN_ALL)
    assert not visit.page.evaluate(FLOWS_OVER)
    assert visit.page.evaluate(TOO_WIDE) == []
    assert visit.complaints == []
    assert [url for url in visit.requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in visit.requests if url.startswith("file:")]) == 1


@WIDTHS
@THEMES
def test_text_can_be_read(chromium: Chromium, html: str, width: int, dark: bool) -> None:
    visit = chromium.visit(html, width=width, dark=dark)
    visit.page.evaluate(OPEN_ALL)
    assert visit.page.evaluate(LOW_CONTRAST) == []
    assert visit.page.locator("svg.figure:visible").count() == 2
    small = visit.page.locator("svg.figure:visible text").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect().height).filter((h) => h < 11)"
    )
    assert small == []


@WIDTHS
def test_hostile_text_does_nothing(chromium: Chromium, width: int) -> None:
    visit = chromium.visit(hostile_page(), width=width)
    visit.page.evaluate(OPEN_ALL)
    assert visit.page.evaluate("window.broken") is None
    assert visit.complaints == []
    assert not visit.page.evaluate(FLOWS_OVER)
    assert visit.page.evaluate(TOO_WIDE) == []


def test_a_script_that_got_in_would_not_run(chromium: Chromium, html: str) -> None:
    visit = chromium.visit(html.replace("<main", "<script>window.broken = 1</script><main", 1))
    assert visit.page.evaluate("window.broken") is None
    assert "Content Security Policy" in visit.complaints[0]


def test_without_javascript_everything_but_comfort_is_there(chromium: Chromium, html: str) -> None:
    visit = chromium.visit(html, javascript=False)
    page = visit.page
    assert page.locator("svg.figure:visible").count() == 2
    assert page.locator("#results tbody tr").count() == 7
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
    # A browser writes what pages store behind their back; on a busy machine a reload can be faster,
    # and what was not written by then is lost: it is chosen again, with more time.
    for pause in (100, 500, 2_000, 5_000):
        while switch.inner_text() != "Theme: dark":
            switch.click()
        page.wait_for_timeout(pause)
        page.reload()
        if switch.inner_text() == "Theme: dark":
            break
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
    assert not page.evaluate(FLOWS_OVER)
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
    assert rows.evaluate_all(names)[:5] == falling[:5][::-1]
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


@pytest.fixture(scope="module")
def many() -> str:
    summary = fake_summary(problems=100)
    costs = [Axis("tokens", {k: 11.0 * k for k in summary.ks}, "all output tokens")]
    views = fake_views(summary, most=40)
    return render_page(summary, views, recipe=fake_recipe(), costs=costs, panels=[plain_panel()])


def test_the_axis_switches_with_and_without_javascript(chromium: Chromium, many: str) -> None:
    for javascript in (True, False):
        page = chromium.visit(many, javascript=javascript).page
        shown = page.locator(".switched svg.figure:visible")
        assert shown.count() == 1
        assert "samples used, k" in (shown.text_content() or "")
        page.locator("label[for=axis-tokens]").click()
        assert shown.count() == 1
        assert "output tokens per problem" in (shown.text_content() or "")
        page.locator("label[for=axis-k]").click()
        assert "samples used, k" in (shown.text_content() or "")


def test_problems_are_few_until_one_asks(chromium: Chromium, many: str) -> None:
    page = chromium.visit(many).page
    shown = page.locator("details.problem:visible")
    assert (shown.count(), page.locator(".sift [role=status]").inner_text()) == (
        12,
        "12 of 40 shown",
    )
    page.get_by_role("button", name="Show all 40 problems").click()
    assert shown.count() == 40
    assert page.locator(".problems + button").is_hidden()
    without = chromium.visit(many, javascript=False).page
    assert without.locator("details.problem:visible").count() == 40
    assert without.locator(".sift").is_hidden()


def test_problems_are_found_by_text_kind_and_choice(chromium: Chromium, many: str) -> None:
    page = chromium.visit(many).page
    shown = page.locator("details.problem:visible")
    page.locator(".sift-kind").select_option("outcome never")
    assert shown.count() > 0
    assert set(shown.evaluate_all("all => all.map(e => e.dataset.outcome)")) == {"never"}
    page.locator(".sift-kind").select_option("wrong best")
    assert all("best" in e for e in shown.evaluate_all("all => all.map(e => e.dataset.wrong)"))
    page.locator(".sift-kind").select_option("")
    name = page.locator("details.problem .pid span").first.text_content()
    assert name is not None
    page.locator(".sift-text").fill(name.upper())
    assert shown.count() == 1
    page.locator(".sift-text").fill("no such text")
    assert shown.count() == 0
    assert page.locator(".sift [role=status]").inner_text() == "0 of 40 shown"


def test_samples_are_sifted_by_verdict_and_by_who_chose_them(chromium: Chromium, many: str) -> None:
    page = chromium.visit(many).page
    page.evaluate(OPEN_ALL)
    page.locator(".sift-samples").select_option("passed")
    assert page.locator(".sample.passed:visible").count() > 0
    assert page.locator(".sample.failed:visible").count() == 0
    page.locator(".sift-samples").select_option("by-best")
    problems = page.locator("details.problem:visible").count()
    assert page.locator(".sample:visible").count() == problems > 0


def test_problems_are_ordered_by_share_correct(chromium: Chromium, many: str) -> None:
    page = chromium.visit(many).page
    shares = "all => all.map(e => Number(e.dataset.share))"
    shown = page.locator("details.problem:visible")
    before = shown.evaluate_all(shares)
    page.locator(".sift-order").select_option("most")
    falling = shown.evaluate_all(shares)
    assert falling == sorted(falling, reverse=True)
    page.locator(".sift-order").select_option("least")
    rising = shown.evaluate_all(shares)
    assert rising == sorted(rising)
    page.locator(".sift-order").select_option("")
    assert shown.evaluate_all(shares) == before


def test_a_deep_link_finds_a_problem_that_is_folded_away(chromium: Chromium, many: str) -> None:
    slug = many.rpartition('class="problem" id="')[2].partition('"')[0]
    page = chromium.visit(many, at=f"#{slug}").page
    assert page.locator(f"#{slug}").is_visible()
    assert page.locator(f"#{slug}").get_attribute("open") is not None


@WIDTHS
@THEMES
def test_a_page_with_everything_fits(chromium: Chromium, many: str, width: int, dark: bool) -> None:
    visit = chromium.visit(many, width=width, dark=dark)
    visit.page.evaluate(OPEN_ALL)
    assert not visit.page.evaluate(FLOWS_OVER)
    assert visit.page.evaluate(TOO_WIDE) == []
    assert visit.page.evaluate(LOW_CONTRAST) == []
    assert visit.complaints == []


@WIDTHS
def test_a_table_of_many_k_needs_no_sideways_scroll(chromium: Chromium, width: int) -> None:
    visit = chromium.visit(render_page(fake_summary(problems=40, n=10_000)), width=width)
    assert visit.page.locator("#results thead th").count() == 6
    assert visit.page.evaluate("document.querySelector('#results caption').offsetHeight") < 80
    assert visit.page.evaluate(TOO_WIDE) == []
    assert visit.page.evaluate(LOW_CONTRAST) == []


def test_fingers_find_what_can_be_tapped(chromium: Chromium, html: str) -> None:
    page = chromium.visit(html, width=390).page
    page.evaluate(OPEN_ALL)
    small = page.evaluate(
        """() => [...document.querySelectorAll("main :is(a, button, summary, label, select)")]
        .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
        .filter(([, box]) => box.width && (box.height < 24 || box.width < 24)).map(([e]) => e)"""
    )
    assert small == []


def test_paper_has_few_problems_and_nothing_is_cut_off(chromium: Chromium, html: str) -> None:
    page = chromium.visit(html, width=673).page
    page.emulate_media(media="print")
    address = page.url
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.problem[open]").count() == 5
    assert page.locator("details.problem .sample:visible").count() <= 5 * 6
    assert page.evaluate(TOO_WIDE) == []
    assert not page.evaluate(FLOWS_OVER)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.problem[open]").count() == 0
    assert page.url == address, "printing is no reading"
    assert page.locator("details.problem .sample:visible").count() == 0
