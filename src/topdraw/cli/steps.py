"""The steps that commands are made of: load a task, connect a model, draw, score.

Not here: options and printing. Try it: `topdraw run countdown -n 10 --problems 5`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence

import click

from topdraw.cli.options import Draw
from topdraw.cli.progress import Advance, progress
from topdraw.cli.shown import line
from topdraw.core.protocols import Model
from topdraw.core.records import Json, Task
from topdraw.errors import ConfigError, FormatError, UnknownNameError
from topdraw.sampling.progress import Progress
from topdraw.store.run import Run


def load_task(
    name: str, *, problems: int | None, task_seed: int | None, pairs: Sequence[str]
) -> Task:
    """The task of that name or file with the options of the command line.

    Raises:
        ConfigError: when an option is not KEY=VALUE, or the task has no such option.
    """
    from topdraw.tasks.load import load

    options: dict[str, Json] = {key: _value(text) for key, text in map(_pair, pairs)}
    if problems is not None:
        options["problems"] = problems
    if task_seed is not None:
        options["seed"] = task_seed
    return load(name, **options)


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


def connect_model(draw: Draw, on_retry: Callable[[str], None]) -> Model:
    """The model the command line names; an endpoint tells `on_retry` what it asks again and why."""
    from topdraw.models.connect import connect
    from topdraw.models.endpoint import connect_endpoint

    if draw.endpoint is not None:
        return connect_endpoint(
            draw.endpoint,
            model=draw.model,
            api_key_env=draw.api_key_env,
            api=draw.api,
            logprobs=True,
            on_retry=on_retry,
        )
    spec = draw.model or "builtin"
    if spec.startswith("builtin") and draw.concurrency is not None:
        return connect(spec, workers=draw.concurrency)
    try:
        return connect(spec)
    except UnknownNameError as error:
        error.hint += " A model on a server also needs its address: --endpoint URL."
        raise


class _Watch:
    """What a draw shows while it goes on: how far it is, how fast, and its last trouble."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._state = Progress(done=0, total=0)
        self._trouble = ""

    @property
    def drawn_nothing(self) -> bool:
        return self._state.drawn == 0

    def progress(self, state: Progress) -> None:
        self._state = state
        self._show()

    def retrying(self, trouble: str) -> None:
        self._trouble = f", {line(trouble, 100)}"
        self._show()

    def _show(self) -> None:
        state = self._state
        speed = f"{state.output_tokens / max(state.seconds, 1e-9):,.0f} tokens/s"
        failures = f", {state.failed} failed" if state.failed else ""
        self._advance(state.done, state.total, speed + failures + self._trouble)


def draw_run(task: Task, draw: Draw, *, out: str | os.PathLike[str] | None, greedy: bool) -> Run:
    """Draw what is missing of a run, with progress; finished samples stay whatever happens."""
    from topdraw.sampling.engine import sample

    with progress("Drawing") as advance:
        watch = _Watch(advance)
        model = connect_model(draw, watch.retrying)
        run = sample(
            task,
            model,
            draw.n,
            temperature=draw.temperature,
            top_p=draw.top_p,
            top_k=draw.top_k,
            repetition_penalty=draw.repetition_penalty,
            max_tokens=draw.max_tokens,
            stop=draw.stop,
            seed=draw.seed,
            greedy=greedy and getattr(model, "holds_greedy", True),
            out=out,
            concurrency=draw.concurrency,
            on_progress=watch.progress,
        )
    if watch.drawn_nothing:
        click.echo(f"Nothing to draw: {run.path} is complete.", err=True)
    run.seal()
    return run


def reopened(path: str, draw: Draw) -> tuple[Task, Draw, bool]:
    """What a run was drawn with: its task, its settings with `draw.n`, whether greedily too.

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
    settings = {name: getattr(sampler.decoding, name) for name in _DECODING}
    model = _model_again(run, draw)
    again = dataclasses.replace(draw, model=model, seed=run.manifest.seed, **settings)
    return task, again, run.manifest.sampler("greedy") is not None


_DECODING = ("temperature", "top_p", "top_k", "repetition_penalty", "max_tokens", "stop")


def _model_again(run: Run, draw: Draw) -> str:
    model = run.manifest.model
    if draw.endpoint is not None:
        return str(model.get("model") or draw.model or "")
    if model.get("kind") == "builtin":
        return str(model["name"])
    if draw.model is None:
        raise ConfigError(
            f"The run {run.path} does not store where its model is: {dict(model)}.",
            hint="Say it again with --endpoint URL, or --model recorded:FILE.",
        )
    return draw.model


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


def score_run(run: Run, scorers: Sequence[str], *, again: bool = False) -> list[str]:
    """Score with each scorer in turn what it has not scored yet, with progress.

    Args:
        run: the run.
        scorers: names or FILE.py:NAME.
        again: whether scores that are there are made anew.

    Returns:
        The names the scores are stored under, one per scorer.
    """
    from topdraw.scoring.engine import score
    from topdraw.scoring.resolve import resolve_scorer

    names = [resolve_scorer(spec).name for spec in scorers]
    for name, spec in dict(zip(names, scorers, strict=True)).items():
        with progress("Scoring", unit=f"samples with {name}") as advance:
            score(run, spec, again=again, on_progress=lambda done, all_: advance(done, all_, ""))
    return names


def stored_name(run: Run, spec: str | None) -> str | None:
    """The name a scorer's scores have in a run; what it stores nothing under stays as it is."""
    from topdraw.scoring.resolve import resolve_scorer

    if spec is None or spec in run.scorers() or ":" not in spec:
        return spec
    return resolve_scorer(spec).name


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
