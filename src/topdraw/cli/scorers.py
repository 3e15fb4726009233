"""`topdraw scorers`: what there is to score with.

Not here: the list; `topdraw.cli.listing`. Try it: `topdraw scorers`.
"""

from __future__ import annotations

import click

from topdraw.cli.listing import show
from topdraw.cli.options import json_option


@click.command("scorers")
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List the scorers, or say what NAME does and which options it takes.

    A function of yours is one too: FILE.py:FUNCTION.
    """
    show("scorer", name, as_json)
