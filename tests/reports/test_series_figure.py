import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.hostile import EVERYTHING

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import NARROW, WIDE, Layout
from topdraw.reports.scale import FLOPS, SOLVED, Measure
from topdraw.reports.series import Series, numbered, numbered_series, selector_series
from topdraw.reports.series_figure import series_figure, series_figures

TEMPERATURE = Measure("temperature")


def _near(value: float, n: int = 50) -> Estimate:
    return Estimate(value, max(value - 0.1, 0), min(value + 0.1, 1), n=n)


COVERAGE = selector_series("oracle", {1: _near(0.2), 10: _near(0.5), 100: _near(0.9)}, "coverage")
LAW = Series("law", {1: 0.2, 100: 0.9, 1000: 0.95}, numbered(0), "model")
PAPER = Series("paper", {1: 0.25, 100: 0.8}, numbered(5), "published")
GREEDY = selector_series("greedy", {1: _near(0.3)})


def _classes(svg: str) -> list[str]:
    return [each.get("class", "") for each in ET.fromstring(svg).iter()]  # noqa: S314 - our own


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
def test_each_kind_of_line_looks_like_what_it_is(layout: Layout) -> None:
    svg = series_figure([GREEDY, PAPER, LAW, COVERAGE], layout=layout)
    classes = _classes(svg)
    assert classes.count("mark") == 3
    assert classes.count("mark hollow") == 2
    assert classes.count("line thin model") == 1
    assert classes.count("line thin") == 1
    assert classes.count("band") == 1
    root = ET.fromstring(svg)  # noqa: S314 - our own
    for each in root.iter("text"):
        assert -1 <= float(each.get("x", "0")) <= layout.width
    told = " ".join("".join(root.itertext()).split())
    assert all(word in told for word in ("coverage 0.90", "law, model", "greedy 0.30"))


def test_a_pointer_learns_value_interval_and_n() -> None:
    svg = series_figure([GREEDY, PAPER, LAW, COVERAGE])
    columns = [each.text or "" for each in ET.fromstring(svg).iter() if each.tag == "title"]  # noqa: S314 - our own
    assert len(columns) == 4
    assert columns[2].split("\n") == [
        "k = 100",
        "coverage 0.90 [0.80, 1.00] (50 problems)",
        "law, model 0.900",
        "paper, published 0.800",
        "greedy 0.30 [0.20, 0.40] (50 problems)",
    ]
    assert "k = 10, 50 problems" in series_figure([COVERAGE])
    assert columns[3].startswith("k = 1,000\nlaw, model 0.950")


def test_near_places_share_a_column_and_each_says_its_own() -> None:
    near = numbered_series([("a", {1e9: 0.1, 1e12: 0.5}), ("b", {1.01e9: 0.2, 1e12: 0.6})])
    svg = series_figure(near, across=FLOPS)
    assert "b 0.200 at 1.01·10⁹" in svg
    assert svg.count('class="column"') == 2


def test_a_linear_axis_may_fall_below_zero() -> None:
    gap = Series("gap", {0: Estimate(0.1, 0.05, 0.15), 1: Estimate(-0.1, -0.15, -0.05)})
    svg = series_figure([gap], across=TEMPERATURE, up=Measure("gap"))
    assert "\u22120.15" in svg
    assert "temperature 1" in svg
    assert ">gap<" in svg
    assert "gap \u2212" not in svg


def test_a_single_point_has_a_whisker_and_no_line() -> None:
    classes = _classes(series_figure([Series("a", {1: _near(0.5)})]))
    assert classes.count("whisker") == 1
    assert "line" not in classes


def test_more_than_three_measured_lines_have_faint_bands() -> None:
    many = numbered_series([(f"m{at}", COVERAGE.points) for at in range(4)])
    assert _classes(series_figure(many)).count("band faint") == 4


def test_nothing_to_show_is_no_figure() -> None:
    assert series_figures([]) == ()
    assert series_figures([Series("a", {1: math.nan}), GREEDY]) == ()
    assert series_figures([Series("a", {0: 0.5, -1: 0.2})]) == ()
    assert len(series_figures([COVERAGE])) == 2


def test_a_line_without_a_name_has_no_label() -> None:
    svg = series_figure([Series("", {1: 0.2, 10: 0.4})])
    assert 'class="end"' not in svg
    assert "value 0.200" in svg


def test_hostile_names_are_harmless() -> None:
    svg = series_figure([Series(EVERYTHING, {1: 0.5, 2: 0.6})], up=Measure(EVERYTHING))
    assert "<script" not in svg
    ET.fromstring("".join(c for c in svg if c.isprintable() or c == "\n"))  # noqa: S314 - our own


@given(
    st.lists(
        st.dictionaries(
            st.floats(1e-3, 1e12), st.floats(0, 1) | st.just(math.nan), min_size=1, max_size=6
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_every_figure_is_well_formed_and_within_itself(
    lines: list[dict[float, float]], log: bool
) -> None:
    series = numbered_series([(f"m{at}", points) for at, points in enumerate(lines)])
    svg = series_figure(series, across=Measure("x", log=log), up=SOLVED)
    if not svg:
        assert all(math.isnan(y) for points in lines for y in points.values())
        return
    for each in ET.fromstring(svg).iter():  # noqa: S314 - our own
        if each.get("class") == "column":
            assert float(each.get("width", "-1")) >= 0
            assert 0 <= float(each.get("data-x", "-1")) <= WIDE.width
