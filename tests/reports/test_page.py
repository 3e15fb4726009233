from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter

import pytest
from tests.reports.fake import fake_recipe, fake_summary, fake_views
from tests.reports.hostile import EVERYTHING, HOSTILE
from tests.reports.outline import Outline

from topdraw.analysis.summary import Summary
from topdraw.reports.page import render_page
from topdraw.reports.recipe import Recipe


def hostile_page() -> str:
    summary = fake_summary(problems=40, n=20)
    odd = dataclasses.replace(
        summary,
        task=EVERYTHING,
        model=EVERYTHING,
        by=EVERYTHING,
        unanswered=HOSTILE,
        missing=1,
        curves=tuple(
            dataclasses.replace(c, label=EVERYTHING, method=EVERYTHING, chooser=EVERYTHING)
            for c in summary.curves
        ),
        rows=tuple(
            dataclasses.replace(row, problem_id=HOSTILE[i % len(HOSTILE)] + str(i))
            for i, row in enumerate(summary.rows)
        ),
    )
    views = [
        dataclasses.replace(
            view,
            prompt=HOSTILE[i % len(HOSTILE)],
            target=EVERYTHING,
            answers=tuple(dataclasses.replace(a, answer=EVERYTHING) for a in view.answers),
            samples=tuple(
                dataclasses.replace(s, note=EVERYTHING, answer=EVERYTHING, finish_reason=EVERYTHING)
                for s in view.samples
            ),
        )
        for i, view in enumerate(fake_views(odd, HOSTILE))
    ]
    return render_page(odd, views, recipe=Recipe(EVERYTHING, ((EVERYTHING, EVERYTHING),)))


@pytest.fixture(scope="module")
def page() -> str:
    summary = fake_summary()
    return render_page(summary, fake_views(summary), recipe=fake_recipe())


@pytest.fixture(scope="module")
def hostile() -> str:
    return hostile_page()


@pytest.mark.parametrize("which", ["page", "hostile"])
def test_the_page_is_well_formed(which: str, request: pytest.FixtureRequest) -> None:
    outline = Outline(request.getfixturevalue(which))
    assert outline.crossed == []
    assert outline.open == []


@pytest.mark.parametrize("which", ["page", "hostile"])
def test_nothing_is_loaded_and_nothing_runs_but_our_script(
    which: str, request: pytest.FixtureRequest
) -> None:
    outline = Outline(request.getfixturevalue(which))
    assert (outline.count("script"), outline.count("style"), outline.count("img")) == (1, 1, 0)
    assert outline.count("math") == 0
    assert outline.count("h1") == 1
    for _, attributes in outline.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        address = attributes.get("href") or attributes.get("src") or "#"
        assert address.startswith("#") or address == "data:,"


def test_hostile_text_encodes_and_is_made_visible(hostile: str) -> None:
    hostile.encode()
    body = hostile.partition("<body>")[2]
    assert not set(body) & set("\x00\x07\x1b\x7f\u202e\u2028\ufeff")
    text = "".join(Outline(hostile).text)
    for shown in ("␀", "U+202E", "U+D800", "U+2028", "<script>window.broken = 1</script>"):
        assert shown in text


def test_template_language_in_text_is_not_run(hostile: str) -> None:
    assert "{{ 7 * 7 }}" in "".join(Outline(hostile).text)


def test_anchors_are_unique_and_every_link_has_its_target(page: str) -> None:
    outline = Outline(page)
    ids = Counter(a["id"] for _, a in outline.elements if a.get("id"))
    assert set(ids.values()) == {1}
    links = {a["href"] for tag, a in outline.elements if tag == "a" and a.get("href")}
    assert {str(link)[1:] for link in links} <= set(ids)
    named = {a[k] for _, a in outline.elements for k in ("data-for", "aria-labelledby") if k in a}
    assert named <= set(ids)


def test_the_parts_come_in_the_order_a_reader_needs(page: str) -> None:
    marks = [
        "<h1>",
        '<figure class="switched">',
        'id="results"',
        'id="cost"',
        'id="difficulty"',
        'id="differences"',
    ]
    marks += ['id="problems"', 'id="all"', 'id="reproduce"']
    places = [page.index(mark) for mark in marks]
    assert places == sorted(places)


def test_numbers_of_the_summary_are_on_the_page(page: str) -> None:
    text = re.sub(r"\s+", " ", "".join(Outline(page).text))
    assert "0.737 [0.682, 0.792]; one sample: 0.493 [0.446, 0.539]; an oracle" in text
    assert "topdraw run countdown --model builtin -n 100" in text
    assert "simulated, 400 subsets, s.e. <= 0.004" in text
    assert "output tokens 220,000" in re.sub(r"\s+", " ", " ".join(Outline(page).text))


def test_table_headers_have_a_scope_and_figures_a_label(page: str) -> None:
    elements = Outline(page).elements
    assert all(a.get("scope") in ("row", "col") for tag, a in elements if tag == "th")
    drawn = [a for tag, a in elements if tag == "svg"]
    assert all(a.get("aria-label") or a.get("aria-hidden") for a in drawn)
    landmarks = {tag for tag, _ in elements}
    assert {"header", "main", "nav", "footer"} <= landmarks


def test_verdicts_differ_by_icon_and_word(page: str) -> None:
    text = "".join(Outline(page).text)
    assert "✓ passed" in text
    assert "✗ failed" in text


def test_problems_that_could_not_be_scored_are_said_aloud() -> None:
    summary = dataclasses.replace(fake_summary(), missing=7, unanswered=("p/9",))
    text = "".join(Outline(render_page(summary)).text)
    assert "7 of 20,000 samples could not be scored" in text
    assert "1 problem without a single scored sample" in text


def test_an_empty_summary_still_makes_a_page() -> None:
    summary = dataclasses.replace(
        fake_summary(), curves=(), rows=(), differences=(), samples=0, problems=0, output_tokens=0
    )
    outline = Outline(render_page(summary))
    assert outline.crossed == []
    assert "Nothing could be scored yet." in "".join(outline.text)
    assert outline.count("figure") == 0


def huge() -> Summary:
    return fake_summary(problems=5000, n=100)


@pytest.mark.slow
def test_pages_stay_small() -> None:
    summary = huge()
    assert len(render_page(summary, fake_views(summary)).encode()) < 1_000_000
    worst = tuple("\u202e\ud800" * 5000 + str(i) for i in range(100))
    odd = [dataclasses.replace(v, prompt=worst[0]) for v in fake_views(summary, worst)]
    assert sum(len(view.samples) for view in odd) == 12 * 20
    assert len(render_page(summary, odd).encode()) < 3_000_000


def bare_summary() -> Summary:
    """Counts alone: nothing chooses, nobody counted tokens."""
    full = fake_summary(problems=40, n=20)
    kept = tuple(curve for curve in full.curves if curve.strategy in ("random", "oracle"))
    rows = tuple(
        dataclasses.replace(row, majority=math.nan, best_of_n=math.nan) for row in full.rows
    )
    return dataclasses.replace(full, curves=kept, rows=rows, value="", output_tokens=0)


def test_where_nothing_chooses_nothing_is_said_of_choosing() -> None:
    text = "".join(Outline(render_page(bare_summary())).text)
    assert "oracle (pass@k)" in text
    for words in ("Shaded:", "strips below", "darkness", "output tokens per problem", "A gap of"):
        assert words not in text
    full = "".join(Outline(render_page(fake_summary(problems=40, n=20))).text)
    for words in ("Shaded:", "strips below", "darkness", "output tokens per problem", "A gap of"):
        assert words in full


def test_luck_is_told_beside_the_table() -> None:
    from tests.reports.test_finding import LUCKY

    summary = fake_summary(problems=40, n=20)
    text = "".join(Outline(render_page(dataclasses.replace(summary, pick=LUCKY))).text)
    assert "70% of the halves pick the same one" in text
    assert "The bracket ends at" in text
    assert "on these same problems is not taken off" in text
    assert f"the best of 3 reaches {LUCKY.estimate}: quote that" in text
    assert "quote that" not in "".join(Outline(render_page(summary)).text)


def test_which_band_is_drawn_is_said() -> None:
    summary = fake_summary(problems=40, n=20)
    assert "Bands are 95% intervals over problems" in render_page(summary)
    curves = tuple(dataclasses.replace(c, band=c.estimates) for c in summary.curves)
    text = render_page(dataclasses.replace(summary, curves=curves))
    assert "Each band holds a whole curve with 95% confidence (simultaneous)" in text
