from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.reports.frame import Frame, label, level_ticks, log_ticks, thinned, top_of

KS = st.integers(1, 10**6)


def frame(kmin: int = 1, kmax: int = 100, ymax: float = 1.0) -> Frame:
    return Frame(40, 640, 40, 440, kmin, kmax, ymax)


def test_the_axis_is_logarithmic() -> None:
    assert [frame().x(k) for k in (1, 10, 100)] == pytest.approx([40, 340, 640])


@given(KS, KS, KS, KS)
def test_places_are_finite_inside_and_rise_with_k(a: int, b: int, c: int, d: int) -> None:
    kmin, *inner, kmax = sorted((a, b, c, d))
    places = [frame(kmin, kmax).x(k) for k in (kmin, *inner, kmax)]
    assert all(40 <= x <= 640 + 1e-6 for x in places)
    assert places == sorted(places)


@given(st.floats(-1, 2), st.floats(0.1, 1))
def test_heights_stay_on_the_axis(value: float, ymax: float) -> None:
    assert 40 <= frame(ymax=ymax).y(value) <= 440


def test_a_single_k_stands_in_the_middle() -> None:
    assert frame(5, 5).x(5) == 340


@pytest.mark.parametrize(
    ("values", "top"),
    [
        ([0.31, 0.05], 0.4),
        ([0.5], 0.5),
        ([0.61], 0.8),
        ([1.0], 1.0),
        ([math.nan], 1.0),
        ([0.0], 0.1),
        ([0.3], 0.3),
    ],
)
def test_the_axis_ends_at_the_next_tenth(values: list[float], top: float) -> None:
    assert top_of(values) == pytest.approx(top)


@given(KS, KS)
def test_ticks_hold_both_ends_and_rise(a: int, b: int) -> None:
    kmin, kmax = sorted((a, b))
    ticks = log_ticks(kmin, kmax)
    assert (ticks[0], ticks[-1]) == (kmin, kmax)
    assert ticks == sorted(set(ticks))


@given(KS, KS)
def test_numbers_at_the_axis_do_not_touch(a: int, b: int) -> None:
    kmin, kmax = sorted((a, b))
    drawn = frame(kmin, kmax)
    shown = thinned(log_ticks(kmin, kmax), drawn, 13)
    widths = [len(f"{k:,}") * 13 * 0.58 for k in shown]
    gaps = [drawn.x(q) - drawn.x(p) for p, q in itertools.pairwise(shown)]
    assert all(g >= (v + w) / 2 for g, v, w in zip(gaps, widths, widths[1:], strict=False))
    assert kmin in shown


@given(st.integers(1, 10))
def test_levels_start_at_zero_and_are_few(tenths: int) -> None:
    levels = level_ticks(tenths / 10)
    assert levels[0] == 0
    assert 2 <= len(levels) <= 7
    assert levels[-1] <= tenths / 10 + 1e-9


def test_a_label_is_escaped() -> None:
    assert label(1, 2, "<b>", "tick") == '<text class="tick" x="1.0" y="2.0">&lt;b&gt;</text>'
