"""What the study reads of one model on one task: coverage, its law, and what selectors make of it.

Not here: two models at once (`pairs`), what it all means (`claims`).
Try it: `python -m pytest tests/studies/monkeys/test_reading.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from topdraw.analysis.architectures import architecture_of
from topdraw.analysis.bands import Band, simultaneous_band
from topdraw.analysis.cost import Tables, costs_of, model_of
from topdraw.analysis.cost_of_k import Costs, Unit
from topdraw.analysis.curves import at_ks, scored
from topdraw.analysis.intervals import mean_estimates, paired_difference
from topdraw.analysis.measures import Contender, can_choose, contender
from topdraw.analysis.scaling.fitted import CoverageLaw, fit_table
from topdraw.analysis.scaling.of_run import MeasuredCoverage
from topdraw.analysis.scaling.of_run import measured as measured_coverage
from topdraw.analysis.scaling.saturation import Saturation, saturation
from topdraw.core.estimate import Estimate
from topdraw.core.records import BoolArray, FloatArray
from topdraw.selection.resolve import resolve_selector
from topdraw.store.evidence import Evidence
from topdraw.studies.material import Material
from topdraw.studies.monkeys.keys import SuspiciousKey, suspicious_keys
from topdraw.studies.monkeys.rise import Rise, at, rise

SELECTORS = ("majority", "best_of_n", "weighted_majority")
#: How near its end a curve counts as flat, in share of problems.
TOLERANCE = 0.01
_SAME = 1e-12


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a selector makes of k samples.

    Attributes:
        selector: its name.
        ranked_by: the scorer it goes by; "" for a vote.
        points: accuracy at each k.
        flat: from where it gains no more.
        since: where the last decade begins: the largest k shown that is at most a tenth of the
            last, or 1.
        behind: what coverage gained from there on, less what the selector did.
        gain: what the selector gained from there on.
        gap: coverage less the selector at the last k.
        method: exact, or how it was simulated.
    """

    selector: str
    ranked_by: str
    points: Mapping[int, Estimate]
    flat: Saturation
    since: int
    behind: Estimate
    gain: Estimate
    gap: Estimate
    method: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One model on one task.

    Attributes:
        material: where it comes from.
        known: coverage of each problem at log-spaced k.
        band: of coverage at these k, pointwise intervals and a band that holds the whole curve.
        law: c = exp(a k^b); None where coverage is the same at every k.
        rise: how coverage rises along log k.
        chosen: what selectors make of it; empty for counts.
        keys: problems whose answer key looks wrong.
        answers: the text of what most samples answer, of these problems; "" where nobody knows.
        judged: whether samples have answers, so that such a key could show.
        costs: of samples, in each unit that is known; of the problems with scored samples.
        parameters: of the model, 0 where nobody knows.
    """

    material: Material
    known: MeasuredCoverage
    band: Band
    law: CoverageLaw | None
    rise: Rise
    chosen: tuple[Chosen, ...]
    keys: tuple[SuspiciousKey, ...]
    answers: Mapping[str, str]
    judged: bool
    costs: Mapping[Unit, Costs]
    parameters: int
    one: Contender = field(repr=False)

    @property
    def name(self) -> str:
        """Its model."""
        return self.material.model

    @property
    def task(self) -> str:
        """Its task."""
        return self.material.task

    @property
    def n(self) -> int:
        """The largest k at which coverage is known."""
        return int(self.known.ks[-1])

    @property
    def problems(self) -> int:
        """How many problems have scored samples."""
        return len(self.known.counts.problem_ids)

    def coverage(self, k: int) -> Estimate:
        """Coverage at one of the k that are known; the nearest below."""
        return self.band.estimates[int(np.searchsorted(self.known.ks, k, side="right")) - 1]


def read(material: Material, *, tables: Tables | None = None, level: float = 0.95) -> Reading:
    """What one set of samples says.

    Args:
        material: scored samples or counts of one model.
        tables: prices and architectures; None for those that are shipped.
        level: level of all intervals.

    Raises:
        DomainError: if a problem has fewer than 3 scored samples.
        ConfigError: if there is no verifier or no scored sample.
        UnknownNameError: if there are no scores by a scorer.
    """
    evidence = material.evidence
    known = measured_coverage(evidence, by=material.by)
    one = contender(evidence, by=material.by, value=material.value, name=material.model)
    counts, mean = known.counts, known.table.mean(axis=0)
    law = None
    if mean[-1] - mean[0] > _SAME:
        law = fit_table(
            known.ks, known.table, counts.n, counts.c, level=level, missing=counts.missing
        )
    keys = suspicious_keys({key: one.found[key] for key in one.answered}, level=level)
    return Reading(
        material=material,
        known=known,
        band=simultaneous_band(known.table, level=level, missing=counts.missing),
        law=law,
        rise=rise(known, law, level=level),
        chosen=tuple(_chosen(one, name, known, level) for name in _able(one)),
        keys=keys,
        answers=_answers(one, keys),
        judged=any(bool((each.answer >= 0).any()) for each in one.found.values()),
        costs=costs_of(evidence, problem_ids=one.answered, tables=tables),
        parameters=_parameters(evidence, tables),
        one=one,
    )


def _parameters(evidence: Evidence, tables: Tables | None) -> int:
    shapes = tables.architectures if tables else None
    found = architecture_of(model_of(evidence), shapes)
    return found.parameters if found else 0


def _answers(one: Contender, keys: Sequence[SuspiciousKey]) -> dict[str, str]:
    wanted = {key.problem_id: key.place for key in keys}
    if not wanted:
        return {}
    scores, seen, found = one.run.scores(one.by), dict.fromkeys(wanted, 0), {}
    for sample in one.run.samples():
        key = sample.problem_id
        if key in wanted:
            if seen[key] == wanted[key]:
                score = scores.get((sample.sampler, key, sample.index))
                found[key] = (score.answer if score else None) or ""
            seen[key] += 1
    return found


def _able(one: Contender) -> list[str]:
    if one.reach(one.answered) < 2 or (one.rule is not None and one.rule.corrects(one.by)):
        return []
    return [name for name in SELECTORS if can_choose(one, name) and not _self_judged(one, name)]


def _self_judged(one: Contender, name: str) -> bool:
    return name != "majority" and one.value == one.by


def _chosen(one: Contender, name: str, known: MeasuredCoverage, level: float) -> Chosen:
    keys = one.answered
    start = one.found if one.rule is None else one.rule.start(one.found)
    problems = [scored(start[key]) for key in keys]
    ks = steps(one.reach(keys))
    made = at_ks(resolve_selector(name), problems, ks, rng=0)
    whole: BoolArray = np.asarray(~np.isnan(made.values).any(axis=1))
    values = made.values[whole]
    since = max([k for k in ks if 10 * k <= ks[-1]], default=1)
    ends = _at_most(values[:, [ks.index(since), -1]], 1.0)
    place = {key: row for row, key in enumerate(known.counts.problem_ids)}
    rows = [place[key] for key, kept in zip(keys, whole.tolist(), strict=True) if kept]
    covered = at(known, [since, ks[-1]])[rows]
    return Chosen(
        selector=name,
        ranked_by="" if name == "majority" else one.value,
        points=dict(zip(ks, mean_estimates(values, level=level, method=name), strict=True)),
        flat=saturation(ks, values, tolerance=TOLERANCE, level=level),
        since=since,
        behind=_behind(covered, ends, level),
        gain=paired_difference(ends[:, 1], ends[:, 0], level=level, rng=0),
        gap=paired_difference(
            covered[:, 1], _at_most(ends[:, 1], covered[:, 1]), ordered=True, level=level, rng=0
        ),
        method=made.method,
    )


def _behind(covered: FloatArray, values: FloatArray, level: float) -> Estimate:
    """Gain of coverage less gain of the selector, as one paired difference.

    Both sides are halved, so that they stay within [0, 1], and the result is doubled.
    """
    ahead = (covered[:, 1] + values[:, 0]) / 2
    told = paired_difference(
        ahead, (covered[:, 0] + values[:, 1]) / 2, level=level, rng=0, method="last decade"
    )
    return Estimate(
        2 * told.value,
        2 * told.low,
        2 * told.high,
        level,
        told.method,
        told.n,
        p_value=told.p_value,
    )


def _at_most(values: FloatArray, most: FloatArray | float) -> FloatArray:
    # What is simulated may lie above the exact coverage by its own error.
    return np.minimum(values, most)


def steps(n: int) -> list[int]:
    """1, 2, 3, 5, 10, ... as far as n, with n and n / 2.

    Args:
        n: at least 2.

    Examples:
        >>> steps(100)
        [1, 2, 3, 5, 10, 20, 30, 50, 100]
    """
    found = {digit * 10**power for power in range(len(str(n))) for digit in (1, 2, 3, 5)}
    return sorted({k for k in found if k < n} | {n, max(n // 2, 1)})


def by_task(found: Sequence[Reading]) -> dict[str, list[Reading]]:
    """Readings of each task, the strongest model first; tasks in order.

    The larger model is the stronger one where the size of all is known; among models of one size,
    or of unknown size, it is the one that solves more with one sample.

    Args:
        found: readings; those of one task keep their order where they are equally strong.
    """
    grouped: dict[str, list[Reading]] = {}
    for one in found:
        grouped.setdefault(one.task, []).append(one)
    return {task: _strongest_first(each) for task, each in grouped.items()}


def _strongest_first(found: list[Reading]) -> list[Reading]:
    known = all(one.parameters for one in found)
    return sorted(
        found,
        key=lambda one: (-one.parameters if known else 0, -one.band.estimates[0].value),
    )
