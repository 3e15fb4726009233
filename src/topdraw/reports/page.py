"""The report of a run: one self-contained HTML file, for reading, searching and passing on.

Not here: the numbers (analysis/summary), the figures (`figure`, `difficulty`), what is shown of a
problem (`views`), the frame of the document (`document`).
Try it: `topdraw report RUN`, then open RUN/report.html.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from markupsafe import Markup

from topdraw.analysis.halving import HALVINGS
from topdraw.core.estimate import Estimate
from topdraw.reports.archive import within
from topdraw.reports.axis import Axis, axes
from topdraw.reports.cards import Card, cards, fitting
from topdraw.reports.cite import with_versions
from topdraw.reports.difficulty import difficulty_figure
from topdraw.reports.document import render, write_page
from topdraw.reports.figure import curves_figure
from topdraw.reports.finding import (
    best_real,
    beware,
    finding,
    headline,
    headline_end,
    lucky,
    reading,
)
from topdraw.reports.forest import forest
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.lacking import samples_drawn
from topdraw.reports.panel import Panel
from topdraw.reports.panels import panel_views
from topdraw.reports.recipe import Recipe
from topdraw.reports.strategy_tabular import ALL_CORRECT, shown_ks
from topdraw.reports.table import strategy_table
from topdraw.reports.views import ProblemView, worst_first

if TYPE_CHECKING:
    from topdraw.analysis.cost import Tables
    from topdraw.analysis.summary import ProblemRow, Summary
    from topdraw.store.evidence import EvidenceOrPath

_MOST_ROWS, _MOST_BYTES = 1000, 2_200_000
_MOST_WHOLE, _OF_A_BLOCK = 9_900_000, 400
#: Which samples a page holds: all that fit, a few of each problem, or none and no prompts either.
Samples: TypeAlias = Literal["all", "few", "none"]


def report(
    run: EvidenceOrPath,
    *,
    by: str | None = None,
    value: str | None = None,
    out: str | os.PathLike[str] | None = None,
    summary: Summary | None = None,
    tables: Tables | None = None,
    samples: Samples = "all",
) -> Path:
    """Write the page of a run and return where it lies.

    Args:
        run: a scored run or a table, or its path.
        by: the verifier that says what is correct; default: the task's own.
        value: the scorer that ranks; default: "reward" where scored, else "logprob".
        out: the file; default: report.html in the run's directory, or the table's name with
            .report.html beside it.
        summary: what `summarize` says of this run, where it was made already; `by` and `value`
            are then its own.
        tables: prices and architectures of your own; they come before the shipped ones.
        samples: "all" packs every sample of the problems shown into the page, up to 10 MB; "few"
            leaves some of each problem, up to 3 MB; "none" leaves no text of problems or models.

    Raises:
        UnknownNameError: if the run holds no scores by one of these scorers.
        StoreError: if the run cannot be read or the page cannot be written.
        ConfigError: if there is no such path, or a table has several models.
        FormatError: if a file is no table.
    """
    from topdraw.analysis.summary import summarize
    from topdraw.reports.gather import bill_of, costs_of, panels_of, problem_views, recipe_of
    from topdraw.store.evidence import open_evidence
    from topdraw.store.run import Run

    opened = open_evidence(run)
    summary = summary or summarize(opened, by=by, value=value)
    views = problem_views(opened, summary) if samples != "none" else []
    page = render_page(
        summary,
        views,
        recipe=recipe_of(opened, summary),
        bill=bill_of(opened, tables),
        panels=panels_of(opened, summary, tables),
        costs=costs_of(opened, summary, tables),
        whole=samples == "all",
    )
    beside = opened.path.with_name(f"{opened.path.name}.report.html")
    usual = opened.path / "report.html" if isinstance(opened, Run) else beside
    return write_page(page, out if out is not None else usual)


def render_page(
    summary: Summary,
    problems: Sequence[ProblemView] = (),
    *,
    recipe: Recipe | None = None,
    bill: Sequence[tuple[str, str]] = (),
    panels: Sequence[Panel] = (),
    costs: Sequence[Axis] = (),
    whole: bool = False,
) -> str:
    """The page as text that encodes to UTF-8, whatever the model wrote.

    Args:
        summary: the numbers.
        problems: the problems to open, in the order shown.
        recipe: how to make the run again; left out when None.
        bill: what its requests cost, as (name, value); left out when empty.
        panels: what else there is to see, in the order shown.
        costs: what k samples of a problem cost, at every k of the curves: the figure then has a
            switch.
        whole: whether all samples of the problems are packed into it, as many as fit.

    Returns:
        A whole HTML document. It holds at most a few kilobytes per sample and 1,000 problems in
        its last table; problems that would make it longer than 3 MB are left out, and so are
        packed samples that would make it longer than 10 MB.
    """
    shown = fitting(cards(problems), _MOST_BYTES * 2 if whole else _MOST_BYTES)
    # The gap is over all that a rule drew, and the share of those that is correct is no estimate.
    gap, rows = (None, ()) if summary.stopping else (summary.gap, summary.rows)
    curves = _curves(summary, gap, costs)
    difficulty = [difficulty_figure(rows, layout=x) for x in (WIDE, NARROW)]
    every = _every(summary.rows, shown)
    table = strategy_table(summary)
    views = panel_views(panels)
    # A table is its own model where it names none.
    is_twice = not summary.model or summary.task.split(".")[0] == summary.model
    named = [summary.task] if is_twice else [summary.task, summary.model]
    sections = [
        ("curves", "Curves", curves),
        ("table", "Table", curves),
        ("cost", "Drawn", True),
        ("difficulty", "Difficulty", difficulty[0]),
        ("differences", "Differences", summary.differences),
        *((view.panel.key, view.panel.title, True) for view in views),
        ("problems", "Problems", shown),
        ("all", "All problems", every),
        ("reproduce", "Reproduce", recipe),
    ]
    page = functools.partial(
        render,
        "page.html",
        kind="report",
        title=f"{', '.join(named)}: {headline(summary)}",
        named=named,
        summary=summary,
        claims=finding(summary),
        reading=reading(summary),
        notes=beware(summary),
        lucky=lucky(summary),
        halvings=HALVINGS,
        sections=[(key, name) for key, name, there in sections if there],
        panels=views,
        curves=curves,
        banded=any(curve.band for curve in summary.curves),
        difficulty=_safe(difficulty),
        gap_named=gap is not None and not math.isnan(gap.value) and best_real(summary) is not None,
        chosen=any(math.isfinite(x) for row in rows for x in (row.majority, row.best_of_n)),
        level=f"{summary.gap.level:.0%}",
        methods=[*_methods(summary), *_bases(curves)],
        table=table,
        all_correct_name=ALL_CORRECT,
        all_correct=_all_correct(summary),
        cost=_cost(summary),
        bill=bill,
        drawn=samples_drawn(summary),
        end=headline_end(summary),
        differences=forest(summary),
        choosers=_choosers(shown),
        every=every,
        recipe=recipe,
        facts=with_versions(recipe.facts) if recipe else (),
    )
    few = page(problems=shown, packed=None)
    if not whole:
        return few
    room = _MOST_WHOLE - len(few.encode()) - _OF_A_BLOCK * len(shown)
    packed = _with_blocks(shown, room)
    return page(problems=packed, packed=_packed(packed))


class Packed(NamedTuple):
    """How much of the problems shown is in the page to the last sample."""

    problems: int
    samples: int


def _packed(shown: Sequence[Card]) -> Packed | None:
    """How many problems have all their samples in the page; None where nothing was packed."""
    whole = [card.view.total for card in shown if card.block or not card.view.left_out]
    return Packed(len(whole), sum(whole)) if any(card.block for card in shown) else None


def _with_blocks(shown: Sequence[Card], most_bytes: int) -> list[Card]:
    """The cards with all their samples where more than those shown were drawn, and they fit."""
    lacking = [card.view.every if card.view.left_out else () for card in shown]
    pairs = zip(shown, within(lacking, most_bytes), strict=True)
    return [dataclasses.replace(card, block=block) for card, block in pairs]


def _curves(
    summary: Summary, gap: Estimate | None, costs: Sequence[Axis]
) -> list[tuple[Axis, list[Markup]]]:
    """The figure on each axis that it can be drawn on; none when no curve has a point."""
    ks = {k for curve in summary.curves for k in curve.k}
    made = [
        (
            axis,
            [curves_figure(summary.curves, gap=gap, layout=x, axis=axis) for x in (WIDE, NARROW)],
        )
        for axis in axes(ks, costs)
    ]
    return [(axis, _safe(figures)) for axis, figures in made if figures[0]]


def _safe(figures: Sequence[str]) -> list[Markup]:
    """Our own SVG, escaped where it was made; empty when there is nothing to draw."""
    return [Markup(svg) for svg in figures] if figures[0] else []  # noqa: S704 - see above


def _choosers(shown: Sequence[Card]) -> list[tuple[str, str]]:
    """Everybody who chose one of the samples shown: CSS key and name."""
    chips = {chip[:2]: None for card in shown for each in card.samples for chip in each.chips}
    return list(chips)


def _every(
    rows: Sequence[ProblemRow], shown: Sequence[Card]
) -> list[tuple[ProblemRow, str | None]]:
    slugs = {card.view.problem_id: card.slug for card in shown}
    return [(row, slugs.get(row.problem_id)) for row in worst_first(rows)[:_MOST_ROWS]]


def _methods(summary: Summary) -> list[tuple[str, str]]:
    """How values and intervals were made, for all strategies alike in one line."""
    alike: dict[str, list[str]] = {}
    for curve in summary.curves:
        known = [*curve.estimates, *([curve.drawn] if curve.drawn else [])]
        told = [e.method.removeprefix(f"{curve.label}, ") for e in known if e.method]
        method = " / ".join(dict.fromkeys(told)) or curve.method
        alike.setdefault(method, []).append(curve.label)
    gap = [("gap", summary.gap.method)] if summary.gap.method else []
    return [(", ".join(labels), method) for method, labels in alike.items() if method] + gap


def _all_correct(summary: Summary) -> list[Estimate | None]:
    """pass^k in the columns of the table; empty where a rule stopped the drawing."""
    if summary.stopping is not None or not any(row.n for row in summary.rows):
        return []
    from topdraw.analysis.all_correct import pass_hat_curve

    return list(pass_hat_curve(summary.rows, shown_ks(summary)))


def _bases(curves: Sequence[tuple[Axis, list[Markup]]]) -> list[tuple[str, str]]:
    """How the costs at the axis were made."""
    return [(f"{axis.switch} at the axis", axis.basis) for axis, _ in curves if axis.basis]


def _cost(summary: Summary) -> list[tuple[str, str]]:
    tokens, samples = summary.output_tokens, summary.samples
    drawn = samples_drawn(summary).rpartition(" ")[0]
    rows = [("problems", f"{summary.problems:,}"), ("samples drawn", drawn)]
    if tokens and samples:
        rows += [("output tokens", f"{tokens:,}"), ("tokens per sample", f"{tokens / samples:.1f}")]
    if summary.stopping:
        rows.append(("samples per problem", f"{summary.stopping.per_problem:.1f}"))
    rows.append(("missing scores", f"{summary.missing:,}"))
    if summary.unscored:
        rows.append(("not scored yet", f"{summary.unscored:,}"))
    correct = sum(row.c for row in summary.rows)
    if summary.scored_tokens and correct:
        rows.append(("tokens per correct sample", f"{summary.scored_tokens / correct:,.0f}"))
    return rows
