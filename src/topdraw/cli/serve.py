"""`topdraw serve`: the servers, each a command of its own.

Not here: what they do; a server is imported only when it is started. Try it: `topdraw serve`.
"""

from __future__ import annotations

from importlib import import_module

import click

_SERVERS = {
    "proxy": "Give any OpenAI client the best of N from a model server.",
}


class _Servers(click.Group):
    """A group that loads each server when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the servers."""
        return list(_SERVERS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The server of that name; None when there is none."""
        if name not in _SERVERS:
            return None
        found = import_module(f"topdraw.cli.serve_{name}").command
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of servers, without importing any of them."""
        with formatter.section("Servers"):
            formatter.write_dl(list(_SERVERS.items()))


@click.group("serve", cls=_Servers)
def command() -> None:
    """Start a server; Ctrl-C ends it when what is under way is answered."""
