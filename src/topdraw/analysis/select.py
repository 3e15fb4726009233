"""One chosen sample per problem: a draw from the selector's weights.

Not here: selectors (selection/) and how good they are (`accuracy`).
Try it: `topdraw select RUN --selector majority`.
"""

from __future__ import annotations

import functools
import itertools
import operator
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.accuracy import default_value
from topdraw.core.protocols import Selector
from topdraw.core.records import Problem, Sample
from topdraw.core.seeds import Rng, generator
from topdraw.errors import ConfigError
from topdraw.selection.candidates import NoVerdict, Role, candidates
from topdraw.selection.resolve import resolve_selector
from topdraw.store.evidence import Evidence, EvidenceOrPath, open_evidence
from topdraw.store.plain import PlainTable


@dataclass(frozen=True, slots=True)
class Choice:
    """The sample chosen for one problem.

    Attributes:
        problem: what was asked.
        sample: what was chosen; None when no candidate could be (*unanswered*).
        probability: the selector's weight on it, in (0, 1]; below 1 means a tie or a posterior.
        among: how many candidates there were.
    """

    problem: Problem
    sample: Sample | None
    probability: float
    among: int


def select(
    run: EvidenceOrPath,
    chooser: str | Selector,
    *,
    by: str | None = None,
    value: str | None = None,
    answer: str | None = None,
    rng: Rng = 0,
) -> list[Choice]:
    """The chosen sample of every problem, in problem order.

    The choice is drawn from the selector's weights, so that ties fall evenly and a posterior is
    sampled; the expected accuracy of the very same weights is `analysis.accuracy`.

    Args:
        run: a run or a table of samples, scored with what the selector needs, or its path.
        chooser: name ("majority", "posterior(0.5)") or a function of `Candidates`.
        by: verifier whose answers vote; default the task's own scorer. One without verdicts will
            do, unless the selector looks at them.
        value: scorer whose values rank; default as in `analysis.accuracy`.
        answer: scorer whose answers vote instead; it need not give a verdict.
        rng: seed or generator of the draw.

    Raises:
        UnknownNameError: when nobody registered that selector.
        ConfigError: when the run lacks the scores it needs.
    """
    run = open_evidence(run)
    weigh = resolve_selector(chooser)
    role: Role = "greedy" if "greedy" in weigh.needs else "sampled"
    by = by or own_verifier(run, weigh.needs)
    value = value or (default_value(run, by or "") if "value" in weigh.needs else None)
    samples = run.samples(role)
    if not samples:
        raise _nothing_to_choose(run, role)
    by_problem = itertools.groupby(samples, key=operator.attrgetter("problem_id"))
    grouped = {problem_id: list(group) for problem_id, group in by_problem}
    arrays = functools.partial(
        candidates, run, value=value, role=role, samples=samples, needs=weigh.needs
    )
    try:
        found = arrays(by=by, answer=answer)
    except NoVerdict:
        if "passed" in weigh.needs:
            raise
        found = arrays(by=None, answer=answer or by)
    random = generator(rng)
    return [
        _draw(run.problems[problem_id], grouped.get(problem_id, []), weigh(c), random)
        for problem_id, c in found.items()
    ]


def _nothing_to_choose(run: Evidence, role: Role) -> ConfigError:
    if isinstance(run, PlainTable) and run.is_counts:
        return ConfigError(f"{run.path} holds counts alone: there is no sample to choose.")
    can = role == "greedy" and not isinstance(run, PlainTable)
    hint = "Draw them with `topdraw sample --greedy`." if can else ""
    return ConfigError(f"{run.path} has no {role} samples.", hint=hint)


def own_verifier(run: Evidence, needs: tuple[str, ...]) -> str | None:
    """The task's scorer, where it has scored or where the choice cannot do without it.

    Args:
        run: the run.
        needs: fields of `Candidates` that the selector looks at.
    """
    own = run.manifest.scorer
    wanted = own in run.scorers() or not {"answer", "passed"}.isdisjoint(needs)
    return own if own and wanted else None


def _draw(
    problem: Problem, samples: list[Sample], weights: np.ndarray, random: np.random.Generator
) -> Choice:
    if not samples or not weights.any():
        return Choice(problem, None, 0.0, len(samples))
    pick = int(random.choice(len(samples), p=weights / weights.sum()))
    return Choice(problem, samples[pick], float(weights[pick]), len(samples))
