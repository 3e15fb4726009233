"""The words and the width of what a draw shows; the clock is the test's own."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from topdraw.cli.display import DrawDisplay, tell
from topdraw.sampling.progress import Progress


class Clock:
    """Stands still unless moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


BUSY = Progress(
    done=1234,
    total=6400,
    drawn=234,
    failed=3,
    output_tokens=60_000,
    seconds=60.0,
    spent_tokens=1_240_000,
    spent_usd=0.4137,
    requests=300,
    wasted=17,
    at_once=8,
    throttled_seconds=12.0,
)


def _display(state: Progress = BUSY, *, paid: bool = True, at_most: bool = False) -> DrawDisplay:
    display = DrawDisplay(paid=paid, at_most=at_most, clock=Clock())
    display.progress(state)
    return display


def test_a_line_tells_everything() -> None:
    display = _display()
    display.retrying("retrying (2 of 10) in 3.1 s: HTTP 503")
    assert display.as_line() == (
        "Drawing: 1,234/6,400 samples, 3.9/s, ETA 22:05, 1.24M tokens, $0.41,"
        " throttled: waiting 12 s, 8 at once, 3 samples failed, 17 of 300 requests in vain, 60 s;"
        " 0:00 ago: retrying (2 of 10) in 3.1 s: HTTP 503"
    )


def test_the_eta_after_a_resume_is_of_this_session_alone() -> None:
    """10,000 samples were there; this session drew 60 in a minute: 40 more take 40 seconds."""
    resumed = Progress(done=10_060, total=10_100, drawn=60, seconds=60.0)
    assert _display(resumed).pace() == ["1.0/s", "ETA 0:40"]


def test_no_eta_before_the_first_sample_and_none_at_the_end() -> None:
    assert _display(Progress(done=500, total=1000, drawn=0, seconds=30.0)).pace() == []
    assert _display(Progress(done=1000, total=1000, drawn=10, seconds=5.0)).pace() == ["2.0/s"]


def test_a_stopping_rule_makes_the_eta_an_upper_bound() -> None:
    assert _display(at_most=True).pace()[1].startswith("ETA at most")


def test_an_unknown_price_is_said_and_a_free_model_says_nothing() -> None:
    unknown = Progress(done=1, total=2, drawn=1, seconds=2.0, spent_tokens=10)
    assert "cost unknown" in _display(unknown).as_line()
    assert "cost" not in _display(unknown, paid=False).as_line()


def test_the_wait_counts_down_while_nothing_is_heard() -> None:
    clock = Clock()
    display = DrawDisplay(paid=True, clock=clock)
    display.progress(BUSY)
    clock.now += 7
    assert "throttled: waiting 5 s" in display.as_line()
    clock.now += 7
    assert "throttled" not in display.as_line()


def test_trouble_is_one_line_that_cannot_act_on_a_terminal_and_says_its_age() -> None:
    clock = Clock()
    display = DrawDisplay(paid=True, clock=clock)
    display.progress(BUSY)
    display.retrying("HTTP 500:\x1b[2J\nboom")
    clock.now += 75
    assert display.trouble() == "1:15 ago: HTTP 500:␛[2J boom"


def test_what_holds_the_draw_up_comes_first() -> None:
    full = Progress(done=1, total=2, trouble="the disk is full; waiting for space")
    display = _display(full)
    display.retrying("HTTP 500")
    assert display.trouble() == "the disk is full; waiting for space"


@given(
    width=st.integers(30, 200),
    total=st.integers(1, 10**9),
    tokens=st.integers(0, 10**12),
    trouble=st.text(max_size=300),
)
def test_it_is_never_wider_than_the_terminal(
    width: int, total: int, tokens: int, trouble: str
) -> None:
    state = Progress(
        done=total // 2, total=total, drawn=total // 3, seconds=1e5, spent_tokens=tokens,
        spent_usd=1e5, failed=total, requests=total, wasted=total, at_once=512, stopped=total,
        throttled_seconds=99,
    )  # fmt: skip
    display = _display(state)
    display.retrying(trouble)
    lines = _rendered(display, width)
    assert len(lines) <= 3
    assert all(cell_len(shown) <= width for shown in lines)


@pytest.mark.parametrize("width", [80, 120])
def test_eighty_columns_hold_bar_counts_pace_and_eta(width: int) -> None:
    first, second = _rendered(_display(), width)
    assert first.rstrip().endswith("1,234/6,400 samples  3.9/s  ETA 22:05")
    assert "━" in first
    assert "1.24M tokens, $0.41, throttled: waiting 12 s, 8 at once" in second


def _rendered(display: DrawDisplay, width: int) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=True, color_system=None).print(display)
    return file.getvalue().splitlines()


def test_nothing_is_shown_before_the_draw_is_known() -> None:
    assert _rendered(DrawDisplay(paid=True), 80) == []


class Waits:
    """An event that is set after some waits, which it notes; the clock moves with them."""

    def __init__(self, clock: Clock, waits: int) -> None:
        self.seconds: list[float] = []
        self._clock, self._left = clock, waits

    def wait(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        self._clock.now += seconds
        self._left -= 1
        return self._left < 0


def test_lines_come_every_five_seconds_and_later_every_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    display = DrawDisplay(paid=False, clock=clock)
    display.progress(Progress(done=10, total=100, drawn=10, seconds=1.0))
    waits = Waits(clock, 100)
    tell(display, waits)
    assert waits.seconds[:12] == [5.0] * 12
    assert waits.seconds[-1] == 60.0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("Drawing: 10/100 samples") == 100


def test_nothing_is_told_of_a_draw_that_has_not_begun(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    tell(DrawDisplay(paid=False, clock=clock), Waits(clock, 3))
    assert capsys.readouterr().err == ""
