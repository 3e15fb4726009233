from __future__ import annotations

import dataclasses
import math
import re

import pytest
from tests.reports.conftest import Chromium
from tests.reports.fake import fake_summary
from tests.reports.hostile import EVERYTHING
from tests.reports.made_panels import HALF, figures, hostile_panel, plain_panel
from tests.reports.outline import Outline
from tests.reports.seen import FLOWS_OVER, LOW_CONTRAST, OPEN_ALL, TOO_WIDE

from topdraw.core.estimate import Estimate
from topdraw.reports.page import render_page
from topdraw.reports.panel import Panel
from topdraw.reports.panels import RESERVED, panel_views, render_panels, table_view
from topdraw.reports.tabular import Tabular


@pytest.fixture(scope="module")
def page() -> str:
    return render_panels(
        "Two runs compared",
        "The first run solves 0.61 [0.55, 0.66] of the problems",
        [plain_panel(), plain_panel("second", "Another")],
        [("runs", "a, b")],
        notes=["Only 12 problems."],
        command="topdraw compare a b --out page.html",
    )


@pytest.fixture(scope="module")
def hostile() -> str:
    return render_panels(
        EVERYTHING,
        EVERYTHING,
        [hostile_panel()],
        [(EVERYTHING, EVERYTHING)],
        notes=[EVERYTHING],
        command=EVERYTHING,
    )


@pytest.mark.parametrize("which", ["page", "hostile"])
def test_a_page_of_panels_is_well_formed_and_runs_nothing(
    which: str, request: pytest.FixtureRequest
) -> None:
    outline = Outline(request.getfixturevalue(which))
    assert (outline.crossed, outline.open) == ([], [])
    assert (outline.count("script"), outline.count("style"), outline.count("h1")) == (1, 1, 1)
    for _, attributes in outline.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes)


def test_it_says_what_it_was_given(page: str) -> None:
    text = re.sub(r"\s+", " ", "".join(Outline(page).text))
    for words in (
        "Two runs compared",
        "solves 0.61 [0.55, 0.66] of",
        "0.50 [0.40, 0.60]",
        "12,345",
        "\u22123",
        "Student intervals over problems.",
        "Only 12 problems: an interval",
        "topdraw compare a b",
        "runs",
    ):
        assert words in text


def test_links_have_targets_and_tables_have_tools(page: str) -> None:
    elements = Outline(page).elements
    ids = [a["id"] for _, a in elements if a.get("id")]
    assert len(ids) == len(set(ids))
    links = {str(a["href"])[1:] for tag, a in elements if tag == "a" and a.get("href")}
    assert {"greedy", "second", "reproduce"} <= links <= set(ids)
    tools = {a["data-for"] for _, a in elements if a.get("data-for")}
    assert tools == {"greedy-table", "second-table", "command"}


def test_nothing_is_said_of_what_is_not_there() -> None:
    text = render_panels("A", "It is so", [Panel("bare", "Bare", "Nothing more.")])
    assert "How this was computed" not in text
    assert "<table" not in text
    assert "<figure>" not in text
    assert 'id="command"' not in text
    assert 'id="cite"' not in text
    assert 'role="note"' not in text
    assert "<dt>runs</dt>" in render_panels("A", "It is so", [], [("runs", "2")])


@pytest.mark.parametrize("key", ["", "Two", "a b", "1st", "a<b", *sorted(RESERVED)])
def test_keys_that_cannot_be_an_anchor_are_refused(key: str) -> None:
    with pytest.raises(ValueError, match="taken or is no anchor"):
        panel_views([Panel(key, "t", "c")])


@pytest.mark.parametrize("second", ["one", "one-table"])
def test_one_key_belongs_to_one_panel(second: str) -> None:
    with pytest.raises(ValueError, match=second):
        panel_views([Panel("one", "t", "c"), Panel(second, "t", "c")])


def test_the_report_shows_panels_between_differences_and_problems() -> None:
    text = render_page(fake_summary(problems=20, n=10), panels=[plain_panel()])
    assert text.index('id="differences"') < text.index('id="greedy"') < text.index('id="all"')
    assert '<a href="#greedy">Greedy against sampled</a>' in text


def test_reserved_keys_are_all_the_anchors_of_the_report() -> None:
    from tests.reports.fake import fake_recipe

    summary = fake_summary(problems=20, n=10)
    ids = {str(a["id"]) for _, a in Outline(render_page(summary, recipe=fake_recipe())).elements
           if a.get("id")}  # fmt: skip
    assert ids <= RESERVED


def test_cells_know_how_they_sort_and_where_they_stand() -> None:
    cells = ("a", HALF, 3, None, math.nan, Estimate(math.nan), "")
    view = table_view(Tabular(tuple("abcdefg"), (cells,)))
    (row,) = view.rows
    assert [cell.sort for cell in row] == ["", "0.5", "3", "", "", "", ""]
    assert [words for _, words in view.columns] == [True, False, False, False, False, False, True]
    assert view.stacked
    assert not table_view(Tabular(("a", "b"), ())).stacked


def test_a_column_with_one_number_stands_right() -> None:
    view = table_view(Tabular(("a", "b"), (("x", "none"), ("y", 2))))
    assert [words for _, words in view.columns] == [True, False]


def test_long_tables_are_cut_and_say_so() -> None:
    table = Tabular(("a",), tuple((at,) for at in range(1200)))
    text = render_panels("A", "b", [dataclasses.replace(plain_panel(), table=table)])
    assert text.count("<tr>") == 1001
    assert "200 more rows not in this page" in text


@pytest.mark.parametrize(("rows", "folded"), [(24, False), (25, True)])
def test_a_very_long_table_starts_folded_without_a_figure(rows: int, folded: bool) -> None:
    panel = Panel("long", "t", "c", table=Tabular(("a",), ((1,),) * rows))
    assert panel_views([panel])[0].folded is folded


def test_a_long_table_behind_a_figure_starts_folded() -> None:
    table = Tabular(("a",), tuple((at,) for at in range(9)))
    long = dataclasses.replace(plain_panel(), table=table)
    assert "The table behind it, 9 rows" in render_panels("A", "b", [long])
    for shown in (dataclasses.replace(long, figures=()), plain_panel()):
        assert "The table behind it" not in render_panels("A", "b", [shown])


def test_one_figure_is_enough() -> None:
    text = render_panels("A", "b", [Panel("one", "t", "c", figures()[:1])])
    assert text.count("<svg") == 1


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_panels_fit_and_can_be_read(chromium: Chromium, page: str, width: int, dark: bool) -> None:
    visit = chromium.visit(page, width=width, dark=dark)
    visit.page.evaluate(OPEN_ALL)
    assert not visit.page.evaluate(FLOWS_OVER)
    assert visit.page.evaluate(TOO_WIDE) == []
    assert visit.page.evaluate(LOW_CONTRAST) == []
    assert visit.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_panels_do_nothing(chromium: Chromium, hostile: str, width: int) -> None:
    visit = chromium.visit(hostile, width=width)
    visit.page.evaluate(OPEN_ALL)
    assert visit.page.evaluate("window.broken") is None
    assert visit.complaints == []
    assert not visit.page.evaluate(FLOWS_OVER)


@pytest.mark.slow
def test_the_table_of_a_panel_copies_and_sorts(chromium: Chromium, page: str) -> None:
    visit = chromium.visit(page)
    visit.page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    visit.page.locator('.tools[data-for="greedy-table"] button').first.click()
    lines = visit.page.evaluate("window.copied").split("\n")
    assert lines[0] == "cell\tsolved\tmajority\ttokens\tusd"
    assert lines[1] == "t0.7\t0.50 [0.40, 0.60]\t0.61 [0.50, 0.70]\t12,345\t0.25"
    visit.page.locator("#greedy-table thead th").nth(3).locator("button").click()
    first = visit.page.locator("#greedy-table tbody tr").first
    assert first.inner_text().startswith("t0.7")
