from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest
from tests.reports.hostile import EVERYTHING

from topdraw.analysis.chosen_lengths import ChosenLength
from topdraw.analysis.summary import Stopping, summarize
from topdraw.core.estimate import Estimate
from topdraw.core.records import Score
from topdraw.reports.frame import NARROW, WIDE, Layout
from topdraw.reports.lengths_panel import (
    Lengths,
    lengths_figure,
    lengths_panel,
    ticks_between,
)
from topdraw.store.run import Run

TinyRun = Callable[..., Run]


@pytest.fixture
def run(tiny_run: TinyRun) -> Run:
    """Right answers have one letter, wrong ones three; a letter is a token."""
    made = tiny_run(
        {f"p{i}": ["7", "7", "abc", "abd"] for i in range(12)},
        greedy={f"p{i}": "12345" for i in range(12)},
        scorer="exact",
    )
    for role in ("sampled", "greedy"):
        scores = [
            (s, Score.verdict(len(s.output) == 1, answer=s.output)) for s in made.samples(role)
        ]
        made.add_scores("exact", scores)
    made.add_scores("reward", [(s, Score(value=float(len(s.output)))) for s in made.samples()])
    return made


def test_the_panel_says_who_is_longer(run: Run) -> None:
    panel = lengths_panel(run, summarize(run))
    assert panel is not None
    assert panel.table is not None
    rows = {row[0]: row[1:] for row in panel.table.rows}
    assert list(rows) == [
        "correct", "wrong", "greedy", "majority vote", "best of k by reward",
        "vote weighted by reward",
    ]  # fmt: skip
    values = {name: [cell.value for cell in cells if isinstance(cell, Estimate)]
              for name, cells in rows.items()}  # fmt: skip
    assert values["correct"] == [1, -1]
    assert values["wrong"] == [3, 1]
    assert values["greedy"] == [5, 3]
    assert values["best of k by reward"] == [3, 1]
    assert "correct samples take 1.0" in panel.claim
    assert "picks" in panel.claim
    assert len(panel.figures) == 2


def test_where_nobody_chooses_differently_that_is_said(tiny_run: TinyRun) -> None:
    made = tiny_run({f"p{i}": ["77", "78", "71"] for i in range(6)}, scorer="exact")
    made.add_scores(
        "exact", [(s, Score.verdict(s.output == "77", answer=s.output)) for s in made.samples()]
    )
    panel = lengths_panel(made, summarize(made))
    assert panel is not None
    assert panel.claim.endswith(
        "no strategy chooses longer or shorter outputs than the mean sample."
    )


@pytest.mark.parametrize("passed", [True, False])
def test_without_both_kinds_there_is_no_panel(tiny_run: TinyRun, passed: bool) -> None:
    made = tiny_run({"p": ["1", "2"]}, scorer="exact")
    made.add_scores("exact", [(s, Score.verdict(passed, answer="1")) for s in made.samples()])
    assert lengths_panel(made, summarize(made)) is None


def test_of_a_run_that_a_rule_stopped_nothing_is_said(run: Run) -> None:
    rule = Stopping("until the first pass", "pass", True, 5, 1, 5, 2.0, 5.0, ())
    assert lengths_panel(run, dataclasses.replace(summarize(run), stopping=rule)) is None


def _one(value: float) -> ChosenLength:
    return ChosenLength(Estimate(value, value * 0.9, value * 1.1), Estimate(0.0, -1.0, 1.0))


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("spread", [1.0, 3.0, 5000.0])
def test_the_figure_stays_inside_and_is_escaped(layout: Layout, spread: float) -> None:
    rng = np.random.default_rng(0)
    tokens = np.exp(rng.uniform(np.log(20), np.log(20 * spread), 300)).round()
    rows = (
        ("pass", "correct", _one(20)),
        ("fail", "wrong", _one(20 * spread)),
        ("best", EVERYTHING, _one(25)),
        ("majority", "lost", ChosenLength(Estimate(np.nan), Estimate(np.nan))),
        ("single", "bare", ChosenLength(Estimate(22.0), Estimate(np.nan))),
    )
    text = lengths_figure(Lengths(tokens[:100], tokens[100:], rows), layout=layout)
    svg = ET.fromstring(text)  # noqa: S314 - our own output
    height = float(svg.attrib["viewBox"].split()[-1])
    for x, y in re.findall(r"[ML](-?[\d.naif]+) (-?[\d.naif]+)", text):
        assert 0 <= float(x) <= layout.width
        assert 0 <= float(y) <= height
    assert "✓ correct 100" in text
    assert "lost" not in text
    assert "<script>" not in text


def test_bars_count_every_sample() -> None:
    rows = (("pass", "correct", _one(10)), ("fail", "wrong", _one(10)))
    text = lengths_figure(Lengths(np.full(3, 10.0), np.full(2, 10.0), rows))
    assert text.count('class="bar-of"') == 2


def test_short_outputs_have_ticks_and_means_that_differ() -> None:
    assert ticks_between(7.0, 12.0) == [7.0, 8.0, 9.0, 10.0, 11.0, 12.0]
    assert ticks_between(10.0, 1000.0) == [10, 20, 50, 100, 200, 500, 1000]
    assert ticks_between(8.0, 9.0) == [8.0, 9.0]
