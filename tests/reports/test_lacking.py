from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.analysis.made_run import LOST, NO, YES, made_run

from topdraw.analysis.summary import Summary, summarize
from topdraw.core.records import Score
from topdraw.core.until import Until
from topdraw.reports.finding import beware, headline, reading
from topdraw.reports.lacking import samples_drawn
from topdraw.reports.page import render_page, report
from topdraw.reports.table import text_table
from topdraw.store.evidence import open_evidence

ALL: list[Score | None] = [YES, NO, YES, NO]
PASS = Until("pass", by="judge", batch=2)


def _capped(folder: Path) -> Summary:
    """Five problems of four: two complete, one of three samples, two without any."""
    return summarize(made_run(folder, {"a": ALL, "b": ALL, "c": ALL[:3], "d": [], "e": []}))


def _text(page: str) -> str:
    body = page.partition("<body>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&#39;", "'")


def test_what_was_not_drawn_is_said_first_and_where_the_curves_end(tmp_path: Path) -> None:
    summary = _capped(tmp_path / "run")
    assert samples_drawn(summary) == "11 of 20 samples"
    drawn, ends, few = beware(summary)
    assert drawn == (
        "11 of 20 samples drawn (2 of 5 problems complete); the rest was not drawn. 2 problems "
        "without a sample are in no number. topdraw sample --resume RUN draws the rest."
    )
    assert (
        ends == "Curves end at k = 3, for c has no more scored samples: of its 4, 1 is not drawn."
    )
    assert few.startswith("Only 3 of 5 problems")
    assert f"Note: {drawn}" in text_table(summary)


def test_the_page_says_it_in_its_header_and_its_cost(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": ALL, "b": ALL, "c": ALL[:3], "d": [], "e": []})
    text = _text(report(run).read_text(encoding="utf-8"))
    assert "5 problems · 11 of 20 samples ·" in text.replace("&middot;", "·")
    assert "11 of 20 samples drawn (2 of 5 problems complete)" in text
    assert "samples drawn 11 of 20 " in text
    assert "without a single" not in text


def test_a_complete_run_says_nothing(tmp_path: Path) -> None:
    summary = summarize(made_run(tmp_path / "run", {"a": ALL, "b": ALL}))
    assert samples_drawn(summary) == "8 samples"
    assert not any("drawn" in note or "Curves end" in note for note in beware(summary))


def test_no_score_yet_is_no_missing_score(tmp_path: Path) -> None:
    none: list[Score | None] = [None] * 4
    verdicts = {"a": ALL, "b": [YES, LOST, None, None], "c": none}
    summary = summarize(made_run(tmp_path / "run", verdicts))
    unscored, ends, missing, unanswered, _ = beware(summary)
    assert unscored == (
        "6 of 12 samples have no score by judge yet; score them: topdraw score RUN judge."
    )
    assert missing.startswith("1 of 12 samples could not be scored.")
    assert ends == (
        "Curves end at k = 1, for b has no more scored samples: of its 4, 2 have no score yet, "
        "1 could not be scored."
    )
    assert unanswered.startswith("1 problem without a single scored sample")
    text = _text(render_page(summary))
    assert "missing scores 1 " in text
    assert "not scored yet 6 " in text


def test_tokens_per_correct_sample_are_those_of_the_scored_samples(tmp_path: Path) -> None:
    # Five tokens each; four scored samples, two of them correct.
    run = made_run(tmp_path / "run", {"a": [*ALL, None, None, LOST]})
    assert "tokens per correct sample 10 " in _text(render_page(summarize(run)))


def test_a_problem_says_which_of_its_samples_have_no_score(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, LOST, None, None]})
    text = _text(report(run).read_text(encoding="utf-8"))
    assert "1 missing score" in text
    assert "2 samples not scored yet" in text


@pytest.mark.parametrize("name", ["a scorer", "<b>\u202e"])
def test_names_are_quoted_and_escaped(tmp_path: Path, name: str) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, NO]})
    run.add_scores(name, [(run.samples()[0], YES)])
    summary = summarize(run, by=name)
    assert f"topdraw score RUN '{name}'" in beware(summary)[0]
    assert (
        "<b>"
        not in render_page(summary).partition("Before you quote")[2].partition("</div>")[0][4:]
    )


def test_under_a_rule_the_headline_counts_what_is_unfinished(tmp_path: Path) -> None:
    verdicts = {"a": [NO, YES], "b": [NO, NO], "c": [NO, NO, YES, NO], "d": [NO], "e": []}
    run = made_run(tmp_path / "run", verdicts, until=PASS, cap=6)
    summary = summarize(run)
    assert headline(summary).endswith(" (3 of 5 problems unfinished).")
    assert headline(summary) in text_table(summary)
    page = report(run).read_text(encoding="utf-8")
    assert "(3 of 5 problems unfinished)." in page.partition("<h1>")[2].partition("</h1>")[0]
    notes = " ".join(beware(summary))
    assert "2 problems are unfinished: b, d." in notes
    assert "1 of 5 problems has no sample yet; topdraw sample --resume draws it." in notes
    assert "1 problem without a single scored batch" in notes


def test_a_rule_that_ended_every_problem_leaves_the_headline_alone(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [NO, YES], "b": [YES, NO]}, until=PASS, cap=6)
    assert "unfinished" not in headline(summarize(run))


def test_a_pass_after_the_first_samples_is_a_right_one(tmp_path: Path) -> None:
    verdicts = {"a": [NO, NO, YES, NO], "b": [NO, NO]}
    summary = summarize(made_run(tmp_path / "run", verdicts, until=PASS, cap=6))
    assert "No sample of any problem was correct" not in reading(summary)
    none = summarize(made_run(tmp_path / "none", {"a": [NO, NO]}, until=PASS, cap=6))
    assert reading(none).startswith("No sample of any problem was correct")


def test_a_table_says_which_problem_ends_k_and_which_has_nothing(tmp_path: Path) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text("problem,n,c\nq0,10,4\nq1,50,20\nq2,0,0\nq3,50,1\n", encoding="utf-8")
    notes = beware(summarize(open_evidence(counts)))
    assert "k ends at 10: 'q0' has 10 samples, others up to 50." in notes
    assert any(note.startswith("1 problem without a single scored sample") for note in notes)
    assert any(note.endswith("left out of every number: q2.") for note in notes)
    page = report(counts).read_text(encoding="utf-8")
    assert "makes the page again from the table; nothing is drawn" in page
    assert "what is still lacking" not in page
    kicker = page.partition('class="kicker">')[2].partition("</p>")[0]
    assert kicker.startswith("counts.csv &middot; 4 problems")
