"""What some selectors see besides the usual arrays: other scorers' values, and pairs of samples.

Not here: the usual arrays (`selection.candidates`).
Try it: `python -m pytest tests/selection/test_extras.py`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from topdraw.core.records import Candidates, FloatArray, Sample, Score
from topdraw.core.registry import unknown_name
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.selection.similarity import SIMILARITIES
from topdraw.store.comparisons import Comparisons, comparison_names, comparisons
from topdraw.store.evidence import Evidence
from topdraw.store.plain import PlainTable

Scores = Mapping[tuple[str, str, int], Score]
Role = Literal["sampled", "greedy"]


def with_extras(
    run: Evidence,
    found: Mapping[str, Candidates],
    needs: Sequence[str],
    *,
    role: Role = "sampled",
    samples: Sequence[Sample] | None = None,
) -> dict[str, Candidates]:
    """The candidates with the `scores` and `pairs` that a selector needs.

    "score:NAME" is what the run has of that scorer: its value, 1 or 0 for a verdict. "pairs:NAME"
    is a registered similarity of the outputs, or comparisons stored in the run under that name.

    Args:
        run: where the candidates come from.
        found: the candidates of each problem, in the order of its samples.
        needs: what the selector declared; anything else is not looked at.
        role: which samples they are.
        samples: `run.samples(role)` when it was read already.

    Raises:
        UnknownNameError: if the run has no such scorer or comparisons; says which it has.
        ConfigError: if a similarity needs texts that a table does not hold.
    """
    scorers = [need.partition(":")[2] for need in needs if need.startswith("score:")]
    pairs = [need.partition(":")[2] for need in needs if need.startswith("pairs:")]
    if not (scorers or pairs):
        return dict(found)
    drawn = _by_problem(run.samples(role) if samples is None else samples)
    known = {name: scores_of(run, name) for name in scorers}
    stored = {name: _comparisons(run, name) for name in pairs if name not in SIMILARITIES}
    _require_texts(run, [name for name in pairs if name in SIMILARITIES])
    return {
        problem_id: dataclasses.replace(
            one,
            scores=dict(_scores(drawn.get(problem_id, []), known)),
            pairs=dict(_pairs(problem_id, drawn.get(problem_id, []), pairs, stored)),
        )
        for problem_id, one in found.items()
    }


def extras_of(
    found: Candidates,
    samples: Sequence[Sample],
    needs: Sequence[str],
    *,
    scores: Mapping[str, Sequence[Score]],
    judged: Mapping[str, Comparisons],
) -> Candidates:
    """The candidates of one problem that is in no run, with what a selector needs besides.

    Args:
        found: the candidates.
        samples: the same, in the same order.
        needs: what the selector declared.
        scores: of each scorer that is needed, one per sample.
        judged: the comparisons that are needed, by name; similarities are computed here.
    """
    pairs = [need.partition(":")[2] for need in needs if need.startswith("pairs:")]
    scorers = [need.partition(":")[2] for need in needs if need.startswith("score:")]
    if not (pairs or scorers):
        return found
    problem_id = samples[0].problem_id if samples else ""
    return dataclasses.replace(
        found,
        scores={name: np.array([_number(one) for one in scores[name]], float) for name in scorers},
        pairs=dict(_pairs(problem_id, samples, pairs, judged)),
    )


def _by_problem(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    grouped: dict[str, list[Sample]] = {}
    for sample in samples:
        grouped.setdefault(sample.problem_id, []).append(sample)
    return grouped


def _scores(
    drawn: Sequence[Sample], known: Mapping[str, Scores]
) -> Iterator[tuple[str, FloatArray]]:
    for name, scores in known.items():
        each = [scores.get((s.sampler, s.problem_id, s.index)) for s in drawn]
        yield name, np.array([_number(score) for score in each], float)


def _number(score: Score | None) -> float:
    if score is None or score.is_missing:
        return math.nan
    return score.value if score.passed is None else float(score.passed)


def _pairs(
    problem_id: str,
    drawn: Sequence[Sample],
    names: Sequence[str],
    stored: Mapping[str, Comparisons],
) -> Iterator[tuple[str, FloatArray]]:
    for name in names:
        if name in SIMILARITIES:
            yield name, SIMILARITIES[name]([sample.output for sample in drawn])
        else:
            keys = [(sample.sampler, sample.index) for sample in drawn]
            yield name, stored[name].table(problem_id, keys)


def _comparisons(run: Evidence, name: str) -> Comparisons:
    names = [] if isinstance(run, PlainTable) else comparison_names(run)
    if isinstance(run, PlainTable) or name not in names:
        raise unknown_name("similarity or stored comparison", name, [*sorted(SIMILARITIES), *names])
    return comparisons(run, name)


def _require_texts(run: Evidence, names: Sequence[str]) -> None:
    if names and isinstance(run, PlainTable) and not run.holds_outputs:
        raise ConfigError(
            f"The similarity {names[0]!r} compares texts; {run.path} holds none.",
            hint="Add a column `output`, or name yours with --map output=COLUMN.",
        )


def scores_of(run: Evidence, scorer: str) -> Scores:
    """The scores of a scorer by (sampler hash, problem id, index).

    Raises:
        UnknownNameError: if the run holds no scores by it; says which it has.
    """
    known = run.scorers()
    if scorer in known:
        return run.scores(scorer)
    raise UnknownNameError(
        f"The run {run.path} has no scores by {scorer!r}; it has {', '.join(known) or 'none'}.",
        hint=""
        if isinstance(run, PlainTable)
        else f"Make them with: topdraw score {run.path} {scorer}",
    )
