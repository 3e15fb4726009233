"""Preference pairs from a scored run: a right output against a wrong one of the same problem.

Not here: training on them, and pairs by reward or by distance; one verdict is all this looks at.
Try it: `python -m pytest tests/training/test_pairs.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.core.records import Sample
from topdraw.core.seeds import Rng, sample_seed
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.candidates import Scores, scores_of
from topdraw.store.evidence import Evidence, EvidenceOrPath, open_evidence
from topdraw.store.plain import PlainTable


@dataclass(frozen=True, slots=True)
class Pair:
    """Two outputs of one problem, the first right and the second wrong.

    Attributes:
        problem_id: the problem.
        prompt: its prompt.
        chosen: the output that passed.
        rejected: the output that failed; never the same text.
        chosen_index: index of the chosen sample; the smallest when several have this text.
        rejected_index: index of the rejected sample, likewise.
    """

    problem_id: str
    prompt: str
    chosen: str
    rejected: str
    chosen_index: int
    rejected_index: int


def preference_pairs(
    run: EvidenceOrPath, *, by: str | None = None, per_problem: int = 1, rng: Rng = 0
) -> list[Pair]:
    """Pairs of a passed and a failed output, drawn at random within each problem.

    Equal texts count once, and a text that both passed and failed is left out. As long as a
    problem has enough of both, no output comes twice; beyond that every combination comes at most
    once. Missing scores make no pair.

    Args:
        run: a run scored by `by`, a table of scored outputs, or the path of either.
        by: a scorer with verdicts; by default the task's own.
        per_problem: most pairs of one problem, >= 1.
        rng: seed or generator. With a seed, a problem's pairs do not depend on other problems.

    Returns:
        Pairs in the order of the problems; problems without a right or a wrong output give none.

    Raises:
        ConfigError: when no scorer is named and the task has none, or a table holds no outputs.
        UnknownNameError: when the run has no scores of that scorer.
        DomainError: when per_problem < 1.

    References:
        Right against wrong samples of the model itself: Pang et al. 2024 (arXiv 2404.19733); by a
        reward instead of a verdict: West-of-N, Pace et al. 2024 (arXiv 2401.12086), and DNO,
        Rosset et al. 2024 (arXiv 2404.03715). That many samples find a right one for most
        problems: Large Language Monkeys, Brown et al. 2024 (arXiv 2407.21787).
    """
    if per_problem < 1:
        raise DomainError(f"per_problem={per_problem}: at least 1.")
    opened = open_evidence(run)
    _require_outputs(opened)
    scores = _scores(opened, by or opened.manifest.scorer)
    samples: dict[str, list[Sample]] = {problem_id: [] for problem_id in opened.problems}
    for sample in opened.samples():
        samples[sample.problem_id].append(sample)
    return [
        Pair(key, opened.problems[key].prompt, good.output, bad.output, good.index, bad.index)
        for key, drawn in samples.items()
        for good, bad in _pairs(drawn, scores, per_problem, _generator(rng, key))
    ]


def _require_outputs(run: Evidence) -> None:
    if isinstance(run, PlainTable) and not run.holds_outputs:
        raise ConfigError(
            f"{run.path} holds no outputs; a pair is two of them.",
            hint="Name their column with --map output=COLUMN.",
        )


def _scores(run: Evidence, by: str) -> Scores:
    if not by:
        raise ConfigError(
            "This run's task has no scorer.", hint="Name one with --by (by=... in Python)."
        )
    return scores_of(run, by)


def _generator(rng: Rng, problem_id: str) -> np.random.Generator:
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng(sample_seed(rng, problem_id, 0))


def _pairs(
    samples: Sequence[Sample],
    scores: Scores,
    most: int,
    rng: np.random.Generator,
) -> list[tuple[Sample, Sample]]:
    by_verdict: dict[bool, dict[str, Sample]] = {True: {}, False: {}}
    for sample in samples:
        found = scores.get((sample.sampler, sample.problem_id, sample.index))
        if found is not None and found.passed is not None:
            by_verdict[found.passed].setdefault(sample.output, sample)
    both = by_verdict[True].keys() & by_verdict[False].keys()
    good, bad = (
        _shuffled([sample for text, sample in by_verdict[passed].items() if text not in both], rng)
        for passed in (True, False)
    )
    if not good or not bad:
        return []
    # Walking both circles at once, one step further on one of them after each full turn, meets
    # every combination once.
    turn = math.lcm(len(good), len(bad))
    count = min(most, len(good) * len(bad))
    return [(good[i % len(good)], bad[(i + i // turn) % len(bad)]) for i in range(count)]


def _shuffled(samples: Sequence[Sample], rng: np.random.Generator) -> list[Sample]:
    return [samples[i] for i in rng.permutation(len(samples)).tolist()]
