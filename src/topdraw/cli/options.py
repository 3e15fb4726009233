"""Options that several commands share, spelled and explained once.

Not here: those of a draw; `topdraw.cli.draw_options`. Try it: `topdraw run --help`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from topdraw.cli.grouped import GroupedOption

F = TypeVar("F", bound=Callable[..., Any])

POSITIVE = click.IntRange(min=1)
NATURAL = click.IntRange(min=0)


def option(
    group: str,
    *names: str,
    about: str,
    default: object = None,
    multiple: bool = False,
    **settings: Any,  # noqa: ANN401 - click's own
) -> Callable[[F], F]:
    """An option under a heading; its default is shown where there is one.

    Args:
        group: one of `grouped.HEADINGS`.
        names: as click takes them.
        about: its line of help.
        default: its value when it is not given.
        multiple: whether it may be given several times.
        settings: anything else that click takes.
    """
    if default is not None:
        settings |= {"default": default, "show_default": default != ""}
    return click.option(
        *names, cls=GroupedOption, group=group, help=about, multiple=multiple, **settings
    )


_TASK: list[Callable[[F], F]] = [
    option("Task", "--problems", type=POSITIVE, metavar="N", about="How many problems."),
    option(
        "Task",
        "--task-seed",
        type=int,
        metavar="SEED",
        about="Which problems a generated task makes.",
    ),
    option(
        "Task",
        "--option",
        "-o",
        "task_options",
        multiple=True,
        metavar="KEY=VALUE",
        about="An option of the task, e.g. -o steps=4; may be repeated.",
    ),
]


def task_options(function: F) -> F:
    """Add the options that pick problems of a task."""
    command: Any = function
    for one in reversed(_TASK):
        command = one(command)
    return command  # type: ignore[no-any-return]  # click's decorators keep what they wrap


greedy_option = option(
    "Run",
    "--greedy/--no-greedy",
    default=True,
    about="Also draw one greedy sample per problem, for reference.",
)
out_option = option(
    "Run",
    "--out",
    type=click.Path(file_okay=False),
    metavar="RUN",
    about="Run directory; the same one resumes. Default: under runs/.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print data as JSON on stdout.")
plan_option = click.option(
    "--plan", "only_plan", is_flag=True, help="Say what it takes, and draw nothing."
)
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print the table as CSV.")
latex_option = click.option("--latex", "as_latex", is_flag=True, help="Print the table as LaTeX.")
level_option = click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Confidence level of each interval.",
)
by_option = option(
    "Run",
    "--by",
    metavar="SCORER",
    about="Verifier that says what is correct. Default: the task's own.",
)
value_option = option(
    "Run",
    "--value",
    metavar="SCORER",
    about="Scorer that ranks samples, or several: worst(a,b). Default: reward or logprob.",
)
with_option = option(
    "Run",
    "--with",
    "named",
    multiple=True,
    metavar="SCORER",
    about="Scorer to apply where it has not scored yet, e.g. mine.py:score; the first ranks unless "
    "--value names another. May be repeated.",
)
run_argument = click.argument("run", metavar="RUN", type=click.Path(exists=True, file_okay=False))


_EVIDENCE: list[Callable[[F], F]] = [
    click.argument("run", metavar="RUN", type=click.Path(exists=True)),
    option(
        "Table",
        "--map",
        "columns",
        multiple=True,
        metavar="OURS=THEIRS",
        about="Of a table, which column is what, e.g. problem=question; may be repeated.",
    ),
    option("Table", "--model", metavar="NAME", about="Of a table with several models, whose rows."),
]


def form_of(as_json: bool, as_csv: bool, as_latex: bool) -> str:
    """The form in which numbers were asked for: "json", "csv", "latex", or "text" for none.

    Raises:
        UsageError: when several were; click's.
    """
    if as_json + as_csv + as_latex > 1:
        raise click.UsageError("Of --json, --csv and --latex, name one.")
    return "json" if as_json else "csv" if as_csv else "latex" if as_latex else "text"


def evidence_argument(function: F) -> F:
    """Add the argument RUN, a run or a table of counts or scored samples, and how to read it.

    The command takes `run`, `columns` and `model`; `cli.evidence.opened` makes evidence of them.
    """
    command: Any = function
    for one in reversed(_EVIDENCE):
        command = one(command)
    return command  # type: ignore[no-any-return]  # click's decorators keep what they wrap
