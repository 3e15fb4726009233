"""Drawing a study from the command line: what it will take, and every run with its progress.

Not here: options (`study`), plans (`topdraw.studies`). Try it: `topdraw study monkeys --plan`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path

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
from topdraw.store.segments import write_atomically
from topdraw.studies.folder import PRICES, Study, make_study
from topdraw.studies.material import recorded
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
        Share(
            asked.part(leg),
            _task(leg),
            leg.model,
            _decoding(leg, draw.decoding).max_tokens,
            leg.greedy,
        )
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
        FormatError: when recorded samples are no table.
    """
    prices = None if draw.prices is None else read_prices(draw.prices)
    legs = {leg.name: leg for leg in asked.plan.legs}
    for leg in legs.values():
        require_price(dataclasses.replace(draw, model=leg.model or None), prices)
        check_targets(_task(leg), _verifier(leg))
        check_names(scorers=leg.ranked_by)
    for one in asked.plan.recorded:
        recorded(one)  # What cannot be read must not become part of a study.
    made = make_study(asked.path, asked.plan)
    if draw.prices:
        write_atomically(made.path / PRICES, Path(draw.prices).read_bytes())
    troubles: list[EndpointError] = []

    def drawn(part: Part, left: Budget | None) -> None:
        leg = legs[part.name]
        number = list(legs).index(leg.name) + 1
        click.echo(f"Run {number} of {len(legs)}: {leg.name}, n = {leg.n:,}.", err=True)
        own = dataclasses.replace(
            draw,
            n=leg.n,
            model=leg.model or None,
            decoding=_decoding(leg, draw.decoding),
            budget=left,
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


def check_verifiers(made: Study) -> None:
    """Ask the verifier of each run of a study of coverage again, once; stored in its folder.

    Args:
        made: a study with its runs.

    Raises:
        StoreError: when something cannot be read or written.
    """
    from topdraw.studies.monkeys.checks import check_verifier, stored_check

    for leg in made.plan.legs:
        run = made.part(leg).run
        if run is not None and run.scorers():
            click.echo(f"Checking the verifier of {leg.name}.", err=True)
            make = functools.partial(check_verifier, run, _task(leg), _verifier(leg))
            stored_check(made.path, leg.name, make)


def _decoding(leg: Leg, typed: Decoding) -> Decoding:
    """What the command line says of all runs, what the task says, and what the plan says of it."""
    base = with_task_defaults(typed, _task(leg).decoding)
    return dataclasses.replace(base, **leg.decoding)  # type: ignore[arg-type]  # the plan's own


def _verifier(leg: Leg) -> str:
    scorer = _task(leg).scorer
    if not scorer:
        raise ConfigError(
            f"The task {leg.task!r} has no scorer of its own, so no study can use it."
        )
    return scorer


def _task(leg: Leg) -> Task:
    return _loaded(leg.task, json.dumps(dict(leg.options), sort_keys=True))


@functools.lru_cache(maxsize=32)
def _loaded(name: str, options: str) -> Task:
    """Options as JSON, because a list has no hash."""
    return load(name, **json.loads(options))
