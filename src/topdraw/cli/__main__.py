"""The `topdraw` command: finds the subcommand, turns errors into one line and an exit code.

Not here: what a subcommand does; each has its own file and is imported only when called, so that
`topdraw --help` stays light. Try it: `topdraw --help`.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from importlib import import_module

import click

from topdraw.errors import TopdrawError

_COMMANDS = {
    "demo": "See it all on the built-in model: offline, under a minute.",
    "run": "Sample, score and report in one go; resumes where it stopped.",
    "sample": "Draw n samples of every problem into a run directory.",
    "score": "Score a run's samples with a verifier, a reward model or your own function.",
    "judge": "Let a language model rate or compare a run's samples, tournaments included.",
    "select": "Choose one sample per problem and print the choices.",
    "report": "Compare all strategies and write the page.",
    "fit": "Fit how coverage rises with samples, and forecast beyond them.",
    "compare": "Say how much runs, or strategies of one run, differ.",
    "audit-scorer": "Say how well scorers rank right samples above wrong ones.",
    "winrate": "Win rates and judge scores as their benchmarks publish them, and ours.",
    "sweep": "Draw a grid of decoding settings and say which is best.",
    "study": "Follow a paper's protocol, its published numbers beside yours.",
    "runs": "List the runs in a folder and how far each is.",
    "show": "Say what a run holds and what it cost.",
    "verify-run": "Check every record and file of a run.",
    "import": "Make a run of samples that other tools have written.",
    "export": "Write a run as another tool's file.",
    "ask": "Ask one question n times and print the best answer.",
    "serve": "Start a server: a proxy that gives any OpenAI client the best of N.",
    "tasks": "List the tasks, or show the problems of one.",
    "audit-tests": "Check a task's tests with solutions known to be correct.",
    "scorers": "List the scorers, or say what one does and which options it takes.",
    "selectors": "List the selectors, or say what one does and which options it takes.",
    "models": "List the kinds of models and how to name one.",
    "sandbox": "Say whether programs that models write may be run on this machine.",
}

#: Of commands whose name no module can have.
_MODULES = {"import": "import_files"}


class Commands(click.Group):
    """A group that knows its commands by name and loads each when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name; None when there is none."""
        if name not in _COMMANDS:
            return None
        module = _MODULES.get(name, name.replace("-", "_"))
        command = import_module(f"topdraw.cli.{module}").command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command asked for, or a usage error that names the closest."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(_unknown_command(args[0]))
        return super().resolve_command(ctx, args)


def _unknown_command(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, _COMMANDS, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else f" Commands: {', '.join(_COMMANDS)}."
    return f"There is no command {name!r}.{hint}"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="topdraw", message="topdraw %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Draw many, verify and score them, keep the best, know exactly what it bought."""


def main() -> None:
    """Entry point of the console script: never a traceback without `--debug`."""
    # Several BLAS threads cost more CPU than they save on matrices this small.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    debug = "--debug" in sys.argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Text from a model may hold lone surrogates, which no encoding can write.
            stream.reconfigure(errors="backslashreplace")
    try:
        _run(debug)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read us has gone, as `head` does
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())  # what is buffered must not fail at exit
        sys.exit(141)


def _run(debug: bool) -> None:
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _say_goodbye()
        sys.exit(130)
    except SystemExit as stop:
        if stop.code == 128 + signal.SIGTERM:  # else click met a closed pipe
            _say_goodbye()
        raise
    except TopdrawError as error:
        if debug:
            raise
        _explain(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        raise
    except OSError as error:
        if debug:
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(3)


def _say_goodbye() -> None:
    click.echo("Interrupted. Everything drawn so far is kept; the same command goes on.", err=True)


def _explain(error: TopdrawError) -> None:
    from topdraw.cli.shown import line

    click.echo(f"Error: {line(error.message, 2000)}", err=True)
    if error.hint:
        click.echo(f"Hint: {line(error.hint, 2000)}", err=True)


if __name__ == "__main__":
    main()
