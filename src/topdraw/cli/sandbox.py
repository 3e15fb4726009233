"""`topdraw sandbox check`: whether untrusted programs may be run on this machine.

Not here: the sandbox (`topdraw.scoring.sandbox`). Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from topdraw.cli.options import json_option

if TYPE_CHECKING:
    from topdraw.scoring.sandbox.offers import Examined


@click.group("sandbox", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Where programs that models write are run: what this machine offers for it."""


@command.command("check")
@json_option
def check(as_json: bool) -> None:
    """Attack the sandbox, and say whether untrusted programs may be run here.

    Prints what the machine offers and how many attacks held. Exit code 3 when programs may not
    be run; then the last line says why and what the choices are.
    """
    from topdraw.scoring.sandbox.offers import examine

    found = examine()
    if as_json:
        row = {"may_run": found.may_run, "sentence": found.sentence, "hint": found.hint}
        row |= {"offers": [asdict(offer) for offer in found.offers], "trials": found.trials}
        click.echo(json.dumps(row))
    else:
        _print(found)
    if not found.may_run:
        sys.exit(3)


def _print(found: Examined) -> None:
    for offer in found.offers:
        click.echo(f"{offer.name:<16} {'yes' if offer.present else 'no':<4} {offer.detail}")
    for name, held in found.trials.items():
        click.echo(f"{'held' if held else 'LOST':<16} {name}")
    if found.may_run:
        click.echo(found.sentence)
    else:
        click.echo(f"Error: {found.refusal}", err=True)
        click.echo(f"Hint: {found.hint}", err=True)
