"""How good a judge of pairs is, and how biased: by what it said of the samples of a run.

Not here: judges (`topdraw.scoring.judges`), how it looks (`reports.pair_audit_panel`).
Try it: `topdraw audit-scorer RUN --scorer NAME`, of stored comparisons.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from topdraw.analysis.comparison import ClusterBy, cluster_labels
from topdraw.analysis.ratios import ratio_estimate
from topdraw.core.estimate import Estimate
from topdraw.core.records import Sample, Score
from topdraw.errors import ConfigError
from topdraw.selection.extras import scores_of
from topdraw.store.comparisons import Comparison, comparison_names, comparisons
from topdraw.store.evidence import EvidenceOrPath, open_evidence
from topdraw.store.plain import PlainTable
from topdraw.store.run import Run


@dataclass(frozen=True, slots=True)
class PairAudit:
    """What stored comparisons say of who made them. All estimates are over problems, pooled.

    Attributes:
        name: of the comparisons.
        gold: the verifier; "" for none.
        first_wins: share of what was asked in which the sample shown first was preferred, by how
            much; a tie is half. 1/2 without position bias, where orders are drawn or both asked.
        consistent: of the pairs asked in both orders, share in which both prefer the same sample,
            or neither any. NaN when none was.
        longer_wins: share of pairs of unequal length in which the longer one is preferred.
        gold_longer_wins: share of pairs of a right and a wrong sample of unequal length in which
            the right one is the longer: what length alone says. NaN without a gold.
        right_wins: share of pairs of a right and a wrong sample in which the right one is
            preferred, ties half: pairwise accuracy. NaN without a gold.
        missing: share of questions without a verdict.
        problems: about which something was asked.
        questions: asked, each order by itself.
        pairs: with a verdict.
    """

    name: str
    gold: str
    first_wins: Estimate
    consistent: Estimate
    longer_wins: Estimate
    gold_longer_wins: Estimate
    right_wins: Estimate
    missing: Estimate
    problems: int
    questions: int
    pairs: int


class _Pair(NamedTuple):
    """One pair: P(one is better) by order of showing."""

    problem_id: str
    one: Sample
    other: Sample
    shown_first: float
    shown_second: float

    @property
    def chance(self) -> float:
        known = [c for c in (self.shown_first, self.shown_second) if not math.isnan(c)]
        return math.fsum(known) / len(known)


def pair_audit(
    run: EvidenceOrPath,
    name: str,
    *,
    gold: str | None = None,
    level: float = 0.95,
    clusters: ClusterBy = None,
) -> PairAudit:
    """How biased the judge behind stored comparisons is, and how often it prefers the right one.

    Pairs of equal outputs are left out.

    Args:
        run: a run or its path.
        name: of comparisons stored in it.
        gold: the verifier; default the task's own, if the run has its scores.
        level: confidence level of each interval.
        clusters: a metadata key or labels: problems that vary together.

    Raises:
        ConfigError: if the run has no such comparisons.
        UnknownNameError: if it has no scores by the gold.
    """
    opened = open_evidence(run)
    if isinstance(opened, PlainTable) or name not in comparison_names(opened):
        raise ConfigError(
            f"{opened.path} has no comparisons {name!r}.", hint="Make them: topdraw judge RUN ..."
        )
    found = comparisons(opened, name)
    samples = {(s.problem_id, s.sampler, s.index): s for s in opened.samples()}
    asked = [row for row in found.rows if not _alike(row, samples)]
    pairs = list(_pairs(asked, samples))
    gold = _gold(opened, gold)
    keys = list(dict.fromkeys(row.problem_id for row in (*found.rows, *found.missing)))
    made = _Maker(keys, cluster_labels(opened, keys, clusters), level)
    right = _right(opened, gold)
    apart = [pair for pair in pairs if _differ(right, pair)]
    return PairAudit(
        name=name,
        gold=gold,
        first_wins=made.ratio(_first(pairs), "the one shown first is preferred, ties half"),
        consistent=made.ratio(_both(pairs), "both orders prefer the same"),
        longer_wins=made.ratio(_longer(pairs), "the longer is preferred, ties half"),
        gold_longer_wins=made.ratio(
            [(key, float(longer == right[_key(pair.one)]))
             for pair in apart for key, longer in _one_longer(pair)],
            "the right one is the longer",
        ),
        right_wins=made.ratio(
            [(pair.problem_id, pair.chance if right[_key(pair.one)] else 1 - pair.chance)
             for pair in apart],
            "the right one of a right and a wrong is preferred, ties half",
        ),
        missing=made.ratio(_missing(asked, found.missing), "questions without a verdict"),
        problems=len(keys),
        questions=len(asked) + len(found.missing),
        pairs=len(pairs),
    )  # fmt: skip


class _Maker:
    """Makes estimates over the same problems with the same settings."""

    def __init__(
        self, keys: Sequence[str], clusters: Sequence[object] | None, level: float
    ) -> None:
        self._keys, self._clusters, self._level = keys, clusters, level

    def ratio(self, terms: Iterable[tuple[str, float]], method: str) -> Estimate:
        """The mean of terms in [0, 1], each with its problem."""
        each: dict[str, list[float]] = defaultdict(list)
        for key, term in terms:
            each[key].append(term)
        sums = [math.fsum(each[key]) for key in self._keys]
        sizes = [len(each[key]) for key in self._keys]
        return ratio_estimate(
            sums, sizes, clusters=self._clusters, level=self._level, method=method
        )


def _pairs(
    rows: Iterable[Comparison], samples: Mapping[tuple[str, str, int], Sample]
) -> Iterable[_Pair]:
    said: dict[tuple[str, str, int, int], list[float]] = defaultdict(list)
    for row in rows:
        said[row.key].append(row.first_better)
    done = set()
    for problem_id, sampler, first, second in said:
        one = samples.get((problem_id, sampler, first))
        other = samples.get((problem_id, sampler, second))
        pair = (problem_id, sampler, *sorted((first, second)))
        if pair in done or one is None or other is None:
            continue
        done.add(pair)
        forth = _mean(said.get((problem_id, sampler, first, second), []))
        back = _mean(said.get((problem_id, sampler, second, first), []))
        yield _Pair(problem_id, one, other, forth, 1 - back)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _first(pairs: Iterable[_Pair]) -> Iterable[tuple[str, float]]:
    for pair in pairs:
        for first_better in (pair.shown_first, 1 - pair.shown_second):
            if not math.isnan(first_better):
                yield pair.problem_id, first_better


def _both(pairs: Iterable[_Pair]) -> Iterable[tuple[str, float]]:
    for pair in pairs:
        forth, back = pair.shown_first, pair.shown_second
        if not (math.isnan(forth) or math.isnan(back)):
            yield pair.problem_id, float(_side(forth) == _side(back))


def _side(chance: float) -> int:
    return (chance > 0.5) - (chance < 0.5)


def _length(sample: Sample) -> int:
    return sample.usage.output_tokens or len(sample.output)


def _one_longer(pair: _Pair) -> Iterable[tuple[str, float]]:
    """Its problem with whether the first is the longer, when they are of unequal length."""
    ahead = _length(pair.one) - _length(pair.other)
    return [(pair.problem_id, float(ahead > 0))] if ahead else []


def _longer(pairs: Iterable[_Pair]) -> Iterable[tuple[str, float]]:
    for pair in pairs:
        for key, longer in _one_longer(pair):
            yield key, pair.chance if longer else 1 - pair.chance


def _alike(row: Comparison, samples: Mapping[tuple[str, str, int], Sample]) -> bool:
    """Whether the two outputs are equal: nobody was asked, the verdict is a tie."""
    one, other = (samples.get((row.problem_id, row.sampler, at)) for at in (row.first, row.second))
    return one is not None and other is not None and one.output == other.output


def _missing(
    answered: Iterable[Comparison], unanswered: Iterable[Comparison]
) -> Iterable[tuple[str, float]]:
    yield from ((row.problem_id, 0.0) for row in answered)
    yield from ((row.problem_id, 1.0) for row in unanswered)


def _gold(run: Run, gold: str | None) -> str:
    if gold is not None:
        scores_of(run, gold)  # says what there is, when it is not there
        return gold
    own = run.manifest.scorer
    return own if own in run.scorers() else ""


def _key(sample: Sample) -> tuple[str, str, int]:
    return sample.sampler, sample.problem_id, sample.index


def _right(run: Run, gold: str) -> dict[tuple[str, str, int], bool]:
    scores: Mapping[tuple[str, str, int], Score] = run.scores(gold) if gold else {}
    return {key: score.passed for key, score in scores.items() if score.passed is not None}


def _differ(right: Mapping[tuple[str, str, int], bool], pair: _Pair) -> bool:
    one, other = right.get(_key(pair.one)), right.get(_key(pair.other))
    return one is not None and other is not None and one != other
