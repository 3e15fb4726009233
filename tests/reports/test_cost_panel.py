from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from tests.analysis.made_run import NO, ODD, YES, made_run

from topdraw.analysis.cost import Tables, costs_of
from topdraw.analysis.cost_report import cost_of
from topdraw.analysis.summary import summarize
from topdraw.core.billing import Answered, Asked
from topdraw.core.estimate import Estimate
from topdraw.core.until import Until
from topdraw.reports.cost_panel import cost_panel, panel_of
from topdraw.reports.panel import Panel
from topdraw.reports.panels import render_panels
from topdraw.sampling.prices import Price
from topdraw.store.evidence import open_evidence
from topdraw.store.run import Run

PRICES = {"made": Price(1.0, 4.0, datetime.date(2026, 11, 20))}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    verdicts = {"p": [YES, NO, YES, NO], "q": [NO, ODD, NO, YES], "r": [YES, YES, YES, ODD]}
    return made_run(tmp_path / "run", verdicts)


def the_panel(run: Run) -> Panel:
    panel = cost_panel(run, summarize(run))
    assert panel is not None
    return panel


def test_without_a_price_costs_are_output_tokens(run: Run) -> None:
    panel = the_panel(run)
    assert panel.claim.startswith("4 samples of a problem cost 20 output tokens; a solved problem")
    assert "with majority vote, and" in panel.claim
    assert panel.claim.endswith("output tokens with one sample.")
    assert any("price of this model is unknown" in note for note in panel.notes)
    assert len(panel.figures) == 2
    assert "its prompt is not counted" in panel.how


def test_the_table_holds_what_a_solved_and_a_further_problem_cost(run: Run) -> None:
    table = the_panel(run).table
    assert table is not None
    assert table.columns == (
        "k",
        "output tokens",
        "per solved, oracle",
        "per further, oracle",
        "per solved, majority vote",
    )
    # One sample solves 2/4 + 1/4 + 3/4 of three problems, for 5 tokens each; four solve all.
    first, last = table.rows[0], table.rows[-1]
    assert first[:2] == (1, 5.0)
    assert isinstance(first[2], Estimate)
    assert first[2].value == pytest.approx(10)
    assert first[3] == pytest.approx(10)
    assert isinstance(last[2], Estimate)
    assert last[2].value == pytest.approx(20)
    # From three samples to four: 5 tokens for the last 1/4 of q alone... of three problems.
    assert table.rows[-2][0] == 3
    assert last[3] == pytest.approx(5 / (0.25 / 3))


def test_with_a_price_costs_are_usd_and_the_bill_is_told(run: Run) -> None:
    with run.bill_writer() as writer:
        asked = Asked("p", 0, 4, "localhost")
        writer.end(writer.begin(asked), Answered("delivered", 4, 1_000_000, 500_000))
    report = cost_of(run, prices=PRICES, ks=[1, 4])
    panel = panel_of(report, None, None, costs_of(run, tables=Tables(PRICES)))
    assert "4 samples of a problem cost $0.000082" in panel.claim
    assert "where any right answer counts" in panel.claim
    assert panel.notes[-1].endswith("came to $3.00.")
    assert "prompt once" in panel.how
    assert panel.table is not None
    assert "USD" in panel.table.columns


def test_where_nothing_was_solved_there_is_a_bound_and_no_figure(tmp_path: Path) -> None:
    panel = the_panel(made_run(tmp_path / "none", {"p": [NO, NO], "q": [NO, NO]}))
    assert "more than" in panel.claim
    assert "none was solved" in panel.claim
    assert panel.figures == ()
    assert panel.table is not None
    assert panel.table.rows[0][2] is None


def test_there_is_no_panel_without_tokens_or_under_a_stopping_rule(tmp_path: Path) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text("problem,n,c\na,4,2\nb,4,0\n")
    table = open_evidence(counts)
    assert cost_panel(table, summarize(table)) is None
    until = Until("pass", by="judge")
    stopped = made_run(tmp_path / "stopped", {"p": [NO, YES], "q": [YES]}, until=until, cap=4)
    assert cost_panel(stopped, summarize(stopped)) is None


def test_the_best_selector_may_be_another_ranking_scorer(tmp_path: Path) -> None:
    run = made_run(
        tmp_path / "run",
        {"p": [NO, YES, NO], "q": [NO, YES, YES]},
        rewards={"p": [0.1, 0.9, 0.2], "q": [0.1, 0.9, 0.8]},
        logprobs=True,
    )
    panel = the_panel(run)
    assert "with best of k by reward" in panel.claim
    page = render_panels("Cost", panel.claim, [panel])
    assert 'id="costs"' in page
