"""What there is to score or to choose with, a line each, or one of them with its options.

Not here: the scorers and selectors. Try it: `topdraw scorers judge`.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Literal, NamedTuple

import click

Kind = Literal["scorer", "selector"]


class _Row(NamedTuple):
    name: str
    options: Mapping[str, str | None]
    about: str


def show(kind: Kind, name: str | None, as_json: bool) -> None:
    """Print all of a kind, a line each, or one of them with its whole description.

    Args:
        kind: of what.
        name: of the one; None for all.
        as_json: whether it is for programs.

    Raises:
        UnknownNameError: when there is none of that name.
    """
    from topdraw.core.registry import lookup, names

    rows = []
    for one in names(kind) if name is None else [name]:
        about = inspect.getdoc(lookup(kind, one)) or ""
        rows.append(_Row(one, _options(lookup(kind, one)), about))
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows]))
    elif name is not None:
        click.echo(f"{_called(rows[0])}\n\n{rows[0].about}")
    else:
        width = max(len(row.name) for row in rows)
        for row in rows:
            click.echo(f"{row.name:<{width}}  {row.about.partition(chr(10))[0]}")


def _options(thing: object) -> dict[str, str | None]:
    """Options with their defaults as text; None for one that has to be given."""
    try:
        parameters = inspect.signature(thing).parameters.values()  # type: ignore[arg-type]  # callable
    except (TypeError, ValueError):
        return {}
    empty = inspect.Parameter.empty
    return {
        one.name: None if one.default is empty else str(one.default)
        for one in parameters
        if one.kind is inspect.Parameter.KEYWORD_ONLY
    }


def _called(row: _Row) -> str:
    told = [key if value is None else f"{key}={value}" for key, value in row.options.items()]
    return f"{row.name}({', '.join(told)})" if told else row.name
