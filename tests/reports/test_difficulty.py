from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.summary import ProblemRow
from topdraw.reports.difficulty import difficulty_figure
from topdraw.reports.frame import NARROW, WIDE, Layout


@st.composite
def rows(draw: st.DrawFn) -> list[ProblemRow]:
    some = draw(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 1), st.floats()), max_size=600))
    share = st.floats(0, 1) | st.just(float("nan"))
    return [
        ProblemRow(str(i), n, int(c * n), 0, draw(share) if i < 5 else c, c)
        for i, (n, c, _) in enumerate(some)
    ]


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
@given(problems=rows())
def test_every_mark_lies_inside_the_picture(problems: list[ProblemRow], layout: Layout) -> None:
    text = difficulty_figure(problems, layout=layout)
    if not any(row.n for row in problems):
        assert text == ""
        return
    svg = ET.fromstring(text)  # noqa: S314 - our own output
    height = float(svg.get("viewBox", "").split()[3])
    for rect in svg.iter("rect"):
        x, y, w, h = (float(rect.get(name, "nan")) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + w <= layout.width + 0.1
        assert 0 <= y <= y + h <= height + 0.1
    for mark in svg.iter("text"):
        assert 0 <= float(mark.get("y", "nan")) <= height


@given(problems=rows())
def test_bars_rise_from_hardest_to_easiest(problems: list[ProblemRow]) -> None:
    svg = difficulty_figure(problems)
    heights = [float(h) for h in re.findall(r'class="share"[^>]* height="([\d.]+)"', svg)]
    assert heights == sorted(heights)


def test_never_sometimes_and_always_are_counted() -> None:
    problems = [ProblemRow(str(c), 4, c, 0, 0.0, 1.0) for c in (0, 0, 0, 1, 3, 4)]
    svg = difficulty_figure(problems)
    for text in ("never 3", "sometimes 2", "always 1", "majority picks a correct sample: 0 of 6"):
        assert text in svg
    assert "best of n picks a correct sample: 6 of 6" in svg
    assert 'aria-label="6 problems' in svg


def test_a_strategy_that_the_run_has_not_is_not_drawn() -> None:
    svg = difficulty_figure([ProblemRow("1", 4, 1, 0, math.nan, 1.0)])
    assert "majority" not in svg
    assert "best of n picks a correct sample: 1 of 1" in svg


def test_many_problems_share_columns() -> None:
    problems = [ProblemRow(str(i), 10, i % 11, 0, 0.5, 0.5) for i in range(5000)]
    assert difficulty_figure(problems).count('class="share"') <= 400
    assert len(difficulty_figure(problems, layout=NARROW)) < 40_000
