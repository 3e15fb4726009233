"""Writes the documentation pages that are made from the code, or checks that they are current.

Not here: pages written by hand. Try it: `python tools/docs.py --check`.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import click

import topdraw.errors
from topdraw.cli.__main__ import cli
from topdraw.core.registry import Kind, lookup, names

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTE = "<!-- Made by `make docs`; do not edit. -->\n"
KINDS: tuple[Kind, ...] = ("task", "scorer", "selector", "model")


def command_page() -> str:
    """Every command with its `--help`."""
    parts = [f"# Command line\n\n{NOTE}\n{_help(cli, 'topdraw')}"]
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        parts.append(f"## topdraw {name}\n\n{_help(command, f'topdraw {name}')}")
        for inner in command.list_commands(context) if isinstance(command, click.Group) else ():
            found = command.get_command(context, inner)
            assert found is not None
            path = f"topdraw {name} {inner}"
            parts.append(f"### {path}\n\n{_help(found, path)}")
    return "\n".join(parts)


def _help(command: click.Command, path: str) -> str:
    context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100)
    return f"```text\n{command.get_help(context)}\n```\n"


def names_page() -> str:
    """Every registered name with the first sentence of its docstring."""
    parts = [f"# Names\n\n{NOTE}\nWhat `--model`, TASK, SCORER and `--selector` accept.\n"]
    for kind in KINDS:
        rows = [f"| `{name}` | {_first_line(lookup(kind, name))} |" for name in names(kind)]
        parts.append(
            "\n".join([f"## {kind.capitalize()}s\n", "| name | what |", "|---|---|", *rows])
        )
    return "\n".join([parts[0], "\n\n".join(parts[1:]), ""])


def errors_page() -> str:
    """The error tree with exit codes."""
    tree = inspect.getdoc(topdraw.errors) or ""
    rows = [
        f"| `{name}` | {error.exit_code} | {_first_line(error)} |"
        for name, error in vars(topdraw.errors).items()
        if isinstance(error, type) and issubclass(error, topdraw.errors.TopdrawError)
    ]
    table = "\n".join(["| error | exit code | when |", "|---|---|---|", *rows])
    return f"# Errors\n\n{NOTE}\n```text\n{tree[tree.index('TopdrawError') :]}\n```\n\n{table}\n"


def _first_line(thing: object) -> str:
    paragraph = (inspect.getdoc(thing) or "").split("\n\n")[0]
    return " ".join(paragraph.split()).replace("|", "\\|")


def main() -> None:
    """Write the pages, or with --check fail when one is out of date."""
    pages = {"cli.md": command_page(), "names.md": names_page(), "errors.md": errors_page()}
    if "--check" not in sys.argv:
        for name, text in pages.items():
            (DOCS / name).write_text(text, encoding="utf-8")
        return
    paths = {DOCS / name: text for name, text in pages.items()}
    stale = [
        path.name
        for path, text in paths.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if stale:
        sys.exit(f"Out of date: {', '.join(stale)}. Run `make docs`.")


if __name__ == "__main__":
    main()
