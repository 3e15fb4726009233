"""Two runs, or two strategies of one, over the problems they share: paired differences.

Not here: the comparisons that a report makes by itself (`analysis.compared`), and who wins among
several runs (`analysis.orders`). Try it: `topdraw compare RUN RUN`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.intervals import mean_estimate, paired_difference
from topdraw.analysis.ks import default_ks
from topdraw.analysis.measures import (
    GREEDY,
    Contender,
    Measure,
    can_choose,
    contender,
    has_greedy,
    measure,
    of_selector,
    valued,
)
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import ConfigError, DomainError
from topdraw.store.evidence import Evidence

#: Selectors that are compared when none is named, where both runs have what they go by.
SELECTORS = ("majority", "best_of_n")
#: Names the cluster of a problem; or a key of the problems' metadata.
ClusterBy = str | Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Line:
    """One difference.

    Attributes:
        measure_a: what was measured of the first: "pass@10", "majority@10", "greedy".
        measure_b: the same of the second.
        a: the first, over the shared problems.
        b: the second.
        difference: mean of a - b over problems, with interval and p-value.
        adjusted_p: its p-value among all lines of the comparison, by Holm's method.
    """

    measure_a: str
    measure_b: str
    a: Estimate
    b: Estimate
    difference: Estimate
    adjusted_p: float

    @property
    def stands(self) -> bool:
        """Whether adjusted p and interval both say that it is not zero."""
        gap = self.difference
        return self.adjusted_p < 1 - gap.level and (gap.low > 0 or gap.high < 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, or two strategies of one.

    Attributes:
        a: name of the first.
        b: name of the second.
        by_a: whose verdicts count for the first.
        by_b: and for the second.
        shared: ids of the problems that both have scored samples of, in order.
        only_a: answered problems of the first alone: in no number.
        only_b: of the second alone.
        reach_a: the largest k that all shared problems of the first allow.
        reach_b: the same for the second.
        level: confidence level of each interval by itself.
        lines: the differences.
    """

    a: str
    b: str
    by_a: str
    by_b: str
    shared: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    reach_a: int
    reach_b: int
    level: float
    lines: tuple[Line, ...]


def holm(p_values: ArrayLike) -> FloatArray:
    """Family-wise adjusted p-values by Holm's step-down method.

    The i-th smallest of m becomes the largest so far of (m - i + 1) p, at most 1. Rejecting those
    <= alpha keeps the probability of any false rejection <= alpha, however they depend.

    Args:
        p_values: shape (tests,), in [0, 1]; NaN is no test.

    Returns:
        Shape (tests,), none below its p-value; NaN where there was none.

    Examples:
        >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
        [0.03, 0.06, 0.06]

    References:
        Holm 1979.
    """
    p = np.asarray(p_values, float)
    out = np.full(p.shape, np.nan)
    tests = np.flatnonzero(~np.isnan(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    steps = p[order] * np.arange(tests.size, 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out


def compare(
    a: Evidence,
    b: Evidence,
    *,
    by: str | None = None,
    value: str | None = None,
    ks: Sequence[int] | None = None,
    selectors: Sequence[str] | None = None,
    level: float = 0.95,
    clusters: ClusterBy = None,
    rng: Rng = 0,
    names: tuple[str, str] = ("", ""),
) -> Comparison:
    """Two runs over the problems they share: greedy, pass@k, pass^k and each selector at each k.

    Values at k are means over all subsets of k of the samples that a problem has, exact where
    `analysis.curves` knows a form; n may differ between problems and runs.

    Args:
        a: a scored run, or a table.
        b: what is taken off it.
        by: the verifier of both; default each task's own.
        value: the scorer that ranks in both; default "reward", else "logprob".
        ks: samples used; default 1, 10, 100, ... and the largest that both runs allow.
        selectors: besides coverage; default majority and best_of_n where both runs can.
        level: confidence level of each interval.
        clusters: a metadata key of the problems, or the label of each problem by its id: problems
            with the same label vary together, see `intervals.mean_estimate`.
        rng: seed or generator of sign flips and simulated subsets.
        names: what to call the runs; default the last part of their paths.

    Raises:
        ConfigError: if no problem is shared, there is no verifier, a run lacks what a named
            selector needs, or clusters are asked for that some problem has no label of.
        DomainError: if a k is beyond a run: names the run and the problem.
        UnknownNameError: if a selector is unknown, or a run has no scores by a scorer.
    """
    first = contender(a, by=by, value=value, name=names[0])
    second = contender(b, by=by, value=value, name=names[1])
    first, second = _told_apart(first, second)
    shared = _shared(first, second)
    whats = _measures(first, second, shared, ks, selectors)
    return _comparison(first, second, shared, [(w, w) for w in whats], level, clusters, rng)


def compare_measures(
    run: Evidence,
    pairs: Sequence[tuple[str, str]],
    *,
    by: str | None = None,
    value: str | None = None,
    level: float = 0.95,
    clusters: ClusterBy = None,
    rng: Rng = 0,
    name: str = "",
) -> Comparison:
    """Strategies of one run against each other: two selectors, two k, pass@k against a selector.

    Args:
        run: a scored run, or a table.
        pairs: what is compared and what is taken off it, as in ("majority@10", "pass@1").
        by: the verifier; default the task's own.
        value: the scorer that ranks; default "reward", else "logprob".
        level: confidence level of each interval.
        clusters: as in `compare`.
        rng: seed or generator.
        name: what to call the run.

    Raises:
        ConfigError: if a pair cannot be read, or as in `compare`.
        DomainError: if a k is beyond the run.
        UnknownNameError: if a selector is unknown, or the run has no scores by a scorer.
    """
    one = contender(run, by=by, value=value, name=name)
    read = [(measure(a), measure(b)) for a, b in pairs]
    return _comparison(one, one, one.answered, read, level, clusters, rng)


def strategy_pairs(
    run: Evidence,
    *,
    by: str | None = None,
    value: str | None = None,
    ks: Sequence[int] | None = None,
    selectors: Sequence[str] | None = None,
) -> list[tuple[str, str]]:
    """What `compare_measures` compares when nothing is named: all less the mean sample.

    Args:
        run: a scored run, or a table.
        by: the verifier; default the task's own.
        value: the scorer that ranks; default "reward", else "logprob".
        ks: samples used; default 1, 10, 100, ... and the largest that the run allows.
        selectors: besides coverage; default majority and best_of_n where the run can.

    Raises:
        ConfigError: if the run lacks what a named selector needs, or has no scored sample.
        DomainError: if there is no k.
        UnknownNameError: if a selector is unknown, or the run has no scores by a scorer.
    """
    one = contender(run, by=by, value=value)
    whats = _measures(one, one, one.answered, ks, selectors)
    return [(what.name, "pass@1") for what in whats if what.name != "pass@1"]


def flip_seed(rng: Rng) -> int:
    """The seed of every sign-flip test of a comparison: equal differences get equal p-values.

    Args:
        rng: seed or generator.
    """
    return rng if isinstance(rng, int) else int(generator(rng).integers(2**63))


def _told_apart(a: Contender, b: Contender) -> tuple[Contender, Contender]:
    if a.name != b.name:
        return a, b
    return replace(a, name=str(a.run.path)), replace(b, name=str(b.run.path))


def _shared(a: Contender, b: Contender) -> tuple[str, ...]:
    theirs = set(b.answered)
    shared = tuple(key for key in a.answered if key in theirs)
    if not shared:
        raise ConfigError(
            f"{a.name} and {b.name} share no problem with scored samples: "
            f"{a.answered[0]!r}, ... against {b.answered[0]!r}, ...",
            hint="Problems are matched by their ids; compare runs of one task.",
        )
    return shared


def _measures(
    a: Contender,
    b: Contender,
    shared: Sequence[str],
    ks: Sequence[int] | None,
    selectors: Sequence[str] | None,
) -> list[Measure]:
    used = _ks(a, b, shared, ks)
    both = (a, b)
    greedy = [measure(GREEDY)] if all(map(has_greedy, both)) else []
    if selectors is None:
        named = [name for name in SELECTORS if all(can_choose(one, name) for one in both)]
    else:
        named = list(selectors)
        _require_chosen(both, named)
    made = [of_selector("pass", k) for k in used]
    made += [measure(f"pass^{k}") for k in used if k > 1]
    made += [of_selector(name, k) for name in named for k in used if k > 1 or len(used) == 1]
    return greedy + made


def _ks(
    a: Contender, b: Contender, shared: Sequence[str], ks: Sequence[int] | None
) -> tuple[int, ...]:
    if ks is not None:
        if not ks:
            raise DomainError("There is no k to compare at; name at least one.")
        return tuple(sorted({int(k) for k in ks}))
    most = min(a.reach(shared), b.reach(shared))
    return tuple(k for k in default_ks(most) if k == most or str(k).strip("0") == "1")


def _require_chosen(both: Sequence[Contender], named: Sequence[str]) -> None:
    for one in both:
        for name in named:
            if not can_choose(one, name):
                raise ConfigError(
                    f"{one.name} has nothing that {name} goes by.",
                    hint="Score it with another scorer, or name one with --value SCORER.",
                )


def _comparison(
    a: Contender,
    b: Contender,
    shared: Sequence[str],
    pairs: Sequence[tuple[Measure, Measure]],
    level: float,
    clusters: ClusterBy,
    rng: Rng,
) -> Comparison:
    label = cluster_labels(a.run, shared, clusters)
    seed = flip_seed(rng)
    table = _Values(a, b, shared, generator(rng))
    lines = [_line(table, *pair, label, level, seed) for pair in pairs]
    adjusted = holm([line.difference.p_value for line in lines])
    return Comparison(
        a=a.name,
        b=b.name,
        by_a=a.by,
        by_b=b.by,
        shared=tuple(shared),
        only_a=tuple(sorted(set(a.answered) - set(shared))),
        only_b=tuple(sorted(set(b.answered) - set(shared))),
        reach_a=a.reach(shared),
        reach_b=b.reach(shared),
        level=level,
        lines=tuple(
            replace(line, adjusted_p=float(p)) for line, p in zip(lines, adjusted, strict=True)
        ),
    )


class _Values:
    """Measures of two runs on the shared problems, each computed once."""

    def __init__(
        self, a: Contender, b: Contender, keys: Sequence[str], random: np.random.Generator
    ) -> None:
        self.same = a is b
        self.runs = (a, b)
        self.missing = a.missing if self.same else a.missing + b.missing
        self._keys, self._random = keys, random
        self._known: dict[tuple[int, str], _Made] = {}

    def of(self, which: int, what: Measure) -> _Made:
        which = 0 if self.same else which
        key = (which, what.name)
        if key not in self._known:
            made = valued(self.runs[which], what, self._keys, rng=self._random)
            self._known[key] = _Made(made.values[:, 0], f"{what.name} ({made.method})")
        return self._known[key]


class _Made(NamedTuple):
    """A measure, problem by problem, and how it was made."""

    values: FloatArray
    method: str


def _line(
    table: _Values,
    first: Measure,
    second: Measure,
    label: Sequence[object] | None,
    level: float,
    seed: int,
) -> Line:
    one, other = table.of(0, first), table.of(1, second)
    both = ~np.isnan(one.values) & ~np.isnan(other.values)
    # Means and differences over the same problems, or the three numbers would not add up.
    a, b = (np.where(both, each.values, np.nan) for each in (one, other))
    mean_a, mean_b = (
        mean_estimate(values, clusters=label, level=level, missing=run.missing, method=made.method)
        for values, run, made in zip((a, b), table.runs, (one, other), strict=True)
    )
    difference = paired_difference(
        a,
        b,
        clusters=label,
        level=level,
        rng=seed,
        ordered=table.same
        and _is_ordered(first, second)
        and bool((a - b)[both].min(initial=0) >= -1e-9),
        missing=table.missing,
        method=f"{one.method} less {other.method}",
    )
    return Line(first.name, second.name, mean_a, mean_b, difference, float("nan"))


def _metadata_of(run: Evidence, keys: Sequence[str]) -> str:
    """Which keys there are to name clusters by."""
    every = [run.problems[key].metadata for key in keys if key in run.problems]
    names = sorted({str(name) for one in every for name in one})
    whole = [name for name in names if all(one.get(name) is not None for one in every)]
    if not whole:
        return "No key of the problems' metadata is there for all of them."
    shown = ", ".join(map(repr, whole[:20])) + (", ..." if len(whole) > 20 else "")
    return f"Keys that all problems have: {shown}."


def _is_ordered(first: Measure, second: Measure) -> bool:
    """Whether the first is at least the second on the same samples, whatever they hold."""
    return first.is_coverage and not second.is_greedy and second.k <= first.k


def cluster_labels(run: Evidence, keys: Sequence[str], clusters: ClusterBy) -> list[object] | None:
    """The cluster of each problem.

    Args:
        run: whose problems have metadata.
        keys: problem ids.
        clusters: a metadata key, labels by problem id, or None.

    Raises:
        ConfigError: if a problem has no label.
    """
    if clusters is None:
        return None
    if isinstance(clusters, str):
        found: Mapping[str, object] = {
            key: run.problems[key].metadata.get(clusters) for key in keys if key in run.problems
        }
        told = f"The metadata {clusters!r} does"
    else:
        found, told = clusters, "The clusters do"
    lost = [key for key in keys if found.get(key) is None]
    if lost:
        hint = _metadata_of(run, keys) if isinstance(clusters, str) else ""
        raise ConfigError(f"{told} not say where the problem {lost[0]!r} belongs.", hint=hint)
    return [found[key] for key in keys]
