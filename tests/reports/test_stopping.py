from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import NO, ODD, YES, made_run

from topdraw.analysis.estimates import pass_at_k
from topdraw.analysis.stopping import outcome
from topdraw.analysis.summary import Summary, summarize
from topdraw.core.records import Score
from topdraw.core.until import Until
from topdraw.errors import DomainError
from topdraw.reports.figure import curves_figure
from topdraw.reports.finding import best_real, beware, finding, headline, reading
from topdraw.reports.gather import problem_views, recipe_of
from topdraw.reports.page import report
from topdraw.reports.table import strategy_table, summary_json, text_table
from topdraw.store.run import Run

PASS = Until("pass", by="judge", batch=3)
SETTLED = Until("settled", by="judge", batch=2, confidence=0.9)
CAP = 16


def _run(folder: Path, until: Until, *, unfinished: int = 0) -> Run:
    rng = np.random.default_rng(5)
    verdicts, rewards = {}, {}
    for at in range(30):
        p = rng.beta(0.6, 1)
        picks = rng.choice(3, size=CAP, p=[p, 0.6 * (1 - p), 0.4 * (1 - p)])
        every = [[YES, NO, ODD][i] for i in picks]
        if at < unfinished:
            every = [NO, ODD] * 3
        verdicts[f"p{at}"] = every[: outcome(until, CAP, every).drawn]
        rewards[f"p{at}"] = rng.normal(size=CAP).tolist()
    greedy = {key: [NO] for key in verdicts}
    return made_run(folder, verdicts, rewards=rewards, greedy=greedy, until=until, cap=CAP)


def _drawn(run: Run) -> Counter[str]:
    return Counter(sample.problem_id for sample in run.samples())


@pytest.fixture(scope="module")
def waited(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return _run(tmp_path_factory.mktemp("waited") / "run", PASS, unfinished=2)


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return _run(tmp_path_factory.mktemp("voted") / "run", SETTLED)


def test_keeping_the_first_pass_is_the_finding(waited: Run) -> None:
    summary = summarize(waited)
    assert summary.stopping is not None
    mean = summary.stopping.per_problem
    first = finding(summary)[0]
    assert first.words == f"{mean:.1f} samples per problem, drawn until the first pass"
    assert first.estimate == summary.curves[-1].drawn
    assert "oracle" not in headline(summary)
    assert f"Keeping the first pass reaches {first.estimate}" in reading(summary)
    assert "The best selector" not in reading(summary)
    assert best_real(summary) is None


def test_the_vote_that_was_waited_for_is_the_finding(voted: Run) -> None:
    summary = summarize(voted)
    best = best_real(summary)
    assert best is not None
    assert best.drawn is not None
    assert "drawn until the vote was settled, chosen by" in headline(summary)
    assert summary.pick is not None
    assert f"the best of 3 selectors: {summary.pick.estimate}" in headline(summary)
    assert f"reaches {best.drawn} with all that was drawn" in reading(summary)


def test_the_rule_and_what_it_left_open_come_first(waited: Run, voted: Run) -> None:
    rule, open_, *_ = beware(summarize(waited))
    assert rule.startswith(
        "Samples were drawn until the first pass by judge, looking after every 3"
    )
    assert "Coverage up to k = 6 is corrected for that" in rule
    assert "the first 3 samples of each problem alone" in rule
    assert open_.startswith("2 problems are unfinished: p0, p1. The rule would draw more of them.")
    told = beware(summarize(voted))
    assert "How many a problem has depends on what they hold" in told[0]
    assert not any("unfinished" in note for note in told)


def test_the_table_has_a_column_for_all_that_was_drawn(waited: Run, voted: Run) -> None:
    table = strategy_table(summarize(waited))
    assert table.columns == ("k = 1", "k = 3", "k = 6", "all drawn")
    last = {row.strategy: row.cells[-1] for row in table.rows}
    assert [name for name, cell in last.items() if cell is not None] == ["oracle"]
    assert table.tokens[0] == 5
    assert np.isnan(table.tokens[2])
    assert table.tokens[-1] == pytest.approx(5 * np.mean(list(_drawn(waited).values())))
    summary = summarize(voted)
    cells = {row.strategy: row.cells for row in strategy_table(summary).rows}
    assert all(cells[name][-1] for name in ("majority", "best_of_n", "oracle"))
    assert cells["random"][-1] is None
    assert "all drawn" in text_table(summary).splitlines()[2]


def test_the_page_says_the_rule_and_shows_no_biased_share(waited: Run, voted: Run) -> None:
    for run in (waited, voted):
        page = report(run).read_text(encoding="utf-8")
        assert "A rule stopped the drawing" in page
        assert "all drawn" in page
        assert "over all that was drawn" in page
        assert "Which problems are hard" not in page
        assert "samples per problem" in page


def test_nobody_else_chooses_where_the_first_pass_is_kept(waited: Run) -> None:
    summary = summarize(waited)
    views = problem_views(waited, summary)
    assert {view.outcome for view in views} == {"never", "solved"}
    assert all(view.picked == () for view in views)


def test_the_recipe_draws_by_the_same_rule(waited: Run, voted: Run) -> None:
    recipe = recipe_of(waited, summarize(waited))
    assert "--problems 30 --until pass --batch 3 --value reward --out" in recipe.command
    assert dict(recipe.facts)["drawn"] == str(PASS)
    voted.add_scores("second", [(s, YES) for s in voted.samples()])
    told = recipe_of(voted, summarize(voted, by="second")).command
    assert "--until settled --batch 2 --confidence 0.9" in told
    assert "second" not in told


def test_a_best_score_that_was_waited_for_is_said_and_is_a_model(tmp_path: Path) -> None:
    until = Until("best", by="reward", batch=4, confidence=0.8, gain=1.0)
    rng = np.random.default_rng(3)
    rewards = {f"p{at}": rng.normal(size=CAP).tolist() for at in range(12)}
    ends = {
        key: outcome(until, CAP, [Score(value=value) for value in each]).drawn
        for key, each in rewards.items()
    }
    assert min(ends.values()) < CAP
    verdicts = {key: [(YES, NO)[at % 2] for at in range(end)] for key, end in ends.items()}
    run = made_run(tmp_path / "run", verdicts, rewards=rewards, until=until, cap=CAP)
    summary = summarize(run)
    told = beware(summary)
    assert told[0].startswith("Samples were drawn until the best score is settled by reward but")
    assert "the first 8 samples of each problem alone" in told[0]
    assert "MODEL" in told[1]
    assert "drawn until the best score was settled" in headline(summary)
    command = recipe_of(run, summary).command
    assert "--until best --batch 4 --confidence 0.8 --gain 1.0 --value reward" in command
    assert "--by" not in command
    with pytest.raises(DomainError, match="until the best score is settled"):
        pass_at_k(run, 9)


def test_a_hair_is_no_line(waited: Run) -> None:
    summary = summarize(waited)
    drawn = curves_figure(summary.curves)
    hairs = re.findall(r'<path class="hair"( stroke-dasharray="1 5")?', drawn)
    early = [curve for curve in summary.curves if 1 < max(curve.k) < 6]
    assert sum(map(bool, hairs)) == len(early) == 3
    assert 'dasharray="1 5"' not in curves_figure(summary.curves[:1])


def test_the_json_holds_the_rule(voted: Run) -> None:
    told = json.loads(json.dumps(summary_json(summarize(voted))))
    assert told["stopping"]["until"] == str(SETTLED)
    assert told["stopping"]["unfinished"] == []
    assert told["curves"][-1]["drawn"]["value"] > 0


def test_choosing_that_made_it_worse_is_said_of_all_drawn(voted: Run) -> None:
    summary = summarize(voted)
    fallen = [
        dataclasses.replace(
            each, estimate=dataclasses.replace(each.estimate, value=-0.2, high=-0.1)
        )
        if (each.a, each.b) == ("majority", "random")
        else each
        for each in summary.differences
    ]
    worse: Summary = dataclasses.replace(summary, differences=tuple(fallen))
    vote = next(curve for curve in worse.curves if curve.strategy == "majority")
    assert f"majority vote falls from {vote.estimates[0]} at k = 1 to {vote.drawn} over all" in (
        " ".join(beware(worse))
    )
