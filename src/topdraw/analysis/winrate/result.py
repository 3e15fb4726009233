"""What is said of one model on one benchmark, and of the difference of two.

Not here: how each benchmark makes it (`winrate.of_alpaca` and its siblings).
Try it: `python -m pytest tests/analysis/winrate/test_result.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from topdraw.analysis.comparison import holm
from topdraw.analysis.variability_lengths import mean_length
from topdraw.analysis.winrate.lengths import OutputLengths
from topdraw.analysis.winrate.points import PERCENT, Scale, paired_points
from topdraw.analysis.winrate.position import Position
from topdraw.core.estimate import Estimate

#: What a benchmark prints.
Number: TypeAlias = Estimate | float | int | str | None
Published: TypeAlias = Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class Result:
    """One model's numbers.

    Attributes:
        benchmark: such as "AlpacaEval 2".
        model: its name.
        against: the baseline or reference; "" where there is none.
        part: the category or the like; "" for all of it.
        files: what was read.
        name: of the number that `estimate` is.
        estimate: the number with our interval over instructions, in points.
        published: numbers by the benchmark's own convention, by name; a length-controlled one comes
            with our interval.
        each: value of each instruction, in [0, 1].
        scale: from these to points.
        lengths: of the outputs; None where they are not stored.
        position: what the order of the two answers did; None where it is not known.
        notes: what to know before quoting a number.
        more: of other numbers that can be compared, by name: what each instruction adds, in points,
            of mean the number.
    """

    benchmark: str
    model: str
    against: str
    part: str
    files: tuple[str, ...]
    name: str
    estimate: Estimate
    published: Published
    each: Mapping[str, float]
    scale: Scale = PERCENT
    lengths: OutputLengths | None = None
    position: Position | None = None
    notes: tuple[str, ...] = field(default=())
    more: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def kind(self) -> tuple[str, str, str, str]:
        """Results of one kind can be compared: same benchmark, part, opponent and number."""
        return (self.benchmark, self.part, self.against, self.name)


@dataclass(frozen=True, slots=True)
class Difference:
    """One model less another, over the instructions that both have.

    Attributes:
        a: name of the first.
        b: name of the second.
        kind: of both results; its last part names the number.
        estimate: in points, each instruction counted once, with the p-value of "no difference".
        adjusted_p: the same among all differences of this kind, by Holm's method.
        only_a: instructions that the first alone has.
        only_b: likewise.
    """

    a: str
    b: str
    kind: tuple[str, str, str, str]
    estimate: Estimate
    adjusted_p: float
    only_a: int
    only_b: int


def differences(results: Sequence[Result], *, level: float = 0.95) -> list[Difference]:
    """Each two results of a kind, the earlier less the later.

    Args:
        results: of any kinds.
        level: confidence level of each interval by itself.

    Raises:
        DomainError: if the level lies outside (0, 1).
    """
    by_kind: dict[tuple[str, str, str, str], list[Result]] = {}
    for one in results:
        by_kind.setdefault(one.kind, []).append(one)
    found = []
    for kind, each in by_kind.items():
        values = [_Values(one.model, one.each) for one in each]
        found += _pairs(kind, values, _on_scale(each[0].scale, level))
        for name in dict.fromkeys(name for one in each for name in one.more):
            values = [_Values(one.model, one.more[name]) for one in each if name in one.more]
            found += _pairs((*kind[:3], name), values, _of_influences(level))
    return found


_Compare: TypeAlias = Callable[[Mapping[str, float], Mapping[str, float]], Estimate]


class _Values(NamedTuple):
    model: str
    each: Mapping[str, float]


def _pairs(
    kind: tuple[str, str, str, str],
    values: Sequence[_Values],
    compare: _Compare,
) -> list[Difference]:
    pairs = list(itertools.combinations(values, 2))
    gaps = [compare(a.each, b.each) for a, b in pairs]
    return [
        Difference(
            a=a.model,
            b=b.model,
            kind=kind,
            estimate=gap,
            adjusted_p=float(p),
            only_a=len(a.each.keys() - b.each.keys()),
            only_b=len(b.each.keys() - a.each.keys()),
        )
        for (a, b), gap, p in zip(pairs, gaps, holm([gap.p_value for gap in gaps]), strict=True)
    ]


def _on_scale(scale: Scale, level: float) -> _Compare:
    return lambda a, b: paired_points(dict(a), dict(b), scale=scale, level=level)


def _of_influences(level: float) -> _Compare:
    """What an instruction adds has no bounds: Student's interval."""

    def compare(a: Mapping[str, float], b: Mapping[str, float]) -> Estimate:
        gaps = [a[key] - b[key] for key in a if key in b]
        return mean_length(gaps, level=level, method="influences, paired")

    return compare


def repeats(instructions: Sequence[str]) -> tuple[str, ...]:
    """A note where several rows answer one instruction; none otherwise.

    Examples:
        >>> repeats(["a", "a", "b"])
        ('3 rows answer 2 instructions; rows of one count as one unit in the interval.',)
    """
    distinct = len(set(instructions))
    if distinct == len(instructions):
        return ()
    return (
        f"{len(instructions):,} rows answer {distinct:,} instructions; rows of one count as one "
        "unit in the interval.",
    )


def failed(count: int, what: str = "judgment") -> tuple[str, ...]:
    """A note where judgments are missing; none otherwise.

    Examples:
        >>> failed(1), failed(0)
        (('1 judgment failed and is in no number.',), ())
    """
    if count == 1:
        return (f"1 {what} failed and is in no number.",)
    return (f"{count:,} {what}s failed and are in no number.",) if count else ()
