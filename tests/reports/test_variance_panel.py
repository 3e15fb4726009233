from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from topdraw.analysis.summary import Stopping, Summary, summarize
from topdraw.analysis.variance import variance_parts
from topdraw.reports.frame import NARROW, WIDE, Layout
from topdraw.reports.variance_panel import panel_of, variance_figure, variance_panel
from topdraw.store.evidence import open_evidence
from topdraw.store.plain import PlainTable


def _table(folder: Path, counts: list[tuple[int, int]]) -> tuple[PlainTable, Summary]:
    path = folder / "counts.csv"
    rows = "".join(f"p{i},{n},{c}\n" for i, (n, c) in enumerate(counts))
    path.write_text("problem,n,c\n" + rows)
    table = open_evidence(path)
    assert isinstance(table, PlainTable)
    return table, summarize(table)


def test_it_says_what_is_left_with_endless_samples(tmp_path: Path) -> None:
    counts = [(20, c) for c in (0, 3, 5, 9, 14, 18, 20, 20)]
    panel = variance_panel(*_table(tmp_path, counts))
    parts = variance_parts(*zip(*counts, strict=True))
    assert panel is not None
    assert f"a share of {parts.share} lies between problems" in panel.claim
    assert f"standard error of {parts.error:.2g}" in panel.claim
    assert panel.table is not None
    assert (8, 20, 160, parts.error_at(8, 20)) in panel.table.rows
    assert (32, 64, 2048, parts.error_at(32, 64)) in panel.table.rows


@pytest.mark.parametrize("counts", [[(5, 5)] * 4, [(1, 0), (1, 1)], [(9, 3)]])
def test_where_there_is_nothing_to_part_there_is_no_panel(
    tmp_path: Path, counts: list[tuple[int, int]]
) -> None:
    assert variance_panel(*_table(tmp_path, counts)) is None


def test_of_a_run_that_a_rule_stopped_nothing_is_said(tmp_path: Path) -> None:
    table, summary = _table(tmp_path, [(5, 2), (5, 4), (5, 0)])
    rule = Stopping("until the first pass", "pass", True, 5, 1, 5, 2.0, 5.0, ())
    assert variance_panel(table, dataclasses.replace(summary, stopping=rule)) is None


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("shape", [(0.02, 0.02), (0.5, 0.5), (50, 50), (1, 300)])
def test_bars_fill_the_width_and_no_more(layout: Layout, shape: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    c = rng.binomial(10, rng.beta(*shape, size=60))
    c[:2] = (1, 9)
    text = variance_figure(variance_parts(np.full(60, 10), c), layout=layout)
    ET.fromstring(text)  # noqa: S314 - our own output
    bars = [
        (float(x), float(w)) for x, w in re.findall(r'x="([\d.]+)" y="24.0" width="([\d.]+)"', text)
    ]
    assert sum(width for _, width in bars) == pytest.approx(layout.width - 4, abs=0.7)
    assert max(x + width for x, width in bars) <= layout.width


def test_the_second_bar_is_of_the_mean() -> None:
    panel = panel_of(variance_parts([10, 10, 10], [0, 5, 10], draws=100))
    assert "variance of the mean, 10 samples each" in panel.figures[0]
    assert panel.key == "variance"
