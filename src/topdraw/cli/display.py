"""What a draw shows on stderr while it goes on: a bar on a terminal, a line now and then elsewhere.

Not here: what is shown of scoring (`topdraw.cli.progress`); data, which go to stdout.
Try it: `topdraw sample arithmetic -n 200 --out runs/x` and the same with `2>&1 | cat`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from topdraw.cli.pace import Pace, compact, dollars, duration, many, speed
from topdraw.cli.shown import line
from topdraw.sampling.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

_LABEL = "Drawing"
_LONGEST_BAR = 40
_SHORTEST_BAR = 8


class DrawDisplay:
    """What is known of a draw, in the words that it is shown in.

    Args:
        paid: whether its requests cost something: then it shows USD, or that nobody knows.
        at_most: whether a stopping rule may end it before all samples are drawn.
        clock: seconds that never go back.
    """

    def __init__(
        self, *, paid: bool, at_most: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._paid, self._at_most, self._clock = paid, at_most, clock
        self._pace = Pace()
        self._heard = clock()
        self._trouble, self._trouble_came = "", 0.0
        self.state = Progress()

    def progress(self, state: Progress) -> None:
        """Take note of how far it is."""
        self._pace.note(state.seconds, state.drawn)
        self.state, self._heard = state, self._clock()

    def retrying(self, trouble: str) -> None:
        """Take note of a request that failed."""
        self._trouble, self._trouble_came = line(trouble, 160), self._clock()

    def counts(self) -> str:
        """How many samples of how many."""
        return f"{self.state.done:,}/{self.state.total:,} samples"

    def pace(self) -> list[str]:
        """How fast, and how long still; nothing where it cannot be known yet."""
        state = self.state
        per_second = self._pace.per_second(self.seconds(), state.drawn)
        if per_second is None:
            return []
        left = state.total - state.done
        if left <= 0 or per_second == 0:
            return [speed(per_second)]
        eta = duration(left / per_second)
        return [speed(per_second), f"ETA at most {eta}" if self._at_most else f"ETA {eta}"]

    def seconds(self) -> float:
        """Since the session began; it goes on while nothing is heard of the draw."""
        return self.state.seconds + self._silence()

    def spent(self) -> list[str]:
        """What it has cost, and what went wrong."""
        state = self.state
        wait = state.throttled_seconds - self._silence()
        found = [
            f"{compact(state.spent_tokens)} tokens" if state.spent_tokens else "",
            dollars(state.spent_usd) if self._paid and state.spent_tokens else "",
            f"throttled: waiting {wait:.0f} s" if wait >= 0.5 else "",
            "" if state.at_once is None else f"{state.at_once:,} at once",
            f"{many(state.failed, 'sample')} failed" if state.failed else "",
            f"{many(state.stopped, 'problem')} ended early" if state.stopped else "",
            f"{state.wasted:,} of {many(state.requests, 'request')} in vain"
            if state.wasted
            else "",
        ]
        return [text for text in found if text]

    def trouble(self) -> str:
        """What holds it up, or what went wrong last and how long ago."""
        if self.state.trouble:
            return line(self.state.trouble, 160)
        if not self._trouble or self.state.done >= self.state.total:
            return ""
        return f"{duration(self._clock() - self._trouble_came)} ago: {self._trouble}"

    def _silence(self) -> float:
        return self._clock() - self._heard

    def as_line(self) -> str:
        """All of it on one line, for a log."""
        told = [self.counts(), *self.pace(), *self.spent()]
        trouble = f"; {self.trouble()}" if self.trouble() else ""
        return f"{_LABEL}: {', '.join(told)}, {self.seconds():.0f} s{trouble}"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A bar with counts and pace, below it what is spent, below that the last trouble."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        if not self.state.total:
            return
        told = "  ".join([self.counts(), *self.pace()])
        room = options.max_width - len(_LABEL) - len(told) - 4
        width = max(min(room, _LONGEST_BAR), _SHORTEST_BAR)
        row = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(3):
            row.add_column(no_wrap=True, overflow="ellipsis")
        bar = ProgressBar(total=self.state.total, completed=self.state.done, width=width)
        row.add_row(Text(_LABEL), bar, Text(told))
        yield row
        indent = " " * (len(_LABEL) + 2)
        for text, style in ((", ".join(self.spent()), "dim"), (self.trouble(), "yellow")):
            if text:
                yield Text(indent + text, style=style, no_wrap=True, overflow="ellipsis")


@contextmanager
def shown(display: DrawDisplay) -> Iterator[Callable[[str], None]]:
    """Show a draw while the block runs; gives a function that says a sentence beside it."""
    if sys.stderr.isatty():
        with _live(display) as say:
            yield say
    else:
        with _lines(display):
            yield lambda text: click.echo(text, err=True)


@contextmanager
def _live(display: DrawDisplay) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True)
    with Live(display, console=console, refresh_per_second=8):
        yield lambda text: console.print(Text(text))


@contextmanager
def _lines(display: DrawDisplay) -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=tell, args=(display, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if display.state.drawn or display.state.requests:
            click.echo(display.as_line(), err=True)


class Event(Protocol):
    """Something that happens once, such as a `threading.Event`."""

    def wait(self, timeout: float, /) -> bool:
        """Whether it has happened, after so many seconds at most."""


def tell(display: DrawDisplay, over: Event) -> None:
    """A line every five seconds, a minute apart at last: a night must not fill a log.

    Args:
        display: of the draw.
        over: ends it.
    """
    while not over.wait(min(max(display.seconds() / 12, 5.0), 60.0)):
        if display.state.total:
            click.echo(display.as_line(), err=True)
