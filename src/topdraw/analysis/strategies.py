"""The strategies a report compares, each as a matrix of expected correctness, problem by k.

Not here: intervals and differences (`analysis.summary`).
Try it: `python -m pytest tests/analysis/test_summary.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from topdraw.analysis.accuracy import SELF_JUDGED
from topdraw.analysis.curves import at_all, at_ks, scored
from topdraw.analysis.stopped import Stopped
from topdraw.core.records import Candidates, FloatArray, Sample
from topdraw.selection.candidates import candidates
from topdraw.selection.ensemble import resolve_value
from topdraw.selection.pick import greedy, oracle, uniform
from topdraw.selection.resolve import NamedSelector, resolve_selector
from topdraw.store.evidence import Evidence
from topdraw.store.plain import PlainTable
from topdraw.store.plain_columns import SampleColumns


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy on the problems of a report.

    Attributes:
        name: unique key, as in `Curve.strategy`.
        label: what to print.
        chooser: the scorer that chooses, or "".
        ks: samples used.
        values: shape (problems, ks + 1). Expected correctness at each k, and last at k = n, or over
            all that a stopping rule drew; NaN where it chooses nobody.
        method: "exact", or how it was simulated.
        flat: True when it costs one sample, whatever k.
        real: whether it could be used without knowing the verdicts, and chooses among k.
    """

    name: str
    label: str
    chooser: str
    ks: tuple[int, ...]
    values: FloatArray
    method: str
    flat: bool = False
    real: bool = True

    @property
    def at_n(self) -> FloatArray:
        """Shape (problems,). Expected correctness at k = n, or over all that a rule drew."""
        return self.values[:, -1]


@dataclass(frozen=True, slots=True)
class Pool:
    """The problems of a report, and which of their samples a number may look at.

    Attributes:
        keys: problems with a scored sample, in order.
        n: samples that every one of them has.
        rule: what stopped the drawing; None when nothing did.
    """

    keys: tuple[str, ...]
    n: int
    rule: Stopped | None = None

    def waits_for(self, by: str) -> bool:
        """Whether drawing waited for a pass by this verifier."""
        return self.rule is not None and self.rule.corrects(by)

    def start(self, found: Mapping[str, Candidates]) -> list[Candidates]:
        """What k <= n samples are drawn from: without a rule, all."""
        kept = {key: found[key] for key in self.keys}
        return [scored(one) for one in (self.rule.start(kept) if self.rule else kept).values()]

    def every(self, found: Mapping[str, Candidates]) -> list[Candidates]:
        """All that was drawn."""
        kept = {key: found[key] for key in self.keys}
        return [scored(one) for one in (self.rule.all_drawn(kept) if self.rule else kept).values()]


def strategies(
    run: Evidence,
    found: Mapping[str, Candidates],
    pool: Pool,
    ks: Sequence[int],
    coverage_ks: Sequence[int],
    *,
    by: str,
    value: str,
    samples: Sequence[Sample],
    rng: np.random.Generator,
) -> list[Strategy]:
    """All strategies that the run has data for, in the order of a report.

    Args:
        run: a scored run, or a table.
        found: candidates by `by` and `value`.
        pool: the problems, and what a rule left of them.
        ks: samples used, each at most n.
        coverage_ks: the same for the oracle.
        by: the verifier.
        value: the ranking scorer; "" for none.
        samples: the run's drawn samples.
        rng: for what is simulated.
    """
    every = pool.every(found)

    def measured(spec: str, among: Mapping[str, Candidates] = found) -> Measured:
        return _measured(resolve_selector(spec), pool, among, tuple(ks), rng)

    made = [*_greedy(run, pool.keys, by, tuple(ks))]
    one = measured("random")
    made.append(Strategy("random", "one sample (mean)", "", *one, flat=True, real=False))
    votes = any((each.answer >= 0).any() for each in every)
    ranks = bool(value) and _has_values(every)
    judges = bool(value) and by in resolve_value(value).members
    warning = f" ({SELF_JUDGED.format(by)})" if judges else ""
    if votes:
        made.append(Strategy("majority", "majority vote", "", *measured("majority")))
    if ranks:
        label = f"best of k by {value}{warning}"
        best = measured("best_of_n")
        made.append(Strategy("best_of_n", label, value, *best, real=not warning))
    if ranks and votes:
        label = f"vote weighted by {value}{warning}"
        weighted = measured("weighted_majority")
        made.append(Strategy("weighted_majority", label, value, *weighted, real=not warning))
    for other, among in _other_rankings(run, pool, by, value, samples):
        best = measured("best_of_n", among)
        made.append(Strategy(other, f"best of k by {other}", other, *best))
    if pool.rule is not None and pool.rule.corrects(by):
        bound = _corrected(pool.rule, pool, found, tuple(coverage_ks))
    else:
        bound = measured("oracle")
    made.append(Strategy("oracle", "oracle (pass@k)", by, *bound, real=False))
    return made


class Measured(NamedTuple):
    """The fields of a `Strategy` that are measured."""

    ks: tuple[int, ...]
    values: FloatArray
    method: str


def _measured(
    selector: NamedSelector,
    pool: Pool,
    found: Mapping[str, Candidates],
    ks: tuple[int, ...],
    rng: np.random.Generator,
) -> Measured:
    start = pool.start(found)
    if pool.rule is None:
        result = at_ks(selector, start, (*ks, pool.n), rng=rng)
        return Measured(ks, result.values, result.method)
    # A problem may lack all scores of its first samples, and none of the later ones.
    known = [at for at, one in enumerate(start) if one.n]
    result = at_ks(selector, [start[at] for at in known], (*ks, 1), rng=rng)
    values = np.full((len(start), len(ks) + 1), np.nan)
    values[known] = result.values
    if selector.function is not uniform:
        values[:, -1] = at_all(selector, pool.every(found))
    return Measured(ks, values, result.method)


def _corrected(
    rule: Stopped, pool: Pool, found: Mapping[str, Candidates], ks: tuple[int, ...]
) -> Measured:
    table = rule.coverage({key: found[key] for key in pool.keys}, ks, "coverage")
    last = at_all(oracle, pool.every(found))
    return Measured(
        ks, np.concatenate([table, last[:, None]], axis=1), f"exact, {rule.about_coverage()}"
    )


def _has_values(problems: Sequence[Candidates]) -> bool:
    return any(not np.isnan(each.value).all() for each in problems)


def _greedy(run: Evidence, keys: Sequence[str], by: str, ks: tuple[int, ...]) -> Iterator[Strategy]:
    if run.manifest.sampler("greedy") is None:
        return
    drawn = candidates(run, by=by, role="greedy")
    values = at_all(greedy, [drawn[key] for key in keys])
    if not np.isnan(values).all():
        columns = np.repeat(values[:, None], len(ks) + 1, axis=1)
        yield Strategy("greedy", "greedy", "", ks, columns, "exact", flat=True, real=False)


def _other_rankings(
    run: Evidence, pool: Pool, by: str, value: str, samples: Sequence[Sample]
) -> Iterator[tuple[str, dict[str, Candidates]]]:
    """Ranking scorers besides `value`: stored ones without a verdict, and the log-probability."""
    for name in sorted({*run.scorers(), "logprob"} - {by, value, ""}):
        if name in run.scorers() and _judges(run, name):
            continue
        found = candidates(run, by=by, value=name, samples=samples)
        if _has_values(pool.every(found)):
            yield name, found


def _judges(run: Evidence, name: str) -> bool:
    """Whether a scorer gives verdicts."""
    if not isinstance(run, PlainTable):
        return any(score.passed is not None for score in run.scores(name).values())
    # Of a table without an object for each score.
    return not isinstance(run.columns, SampleColumns) or name in run.columns.verdicts
