"""Repeated greedy draws: does a server answer the same question the same way at temperature 0?

Not here: drawing them (`topdraw sample TASK --temperature 0 -n 8`), sampled outputs
(`analysis.variability`).
Try it: `python -m pytest tests/analysis/test_variability_repeats.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.limits import require_level
from topdraw.analysis.proportion import share_estimate
from topdraw.core.estimate import Estimate
from topdraw.errors import ConfigError, DomainError
from topdraw.store.evidence import Evidence
from topdraw.store.plain import PlainTable


@dataclass(frozen=True, slots=True)
class Repeated:
    """One problem, asked the same way several times.

    Attributes:
        problem_id: its id.
        repeats: outputs, >= 1.
        distinct: different outputs among them, >= 1.
        diverges_at: the first character at which two of them differ; None when all are equal.
        verdicts: different verdicts among those that were scored; 2 is a flip.
    """

    problem_id: str
    repeats: int
    distinct: int
    diverges_at: int | None
    verdicts: int


@dataclass(frozen=True, slots=True)
class Determinism:
    """What repeated greedy draws showed.

    Attributes:
        rows: one for each problem with at least two outputs, in order.
        repeats: the fewest outputs of such a problem.
        most_repeats: the most.
        changed: share of problems with more than one distinct output.
        differing: probability that two draws of a problem differ, a mean over problems.
        flipped: share of problems whose verdict changes, of those with two scored outputs; NaN
            where there are none.
        level: confidence level of each.
    """

    rows: tuple[Repeated, ...]
    repeats: int
    most_repeats: int
    changed: Estimate
    differing: Estimate
    flipped: Estimate
    level: float

    @property
    def is_deterministic(self) -> bool:
        """Whether no output changed; the next one still may, as often as `changed.high` says."""
        return all(row.distinct == 1 for row in self.rows)

    def __str__(self) -> str:
        problems, most = len(self.rows), max(row.distinct for row in self.rows)
        repeats = f"{self.repeats}"
        if self.most_repeats > self.repeats:
            repeats += f" to {self.most_repeats}"
        asked = f"{repeats} repeats of {_many(problems, 'problem')}"
        if self.is_deterministic:
            return (
                f"No output changed in {asked}; with so few, up to {_percent(self.changed.high)} "
                f"of problems could still change, at {self.level:.0%} confidence."
            )
        changed = [row for row in self.rows if row.distinct > 1]
        first = min(row.diverges_at for row in changed if row.diverges_at is not None)
        flips = sum(row.verdicts > 1 for row in self.rows)
        return (
            f"Not deterministic in {asked}: {_many(len(changed), 'problem')} "
            f"({_percent(self.changed.value)}) "
            f"{'has' if len(changed) == 1 else 'have'} up to {most} distinct outputs, "
            f"the earliest apart from character {first}; the verdict flips in {flips}."
        )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%" if share < 0.995 else f"{100 * share:.0f}%"


def first_difference(outputs: Sequence[str]) -> int | None:
    """The first character at which two of several texts differ; None when all are equal.

    Args:
        outputs: any texts. A text that another one goes on from differs where it ends.

    Examples:
        >>> first_difference(["abc", "abd", "abc"]), first_difference(["ab", "abc"])
        (2, 2)
    """
    # All texts agree as far as the first and the last of them in order do.
    first, last = min(outputs), max(outputs)
    if first == last:
        return None
    pairs = enumerate(zip(first, last, strict=False))
    return next((at for at, (a, b) in pairs if a != b), len(first))


def determinism(
    outputs: Mapping[str, Sequence[str]],
    verdicts: Mapping[str, Sequence[bool | None]] | None = None,
    *,
    level: float = 0.95,
) -> Determinism:
    """How often the same question was answered in another way.

    The interval of the share of problems is exact (Clopper and Pearson); where nothing changed it
    is one-sided, 1 - (1 - level)^(1/P), near 3 / P at 95 %: the rule of three. It speaks of
    problems like these in so many repeats: a change that comes once in a thousand draws is not
    seen in eight.

    Args:
        outputs: the texts of each problem. Problems with fewer than two are left out.
        verdicts: whether each passed, in the same order; None without a score.
        level: confidence level, in (0, 1).

    Raises:
        DomainError: if no problem has two outputs, the level lies outside (0, 1), or a problem has
            another number of verdicts than outputs.

    Examples:
        >>> print(determinism({"a": ["4", "4"], "b": ["7", "7"]}))
        No output changed in 2 repeats of 2 problems; with so few, up to 78% of problems could
        still change, at 95% confidence.

    References:
        Hanley & Lippman-Hand 1983: If nothing goes wrong, is everything all right?
    """
    require_level(level)
    rows, differing = [], []
    for key, texts in outputs.items():
        judged = (verdicts or {}).get(key, ())
        if judged and len(judged) != len(texts):
            raise DomainError(f"{key!r} has {len(texts)} outputs and {len(judged)} verdicts.")
        if len(texts) >= 2:
            counts = Counter(texts)
            known = {verdict for verdict in judged if verdict is not None}
            rows.append(Repeated(key, len(texts), len(counts), first_difference(texts), len(known)))
            same = sum(count * (count - 1) for count in counts.values())
            differing.append(1 - same / (len(texts) * (len(texts) - 1)))
    if not rows:
        raise DomainError("No problem has two outputs; determinism needs repeated draws.")
    scored = [
        row
        for row in rows
        if sum(each is not None for each in (verdicts or {}).get(row.problem_id, ())) >= 2
    ]
    return Determinism(
        rows=tuple(rows),
        repeats=min(row.repeats for row in rows),
        most_repeats=max(row.repeats for row in rows),
        changed=_share([row.distinct > 1 for row in rows], level, "problems whose output changes"),
        differing=mean_estimate(differing, level=level, method="two draws of a problem differ"),
        flipped=_share([row.verdicts > 1 for row in scored], level, "problems whose verdict flips"),
        level=level,
    )


def _share(changed: Sequence[bool], level: float, what: str) -> Estimate:
    """Share of problems with its exact interval, one-sided where none changed."""
    n, c = len(changed), sum(changed)
    if c or not n:
        return share_estimate(c, n, level=level, exact=True, method=what)
    told = f"{what}; exact one-sided bound (rule of three)"
    return Estimate(0.0, 0.0, 1 - (1 - level) ** (1 / n), level, told, n)


def repeats_of(
    evidence: Evidence, *, by: str | None = None, level: float = 0.95
) -> Determinism | None:
    """What the repeated greedy draws of a run show.

    Args:
        evidence: a run whose drawn samples are greedy (temperature 0, n > 1), scored or not; or a
            table of such samples.
        by: the verifier of flips; default the task's own where it has scored.
        level: confidence level, in (0, 1).

    Returns:
        None where the drawn samples are not at temperature 0, or no problem has two of them.

    Raises:
        ConfigError: if `by` is named and has scored nothing.
    """
    sampler = evidence.manifest.sampler("sampled")
    is_counts = isinstance(evidence, PlainTable) and evidence.is_counts
    if sampler is None or is_counts or not sampler.decoding.greedy:
        return None
    known = evidence.scorers()
    if by is not None and by not in known:
        raise ConfigError(f"{evidence.path} has no scores by {by!r}.")
    judge = by or evidence.manifest.scorer
    scores = evidence.scores(judge) if judge in known else {}
    outputs: dict[str, list[str]] = {}
    verdicts: dict[str, list[bool | None]] = {}
    for sample in evidence.samples():
        score = scores.get((sample.sampler, sample.problem_id, sample.index))
        outputs.setdefault(sample.problem_id, []).append(sample.output)
        verdicts.setdefault(sample.problem_id, []).append(score.passed if score else None)
    if max(map(len, outputs.values()), default=0) < 2:
        return None
    return determinism(outputs, verdicts, level=level)


def diverging(found: Determinism, most: int = 20) -> tuple[Repeated, ...]:
    """The problems that changed, those with the most distinct outputs first.

    Args:
        found: of a run.
        most: how many.
    """
    changed = (row for row in found.rows if row.distinct > 1)
    return tuple(sorted(changed, key=lambda row: -row.distinct)[:most])
