from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run
from tests.reports.hostile import HOSTILE

from topdraw.analysis.architectures import Architecture
from topdraw.analysis.cost import Tables
from topdraw.analysis.summary import summarize
from topdraw.core.records import Score
from topdraw.errors import StoreError, UnknownNameError
from topdraw.reports.gather import costs_of, panels_of, problem_views, recipe_of
from topdraw.reports.page import report
from topdraw.sampling.prices import Price
from topdraw.store.run import Run

TinyRun = Callable[..., Run]


@pytest.fixture
def run(tiny_run: TinyRun) -> Run:
    """Two problems of four samples; the vote misses p1, where the reward does not."""
    made = tiny_run({"p1": ["4", "5", "5", "5"], "p2": ["7", "7", "8", "7"]}, scorer="exact")
    right = {"p1": "4", "p2": "7"}
    samples = made.samples()
    made.add_scores(
        "exact",
        [(s, Score.verdict(s.output == right[s.problem_id], answer=s.output)) for s in samples],
    )
    made.add_scores("reward", [(s, Score(value=float(s.output == "4"))) for s in samples])
    return made


def test_views_show_who_would_choose_what(run: Run) -> None:
    summary = summarize(run)
    first = problem_views(run, summary)[0]
    assert first.problem_id == "p1"
    by_text = {s.output: s for s in first.samples}
    assert by_text["5"].count == 3
    assert dict(by_text["4"].weights)["best_of_n"] == pytest.approx(1)
    assert dict(by_text["5"].weights)["majority"] == pytest.approx(1)
    assert dict(first.picked)["majority"] == pytest.approx(0)
    assert by_text["4"].verdict == "passed"
    assert by_text["4"].value == 1.0


def test_a_few_problems_and_samples_are_enough(run: Run) -> None:
    (only,) = problem_views(run, summarize(run), problems=1, samples=1)
    assert len(only.samples) == 1
    assert only.left_out in (1, 3)


def test_the_recipe_names_task_model_and_count(run: Run) -> None:
    recipe = recipe_of(run, summarize(run))
    assert recipe.command == (
        "topdraw run tiny --model tiny -n 4 --seed 0 --problems 2 --no-greedy --value reward"
        f" --out {run.path}"
    )
    assert dict(recipe.facts)["correct by"] == "exact"


def test_a_report_lies_in_the_run_or_where_one_wants_it(run: Run, tmp_path: Path) -> None:
    page = report(run)
    assert page == run.path / "report.html"
    assert "4 samples chosen by" in page.read_text(encoding="utf-8")
    other = report(run.path, out=tmp_path / "deep" / "page.html", summary=summarize(run))
    assert other.read_bytes() == page.read_bytes()


def test_a_report_of_a_run_is_the_same_each_time(run: Run) -> None:
    assert report(run).read_bytes() == report(Run.open(run.path)).read_bytes()


def test_scores_that_are_not_there_are_named(run: Run) -> None:
    with pytest.raises(UnknownNameError, match="no scores by 'other'"):
        report(run, by="other")


def test_a_page_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        report(run, out=tmp_path / "file" / "page.html")


def test_hostile_outputs_reach_the_page_through_a_run(tiny_run: TinyRun) -> None:
    made = tiny_run({"<b>\u202e": list(HOSTILE)}, scorer="exact")
    verdicts = [Score.verdict(False, answer=s.output, note=s.output) for s in made.samples()]
    verdicts[3] = Score.missing("</td><script>alert(1)</script>\ud800")
    made.add_scores("exact", zip(made.samples(), verdicts, strict=True))
    page = report(made).read_text(encoding="utf-8")
    assert page.count("<script>") == 1
    assert page.count("<script") == 1 + page.count('<script type="application/octet-stream"')
    assert "U+202E" in page
    assert "1 of 17 samples could not be scored" in page


def test_costs_are_axes_where_tokens_were_counted(run: Run) -> None:
    summary = summarize(run)
    (tokens,) = costs_of(run, summary)
    assert tokens.key == "tokens"
    assert list(tokens.at) == list(summary.ks)
    assert tokens.at[4] == pytest.approx(4.0)
    page = report(run).read_text(encoding="utf-8")
    assert 'id="axis-tokens"' in page


def test_prices_and_architectures_of_ones_own_reach_axes_and_panel(tmp_path: Path) -> None:
    made = made_run(tmp_path / "made", {"p": [YES, NO, YES, NO], "q": [NO, NO, NO, YES]})
    tables = Tables(
        {"made": Price(1.0, 4.0, datetime.date(2026, 11, 20))}, {"made": Architecture(10**6, 4, 64)}
    )
    summary = summarize(made)
    assert [axis.key for axis in costs_of(made, summary, tables)] == ["tokens", "usd", "flops"]
    costs = next(one for one in panels_of(made, summary, tables) if one.key == "costs")
    assert costs.table is not None
    assert costs.table.columns[1:4] == ("output tokens", "USD", "FLOPs")
    assert "$" in costs.claim
    page = report(made, tables=tables).read_text(encoding="utf-8")
    assert 'id="axis-usd"' in page
    assert 'id="axis-flops"' in page


def test_panels_of_a_run_follow_the_differences(run: Run) -> None:
    keys = [panel.key for panel in panels_of(run, summarize(run))]
    assert keys[:3] == ["greedy", "variance", "lengths"]


def test_the_greedy_answer_is_opened_too(tiny_run: TinyRun) -> None:
    made = tiny_run({"p": ["1", "2"]}, greedy={"p": "2"}, scorer="exact")
    for role in ("sampled", "greedy"):
        drawn = made.samples(role)
        made.add_scores("exact", [(s, Score.verdict(s.output == "1", answer="1")) for s in drawn])
    (view,) = problem_views(made, summarize(made))
    assert view.greedy is not None
    assert (view.greedy.output, view.greedy.verdict) == ("2", "failed")


def test_counts_make_a_page_without_samples_beside_the_table(tmp_path: Path) -> None:
    table = tmp_path / "counts.csv"
    rows = [f"p{i},100,{(i * 7) % 101}" for i in range(40)]
    table.write_text("\n".join(["problem,n,c", *rows]) + "\n", encoding="utf-8")
    page = report(table)
    assert page == tmp_path / "counts.csv.report.html"
    text = page.read_text(encoding="utf-8")
    assert "oracle (pass@k)" in text
    assert 'id="problems"' not in text
    assert 'id="axis-tokens"' not in text
    assert f"topdraw report {table}" in text


def test_scored_samples_of_a_table_are_opened(tmp_path: Path) -> None:
    table = tmp_path / "samples.csv"
    lines = ["problem,answer,correct,reward"]
    lines += [f"p{i},{j % 2},{int(j % 2 == i % 2)},{j / 4}" for i in range(12) for j in range(4)]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = report(table, out=tmp_path / "page.html").read_text(encoding="utf-8")
    assert 'class="problem" id="problem-p0"' in text
    assert "--value reward" in text
