"""Progress of long work on stderr: a bar on a terminal, a line now and then elsewhere.

Not here: messages and data. Try it: `topdraw demo 2>&1 | cat`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_LINE_SECONDS = 5.0

Advance = Callable[[int, int, str], None]


@contextmanager
def progress(label: str, *, unit: str = "samples") -> Iterator[Advance]:
    """A display to feed with (done, total, note); it draws at most ten times a second.

    A total of 0 is unknown: what is done is counted alone, and the end says nothing.

    Args:
        label: what is going on, e.g. "Drawing".
        unit: what is counted.
    """
    if sys.stderr.isatty():
        with _bar(label, unit) as advance:
            yield advance
    else:
        with _lines(label, unit) as advance:
            yield advance


@contextmanager
def _bar(label: str, unit: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(f"{label:<8}"),
        BarColumn(bar_width=32),
        TextColumn("{task.fields[counted]} " + unit),
        TextColumn("{task.fields[note]}", style="dim"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True)) as display:
        bar = display.add_task(label, total=None, note="", counted="", visible=False)

        def advance(done: int, total: int, note: str) -> None:
            known, counted = total or None, _counted(done, total)
            display.update(
                bar, completed=done, total=known, note=note, counted=counted, visible=True
            )

        yield advance


@contextmanager
def _lines(label: str, unit: str) -> Iterator[Advance]:
    started = last = time.monotonic()
    state = (0, 0, "")

    def show() -> None:
        done, total, note = state
        seconds = time.monotonic() - started
        told = f"{label}: {_counted(done, total)} {unit}, {seconds:.1f} s {note}"
        click.echo(told.rstrip(), err=True)

    def advance(done: int, total: int, note: str) -> None:
        nonlocal last, state
        state = (done, total, note)
        if time.monotonic() - last >= _LINE_SECONDS:
            last = time.monotonic()
            show()

    yield advance
    if state[1]:
        show()


def _counted(done: int, total: int) -> str:
    return f"{done:,}/{total:,}" if total else f"{done:,}"
