"""`topdraw audit-tests`: do a task's tests accept the solutions that are known to be correct?

Not here: the audit; `topdraw.analysis.audit`. Try it: `topdraw audit-tests humaneval --problems 9`.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import click

from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import (
    POSITIVE,
    by_option,
    json_option,
    level_option,
    task_options,
)
from topdraw.cli.shown import line

if TYPE_CHECKING:
    from topdraw.analysis.audit import Audit, AuditedSuite

_NOTE = 100


@click.command("audit-tests", cls=GroupedCommand)
@click.argument("task")
@task_options
@by_option
@click.option(
    "--repeats",
    type=POSITIVE,
    default=3,
    show_default=True,
    metavar="N",
    help="How often each solution is judged.",
)
@level_option
@click.option("--exact", is_flag=True, help="Clopper-Pearson intervals instead of Wilson's.")
@json_option
def command(
    task: str,
    problems: int | None,
    task_seed: int | None,
    task_options: tuple[str, ...],
    by: str | None,
    repeats: int,
    level: float,
    exact: bool,
    as_json: bool,
) -> None:
    """Run the known-correct solutions of TASK through its tests, several times.

    Suites that reject one are listed as broken, suites that change their mind as flaky, with the
    share of each. CodeContests and APPS hold solutions: -o solutions=10 keeps more of them.
    """
    from topdraw.analysis.audit import audit_tests
    from topdraw.cli.progress import progress
    from topdraw.cli.steps import load_task

    loaded = load_task(task, problems=problems, task_seed=task_seed, pairs=task_options)
    with progress("Auditing", unit="suites") as advance:
        audit = audit_tests(
            loaded,
            by=by or "",
            repeats=repeats,
            exact=exact,
            level=level,
            on_progress=lambda done, total: advance(done, total, ""),
        )
    if as_json:
        click.echo(json.dumps(_as_json(audit)))
        return
    _print(audit)


def _as_json(audit: Audit) -> dict[str, object]:
    return {
        "repeats": audit.repeats,
        "suites": len(audit.suites),
        "without_solution": audit.unknown,
        "missing": audit.missing,
        "broken": audit.broken.as_dict(),
        "flaky": audit.flaky.as_dict(),
        "faults": [dataclasses.asdict(suite) for suite in audit.suites if _state(suite)],
    }


def _state(suite: AuditedSuite) -> str:
    """What is wrong with a suite, in a word; "" when nothing is."""
    if suite.rejected:
        return "broken"
    if suite.flaky:
        return "flaky"
    return "missing" if suite.missing else ""


def _print(audit: Audit) -> None:
    faults = [(_state(suite), suite) for suite in audit.suites]
    rows = [
        (line(suite.problem_id, 40), state, f"{suite.rejected} of {suite.solutions}",
         f"{suite.flaky} of {suite.solutions}", line(suite.note, _NOTE))
        for state, suite in faults if state
    ]  # fmt: skip
    if rows:
        rows.insert(0, ("problem", "suite", "rejected", "flaky", "what the tests said"))
        widths = [max(len(row[at]) for row in rows) for at in range(4)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            click.echo("  ".join([*cells, row[4]]).rstrip())
        click.echo()
    sound = sum(not state for state, _ in faults)
    click.echo(f"{sound:,} of {len(faults):,} suites accept all known-correct solutions.")
    click.echo(f"broken  {audit.broken}")
    click.echo(f"flaky   {audit.flaky}  ({audit.repeats} repeats)")
    if audit.unknown:
        click.echo(f"{audit.unknown:,} problems have no known-correct solution.", err=True)
    if audit.missing:
        click.echo(f"{audit.missing:,} suites could judge none; not in the shares.", err=True)
