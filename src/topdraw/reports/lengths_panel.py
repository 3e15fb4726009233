"""The panel of lengths: output tokens of correct and wrong samples, and of what strategies choose.

Not here: the numbers (`analysis.chosen_lengths`), greedy against sampled (`variability_panel`).
Try it: `python -m pytest tests/reports/test_lengths_panel.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import escape

from topdraw.core.estimate import Estimate
from topdraw.core.records import Candidates, FloatArray
from topdraw.reports.axis import Axis, round_ticks
from topdraw.reports.choosers import chosen_by
from topdraw.reports.frame import NARROW, WIDE, Layout, label, text_width
from topdraw.reports.panel import Panel
from topdraw.reports.strategies import look
from topdraw.reports.tabular import Tabular
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from topdraw.analysis.chosen_lengths import ChosenLength
    from topdraw.analysis.summary import Summary
    from topdraw.store.evidence import Evidence

_TOP, _HALF, _ROW = 34, 74, 24
_DOT = "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z"
_BINS = {"wide": 48, "narrow": 24}


@dataclass(frozen=True, slots=True)
class Lengths:
    """Output tokens of the samples of a run.

    Attributes:
        correct: shape (correct samples,). Their tokens, all problems together.
        wrong: shape (wrong samples,). Likewise.
        rows: (CSS key, name, estimates) of correct, wrong, and who chooses.
    """

    correct: FloatArray
    wrong: FloatArray
    rows: tuple[tuple[str, str, ChosenLength], ...]


def lengths_panel(evidence: Evidence, summary: Summary) -> Panel | None:
    """How long correct, wrong and chosen outputs are.

    Args:
        evidence: a scored run or a table.
        summary: of the same evidence.

    Returns:
        None where lengths are unknown, where nothing is correct or nothing wrong in any problem,
        and where a rule stopped the drawing: the last sample is then no random one.

    Raises:
        UnknownNameError: if there are no scores by the summary's scorers.
        StoreError: if the run cannot be read.
    """
    from topdraw.selection.candidates import candidates

    if summary.stopping is not None:
        return None
    found = candidates(evidence, by=summary.by, value=summary.value or None)
    greedy = candidates(evidence, by=summary.by, role="greedy")
    lengths = measured(found, greedy, summary)
    if lengths is None:
        return None
    figures = tuple(lengths_figure(lengths, layout=layout) for layout in (WIDE, NARROW))
    return Panel(
        key="lengths",
        title="Lengths",
        claim=_claim(lengths),
        figures=figures,
        table=Tabular(
            ("outputs", "output tokens", "less the mean sample"),
            tuple((name, one.tokens, one.less_mean) for _, name, one in lengths.rows),
        ),
        how=(
            "Bars: all samples with a verdict, on a logarithmic scale; correct ones above the "
            "line, wrong ones below. Rows: the mean over problems of each problem's expected "
            "length, with Student's interval; differences are within problems, so that they do "
            "not say that hard problems have long outputs. Correct and wrong: over problems that "
            "have both."
        ),
    )


def measured(
    found: Mapping[str, Candidates], greedy: Mapping[str, Candidates], summary: Summary
) -> Lengths | None:
    """The lengths of samples, and of what is chosen among them.

    Args:
        found: the candidates of each problem.
        greedy: its greedy sample, where there is one.
        summary: of the same run.

    Returns:
        None where lengths are unknown or no problem has correct and wrong samples.
    """
    from topdraw.analysis.chosen_lengths import chosen_lengths

    kept = {key: one.take(np.flatnonzero(~one.missing)) for key, one in found.items()}
    kept = {key: one for key, one in kept.items() if one.n and one.length_tokens.any()}
    passed = [one.passed.astype(float) for one in kept.values()]
    mixed = [0 < each.mean() < 1 for each in passed]
    if not any(mixed):
        return None
    chosen = [chosen_by(one, summary) for one in kept.values()]
    weights: dict[str, list[FloatArray]] = {
        "correct": [each * both for each, both in zip(passed, mixed, strict=True)],
        "wrong": [(1 - each) * both for each, both in zip(passed, mixed, strict=True)],
        **{name: [each[name] for each in chosen] for name in chosen[0]},
    }
    tokens = [_tokens(one) for one in kept.values()]
    made = chosen_lengths(tokens, weights)
    shown = {"correct": ("pass", "correct"), "wrong": ("fail", "wrong")}
    labels = {curve.strategy: curve.label for curve in summary.curves}
    rows = [
        (*shown.get(name, (look(name).key, labels.get(name, name))), made[name]) for name in made
    ]
    rows[2:2] = _greedy_row(kept, greedy, tokens)
    all_tokens, right = np.concatenate(tokens), np.concatenate(passed) > 0.5
    known = ~np.isnan(all_tokens)
    return Lengths(all_tokens[known & right], all_tokens[known & ~right], tuple(rows))


def _tokens(one: Candidates) -> FloatArray:
    return np.where(one.length_tokens > 0, one.length_tokens, np.nan)


def _greedy_row(
    kept: Mapping[str, Candidates], greedy: Mapping[str, Candidates], tokens: Sequence[FloatArray]
) -> list[tuple[str, str, ChosenLength]]:
    from topdraw.analysis.chosen_lengths import ChosenLength
    from topdraw.analysis.variability_lengths import mean_length

    drawn = [greedy.get(key) for key in kept]
    alone = np.array([_tokens(one)[0] if one is not None and one.n else np.nan for one in drawn])
    if np.isnan(alone).all():
        return []
    means = np.array([np.nanmean(one) for one in tokens])
    paired = mean_length(alone - means, method="output tokens, greedy less mean, paired")
    return [
        (
            "greedy",
            "greedy",
            ChosenLength(mean_length(alone, method="output tokens, greedy"), paired),
        )
    ]


def _claim(lengths: Lengths) -> str:
    rows = {name: one for _, name, one in lengths.rows}
    right, wrong = rows["correct"], rows["wrong"]
    text = (
        f"Where a problem has both, correct samples take {right.tokens} output tokens and wrong "
        f"ones {wrong.tokens}"
    )
    others = [(name, one.less_mean) for _, name, one in lengths.rows[2:] if name != "greedy"]
    told = [(name, each) for name, each in others if each.low > 0 or each.high < 0]
    if not told:
        return text + (
            "; no strategy chooses longer or shorter outputs than the mean sample."
            if others
            else "."
        )
    name, most = max(told, key=lambda pair: abs(pair[1].value))
    longer = "longer" if most.value > 0 else "shorter"
    return f"{text}; {name} picks {longer} outputs than the mean sample, by {_size(most)} tokens."


def _size(difference: Estimate) -> Estimate:
    if difference.value >= 0:
        return difference
    low, high = -difference.high, -difference.low
    return Estimate(-difference.value, low, high, difference.level)


def lengths_figure(lengths: Lengths, *, layout: Layout = WIDE) -> str:
    """Correct samples above the line, wrong ones below; under them, the mean length of each row.

    Args:
        lengths: at least one of each kind.
        layout: the room there is.

    Returns:
        An `svg` element, escaped.
    """
    every = np.concatenate([lengths.correct, lengths.wrong])
    scale = _Scale(
        left=float(layout.left),
        right=float(layout.width - 12),
        least=float(every.min()),
        most=float(max(every.max(), every.min() + 1)),
    )
    base = _TOP + 2 * _HALF
    height = base + 50 + len(lengths.rows) * _ROW
    parts = [label(2, 16, "samples by output tokens", "name")]
    parts += _histogram(lengths, scale, _BINS[layout.name])
    parts += _ticks(scale, base, height - 46, layout)
    parts += _dots(lengths, scale, base + 22, layout)
    told = escape(f"Output tokens of samples. {_claim(lengths)}")
    return (
        f'<svg class="figure {layout.name}" viewBox="0 0 {layout.width} {height}" role="img" '
        f'aria-label="{told}">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """A logarithmic scale of tokens."""

    left: float
    right: float
    least: float
    most: float

    def x(self, tokens: float) -> float:
        share = math.log(max(tokens, self.least) / self.least) / math.log(self.most / self.least)
        return self.left + min(share, 1.0) * (self.right - self.left)


def _histogram(lengths: Lengths, scale: _Scale, bins: int) -> Iterable[str]:
    edges = np.geomspace(scale.least, scale.most, bins + 1)
    counts = [np.histogram(kind, edges)[0] for kind in (lengths.correct, lengths.wrong)]
    tallest = max(int(kind.max()) for kind in counts)
    middle = _TOP + _HALF
    for key, kind, above in (("pass", counts[0], True), ("fail", counts[1], False)):
        yield f'<g class="s-{key}">'
        for at, count in enumerate(kind):
            tall = (_HALF - 4) * count / tallest
            if count:
                left, right = scale.x(edges[at]), scale.x(edges[at + 1])
                yield (
                    f'<rect class="bar-of" x="{left + 0.5:.1f}" '
                    f'y="{middle - tall if above else middle:.1f}" '
                    f'width="{max(right - left - 1, 0.6):.1f}" height="{tall:.1f}"/>'
                )
        total = int(kind.sum())
        name = f"{'✓ correct' if above else '✗ wrong'} {total:,}"
        yield label(scale.left, _TOP + 8 if above else middle + _HALF - 4, name, "end")
        yield "</g>"
    yield f'<path class="axis" d="M{scale.left:.1f} {middle}H{scale.right:.1f}"/>'


def _ticks(scale: _Scale, top: float, bottom: float, layout: Layout) -> Iterable[str]:
    axis, last = Axis("tokens", {}), -math.inf
    for tick in ticks_between(scale.least, scale.most):
        x, text = scale.x(tick), axis.told(tick)
        yield f'<path class="grid" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>'
        if x - last > text_width(text, layout.font) + 10:
            yield label(x, bottom + 18, text, "tick middle")
            last = x
    middle = (scale.left + scale.right) / 2
    yield label(middle, bottom + 40, "output tokens (log scale)", "name middle")


def ticks_between(least: float, most: float) -> list[float]:
    """1, 2, 5 times powers of ten; where these are fewer than three, multiples of a round step.

    Args:
        least: the smallest, > 0.
        most: the largest, > least.

    Examples:
        >>> ticks_between(7.0, 10.0)
        [7.0, 8.0, 9.0, 10.0]
    """
    ticks = round_ticks(least, most)
    if len(ticks) >= 3:
        return ticks
    steps = (float(f"{front}e{power}") for power in range(9) for front in (1, 2, 5))
    step = next(step for step in steps if (most - least) / step <= 8)
    first = math.ceil(least / step)
    return [step * at for at in range(first, math.floor(most / step) + 1)]


def _dots(lengths: Lengths, scale: _Scale, top: float, layout: Layout) -> Iterable[str]:
    """A row for each mean: its interval, its mark, and its name on the side where all fit."""
    rows = [row for row in lengths.rows if math.isfinite(row[2].tokens.value)]
    spans = [_span(one.tokens, scale) for _, _, one in rows]
    values = [one.tokens.value for _, _, one in rows]
    # Where means lie close together, whole tokens would not tell them apart.
    places = 0 if max(values, default=0) - min(values, default=0) >= 10 else 1
    texts = [f"{plain(name, 40)} {one.tokens.value:,.{places}f}" for _, name, one in rows]
    widest = [text_width(text, layout.font) for text in texts]
    fits = all(
        high + 8 + room <= scale.right for (_, high), room in zip(spans, widest, strict=True)
    )
    for at, ((key, _, one), (low, high), text) in enumerate(zip(rows, spans, texts, strict=True)):
        x, y = scale.x(one.tokens.value), top + at * _ROW
        place, side = (high + 8, "end") if fits else (low - 8, "end right")
        yield (
            f'<g class="s-{key}"><path class="whisker" d="M{low:.1f} {y:.1f}H{high:.1f}"/>'
            f'<path class="mark" d="M{x:.1f} {y:.1f}{_DOT}"/>{label(place, y + 4, text, side)}</g>'
        )


def _span(estimate: Estimate, scale: _Scale) -> tuple[float, float]:
    """Both ends of an interval on the scale; the value twice where it has none."""
    ends = [x for x in (estimate.low, estimate.high) if math.isfinite(x)] or [estimate.value]
    return scale.x(ends[0]), scale.x(ends[-1])
