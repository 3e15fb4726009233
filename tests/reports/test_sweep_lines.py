import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import NARROW, WIDE, Layout
from topdraw.reports.sweep_lines import MOST_LINES, SweepLine, lines_figure, round_top, wrapped


def _line(name: str, *values: float) -> SweepLine:
    points = {x / 2: Estimate(v, max(v - 0.1, 0.0), v + 0.1) for x, v in enumerate(values)}
    return SweepLine(name, points)


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
def test_lines_have_names_whiskers_and_what_a_pointer_asks_for(layout: Layout) -> None:
    lines = [_line("penalty <1>", 0.2, 0.4, 0.1), _line("penalty 2", 0.3, math.nan, 0.2)]
    svg = lines_figure(lines, across="temperature", up="share", layout=layout)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    classes = [each.get("class", "") for each in root.iter()]
    assert classes.count("whisker") == 5
    assert classes.count("column") == 3
    assert "s-one" in classes
    assert "s-two" in classes
    told = "".join(root.itertext())
    assert "temperature 0.5\npenalty <1> 0.40 [0.30, 0.50]" in told
    assert root.get("viewBox", "").startswith(f"0 0 {layout.width} ")
    for each in root.iter("text"):
        assert -1 <= float(each.get("x", "0")) <= layout.width


def test_nothing_known_is_no_figure() -> None:
    assert lines_figure([], across="t", up="x") == ""
    assert lines_figure([_line("a", math.nan)], across="t", up="x") == ""


def test_a_single_value_and_points_without_intervals_are_drawn() -> None:
    svg = lines_figure([SweepLine("a", {1.0: Estimate(0.5)})], across="t", up="x")
    assert 'class="whisker"' not in svg
    assert 'class="mark"' in svg


def test_more_lines_than_colours_are_left_out() -> None:
    lines = [_line(f"line{at}x", 0.1, 0.2) for at in range(MOST_LINES + 1)]
    svg = lines_figure(lines, across="t", up="x")
    assert f"line{MOST_LINES - 1}x" in svg
    assert f"line{MOST_LINES}x" not in svg


@given(st.floats(1e-6, 1e9))
def test_the_top_of_an_axis_is_round_and_not_far(highest: float) -> None:
    top = round_top(highest)
    assert highest <= top * (1 + 1e-9)
    assert top <= highest * 2.0000001


@given(st.lists(st.text("ab", min_size=1, max_size=6), min_size=1), st.integers(6, 20))
def test_wrapped_names_lose_nothing(words: list[str], most: int) -> None:
    rows = wrapped(" ".join(words), most)
    assert " ".join(rows).split() == words
    assert all(len(row) <= most for row in rows)
