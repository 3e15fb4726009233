"""Pages with 1,000 samples of each problem: their size, and whether all can be reached.

`benchmarks/bench_page.py` does the same with 100 problems, and measures how long the page loads.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from tests.reports.conftest import Chromium, Visit
from tests.reports.fake import fake_recipe, fake_summary
from tests.reports.hostile import HOSTILE
from tests.reports.long_answers import answers
from tests.reports.outline import Outline
from tests.reports.seen import FLOWS_OVER, LOW_CONTRAST, TOO_WIDE

from topdraw.core.records import Problem, Sample, Score, Usage
from topdraw.reports.page import render_page
from topdraw.reports.views import ProblemView, problem_view, worst_first

WIDTHS = pytest.mark.parametrize("width", [1280, 390])
REACHED = """async () => {
  const counts = [];
  for (const problem of document.querySelectorAll('details.problem')) {
    problem.open = true;
    problem.querySelector('.archive button').click();
    while (!problem.querySelector('.browser')) await new Promise((done) => setTimeout(done));
    counts.push(problem.querySelector('.browser [role=status]').textContent);
    problem.open = false;
  }
  return counts;
}"""


@functools.cache
def _answers(problem: int, n: int) -> list[str]:
    return answers(problem, n)


def _views(n: int, problems: int, outputs: tuple[str, ...] = ()) -> list[ProblemView]:
    rng = np.random.default_rng(0)
    views = []
    for at, row in enumerate(worst_first(fake_summary(problems=problems, n=n).rows)):
        # Each problem is packed by itself, so that a few sets of texts weigh what many would.
        texts = [*outputs, *_answers(at % 5, n)][:n]
        problem = Problem(row.problem_id, f"How many things does person {at} have in the end?")
        samples = [
            Sample(row.problem_id, index, text, usage=Usage(90, len(text) // 4))
            for index, text in enumerate(texts)
        ]
        scores = [
            Score.verdict(index % 3 == 0, answer=text.rsplit(" ", 1)[-1], note=f"line {index % 3}")
            for index, text in enumerate(texts)
        ]
        values = rng.normal(size=n)
        best = np.zeros(n)
        best[values.argmax()] = 1.0
        vote = np.full(n, 1 / n)
        chosen = {"majority": vote, "best_of_n": best}
        most = 12 if at < 12 else 4
        views.append(
            problem_view(row, problem, samples, scores, values.tolist(), chosen, most=most)
        )
    return views


def _page(n: int, problems: int, outputs: tuple[str, ...] = ()) -> str:
    summary = fake_summary(problems=problems, n=n)
    return render_page(summary, _views(n, problems, outputs), recipe=fake_recipe(), whole=True)


@pytest.fixture(scope="module")
def small() -> str:
    return _page(120, 3, HOSTILE)


def _browse(visit: Visit) -> Visit:
    problem = visit.page.locator("details.problem").first
    problem.locator("summary").first.click()
    problem.locator(".archive button").click()
    problem.locator(".browser .sample").first.wait_for()
    return visit


@pytest.mark.slow
def test_thousands_of_samples_fit_and_can_all_be_reached(chromium: Chromium) -> None:
    page = _page(1000, 20)
    assert len(page.encode()) < 10_000_000 / 5
    assert "All 20,000 samples of these problems are in this page" in page
    visit = chromium.visit(page)
    counts = visit.page.evaluate(REACHED)
    assert counts == ["1,000 distinct of 1,000 samples"] * 20
    assert visit.complaints == []
    assert len(visit.requests) == 1


def test_what_does_not_fit_stays_in_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = len(render_page(fake_summary(problems=3, n=120), _views(120, 3)).encode())
    monkeypatch.setattr("topdraw.reports.page._MOST_WHOLE", bare + 16_000)
    page = _page(120, 3)
    assert page.count('type="application/octet-stream"') == 1
    assert "All 120 samples of 1 problem are in this page" in page
    assert "they are in the run" in page
    assert len(page.encode()) < bare + 16_000


def test_a_page_without_javascript_says_where_the_others_are(small: str) -> None:
    outline = Outline(small)
    assert outline.crossed == []
    assert "packed in this page; a browser with JavaScript shows them" in "".join(outline.text)


@pytest.mark.slow
@WIDTHS
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_samples_of_a_problem_fit_and_can_be_read(
    chromium: Chromium, small: str, width: int, dark: bool
) -> None:
    visit = _browse(chromium.visit(small, width=width, dark=dark))
    assert not visit.page.evaluate(FLOWS_OVER)
    assert visit.page.evaluate(TOO_WIDE) == []
    assert visit.page.evaluate(LOW_CONTRAST) == []
    assert visit.page.evaluate("window.broken") is None
    assert visit.complaints == []


@pytest.mark.slow
def test_pages_search_verdict_and_order(chromium: Chromium, small: str) -> None:
    page = _browse(chromium.visit(small)).page
    box = page.locator(".browser")
    status = box.locator("[role=status]")
    assert status.inner_text() == "120 distinct of 120 samples"
    assert box.locator(".sample").count() == 25
    assert not page.locator("details.problem").first.locator("ol.samples").first.is_visible()
    box.get_by_role("button", name="Next").click()
    assert box.locator(".pager span").inner_text() == "26\u201350 of 120"
    box.get_by_role("button", name="Previous").click()
    assert box.get_by_role("button", name="Previous").is_disabled()
    box.get_by_label("Order").select_option("highest score")
    told = box.locator(".meta").all_inner_texts()
    scores = [float(each.split("score ")[1].split(" ")[0].replace("\u2212", "-")) for each in told]
    assert scores == sorted(scores, reverse=True)
    box.get_by_label("Verdict").select_option("f")
    assert set(box.locator(".verdict").all_inner_texts()) == {"\u2717 failed"}
    assert "of 120" in status.inner_text()
    box.get_by_label("Verdict").select_option("")
    box.get_by_label("Search its samples").fill("no such words")
    assert status.inner_text() == "0 distinct of 0 samples, of 120"
    assert not box.locator(".pager").is_visible()
    box.get_by_label("Search its samples").fill("77")
    box.get_by_label("Order").select_option("as drawn")
    assert any("index 77" in each for each in box.locator(".meta").all_inner_texts())


@pytest.mark.slow
def test_a_sample_reads_as_it_was_drawn_and_hostile_text_is_text(
    chromium: Chromium, small: str
) -> None:
    page = _browse(chromium.visit(small)).page
    box = page.locator(".browser")
    box.get_by_label("Order").select_option("as drawn")
    first = box.locator(".sample").nth(len(HOSTILE))
    assert first.locator("pre").first.text_content() == answers(0, 1)[0]
    assert box.locator("script, img, iframe").count() == 0


@pytest.mark.slow
def test_a_browser_that_cannot_unpack_and_a_damaged_page_say_so(
    chromium: Chromium, small: str
) -> None:
    visit = chromium.visit(small.replace('-all">', '-all">AAAA', 1))
    problem = visit.page.locator("details.problem").first
    problem.locator("summary").first.click()
    problem.locator(".archive button").click()
    problem.get_by_text("are damaged").wait_for()
    visit.page.context.add_init_script("delete window.DecompressionStream")
    visit.page.reload()
    assert visit.page.get_by_text("too old to unpack").count() == 3
