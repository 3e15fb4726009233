"""`topdraw selectors`: what there is to choose with.

Not here: the list; `topdraw.cli.listing`. Try it: `topdraw selectors`.
"""

from __future__ import annotations

import click

from topdraw.cli.listing import show
from topdraw.cli.options import json_option


@click.command("selectors")
@click.argument("name", required=False)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List the selectors, or say what NAME does and which options it takes."""
    show("selector", name, as_json)
