from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run
from tests.reports.test_finding import LUCKY

from topdraw.analysis.all_correct import pass_hat_curve
from topdraw.analysis.summary import Summary, summarize
from topdraw.reports.strategy_tabular import more_tabular, pick_row, shown_ks, strategy_tabular
from topdraw.reports.tabular import csv_text, latex_text


@pytest.fixture
def summary(tmp_path: Path) -> Summary:
    verdicts = {"a": [YES, NO, NO, YES] * 3, "b": [NO] * 12, "c": [YES] * 12}
    return summarize(made_run(tmp_path / "run", verdicts, greedy={"a": [YES], "b": [NO]}))


def test_each_strategy_is_a_row_and_each_k_a_column(summary: Summary) -> None:
    table = strategy_tabular(summary, (1, 5, 12))
    assert table.columns == ("strategy", "k = 1", "k = 5", "k = 12")
    rows = {str(row[0]): row[1:] for row in table.rows}
    curve = next(one for one in summary.curves if one.strategy == "oracle")
    expected = tuple(curve.estimates[curve.k.index(k)] for k in (1, 5, 12))
    assert rows["oracle (pass@k)"] == expected
    assert rows["greedy"][1:] == (None, None), "it costs one sample, whatever k is"


def test_further_rows_follow_and_stand_alone(summary: Summary) -> None:
    others = {"all k correct (pass^k)": pass_hat_curve(summary.rows, (1, 5))}
    table = strategy_tabular(summary, (1, 5), others)
    alone = more_tabular((1, 5), others)
    assert table.rows[-1] == alone.rows[0]
    assert alone.columns == ("also", "k = 1", "k = 5")
    assert "pass\\textasciicircum{}k" in latex_text(table)
    assert csv_text(table).splitlines()[0] == (
        "strategy,k = 1,k = 1 low,k = 1 high,k = 5,k = 5 low,k = 5 high"
    )


def test_the_columns_are_powers_of_ten_and_n(summary: Summary) -> None:
    assert summary.n == 12
    assert shown_ks(summary) == (1, 10, 12)


def test_the_number_to_quote_is_a_row_where_its_column_is(summary: Summary) -> None:
    assert pick_row(summary, (1, 12)) == {}
    several = dataclasses.replace(summary, pick=LUCKY)
    row = {"best of 3, picked on half": [None, LUCKY.estimate]}
    assert pick_row(several, (1, 12)) == row
    assert pick_row(several, (1, 10)) == {}
