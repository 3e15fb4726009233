from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.models.cubic import Window

times = st.floats(0, 1e4)
sizes = st.integers(1, 1024)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """A window after a few throttles."""
    window, now = Window(draw(sizes)), 0.0
    for pause in draw(st.lists(st.floats(0, 20), max_size=6)):
        now += pause
        window = window.shrunk(now, in_flight=draw(sizes), opens=now + draw(st.floats(0, 5)))
    return window


def test_without_a_throttle_everything_is_open() -> None:
    assert Window(64).size(0) == Window(64).size(1e9) == 64


@given(windows(), times, times)
def test_it_never_shrinks_by_itself_and_keeps_its_bounds(w: Window, a: float, b: float) -> None:
    early, late = sorted((a, b))
    assert 1 <= w.size(early) <= w.size(late) + 1e-9
    assert w.size(late) <= w.most


@given(windows(), times, sizes, st.floats(0, 60))
def test_a_throttle_halves_it_until_it_opens(
    w: Window, now: float, in_flight: int, shut: float
) -> None:
    size = max(min(w.size(now), in_flight), 1)
    after = w.shrunk(now, in_flight=in_flight, opens=now + shut)
    for when in (now, now + shut / 2, now + shut):
        assert after.size(when) == pytest.approx(max(size / 2, w.floor))


@given(windows(), times)
def test_it_grows_out_in_the_end(w: Window, now: float) -> None:
    assert w.size(now + 1e5) == w.most


@given(windows(), st.floats(1, 1100))
def test_the_time_at_which_it_reaches_a_size(w: Window, size: float) -> None:
    when = w.reaches(size)
    if size > w.most:
        assert when == math.inf
    else:
        assert w.size(when + 1e-3) >= size - 1e-6
        if w.since is not None and when > w.since:
            assert w.size(when - 1e-3) <= size + 1e-6


def test_it_comes_back_as_the_standard_says() -> None:
    # RFC 9438, section 4.2: K = cbrt((W_max - cwnd_epoch) / C), with C 0.4 and half for beta.
    w = Window(64).shrunk(100, in_flight=64, opens=100)
    k = math.cbrt(32 / 0.4)
    assert (w.low, w.plateau) == (32, 64)
    assert w.size(100 + k / 2) == pytest.approx(64 - 0.4 * (k / 2) ** 3)
    assert w.size(100 + k) == pytest.approx(64)


@given(windows(), times, st.integers(0, 300))
def test_answers_only_ever_widen_it(w: Window, now: float, answers: int) -> None:
    size = w.size(now)
    for _ in range(answers):
        w = w.answered(now)
    assert size <= w.size(now) <= w.most


def test_a_window_of_answers_makes_room_for_one_more() -> None:
    w = Window(64).shrunk(0, in_flight=16, opens=0)
    for size in range(8, 64):
        assert w.size(0) == pytest.approx(size, abs=0.5)
        for _ in range(size):
            w = w.answered(0)


def test_a_plateau_that_sinks_sinks_faster() -> None:
    w = Window(64).shrunk(0, in_flight=64, opens=0)
    again = w.shrunk(0.5, in_flight=64, opens=0.5)
    assert again.plateau == pytest.approx(w.size(0.5) * 0.75)


def test_a_window_that_was_not_full_shrinks_from_what_was_out() -> None:
    assert Window(256).shrunk(0, in_flight=20, opens=0).size(0) == pytest.approx(10)


@pytest.mark.parametrize(("most", "floor"), [(1, 1), (8, 1), (16, 2), (32, 4), (256, 4)])
def test_one_answer_that_hangs_leaves_places_for_others(most: int, floor: float) -> None:
    w = Window(most)
    for _ in range(20):
        w = w.shrunk(0, in_flight=most, opens=0)
    assert w.size(0) == floor


def test_from_the_floor_to_64_takes_less_than_six_seconds() -> None:
    w = Window(64)
    for _ in range(10):
        w = w.shrunk(0, in_flight=64, opens=0)
    assert w.size(0) == 4
    assert w.size(5.2) > 0.8 * 64
    assert w.size(6) == 64
