"""Drawing a study from the command line: what it will take, and every run with its progress.

Not here: options (`study`), plans (`topdraw.studies`). Try it: `topdraw study monkeys --plan`.
"""

from __future__ import annotations

import dataclasses
import functools

import click

from topdraw.cli.draw import Draw
from topdraw.cli.drawing import draw_what_there_is
from topdraw.cli.outlook import Outlook, Share, outlook, require_price
from topdraw.cli.steps import check_names, check_targets, score_run
from topdraw.core.records import Decoding, Task
from topdraw.errors import BudgetExhausted, ConfigError, EndpointError
from topdraw.sampling.budget import Budget
from topdraw.sampling.plan import with_task_defaults
from topdraw.sampling.prices import read_prices
from topdraw.sampling.turns import Part, draw_in_turn
from topdraw.studies.folder import Study, make_study
from topdraw.studies.plan import Leg
from topdraw.tasks.load import load


def study_outlook(asked: Study, draw: Draw) -> Outlook:
    """What a study will take, from what its runs have taken so far, or guessed.

    Args:
        asked: the study; its folder need not exist.
        draw: the settings that all runs share.

    Raises:
        StoreError: when a run that is there cannot be read.
        FormatError: when the table of prices cannot.
    """
    shares = [
        Share(asked.part(leg), _task(leg), leg.model, _decoding(leg).max_tokens, leg.greedy)
        for leg in asked.plan.legs
    ]
    return outlook(shares, draw, what="runs")


def draw_study(asked: Study, draw: Draw) -> Study:
    """Draw and score what is missing of a study, run by run, with progress.

    Args:
        asked: the study.
        draw: the settings that all runs share.

    Raises:
        ConfigError: when a cap in USD has no price to go by, or a task has no verifier.
        BudgetExhausted: when a cap stopped it; what is drawn is scored.
        EndpointError: when samples could not be drawn, after all runs or where a run got none.
        ResumeConflict: when the folder holds another study.
    """
    prices = None if draw.prices is None else read_prices(draw.prices)
    legs = {leg.name: leg for leg in asked.plan.legs}
    for leg in legs.values():
        require_price(dataclasses.replace(draw, model=leg.model or None), prices)
        check_targets(_task(leg), _verifier(leg))
        check_names(scorers=leg.ranked_by)
    made = make_study(asked.path, asked.plan)
    troubles: list[EndpointError] = []

    def drawn(part: Part, left: Budget | None) -> None:
        leg = legs[part.name]
        number = list(legs).index(leg.name) + 1
        click.echo(f"Run {number} of {len(legs)}: {leg.name}, n = {leg.n:,}.", err=True)
        own = dataclasses.replace(
            draw, n=leg.n, model=leg.model or None, decoding=_decoding(leg), budget=left
        )
        run, stopped = draw_what_there_is(_task(leg), own, out=part.path, greedy=leg.greedy)
        score_run(run, [_verifier(leg), *leg.ranked_by])
        if isinstance(stopped, BudgetExhausted):
            raise BudgetExhausted(
                f"The cap of the study is reached in the run {leg.name}.",
                hint=f"What is drawn is in {made.path}; with a larger cap the same command goes "
                "on.",
            ) from stopped
        if stopped is not None:
            troubles.append(stopped)

    parts = [made.part(leg) for leg in asked.plan.legs]
    others = [made.part(leg) for leg in made.plan.legs if leg.name not in legs]
    draw_in_turn(parts, drawn, whole="study", beside=others, budget=draw.budget, prices=prices)
    if troubles:
        raise troubles[0]
    return made


def _decoding(leg: Leg) -> Decoding:
    base = with_task_defaults(Decoding(), _task(leg).decoding)
    return dataclasses.replace(base, **leg.decoding)  # type: ignore[arg-type]  # the plan's own


def _verifier(leg: Leg) -> str:
    scorer = _task(leg).scorer
    if not scorer:
        raise ConfigError(
            f"The task {leg.task!r} has no scorer of its own, so no study can use it."
        )
    return scorer


def _task(leg: Leg) -> Task:
    return _loaded(leg.task, tuple(sorted(leg.options.items())))


@functools.lru_cache(maxsize=32)
def _loaded(name: str, options: tuple[tuple[str, object], ...]) -> Task:
    return load(name, **dict(options))  # type: ignore[arg-type]  # JSON, from a plan
