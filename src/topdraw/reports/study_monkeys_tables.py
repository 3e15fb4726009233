"""Tables of the study of coverage.

Not here: figures and sentences (`study_monkeys_panels`), the numbers (`studies.monkeys`).
Try it: `topdraw study monkeys`, then look into tables/.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topdraw.analysis.scaling.shifts import Shifts
from topdraw.core.estimate import Estimate
from topdraw.reports.tabular import Cell, Tabular
from topdraw.studies.monkeys.beside import Beside
from topdraw.studies.monkeys.checks import Check
from topdraw.studies.monkeys.claims import WHERE, Claim, told
from topdraw.studies.monkeys.pairs import COSTS, Pair
from topdraw.studies.monkeys.reading import Reading

_POINTS = 13
_MULTIPLE = {"flops": "FLOPs", "usd": "USD", "output_tokens": "output tokens"}


def places(one: Reading) -> list[int]:
    """Which of the known k a figure and a table show: a dozen, evenly along log k, and decades.

    Args:
        one: a reading.
    """
    ks = one.known.ks
    wanted = {float(k) for k in np.geomspace(1, ks[-1], _POINTS)}
    wanted |= {10.0**power for power in range(len(str(one.n)))}
    return sorted({int(np.abs(np.log(ks) - np.log(k)).argmin()) for k in wanted if k <= ks[-1]})


def coverage_table(found: Sequence[Reading]) -> Tabular:
    """Coverage at log-spaced k, with interval, band and law.

    Args:
        found: the models of one task.
    """
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        for at in places(one):
            value = one.band.estimates[at]
            law = None if one.law is None else value.value + float(one.law.residuals[at])
            edges = float(one.band.low[at]), float(one.band.high[at])
            rows.append((one.task, one.name, int(one.known.ks[at]), value, *edges, law))
    heads = ("task", "model", "k", "coverage", "band from", "band to", "law")
    return Tabular(heads, tuple(rows))


def fits_table(found: Sequence[Reading]) -> Tabular:
    """The law of each model: a, b, errors, and what a straight line does.

    Args:
        found: all readings.
    """
    heads = ("task", "model", "a", "b", "mean error", "std of error", "of a straight line")
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        law = one.law
        shape: tuple[Cell, ...] = (None,) * 4
        if law is not None:
            shape = (law.a, law.b, one.rise.law_error, law.residual_std)
        rows.append((one.task, one.name, *shape, one.rise.line_error, one.problems, one.n))
    return Tabular((*heads, "problems", "k up to"), tuple(rows))


def decades_table(found: Sequence[Reading]) -> Tabular:
    """What each decade of samples brings.

    Args:
        found: all readings.
    """
    return Tabular(
        ("task", "model", "from k", "to k", "coverage gained"),
        tuple(
            (one.task, one.name, each.start, each.end, each.gain)
            for one in found
            for each in one.rise.decades
        ),
    )


def selection_table(found: Sequence[Reading]) -> Tabular:
    """Accuracy of each selector at each k.

    Args:
        found: the models of one task.
    """
    return Tabular(
        ("task", "model", "selector", "k", "accuracy"),
        tuple(
            (one.task, one.name, told(each), k, value)
            for one in found
            for each in one.chosen
            for k, value in each.points.items()
        ),
    )


def saturation_table(found: Sequence[Reading]) -> Tabular:
    """From which k each selector is flat, and how far it stays behind coverage.

    Args:
        found: readings.
    """
    heads = ("task", "model", "selector", "flat from k", "at the last k", "last k")
    return Tabular(
        (*heads, "last decade", "coverage gained more", "coverage less it"),
        tuple(
            (
                one.task,
                one.name,
                told(each),
                each.flat.k if each.flat.reached else f"not yet by {each.flat.last:,}",
                each.flat.end,
                each.flat.last,
                each.gain,
                each.behind,
                each.gap,
            )
            for one in found
            for each in one.chosen
        ),
    )


def shifts_table(found: Sequence[tuple[str, Shifts]]) -> Tabular:
    """One exponent for all models of a task, and the shift of each.

    Args:
        found: the task and its shifts.
    """
    heads = ("task", "model", "log10 shift", "samples that equal one of the first", "a", "common b")
    return Tabular(
        (*heads, "mean error", "with its own b"),
        tuple(
            (task, name, shift, 10**shift.value, a, one.b, error, own)
            for task, one in found
            for name, shift, a, error, own in zip(
                one.names, one.shifts, one.a, one.residuals, one.own, strict=True
            )
        ),
    )


def passing_table(found: Sequence[Pair]) -> Tabular:
    """How many samples of a weaker model do more than one of a stronger one.

    Args:
        found: all pairs.
    """
    heads = ("task", "weaker", "stronger", "mean above from k", "surely above from k", "difference")
    return Tabular(
        (*heads, *(f"times its {_MULTIPLE[unit]}" for unit in COSTS)),
        tuple(
            (
                one.task,
                one.weak,
                one.strong,
                one.first,
                one.sure,
                one.less,
                *(one.cost[unit].ratio if unit in one.cost else None for unit in COSTS),
            )
            for one in (two.passing for two in found)
        ),
    )


def claims_table(found: Sequence[Claim]) -> Tabular:
    """What our data say to each claim of the paper.

    Args:
        found: claims of all models and tasks, in the order of the paper.
    """
    order = {text: at for at, text in enumerate(WHERE)}
    rows = sorted(found, key=lambda one: order[one.text])
    return Tabular(
        ("claim of the paper", "of ours", "verdict", "number that decides", "in words"),
        tuple(
            (one.text, f"{one.task}: {one.who}", one.verdict, one.number, one.words) for one in rows
        ),
    )


def keys_table(found: Sequence[Reading]) -> Tabular:
    """Problems whose answer key looks wrong.

    Args:
        found: all readings.
    """
    return Tabular(
        ("task", "model", "problem", "samples", "correct", "share that agrees", "on"),
        tuple(
            (one.task, one.name, key.problem_id, key.n, 0, key.share, one.answers[key.problem_id])
            for one in found
            for key in one.keys
        ),
    )


def checks_table(found: Sequence[tuple[Reading, Check | None]], level: float) -> Tabular:
    """What became of each verifier that was asked again.

    Args:
        found: readings, and what was stored of their verifier.
        level: level of the intervals.
    """
    rows: list[tuple[Cell, ...]] = []
    for one, check in found:
        if check is None or check.why:
            why = check.why if check else "recorded samples, or not checked yet"
            rows.append((one.task, one.name, one.one.by, why, None, None, None, None, None))
            continue
        flaky: Estimate = check.flaky_share(level)
        broken = check.broken_share(level) if check.suites else None
        twice = (check.samples, check.changed, flaky)
        rows.append(
            (one.task, one.name, check.scorer, "judged twice", *twice, check.suites, broken)
        )
    heads = ("task", "model", "verifier", "checked", "samples", "verdicts that changed")
    return Tabular(
        (*heads, "flaky problems", "suites with known solutions", "suites that reject one"),
        tuple(rows),
    )


def published_table(found: Sequence[Beside]) -> Tabular:
    """The paper's numbers beside ours.

    Args:
        found: those that we have too first.
    """
    return Tabular(
        ("number", "task", "model", "published", "ours", "verdict", "source"),
        tuple(
            (one.what, one.task, one.model, one.theirs, one.ours, one.verdict, one.source)
            for one in found
        ),
    )
