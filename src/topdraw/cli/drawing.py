"""The steps of a draw: draw what is missing of a run, find its settings again.

Not here: options (`draw`), connecting (`connecting`), what is shown meanwhile (`display`).
Try it: `topdraw sample countdown -n 10 --problems 5 --out runs/try`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import os
from typing import TYPE_CHECKING, NamedTuple

import click

from topdraw.cli.connecting import connect_model
from topdraw.cli.display import DrawDisplay, shown
from topdraw.cli.draw import Draw, Stopping
from topdraw.cli.pace import many
from topdraw.cli.shown import line
from topdraw.core.records import Problem, Task
from topdraw.core.until import Until
from topdraw.errors import BudgetExhausted, ConfigError, ResumeConflict, UnknownNameError
from topdraw.store.run import Run

if TYPE_CHECKING:
    from topdraw.sampling.stopping import Judge

_BATCH = {"pass": 1, "settled": 4}


def draw_run(
    task: Task,
    draw: Draw,
    *,
    out: str | os.PathLike[str] | None,
    greedy: bool,
    until: Until | None = None,
    by: str = "",
) -> Run:
    """Draw what is missing of a run, with progress; finished samples stay whatever happens.

    Args:
        task: what to draw samples of.
        draw: how.
        out: directory of the run; None makes a name.
        greedy: whether one greedy sample per problem is drawn as well.
        until: when a problem needs no further samples.
        by: the scorer of `until` as the command line names it.
    """
    from topdraw.sampling.engine import sample
    from topdraw.sampling.prices import read_prices

    prices = None if draw.prices is None else read_prices(draw.prices)
    judge = None if until is None else _judge(until, by)
    display = DrawDisplay(paid=bool(draw.server.endpoint), at_most=until is not None)
    with shown(display) as say:
        model = connect_model(draw, display.retrying)
        try:
            run = sample(
                task,
                model,
                draw.n,
                **dataclasses.asdict(draw.decoding),
                seed=draw.seed,
                greedy=greedy and getattr(model, "holds_greedy", True),
                out=out,
                concurrency=draw.concurrency,
                budget=draw.budget,
                until=until,
                judge=judge,
                durability=draw.durability,
                prices=prices,
                on_progress=display.progress,
                on_interrupt=lambda: say(_stopping(display.state.under_way)),
            )
        except BudgetExhausted as error:
            _explain_small_cap(error, draw, display, len(task.problems))
            raise
        except ResumeConflict as error:
            _explain_other_problems(error, task, out)
            raise
    if display.state.drawn == 0:
        click.echo(f"Nothing to draw: {run.path} is complete.", err=True)
    run.seal()
    return run


def _judge(until: Until, by: str) -> Judge:
    from topdraw.scoring.apply import apply_scorer
    from topdraw.scoring.resolve import resolve_scorer

    try:
        named = resolve_scorer(by)
    except UnknownNameError as error:
        error.hint += " A function of your own is named again with --by FILE.py:NAME."
        raise
    if named.name != until.by:
        raise ConfigError(f"This run stops {until}; --by names {named.name!r}.")
    return functools.partial(apply_scorer, named)


def _stopping(under_way: int) -> str:
    what = f"{many(under_way, 'request')} under way" if under_way else "what is under way"
    return f"Stopping: waiting up to 3 s for {what}; Ctrl-C again stops now."


def _explain_small_cap(
    error: BudgetExhausted, draw: Draw, display: DrawDisplay, problems: int
) -> None:
    """Who caps a run below one sample per problem most likely meant the longest output."""
    cap = None if draw.budget is None else draw.budget.tokens
    drawn = display.state.drawn
    typical = display.state.output_tokens / drawn if drawn else 0
    if cap is not None and (not display.state.done or cap < problems * typical):
        error.hint += (
            " --max-tokens caps what the whole run may cost; the longest output is"
            " --max-output-tokens."
        )


def _explain_other_problems(
    error: ResumeConflict, task: Task, out: str | os.PathLike[str] | None
) -> None:
    """Say which prompt or target has changed, where a manifest has but a digest."""
    stored = {} if out is None else Run.open(out).problems
    asked = {problem.id: problem for problem in task.problems}
    ids = [key for key in {**stored, **asked} if _told(stored.get(key)) != _told(asked.get(key))]
    if ids and stored:
        texts = _told(stored.get(ids[0])), _told(asked.get(ids[0]))
        same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(*texts, strict=False))
        common = max(sum(1 for _ in same) - 30, 0)
        was, now = ("…" * (common > 0) + line(text[common:], 120) for text in texts)
        error.hint = (
            f"{len(ids):,} of {len(asked):,} problems differ; {line(ids[0], 60)!r} was: {was};"
            f" and is: {now}. {error.hint}"
        )


def _told(problem: Problem | None) -> str:
    if problem is None:
        return "not there"
    return f"{problem.prompt!r} with the target {json.dumps(problem.target, ensure_ascii=False)}"


def stopping_rule(stopping: Stopping, by: str) -> Until | None:
    """When a problem needs no further samples, as the command line says; None for never.

    Args:
        stopping: its options.
        by: the scorer whose verdicts or answers count, as --by names it; "" when there is none.

    Raises:
        ConfigError: when there is no scorer.
        UnknownNameError: when nobody registered it.
    """
    from topdraw.scoring.resolve import resolve_scorer

    if stopping.until is None:
        return None
    if not by:
        raise ConfigError(
            f"--until {stopping.until} needs a scorer, and this task has none of its own.",
            hint="Name one with --by.",
        )
    batch = stopping.batch or _BATCH[stopping.until]
    return Until(stopping.until, resolve_scorer(by).name, batch, stopping.confidence)


class Reopened(NamedTuple):
    """What a run was drawn with: all that it takes to go on."""

    task: Task
    draw: Draw
    greedy: bool
    until: Until | None


def reopened(path: str, draw: Draw) -> Reopened:
    """What a run was drawn with; n, the model's address and the like are those of `draw`.

    Raises:
        ConfigError: when the run does not say where its model is, and `draw` does not either.
    """
    run = Run.open(path)
    sampler = run.manifest.sampler("sampled")
    if sampler is None:
        raise ConfigError(f"The run {path} has no samples to go on with.")
    about = run.manifest.task
    task = Task(
        str(about["name"]),
        str(about["version"]),
        tuple(run.problems.values()),
        scorer=run.manifest.scorer,
    )
    again = dataclasses.replace(
        draw,
        model=_model_again(run, draw),
        seed=run.manifest.seed,
        decoding=sampler.decoding,
    )
    greedy = run.manifest.sampler("greedy") is not None
    return Reopened(task, again, greedy, run.manifest.until)


def _model_again(run: Run, draw: Draw) -> str:
    model = run.manifest.model
    if draw.server.endpoint:
        return str(model.get("model") or draw.model or "")
    if model.get("kind") == "builtin":
        return str(model["name"])
    if draw.model is None:
        raise ConfigError(
            f"The run {run.path} does not store where its model is: {dict(model)}.",
            hint="Say it again with --endpoint URL, or --model recorded:FILE.",
        )
    return draw.model
