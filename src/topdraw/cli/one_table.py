"""`--table NAME`: one of the tables of a command alone, so that a program can read it.

Not here: the tables (reports/). Try it: `topdraw fit counts.csv --csv --table law`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from topdraw.errors import ConfigError

if TYPE_CHECKING:
    from topdraw.reports.tabular import Tabular


def require_table_form(only: str | None, form: str) -> None:
    """Refuse a table by its name where nothing prints tables alone.

    Raises:
        UsageError: when it is; click's.
    """
    if only is not None and form not in ("csv", "latex"):
        raise click.UsageError("--table picks what --csv or --latex prints; name one of them.")


def picked(tables: Mapping[str, Tabular], only: str | None) -> list[Tabular]:
    """The tables to print: all, or the one asked for.

    Args:
        tables: by name, those that there are.
        only: a name; None for all.

    Raises:
        ConfigError: when there is none of that name here; says which there are.
    """
    if only is None:
        return list(tables.values())
    if only not in tables:
        raise ConfigError(
            f"There is no table {only!r} here.", hint=f"There are {', '.join(tables)}."
        )
    return [tables[only]]
