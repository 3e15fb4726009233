"""The steps that commands are made of: load a task, check it, score a run.

Not here: drawing (`topdraw.cli.drawing`), options and printing.
Try it: `topdraw run countdown -n 10 --problems 5`.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from topdraw.cli.progress import Advance, progress
from topdraw.cli.shown import line
from topdraw.core.records import Json, Task
from topdraw.errors import ConfigError, FormatError, UnknownNameError
from topdraw.store.evidence import Evidence
from topdraw.store.run import Run

if TYPE_CHECKING:
    from topdraw.cli.draw import Draw
    from topdraw.scoring.charged import Caps


def load_task(
    name: str, *, problems: int | None, task_seed: int | None, pairs: Sequence[str]
) -> Task:
    """The task of that name or file with the options of the command line.

    Raises:
        ConfigError: when an option is not KEY=VALUE, or the task has no such option.
    """
    from topdraw.tasks.load import load, packaged_note

    options: dict[str, Json] = {key: _value(text) for key, text in map(_pair, pairs)}
    if problems is not None:
        options["problems"] = problems
    if task_seed is not None:
        options["seed"] = task_seed
    loaded = load(name, **options)
    if "path" not in options and (note := packaged_note(name)):
        click.echo(f"{name}: {note}", err=True)
    return loaded


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f"A task option is KEY=VALUE, not {text!r}.")
    return key, value


def _value(text: str) -> Json:
    import msgspec

    try:
        value: Json = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return value


def check_targets(task: Task, verifier: str) -> None:
    """Refuse problems that the number verifier could not grade, before anything is drawn.

    Raises:
        FormatError: naming the first of them.
    """
    from topdraw.scoring.number import read_target

    for problem in task.problems if verifier == "number" else ():
        if read_target(problem.target) is None:
            what = "has no target" if problem.target is None else f"has {problem.target!r}"
            raise FormatError(
                f"Problem {problem.id!r} {what}, and 'number' grades by a number.",
                hint="Name the column with -o target=COLUMN, or your own scorer with --by"
                " FILE.py:NAME; `topdraw sample` draws without grading.",
            )


def check_names(*, scorers: Iterable[str | None], selectors: Iterable[str] = ()) -> None:
    """Refuse names that nobody registered before anything is drawn and paid for.

    Raises:
        UnknownNameError: for the first of them.
        ConfigError: for a file that holds no such function.
    """
    from topdraw.scoring.resolve import resolve_scorer
    from topdraw.selection.resolve import resolve_selector

    for name in scorers:
        if name is not None:
            resolve_scorer(name)
    for name in selectors:
        resolve_selector(name)


def tell_plan(task: Task, draw: Draw, *, out: str | None, greedy: bool, as_json: bool) -> None:
    """Print what a run will take.

    Args:
        task: its problems.
        draw: the settings.
        out: directory of the run; None for one that is not there.
        greedy: whether one greedy sample per problem is drawn as well.
        as_json: whether it is for programs.
    """
    from topdraw.cli.outlook import run_outlook

    told = run_outlook(task, draw, out=out, greedy=greedy)
    click.echo(json.dumps(dataclasses.asdict(told)) if as_json else str(told))


def score_run(
    run: Run,
    scorers: Sequence[str],
    *,
    again: bool = False,
    workers: int | None = None,
    caps: Caps | None = None,
) -> list[str]:
    """Score with each scorer in turn what it has not scored yet, with progress.

    Args:
        run: the run.
        scorers: names or FILE.py:NAME.
        again: whether scores that are there are made anew.
        workers: calls under way at once; None for what each scorer says.
        caps: of scorers that ask a server; None for none.

    Returns:
        The names the scores are stored under, one per scorer.
    """
    from topdraw.scoring.engine import score
    from topdraw.scoring.resolve import resolve_scorer

    names = [resolve_scorer(spec).name for spec in scorers]
    for name, spec in dict(zip(names, scorers, strict=True)).items():
        with progress("Scoring", unit=f"samples with {name}") as advance:
            score(
                run,
                spec,
                again=again,
                workers=workers,
                caps=caps,
                on_progress=_unless_done(advance),
            )
    return names


def _unless_done(advance: Advance) -> Callable[[int, int], None]:
    """Progress of what is left to do; nothing is said where nothing is."""
    began = False

    def tell(done: int, total: int) -> None:
        nonlocal began
        began = began or done < total
        if began:
            advance(done, total, "")

    return tell


class Applied(NamedTuple):
    """What `--with` and its neighbours come to on a run, as names of stored scores.

    Attributes:
        by: the verifier; None for the task's own.
        value: the scorer that ranks: of --value, else the first of --with; None for the default.
    """

    by: str | None
    value: str | None


def apply_named(
    run: Evidence, named: Sequence[str], *, by: str | None = None, value: str | None = None
) -> Applied:
    """Score what the scorers of --with have not scored yet, and say which names to look at.

    Args:
        run: the run, or a table, which nothing can be added to.
        named: scorers, as --with names them.
        by: as --by names it.
        value: as --value names it.

    Raises:
        ConfigError: for a table; for a scorer that gives no score per sample.
        UnknownNameError: when nobody registered one.
        ResumeConflict: when the run has scores by another version of one.
    """
    if named and not isinstance(run, Run):
        raise ConfigError(
            f"{run.path} is a table: its samples cannot be scored with {named[0]}.",
            hint="Make a run of it with `topdraw import`, or leave out --with.",
        )
    made = score_run(run, named) if isinstance(run, Run) and named else []
    for name in made:
        _tell_if_useless(run, name)
    ranking = stored_name(run, value) or (made[0] if made else None)
    return Applied(stored_name(run, by), ranking)


def _tell_if_useless(run: Evidence, scorer: str) -> None:
    """Say so when a scorer has failed on every sample: what follows goes by others, silently."""
    scores = run.scores(scorer).values() if isinstance(run, Run) else ()
    if scores and all(score.is_missing for score in scores):
        reason = line(next(iter(scores)).missing_reason or "", 200)
        click.echo(f"{line(scorer)}: all {len(scores):,} scores are missing: {reason}", err=True)


def stored_name(run: Evidence, spec: str | None) -> str | None:
    """The name a scorer's scores have in a run; a plain name stays as it is.

    Raises:
        UnknownNameError: when a scorer of a file, or one with options, has not scored this run.
    """
    from topdraw.scoring.resolve import is_scorer_spec, resolve_scorer

    known = run.scorers()
    if spec is None or spec in known or not is_scorer_spec(spec):
        return spec
    name = resolve_scorer(spec).name
    if name not in known and isinstance(run, Run):
        raise UnknownNameError(
            f"The run {run.path} has no scores by {name!r}; it has {', '.join(known) or 'none'}.",
            hint=f"Make them with: topdraw score {run.path} {shlex.quote(spec)}",
        )
    return name


def ranking_scorers(run: Run, value: str | None) -> list[str]:
    """The scorer that ranks this run's samples: the one asked for, or what fits the model.

    The shipped reward model knows the built-in tasks only; elsewhere the model's own
    log-probability ranks, which needs no training. Where that is unknown too, nothing does.
    """
    from topdraw.analysis.accuracy import default_value

    if value is None and run.manifest.model.get("kind") == "builtin":
        return ["reward"]
    ranking = value or default_value(run)
    return [ranking] if ranking else []
