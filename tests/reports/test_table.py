from __future__ import annotations

import dataclasses
import io
import json
import math

import pytest
from rich.console import Console
from tests.reports.fake import fake_summary
from tests.reports.hostile import EVERYTHING

from topdraw.analysis.summary import Summary
from topdraw.core.estimate import Estimate
from topdraw.reports.table import (
    print_table,
    rich_table,
    strategy_table,
    summary_json,
    text_table,
)


@pytest.fixture
def summary() -> Summary:
    return fake_summary()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("n", "ks"), [(1, (1,)), (7, (1, 7)), (10, (1, 10)), (64, (1, 10, 64)), (100, (1, 10, 100))]
)
def test_columns_are_powers_of_ten_and_n(n: int, ks: tuple[int, ...]) -> None:
    assert strategy_table(fake_summary(n=n)).columns == tuple(f"k = {k}" for k in ks)


def test_rows_stand_in_order_and_the_best_real_one_is_marked(summary: Summary) -> None:
    rows = strategy_table(summary).rows
    names = ["greedy", "random", "majority", "best_of_n", "weighted_majority", "oracle"]
    assert [row.strategy for row in rows] == names
    assert [row.strategy for row in rows if row.best] == ["weighted_majority"]


def test_what_costs_one_sample_has_one_cell(summary: Summary) -> None:
    greedy, one, *rest = strategy_table(summary).rows
    assert [cell is None for cell in greedy.cells] == [False, True, True]
    assert [cell is None for cell in one.cells] == [False, True, True]
    assert all(None not in row.cells for row in rest)


def test_cells_print_the_digits_that_the_error_allows(summary: Summary) -> None:
    oracle = tuple(
        dataclasses.replace(c, estimates=(Estimate(0.61234, 0.55, 0.66),) * len(c.k))
        for c in summary.curves
    )
    text = text_table(dataclasses.replace(summary, curves=oracle))
    assert "0.612 [0.550, 0.660]" in text
    wide = tuple(
        dataclasses.replace(c, estimates=(Estimate(0.61234, 0.3, 0.9),) * len(c.k))
        for c in summary.curves
    )
    assert "0.61 [0.30, 0.90]" in text_table(dataclasses.replace(summary, curves=wide))


def test_plain_text_is_aligned_and_has_no_control_sequence(summary: Summary) -> None:
    text = text_table(summary)
    assert "\x1b" not in text
    lines = text.splitlines()[2:10]
    assert len({len(line) for line in (lines[0], lines[3], lines[5])}) == 1
    assert "output tokens per problem" in lines[-1]
    assert lines[-1].split()[-3:] == ["11", "110", "1,100"]


def test_output_that_is_no_terminal_gets_plain_text(summary: Summary) -> None:
    out = io.StringIO()
    print_table(summary, file=out)
    assert out.getvalue() == text_table(summary) + "\n"


def test_a_terminal_gets_the_same_numbers_with_style(
    summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    print_table(dataclasses.replace(summary, missing=3), file=out)
    assert "\x1b[1m" in out.getvalue()
    assert "Note: 3 of 20,000" in out.getvalue()


def test_the_rich_table_fits_eighty_columns(summary: Summary) -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(rich_table(summary))
    assert "0.737 [0.682, 0.792]" in out.getvalue()


def test_hostile_names_reach_the_terminal_without_control(summary: Summary) -> None:
    odd = tuple(dataclasses.replace(c, label=EVERYTHING) for c in summary.curves)
    text = text_table(dataclasses.replace(summary, curves=odd, unanswered=(EVERYTHING,)))
    text.encode()
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_json_is_strict_and_complete(summary: Summary) -> None:
    holes = dataclasses.replace(summary, gap=Estimate(math.nan))
    told = json.loads(json.dumps(summary_json(holes), allow_nan=False))
    assert told["headline"].startswith("100 samples chosen by")
    assert told["gap"]["value"] is None
    assert told["curves"][0]["strategy"] == "greedy"
    assert told["rows"][0]["problem_id"] == "countdown/0000"
    assert set(told) == {f.name for f in dataclasses.fields(Summary)} | {"headline", "reading"}


def test_tokens_that_nobody_counted_have_no_row(summary: Summary) -> None:
    assert "output tokens per problem" in text_table(summary)
    assert "tokens" not in text_table(dataclasses.replace(summary, output_tokens=0))
