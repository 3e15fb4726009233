"""What the paper claims, and whether our samples support it, with the interval that decides.

Not here: single numbers of the paper (`published`), the phenomena themselves (`reading`).
Try it: `python -m pytest tests/studies/greedy/test_claims.py`.

References:
    Song et al. 2024, The Good, The Bad, and The Greedy (arXiv 2407.10457): the findings as its
    repository lists them, its main table, and its plots.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from topdraw.analysis.comparison import holm
from topdraw.core.estimate import Estimate
from topdraw.studies.greedy.drawn import ORACLE
from topdraw.studies.greedy.passing import Chase, Passing
from topdraw.studies.greedy.published import greedy_numbers
from topdraw.studies.greedy.reading import GreedyReading, SampledSet
from topdraw.studies.greedy.settings import Optimum, SettingCurve

Verdict: TypeAlias = Literal["supported", "contradicted", "cannot tell"]

#: Tasks judged by preference, about which the paper says the opposite of all others.
OPEN_ENDED = ("alpaca_eval", "arena_hard", "wildbench")
#: A difference that nobody would call a gap.
_SMALL = 0.01


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the paper against ours.

    Attributes:
        text: the claim.
        verdict: what our samples say of it.
        decided_by: the numbers that decide, with their intervals.
        source: where in the paper.
    """

    text: str
    verdict: Verdict
    decided_by: str
    source: str = "its list of findings"


def claims(reading: GreedyReading) -> list[Claim]:
    """Every claim of the paper against our samples.

    Args:
        reading: ours.
    """
    made: tuple[Callable[[GreedyReading], Claim], ...] = (
        _gap,
        _greedy_is_better,
        _but_not_open_ended,
        _same_for_all_models,
        _larger_than_chance,
        _most_in_mathematics,
        _alignment,
        _high_temperature,
        _optimum,
        _penalty,
        _small_passes_large,
    )
    found = [one(reading) for one in made]
    elsewhere = {
        _larger_than_chance: "its main table",
        _optimum: "no table of it: a common finding",
    }
    return [
        replace(each, source=elsewhere[one]) if one in elsewhere else each
        for one, each in zip(made, found, strict=True)
    ]


def standing(sets: Sequence[SampledSet], level: float) -> list[SampledSet]:
    """Sets whose greedy answers surely differ from the mean sample, all sets allowed for (Holm).

    Args:
        sets: ours.
        level: of the intervals.
    """
    known = [one for one in sets if math.isfinite(one.difference.value)]
    adjusted = holm([one.difference.p_value for one in known])
    return [
        one
        for one, p in zip(known, adjusted, strict=True)
        if p < 1 - level and (one.difference.low > 0 or one.difference.high < 0)
    ]


def _gap(reading: GreedyReading) -> Claim:
    text = "There is a notable gap between greedy decoding and sampling."
    known = _known(reading)
    if not known:
        return Claim(text, "cannot tell", "no set has greedy answers")
    sure = standing(known, reading.level)
    if sure:
        return Claim(
            text,
            "supported",
            f"greedy less the mean sample stands in {len(sure)} of {len(known)} sets, all of them "
            f"allowed for: {_told(sure)}",
        )
    if all(max(abs(one.difference.low), abs(one.difference.high)) < _SMALL for one in known):
        return Claim(text, "contradicted", f"all differences are below {_SMALL}: {_told(known)}")
    return Claim(text, "cannot tell", f"no difference stands: {_told(known)}")


def _greedy_is_better(reading: GreedyReading) -> Claim:
    text = "Greedy decoding does better than sampling on most tasks."
    known = _known(reading, open_ended=False)
    if not known:
        return Claim(text, "cannot tell", "no set of verdicts has greedy answers")
    sure = standing(known, reading.level)
    better = [one for one in sure if one.difference.value > 0]
    worse = [one for one in sure if one.difference.value < 0]
    sets = "1 set" if len(known) == 1 else f"{len(known)} sets"
    told = (
        f"of {sets} greedy is better in {len(better)}, worse in {len(worse)}, and "
        f"{len(known) - len(sure)} cannot be told apart"
    )
    told += f": {_told([*better, *worse])}" if sure else ""
    if 2 * len(better) > len(known):
        return Claim(text, "supported", told)
    return Claim(text, "contradicted" if 2 * len(worse) > len(known) else "cannot tell", told)


def _but_not_open_ended(reading: GreedyReading) -> Claim:
    text = "AlpacaEval is the exception: there sampling does better."
    known = [one for one in _known(reading) if one.task in OPEN_ENDED]
    if not known:
        return Claim(text, "cannot tell", "no open-ended task judged by preference is among ours")
    sure = standing(known, reading.level)
    if not sure:
        return Claim(text, "cannot tell", _told(known))
    is_so = all(one.difference.value < 0 for one in sure)
    return Claim(text, "supported" if is_so else "contradicted", _told(sure))


def _same_for_all_models(reading: GreedyReading) -> Claim:
    text = "The finding is the same for models of other sizes and families."
    sure = standing(_known(reading), reading.level)
    by_task = {one.task: [each for each in sure if each.task == one.task] for one in sure}
    several = {task: each for task, each in by_task.items() if len(each) > 1}
    if not several:
        told = "no task has two models whose difference stands"
        return Claim(text, "cannot tell", told + (f" ({_told(sure)})" if sure else ""))
    against = [task for task, each in several.items() if len({_sign(one) for one in each}) > 1]
    told = _told([one for each in several.values() for one in each])
    if against:
        return Claim(text, "contradicted", f"the sign differs on {', '.join(against)}: {told}")
    return Claim(text, "supported", f"the sign is the same wherever it stands: {told}")


def pooled_spread(sets: Sequence[SampledSet], level: float) -> Estimate:
    """Spread of full runs over what chance alone makes, all sets together.

    With Q = sum (R - 1) (s / s_chance)^2 over sets of R runs, sqrt(Q / f) on f = sum (R - 1)
    degrees of freedom, with its chi-square interval; the sets are taken to be independent.

    Args:
        sets: ours.
        level: of the interval.

    Returns:
        1 where full runs are as chance makes them; NaN without full runs.
    """
    from scipy.special import chdtri

    squares, freedom = 0.0, 0
    for one in sets:
        apart = one.variability.overall.spread if one.variability else None
        if apart is not None and apart.chance_std.value > 0:
            squares += (apart.runs - 1) * (apart.std_unbiased.value / apart.chance_std.value) ** 2
            freedom += apart.runs - 1
    if not freedom:
        return Estimate(math.nan)
    low, high = (
        math.sqrt(squares / chdtri(freedom, p)) for p in ((1 - level) / 2, (1 + level) / 2)
    )
    told = "std of full runs over std by chance"
    return Estimate(math.sqrt(squares / freedom), low, high, level, told)


def _larger_than_chance(reading: GreedyReading) -> Claim:
    row = greedy_numbers().row("Llama-3-8B-Instruct", "GSM8K")
    times = row.std / row.binomial
    text = (
        f"Full runs lie further apart than independent samples make them, as {row.model} on "
        f"GSM8K, {times:.1f} times as far (from its table: std {row.std:.4f}, binomial "
        f"{row.binomial:.4f})."
    )
    ratio = pooled_spread(reading.sets, reading.level)
    if math.isnan(ratio.value):
        return Claim(text, "cannot tell", "no set has two full runs")
    told = f"ours lie {ratio} times as far apart as chance makes them, all sets together"
    if ratio.low > 1:
        return Claim(text, "supported", told)
    return Claim(text, "contradicted" if ratio.high < times else "cannot tell", told)


def _most_in_mathematics(reading: GreedyReading) -> Claim:
    text = "Mathematics and code vary most from run to run."
    told = [
        f"{one.label} {apart.std} over {one.variability.overall.problems} problems"
        for one in reading.sets
        if one.variability is not None and (apart := one.variability.overall.spread) is not None
    ]
    return Claim(
        text,
        "cannot tell",
        "it takes benchmarks of other kinds beside, of one size; std of full runs here: "
        + ("; ".join(told) or "none"),
    )


def _alignment(reading: GreedyReading) -> Claim:
    return Claim(
        "Alignment (DPO and others) makes full runs lie closer together.",
        "cannot tell",
        "nobody says which of these models is an aligned form of another; the family table has the "
        "spread of each",
    )


def _high_temperature(reading: GreedyReading) -> Claim:
    text = "High temperature harms reasoning and code."
    curves = _over(reading, "temperature")
    hottest = [one for one in curves if max(one.optima[0].points) > 1]
    if not hottest:
        return Claim(text, "cannot tell", "no set is above temperature 1")
    harmed = [one for one in hottest if max(one.optima[0].points) not in one.optima[0].tied]
    told = "; ".join(_against_best(one, one.optima[0], max(one.optima[0].points)) for one in curves)
    if 2 * len(harmed) > len(hottest):
        return Claim(text, "supported", told)
    best = [one for one in hottest if one.optima[0].best == max(one.optima[0].points)]
    sure = [one for one in best if not one.optima[0].is_flat]
    return Claim(text, "contradicted" if 2 * len(sure) > len(hottest) else "cannot tell", told)


def _optimum(reading: GreedyReading) -> Claim:
    text = "Temperature has an optimum: of several samples neither the coldest nor the hottest."
    curves = [
        (curve, one)
        for curve in _over(reading, "temperature")
        for one in curve.optima[1:]
        if len(one.points) > 2
    ]
    if not curves:
        return Claim(text, "cannot tell", "no curve over temperature has three values of it")
    inside = [(curve, one) for curve, one in curves if one.is_inside]
    if inside:
        return Claim(text, "supported", "; ".join(optimum_told(*each) for each in inside[:3]))
    ends = [one for _, one in curves if len(one.tied) == 1]
    told = "; ".join(optimum_told(*each) for each in curves[:3])
    return Claim(text, "contradicted" if len(ends) == len(curves) else "cannot tell", told)


def optimum_told(curve: SettingCurve, one: Optimum) -> str:
    """Where a number is best, and by how much it is lower at both ends.

    Args:
        curve: whose number it is.
        one: the number.
    """
    name = curve.axis.replace("_", " ")
    told = (
        f"{curve.task}, {curve.model}: {one.measure} is best at {name} {one.best:g} "
        f"({one.points[one.best]})"
    )
    others = [value for value in one.tied if value != one.best]
    if others:
        told += f", not told apart from {', '.join(f'{value:g}' for value in others)}"
    ends = [end for end in (min(one.points), max(one.points)) if end not in one.tied]
    less = [f"at {end:g} it is lower by {_flipped(one.against[end].difference)}" for end in ends]
    return told + (f"; {' and '.join(less)}" if less else "")


def _against_best(curve: SettingCurve, one: Optimum, value: float) -> str:
    name = curve.axis.replace("_", " ")
    label = f"{curve.task}, {curve.model}: {one.measure}"
    if value == one.best:
        return f"{label} is best at {name} {value:g} ({one.points[value]})"
    gap = one.against[value]
    sure = "" if not gap.is_tied else ", which is not told apart"
    return (
        f"{label} at {name} {value:g} is {_flipped(gap.difference)} below that at {one.best:g}"
        f"{sure}"
    )


def _penalty(reading: GreedyReading) -> Claim:
    text = "A higher repetition penalty helps on AlpacaEval."
    curves = _over(reading, "repetition_penalty")
    told = "; ".join(optimum_told(one, one.optima[0]) for one in curves)
    ours = [one for one in curves if one.task in OPEN_ENDED]
    if not ours:
        there = f"; on ours, {told}" if told else ""
        return Claim(text, "cannot tell", f"no open-ended task is among ours{there}")
    above = [one.optima[0] for one in ours]
    if all(one.best > 1 and 1.0 not in one.tied for one in above):
        return Claim(text, "supported", told)
    below = all(one.best <= 1 and max(one.points) not in one.tied for one in above)
    return Claim(text, "contradicted" if below else "cannot tell", told)


def _small_passes_large(reading: GreedyReading) -> Claim:
    text = "With the best of N a weaker model passes a stronger one."
    real = [
        (each, one)
        for each in reading.passings
        for one in each.chases
        if each.gap.low > 0 and one.passes_at
    ]
    chosen = [(each, one) for each, one in real if one.strategy != ORACLE]
    if chosen or real:
        shown = chosen or real
        each, one = max(shown, key=lambda pair: pair[1].last.value)
        also = f" ({len(shown)} such cases in all)" if len(shown) > 1 else ""
        only = "" if chosen else "; by the oracle alone, which knows the truth"
        return Claim(text, "supported", f"{passing_told(each, one)}{also}{only}")
    apart = [(each, one) for each in reading.passings if each.gap.low > 0 for one in each.chases]
    if not apart:
        told = "it takes two models on one task that one sample tells apart, with several samples"
        return Claim(text, "cannot tell", told)
    each, one = max(apart, key=lambda pair: pair[1].last.value)
    below = all(one.last.high < 0 for _, one in apart)
    return Claim(text, "contradicted" if below else "cannot tell", passing_told(each, one))


def passing_told(each: Passing, one: Chase) -> str:
    """What many samples of the weaker model reach against one of the stronger.

    Args:
        each: the two models.
        one: what chooses among the samples.
    """
    k = one.passes_at or max(one.points)
    gap = one.differences[k]
    told = (
        f"{each.task}: one sample of {each.weaker} is {each.gap} below one of {each.stronger}; "
        f"with {one.label.replace('N', str(k))} it is {_side(gap)}"
    )
    last = max(one.points)
    return told + (f", with {last} {_side(one.last)}" if k != last else "")


def _side(gap: Estimate) -> str:
    return f"{gap} above" if gap.value >= 0 else f"{_flipped(gap)} below"


def _flipped(one: Estimate) -> Estimate:
    return Estimate(-one.value, -one.high, -one.low, one.level)


def _known(reading: GreedyReading, *, open_ended: bool = True) -> list[SampledSet]:
    return [
        one
        for one in reading.sets
        if math.isfinite(one.difference.value) and (open_ended or one.task not in OPEN_ENDED)
    ]


def _told(sets: Iterable[SampledSet]) -> str:
    return "; ".join(f"{one.label} {one.difference}" for one in sets)


def _sign(one: SampledSet) -> bool:
    return one.difference.value > 0


def _over(reading: GreedyReading, axis: str) -> list[SettingCurve]:
    return [one for one in reading.curves if one.axis == axis and one.optima]
