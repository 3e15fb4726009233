r"""Text of models and files on its way to a terminal: nothing in it may act on the terminal.

Not here: pages; `topdraw.reports.visible` holds the list of what is hidden or hostile.
Try it: `python -c "from topdraw.cli.shown import line; print(line('a\x1b[2J b'))"`.
"""

from __future__ import annotations

import sys

import click


def line(text: str, limit: int = 200) -> str:
    """The text on one line, white space folded, control characters named, cut at `limit`."""
    from topdraw.reports.visible import plain

    return plain(" ".join(text.split()), limit)


def whole(text: str) -> str:
    """The text uncut and with its line breaks, control characters named."""
    from topdraw.reports.visible import plain

    return plain(text, limit=max(len(text), 1))


def print_output(text: str) -> None:
    """A model's output on stdout: as it is into a pipe, control characters named on a terminal."""
    if sys.stdout.isatty():
        click.echo(whole(text))
    else:
        click.echo(text, color=True)
