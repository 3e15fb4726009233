"""Non-determinism: greedy against the sample mean, the spread of full runs, which problems flip.

Not here: repeated greedy draws (`analysis.variability_repeats`), grids of decoding settings
(`analysis.variability_cells`).
Try it: `python -m pytest tests/analysis/test_variability.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.estimates import judge
from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.analysis.stopped import stopped
from topdraw.analysis.variability_lengths import Lengths, lengths
from topdraw.analysis.variability_runs import Spread, spread
from topdraw.core.estimate import Estimate
from topdraw.core.records import Candidates, FloatArray, Sample
from topdraw.core.seeds import Rng
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.candidates import candidates
from topdraw.store.evidence import Evidence
from topdraw.store.plain import PlainTable

_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Variation:
    """Greedy decoding against sampling on a set of problems.

    Attributes:
        name: of the category; "" for all problems.
        problems: problems with a scored sample.
        greedy: accuracy of the greedy outputs; NaN where there are none.
        sampled: mean over problems of the share of their samples that is correct.
        difference: greedy less sampled, paired over problems that have both.
        spread: of the full runs; None where there are fewer than two.
    """

    name: str
    problems: int
    greedy: Estimate
    sampled: Estimate
    difference: Estimate
    spread: Spread | None


@dataclass(frozen=True, slots=True)
class Flip:
    """One problem, under both decodings.

    Attributes:
        problem_id: its id.
        greedy: the greedy output's verdict, 1 or 0; NaN when there is none.
        sampled: share of its scored samples that is correct; NaN without any.
        n: scored samples.
    """

    problem_id: str
    greedy: float
    sampled: float
    n: int


@dataclass(frozen=True, slots=True)
class Variability:
    """How much an accuracy depends on how outputs are drawn.

    Attributes:
        by: the verifier.
        n: the largest number of scored samples of a problem.
        overall: over all problems.
        categories: the same for each value of `category`, most problems first; empty without one.
        category: the key of the metadata that names them; "" without.
        flips: one for each problem, in order.
        lengths: output tokens.
        missing: sampled outputs without a score, left out.
        greedy_missing: greedy outputs without a score, left out.
        unanswered: problems without any scored sample, in no number.
    """

    by: str
    n: int
    overall: Variation
    categories: tuple[Variation, ...]
    category: str
    flips: tuple[Flip, ...]
    lengths: Lengths
    missing: int
    greedy_missing: int
    unanswered: tuple[str, ...]

    @property
    def greedy_only(self) -> tuple[Flip, ...]:
        """Problems that greedy decoding gets right and most samples wrong, the rarest first."""
        found = (one for one in self.flips if one.greedy > _HALF > one.sampled)
        return tuple(sorted(found, key=lambda one: one.sampled))

    @property
    def sampled_only(self) -> tuple[Flip, ...]:
        """Problems that greedy decoding gets wrong and most samples right, the surest first."""
        found = (one for one in self.flips if one.greedy <= _HALF < one.sampled)
        return tuple(sorted(found, key=lambda one: -one.sampled))


def variation(
    greedy: ArrayLike,
    scores: ArrayLike,
    *,
    name: str = "",
    level: float = 0.95,
    rng: Rng = 0,
    missing: int = 0,
) -> Variation:
    """Greedy against sampled on a table of scores.

    Args:
        greedy: shape (problems,), in [0, 1]. Scores of the greedy outputs; NaN where there is none.
        scores: shape (problems, indices), in [0, 1]. Those of the samples; NaN where there is none.
        name: of the set of problems.
        level: confidence level, in (0, 1).
        rng: seed or generator of the test of the difference.
        missing: samples left out, to be handed on; NaN may also stand for one never drawn.

    Raises:
        DomainError: if the shapes do not go together or a number lies outside its range.

    Examples:
        >>> print(variation([1, 1], [[1, 0], [0, 0]]).difference.value)
        0.75

    References:
        Song et al. 2024, The Good, The Bad, and The Greedy (arXiv 2407.10457), table 1.
    """
    one, table = np.asarray(greedy, dtype=float), np.asarray(scores, dtype=float)
    if table.ndim != 2 or one.shape != table.shape[:1]:
        raise DomainError(
            f"Greedy scores have the shape {one.shape}, those of samples {table.shape}; they must "
            "be (problems,) and (problems, indices)."
        )
    means = _means(table)
    return Variation(
        name=name,
        problems=int((~np.isnan(means)).sum()),
        greedy=mean_estimate(one, level=level, method="greedy"),
        sampled=mean_estimate(means, level=level, missing=missing, method="one sample (mean)"),
        difference=paired_difference(
            one, means, level=level, rng=rng, missing=missing, method="greedy less sample mean"
        ),
        spread=spread(table, level=level),
    )


def _means(table: FloatArray) -> FloatArray:
    known = ~np.isnan(table)
    n = known.sum(axis=1)
    total = np.where(known, table, 0.0).sum(axis=1)
    means: FloatArray = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    return means


def variability(
    evidence: Evidence,
    *,
    by: str | None = None,
    category: str = "",
    level: float = 0.95,
    rng: Rng = 0,
) -> Variability:
    """How much the accuracy of a run depends on how its outputs were drawn.

    Of a run that a rule stopped, the samples are the first ones, which no rule can prevent.

    Args:
        evidence: a scored run, or a table of scored samples.
        by: the verifier; default the task's own.
        category: key of the problems' metadata to break the numbers down by; "" for none. Problems
            without it are together under "(none)".
        level: confidence level, in (0, 1).
        rng: seed or generator of the tests of differences.

    Raises:
        ConfigError: if there is no verifier, no scored sample, or no problem with that key; or
            if the table holds counts alone.
        UnknownNameError: if the run has no scores by the verifier.
    """
    by = judge(evidence, by)
    if isinstance(evidence, PlainTable) and evidence.is_counts:
        raise ConfigError(
            f"{evidence.path} holds counts: which sample was correct is not known, so there are no "
            "full runs to compare.",
            hint="Give a table of scored samples: problem, index, correct.",
        )
    samples = evidence.samples()
    found = candidates(evidence, by=by, samples=samples)
    rule = stopped(evidence, samples)
    used = found if rule is None else rule.start(found)
    scores, tokens = _tables(used, _indices(samples))
    if np.isnan(scores).all():
        raise ConfigError(f"{evidence.path} has no sample scored by {by!r}.")
    greedy, greedy_tokens, greedy_missing = _greedy(evidence, by, tuple(used))
    groups = _groups(evidence, tuple(used), category) if category else {}
    lost = np.array([int(one.missing.sum()) for one in used.values()])

    def of(name: str, rows: Sequence[int]) -> Variation:
        left_out = int(lost[list(rows)].sum())
        return variation(
            greedy[rows], scores[rows], name=name, level=level, rng=rng, missing=left_out
        )

    counts = (~np.isnan(scores)).sum(axis=1)
    flips = zip(used, greedy.tolist(), _means(scores).tolist(), counts.tolist(), strict=True)
    return Variability(
        by=by,
        n=int(counts.max()),
        overall=of("", range(len(used))),
        categories=tuple(of(name, rows) for name, rows in groups.items()),
        category=category,
        flips=tuple(Flip(*each) for each in flips),
        lengths=lengths(greedy_tokens, tokens, scores, level=level),
        missing=int(lost.sum()),
        greedy_missing=greedy_missing,
        unanswered=tuple(key for key, n in zip(used, counts, strict=True) if not n),
    )


def _indices(samples: Sequence[Sample]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for sample in samples:
        found.setdefault(sample.problem_id, []).append(sample.index)
    return found


def _tables(
    used: Mapping[str, Candidates], indices: Mapping[str, Sequence[int]]
) -> tuple[FloatArray, FloatArray]:
    """Verdicts and tokens by (problem, index); NaN where there is no score, or no count."""
    known = sorted({at for key, one in used.items() for at in indices.get(key, ())[: one.n]})
    column = {index: at for at, index in enumerate(known)}
    scores = np.full((len(used), len(known)), np.nan)
    tokens = scores.copy()
    for row, (key, one) in enumerate(used.items()):
        places = [column[index] for index in indices.get(key, ())[: one.n]]
        scores[row, places] = np.where(one.missing, np.nan, one.passed)
        tokens[row, places] = np.where(one.length_tokens > 0, one.length_tokens, np.nan)
    return scores, tokens


def _greedy(evidence: Evidence, by: str, keys: Sequence[str]) -> tuple[FloatArray, FloatArray, int]:
    """Verdict and tokens of each problem's greedy output, and how many have no score."""
    scores, tokens, missing = np.full(len(keys), np.nan), np.full(len(keys), np.nan), 0
    if evidence.manifest.sampler("greedy") is None:
        return scores, tokens, missing
    drawn = candidates(evidence, by=by, role="greedy")
    for row, key in enumerate(keys):
        one = drawn.get(key)
        if one is None or not one.n:
            continue
        missing += int(one.missing.sum())
        kept = ~one.missing
        if kept.any():
            scores[row] = one.passed[kept].mean()
        counted = one.length_tokens[one.length_tokens > 0]
        tokens[row] = counted.mean() if counted.size else math.nan
    return scores, tokens, missing


def _groups(evidence: Evidence, keys: Sequence[str], category: str) -> dict[str, list[int]]:
    """Rows of each category, the largest first."""
    found: dict[str, list[int]] = {}
    problems = evidence.problems
    if not any(category in problems[key].metadata for key in keys if key in problems):
        known = sorted({name for one in problems.values() for name in one.metadata})
        raise ConfigError(
            f"No problem of {evidence.path} has {category!r} in its metadata; "
            f"known: {', '.join(known) or 'nothing'}."
        )
    for row, key in enumerate(keys):
        value = problems[key].metadata.get(category) if key in problems else None
        found.setdefault("(none)" if value is None else str(value), []).append(row)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))
