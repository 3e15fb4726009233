"""`topdraw run`: sample, score and report in one go.

Not here: the steps. Try it: `topdraw run countdown -n 100 --out runs/x`.
"""

from __future__ import annotations

import click

from topdraw.cli.draw import Draw, draw_options
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import (
    by_option,
    greedy_option,
    json_option,
    out_option,
    plan_option,
    task_options,
    value_option,
    with_option,
)


@click.command("run", cls=GroupedCommand)
@click.argument("task")
@task_options
@out_option
@by_option
@value_option
@with_option
@greedy_option
@draw_options
@plan_option
@json_option
def command(
    draw: Draw,
    task: str,
    problems: int | None,
    task_seed: int | None,
    task_options: tuple[str, ...],
    greedy: bool,
    out: str | None,
    by: str | None,
    value: str | None,
    named: tuple[str, ...],
    only_plan: bool,
    as_json: bool,
) -> None:
    """Draw, verify, rank and compare: TASK is a task's name, a file, a folder or hf:NAME.

    Killed at any moment, the same command goes on where it stopped and ends with the same samples.
    Stopped by a cap, it reports what there is and ends with exit code 5.
    """
    from topdraw.cli.costing import tables_of
    from topdraw.cli.drawing import draw_what_there_is, stopping_rule, stops_by
    from topdraw.cli.report import show_report
    from topdraw.cli.steps import (
        check_names,
        check_targets,
        load_task,
        ranking_scorers,
        score_run,
        tell_plan,
    )
    from topdraw.errors import BudgetExhausted, ConfigError

    loaded = load_task(task, problems=problems, task_seed=task_seed, pairs=task_options)
    verifier = by or loaded.scorer
    if not verifier:
        raise ConfigError(
            f"The task {task!r} has no scorer of its own.",
            hint="Name one with --by; `topdraw sample` draws without.",
        )
    value = value or next(iter(named), None)
    check_names(scorers=(verifier, value, *named))
    check_targets(loaded, verifier)
    if only_plan:
        tell_plan(loaded, draw, out=out, greedy=greedy, as_json=as_json)
        return
    stopped_by = stops_by(draw, verifier, value)
    until = stopping_rule(draw, stopped_by)
    tables = tables_of(draw.prices, None)
    run, stopped = draw_what_there_is(
        loaded, draw, out=out, greedy=greedy, until=until, by=stopped_by
    )
    if stopped is not None and not isinstance(stopped, BudgetExhausted):
        raise stopped
    rankers = [*ranking_scorers(run, value), *named]
    scored_by, *ranked_by = score_run(run, [verifier, *rankers])
    ranking = ranked_by[0] if ranked_by else None
    show_report(run, by=scored_by, value=ranking, out=None, as_json=as_json, tables=tables)
    if stopped is not None:
        raise stopped
