"""The steps of a draw: draw what is missing of a run, find its settings again.

Not here: options (`draw`), connecting (`connecting`), what is shown meanwhile (`display`).
Try it: `topdraw sample countdown -n 10 --problems 5 --out runs/try`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import json
import os
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import click

from topdraw.cli.connecting import connect_model
from topdraw.cli.display import DrawDisplay, shown
from topdraw.cli.draw import Draw, Server
from topdraw.cli.pace import many
from topdraw.cli.shown import line
from topdraw.core.records import Decoding, Problem, Sample, Task
from topdraw.core.registry import lookup, names, origin_of
from topdraw.core.until import Until
from topdraw.errors import (
    BudgetExhausted,
    ConfigError,
    EndpointError,
    ResumeConflict,
    StoreError,
    UnknownNameError,
)
from topdraw.store.run import Run

if TYPE_CHECKING:
    from topdraw.sampling.stopping import Judge

Watch: TypeAlias = Callable[
    [str | os.PathLike[str], Callable[[str], None]],
    contextlib.AbstractContextManager[Callable[[Sample], None]],
]

_BATCH = {"pass": 1, "settled": 4, "best": 4}
_SMALL = (
    "No model was named: the built-in one answers, which has learnt arithmetic, countdown and "
    "functions alone. --endpoint names another."
)


class Drawn(NamedTuple):
    """A run after a draw, and why samples are missing; None when none is."""

    run: Run
    stopped: BudgetExhausted | EndpointError | None


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

    Raises:
        BudgetExhausted: when a cap stopped it; what is drawn is in Parquet files by then.
        EndpointError: when samples could not be drawn; likewise.
    """
    run, stopped = draw_what_there_is(task, draw, out=out, greedy=greedy, until=until, by=by)
    if stopped is None:
        return run
    path = shlex.quote(str(run.path))
    used_by = f"`topdraw score {path}` and `topdraw report {path}`"
    stopped.hint += f" {used_by} use what is there."
    raise stopped


def _is_beyond_the_builtin(task: Task, draw: Draw) -> bool:
    """Whether nobody named a model for a benchmark, which the built-in one did not learn."""
    if draw.model is not None or draw.server.endpoint or task.name not in names("task"):
        return False
    return origin_of(lookup("task", task.name)) is not None


def draw_what_there_is(
    task: Task,
    draw: Draw,
    *,
    out: str | os.PathLike[str] | None,
    greedy: bool,
    until: Until | None = None,
    by: str = "",
    watch: Watch | None = None,
) -> Drawn:
    """The same as `draw_run`, for callers that go on with a part of the samples.

    Args:
        task: as there.
        draw: as there.
        out: as there.
        greedy: as there.
        until: as there.
        by: as there.
        watch: given the run's place and what says a line, it is open while samples are drawn and
            gives whom to tell of each; None for nobody.

    Raises:
        BudgetExhausted: when a cap left nothing at all.
        EndpointError: when no sample could be drawn.
    """
    from topdraw.sampling.engine import sample
    from topdraw.sampling.plan import default_path, with_task_defaults
    from topdraw.sampling.prices import read_prices
    from topdraw.store.catalog import is_being_written

    prices = None if draw.prices is None else read_prices(draw.prices)
    judge = None if until is None else _judge(until, by)
    display = DrawDisplay(paid=bool(draw.server.endpoint), at_most=until is not None)
    stopped: BudgetExhausted | EndpointError | None = None
    try:
        with shown(display) as say, contextlib.ExitStack() as stack:
            model = connect_model(draw, display.retrying)
            if _is_beyond_the_builtin(task, draw):
                say(_SMALL)
            decoding = with_task_defaults(draw.decoding, task.decoding)
            place = out or default_path(task, model.identity, decoding, draw.seed, until=until)
            if is_being_written(place):
                say(f"Another process is drawing into {place}: what both draw is paid twice.")
            on_sample = stack.enter_context(watch(place, say)) if watch else None
            try:
                sample(
                    task,
                    model,
                    draw.n,
                    **dataclasses.asdict(draw.decoding),
                    seed=draw.seed,
                    greedy=greedy and getattr(model, "holds_greedy", True),
                    out=place,
                    concurrency=draw.concurrency,
                    budget=draw.budget,
                    until=until,
                    judge=judge,
                    durability=draw.durability,
                    prices=prices,
                    on_progress=display.progress,
                    on_sample=on_sample,
                    on_interrupt=lambda: say(_stopping(display.state.under_way)),
                )
            except BudgetExhausted as error:
                _explain_small_cap(error, draw, display, len(task.problems))
                stopped = error
            except EndpointError as error:
                stopped = error
            except ResumeConflict as error:
                _explain_other_problems(error, task, place)
                raise
    finally:
        _tell_dropped(display.state.dropped)
    run = Run.open(place)
    if display.state.drawn == 0 and stopped is None:
        click.echo(f"Nothing to draw: {run.path} is complete.", err=True)
    if stopped is None:
        run.seal()
        return Drawn(run, None)
    if not any(run.drawn(sampler.hash) for sampler in run.manifest.samplers):
        raise stopped
    with contextlib.suppress(StoreError):  # what stopped it matters more
        run.seal()
    return Drawn(run, stopped)


def _tell_dropped(requests: int) -> None:
    if requests:
        was, they = ("was", "it") if requests == 1 else ("were", "they")
        what = f"{many(requests, 'request')} under way {was} dropped; {they} may be charged."
        click.echo(what, err=True)


def _judge(until: Until, by: str) -> Judge:
    from topdraw.scoring.apply import apply_scorer
    from topdraw.scoring.resolve import resolve_scorer

    try:
        named = resolve_scorer(by)
    except UnknownNameError as error:
        error.hint += " A function of your own is named again with --by FILE.py:NAME."
        raise
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


def _explain_other_problems(error: ResumeConflict, task: Task, out: str | os.PathLike[str]) -> None:
    """Say which prompt or target has changed, where a manifest has but a digest."""
    stored = Run.open(out).problems
    asked = {problem.id: problem for problem in task.problems}
    ids = [key for key in {**stored, **asked} if _told(stored.get(key)) != _told(asked.get(key))]
    if ids:
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


def stopping_rule(
    draw: Draw, by: str, *, before: Until | None = None, how: str = "--value or --with"
) -> Until | None:
    """When a problem needs no further samples, as the command line says; None for never.

    Args:
        draw: the options.
        by: the scorer whose verdicts or answers count, as --by names it; "" when there is none.
        before: the rule of a run that goes on, for what the options leave open.
        how: the option that names a scorer whose values rank.

    Raises:
        UsageError: for an option that would do nothing.
        ConfigError: when there is no scorer.
        UnknownNameError: when nobody registered it.
    """
    from topdraw.scoring.resolve import resolve_scorer

    rule = draw.stopping.until or (before.rule if before else None)
    for name in ("batch", "confidence", "gain"):
        if name in draw.given and rule is None:
            raise click.UsageError(f"--{name} belongs to a stopping rule: name one with --until.")
    if "confidence" in draw.given and rule == "pass":
        raise click.UsageError("--confidence belongs to --until settled: a pass is a pass.")
    if "gain" in draw.given and rule != "best":
        raise click.UsageError("--gain belongs to --until best: how much better a score must be.")
    if rule is None:
        return None
    if not by and rule == "best":
        raise ConfigError(
            "--until best needs a scorer whose values rank.", hint=f"Name one with {how}."
        )
    if not by:
        raise ConfigError(
            f"--until {rule} needs a scorer, and this task has none of its own.",
            hint="Name one with --by.",
        )
    same = before if before is not None and before.rule == rule else None
    confidence = draw.stopping.confidence
    gain = draw.stopping.gain
    if same is not None and "confidence" not in draw.given:
        confidence = same.confidence
    if same is not None and "gain" not in draw.given:
        gain = same.gain
    batch = draw.stopping.batch or (same.batch if same else _BATCH[rule])
    # A function from a file is registered by whoever names it again.
    named = by if before is not None and by == before.by else resolve_scorer(by).name
    return Until(rule, named, batch, confidence, gain)


def stops_by(draw: Draw, verifier: str, ranked_by: str | None) -> str:
    """The scorer that a stopping rule looks at, as the command line names it; "" for none.

    Args:
        draw: the options.
        verifier: gives verdicts and answers: "pass" and "settled" look at these.
        ranked_by: gives values, at which "best" looks; None for what fits the model: of the
            built-in one the reward that is shipped with it.
    """
    if draw.stopping.until != "best":
        return verifier
    return ranked_by or shipped_ranker(draw)


def shipped_ranker(draw: Draw) -> str:
    """The scorer that is shipped to rank what a model says: of the built-in one, else ""."""
    is_builtin = (draw.model or "builtin").startswith("builtin") and not draw.server.endpoint
    return "reward" if is_builtin else ""


def check_by(draw: Draw, before: Until | None = None) -> None:
    """Refuse a --by that would do nothing, where it is about stopping alone.

    Raises:
        UsageError: when there is no stopping rule.
    """
    if "by" in draw.given and draw.stopping.until is None and before is None:
        raise click.UsageError(
            "--by names the scorer of a stopping rule: add --until. (`topdraw score` scores.)"
        )


class Reopened(NamedTuple):
    """What a run was drawn with: all that it takes to go on, and what was asked otherwise."""

    task: Task
    draw: Draw
    greedy: bool
    until: Until | None


def reopened(path: str, draw: Draw, *, greedy: bool) -> Reopened:
    """What a run was drawn with, except where the command line says something else.

    What it says otherwise is refused later, by name, if it would make another run of it.

    Args:
        path: of the run.
        draw: the options; n and the model's address are not stored in a run as such.
        greedy: whether greedy samples are asked for.

    Raises:
        ConfigError: when the run does not say where its model is, and `draw` does not either.
    """
    run = Run.open(path)
    manifest, given = run.manifest, draw.given
    sampler = manifest.sampler("sampled")
    if sampler is None:
        raise ConfigError(f"The run {path} has no samples to go on with.")
    about = manifest.task
    task = Task(
        str(about["name"]),
        str(about["version"]),
        tuple(run.problems.values()),
        scorer=manifest.scorer,
    )
    again = dataclasses.replace(
        draw,
        n=draw.n if "n" in given else sampler.n,
        model=_model_again(run, draw),
        seed=draw.seed if "seed" in given else manifest.seed,
        decoding=_decoding_again(sampler.decoding, draw),
        server=_server_again(run, draw),
    )
    if "greedy" not in given:
        greedy = manifest.sampler("greedy") is not None
    return Reopened(task, again, greedy, manifest.until)


def _decoding_again(stored: Decoding, draw: Draw) -> Decoding:
    options = {f.name: f.name for f in dataclasses.fields(stored)}
    options["max_tokens"] = "max_output_tokens"
    asked = {n: getattr(draw.decoding, n) for n, option in options.items() if option in draw.given}
    return dataclasses.replace(stored, **asked)


def _server_again(run: Run, draw: Draw) -> Server:
    if "api" in draw.given or run.manifest.model.get("api") != "completions":
        return draw.server
    return (
        dataclasses.replace(draw.server, api="completions") if draw.server.endpoint else draw.server
    )


def _model_again(run: Run, draw: Draw) -> str:
    model = run.manifest.model
    if draw.server.endpoint:
        return draw.model or str(model.get("model") or "")
    if model.get("kind") == "builtin":
        return draw.model or str(model["name"])
    if draw.model is None:
        raise ConfigError(
            f"The run {run.path} does not store where its model is: {dict(model)}.",
            hint="Say it again with --endpoint URL, or --model recorded:FILE.",
        )
    return draw.model
