"""Options under headings, so that the `--help` of a command with forty of them can be read.

Not here: the options; `topdraw.cli.options`. Try it: `topdraw sample --help`.
"""

from __future__ import annotations

from typing import Any

import click

HEADINGS = (
    "Task", "Model", "Run", "Table", "Grid", "Decoding", "Server", "Endpoint", "Budget", "Stopping",
    "AlpacaEval", "Arena-Hard", "WildBench", "Options",
)  # fmt: skip
"""The headings, in the order of a help text."""


class GroupedOption(click.Option):
    """An option that knows its heading.

    Args:
        group: one of `HEADINGS`.
        settings: what every click option takes.
    """

    def __init__(self, *names: Any, group: str, **settings: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*names, **settings)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help lists its options heading by heading."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section per heading that has an option."""
        rows: dict[str, list[tuple[str, str]]] = {heading: [] for heading in HEADINGS}
        for parameter in self.get_params(ctx):
            row = parameter.get_help_record(ctx)
            if isinstance(parameter, GroupedOption) and row is not None:
                rows[parameter.group].append(row)
            elif isinstance(parameter, click.Option) and row is not None:
                rows["Options"].append(row)
        for heading, found in rows.items():
            if found:
                with formatter.section(heading):
                    formatter.write_dl(found)
