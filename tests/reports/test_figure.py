from __future__ import annotations

import dataclasses
import itertools
import math
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.fake import fake_summary
from tests.reports.hostile import HOSTILE

from topdraw.analysis.summary import Curve, Summary
from topdraw.core.estimate import Estimate
from topdraw.reports.axis import Axis, axes
from topdraw.reports.figure import curves_figure
from topdraw.reports.frame import NARROW, WIDE, Layout

LAYOUTS = pytest.mark.parametrize("layout", [WIDE, NARROW], ids=["wide", "narrow"])
STRATEGIES = ("greedy", "random", "majority", "best_of_n", "weighted_majority", "mine", "oracle")


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    low, value, high = sorted(draw(st.tuples(*[st.floats(0, 1)] * 3)))
    some = draw(st.sampled_from(["whole", "bare", "none"]))
    if some == "none":
        return Estimate(math.nan)
    return Estimate(value, low, high) if some == "whole" else Estimate(value)


@st.composite
def curves(draw: st.DrawFn) -> list[Curve]:
    names = draw(st.lists(st.sampled_from(STRATEGIES), unique=True))
    made = []
    for name in names:
        ks = sorted(draw(st.sets(st.integers(1, 10_000), min_size=1, max_size=30)))
        values = [draw(estimates()) for _ in ks]
        label = draw(st.text(max_size=60) | st.sampled_from(HOSTILE))
        made.append(Curve(name, label, "", tuple(ks), tuple(values), "exact"))
    return made


def numbers(svg: ET.Element) -> list[tuple[float, float]]:
    """Every absolute point that a path or text names; relative moves of marks are left out."""
    points = []
    for element in svg.iter():
        for x, y in re.findall(r"[ML](-?[\d.naif]+) (-?[\d.naif]+)", element.get("d", "")):
            points.append((float(x), float(y)))
        if element.tag == "text":
            points.append((float(element.get("x", "nan")), float(element.get("y", "nan"))))
    return points


@LAYOUTS
@settings(max_examples=25)
@given(drawn=curves(), gap=estimates())
def test_every_point_is_finite_and_inside_the_picture(
    drawn: list[Curve], gap: Estimate, layout: Layout
) -> None:
    text = curves_figure(drawn, gap=gap, layout=layout)
    if not text:
        assert all(math.isnan(e.value) for curve in drawn for e in curve.estimates)
        return
    svg = ET.fromstring(text)  # noqa: S314 - our own output
    for x, y in numbers(svg):
        assert 0 <= x <= layout.width
        assert 0 <= y <= layout.height


@LAYOUTS
@settings(max_examples=25)
@given(drawn=curves())
def test_lines_go_from_left_to_right(drawn: list[Curve], layout: Layout) -> None:
    text = curves_figure(drawn, layout=layout)
    for path in re.findall(r'class="line"[^>]* d="M([^"]*)"', text):
        xs = [float(point.split()[0]) for point in path.split("L")]
        assert xs == sorted(xs)


@LAYOUTS
def test_end_labels_do_not_lie_on_each_other(layout: Layout) -> None:
    svg = curves_figure(fake_summary().curves, layout=layout)
    heights = sorted(float(y) for y in re.findall(r'class="end" x="[\d.]+" y="([\d.]+)"', svg))
    assert len(heights) >= 6
    assert min(b - a for a, b in itertools.pairwise(heights)) >= layout.font


def test_more_accurate_is_higher_and_the_axis_starts_at_zero() -> None:
    low, high = (Curve("majority", "m", "", (1, 2), (Estimate(v),) * 2, "") for v in (0.2, 0.8))
    places = [
        float(re.findall(r'class="line"[^>]* d="M[\d.]+ ([\d.]+)', curves_figure([c, top]))[0])
        for top in [Curve("oracle", "o", "", (1, 2), (Estimate(1.0),) * 2, "")]
        for c in (low, high)
    ]
    assert places[0] > places[1]
    assert ">0</text>" in curves_figure([low])


def test_gap_is_shaded_and_named_in_both_layouts() -> None:
    summary = fake_summary()
    for layout in (WIDE, NARROW):
        svg = curves_figure(summary.curves, gap=summary.gap, layout=layout)
        assert svg.count('class="gap"') == 1
        assert f"gap {str(summary.gap).split()[0]}" in svg
        assert str(summary.gap).partition(" ")[2] in svg


@pytest.mark.parametrize("gap", [None, Estimate(math.nan), Estimate(0.0, 0.0, 0.1)])
def test_gap_that_is_unknown_or_none_is_not_drawn(gap: Estimate | None) -> None:
    assert 'class="gap' not in curves_figure(fake_summary().curves, gap=gap)


def test_gap_of_a_selector_that_knew_the_verdicts_is_not_drawn() -> None:
    told = [
        dataclasses.replace(c, chooser="countdown")
        for c in fake_summary().curves
        if c.strategy in ("best_of_n", "oracle")
    ]
    assert 'class="gap' not in curves_figure(told, gap=Estimate(0.1, 0.0, 0.2))


def test_each_k_tells_every_strategy_with_interval_and_n() -> None:
    summary = fake_summary()
    svg = ET.fromstring(curves_figure(summary.curves))  # noqa: S314 - our own output
    columns = [e for e in svg.iter("rect") if e.get("class") == "column"]
    assert len(columns) == len(summary.ks)
    told = columns[summary.ks.index(10)].findtext("title") or ""
    assert told.startswith("k = 10, 200 problems\noracle (pass@k) 0.830 [")
    assert "greedy 0." in told
    assert [c.get("tabindex") for c in columns] == ["0"] + ["-1"] * (len(columns) - 1)


def test_strategies_differ_by_dash_as_well_as_by_colour() -> None:
    svg = curves_figure(fake_summary().curves)
    dashes = re.findall(r'class="line[^"]*"( stroke-dasharray="[^"]*")?', svg)
    assert len(set(dashes)) >= len(dashes) - 1  # oracle and best of n are solid, with other marks


def test_one_sample_gives_a_picture_with_whiskers() -> None:
    svg = curves_figure(fake_summary(n=1).curves)
    assert 'class="whisker"' in svg
    assert 'class="band"' not in svg


def test_nothing_measured_is_nothing_drawn() -> None:
    assert curves_figure([]) == ""
    assert curves_figure([Curve("oracle", "o", "", (1,), (Estimate(math.nan),), "")]) == ""


def test_hostile_labels_are_escaped() -> None:
    for text in HOSTILE:
        svg = curves_figure([Curve("mine", text, "", (1, 2), (Estimate(0.5),) * 2, "")])
        assert "<script" not in svg
        assert "<img" not in svg
        ET.fromstring(svg)  # noqa: S314 - our own output


def _axes_of(summary: Summary) -> list[Axis]:
    ks = sorted({k for curve in summary.curves for k in curve.k})
    return axes(ks, [Axis("usd", {k: 0.001 + 0.0002 * k for k in ks})])


@LAYOUTS
def test_on_another_axis_the_same_points_lie_elsewhere(layout: Layout) -> None:
    summary = fake_summary(problems=50, n=100)
    samples, usd = (
        curves_figure(summary.curves, gap=summary.gap, layout=layout, axis=axis)
        for axis in _axes_of(summary)
    )
    assert samples == curves_figure(summary.curves, gap=summary.gap, layout=layout)
    assert "USD per problem (log scale)" in usd
    assert "$0.01" in usd
    assert "k = 10, $0.003 per problem" in usd
    for x, y in numbers(ET.fromstring(usd)):  # noqa: S314 - our own output
        assert 0 <= x <= layout.width
        assert 0 <= y <= layout.height
    assert usd.count('class="mark"') == samples.count('class="mark"')


def test_the_band_of_a_curve_is_drawn_instead_of_its_intervals() -> None:
    summary = fake_summary(problems=50, n=10)
    wide = tuple(
        dataclasses.replace(c, band=tuple(Estimate(e.value, 0.0, 1.0) for e in c.estimates))
        if c.strategy == "oracle"
        else c
        for c in summary.curves
    )
    band = re.search(r'<path class="band" d="M([^"]*)Z"', curves_figure(wide[-1:]))
    assert band is not None
    heights = [float(point.split()[1]) for point in band[1].split("L")]
    assert len(set(heights)) == 2


def test_bands_of_all_but_the_best_and_the_oracle_are_faint() -> None:
    text = curves_figure(fake_summary(problems=50, n=100).curves)
    assert text.count('class="band"') == 2
    assert text.count('class="band faint"') == 2


def test_the_bracket_is_as_long_as_the_gap_it_names() -> None:
    summary = fake_summary()
    plain = curves_figure(summary.curves, gap=summary.gap)
    more = dataclasses.replace(summary.gap, value=summary.gap.value + 0.1)
    lower = curves_figure(summary.curves, gap=more)

    def ends(svg: str) -> list[float]:
        found = re.search(r'class="bracket" d="M[0-9.]+ ([0-9.]+)L[0-9.]+ ([0-9.]+)m', svg)
        assert found is not None
        return [float(each) for each in found.groups()]

    (top, near), (same, far) = ends(plain), ends(lower)
    assert top == same
    assert (far - near) / (near - top) == pytest.approx(0.1 / summary.gap.value, rel=0.01)
