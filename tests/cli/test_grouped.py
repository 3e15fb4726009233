"""Every option stands under one heading, and a help text fits eighty columns."""

import click
import pytest

from topdraw.cli import ask, run, sample
from topdraw.cli.grouped import HEADINGS, GroupedOption

DRAWING = {"ask": ask.command, "run": run.command, "sample": sample.command}


@pytest.mark.parametrize("name", DRAWING)
def test_each_option_stands_once_under_its_heading(name: str) -> None:
    command = DRAWING[name]
    text = command.get_help(click.Context(command, terminal_width=80))
    lines = text.splitlines()
    shown = [line.rstrip(":") for line in lines if line.rstrip(":") in HEADINGS]
    assert shown == [heading for heading in HEADINGS if heading in shown]
    lines = lines[next(at for at, line in enumerate(lines) if line.rstrip(":") in HEADINGS) :]
    assert {"Model", "Run", "Decoding", "Endpoint", "Budget", "Stopping", "Options"} <= set(shown)
    for option in command.params:
        if isinstance(option, GroupedOption):
            rows = [at for at, line in enumerate(lines) if _names(line) >= {option.opts[0]}]
            assert len(rows) == 1, option.opts
            above = [line for line in lines[: rows[0]] if line.rstrip(":") in HEADINGS]
            assert above[-1] == f"{option.group}:"
    assert max(map(len, text.splitlines())) <= 80


def _names(line: str) -> set[str]:
    head = line[2:].split("  ")[0] if line.startswith("  ") else ""
    return {word.strip(",") for word in head.split() if word.startswith("-")}


def test_a_command_without_groups_lists_its_options_plainly() -> None:
    from topdraw.cli.show import command

    text = command.get_help(click.Context(command))
    assert text.index("Budget:") < text.index("--prices") < text.index("Options:")
    assert "--json" in text
