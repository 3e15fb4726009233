"""The report of a run: one self-contained HTML file, for reading, searching and passing on.

Not here: the numbers (analysis/summary), the figures (`figure`, `difficulty`), what is shown of a
problem (`views`). Model text is hostile: every expression of the template passes `plain` or
`visible`, then autoescape; a content security policy lets nothing run but our own script.
Try it: `topdraw report RUN`, then open RUN/report.html.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import math
import os
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from topdraw._version import __version__
from topdraw.core.estimate import Estimate
from topdraw.errors import StoreError
from topdraw.reports.cards import Card, cards, percent, short, two
from topdraw.reports.difficulty import difficulty_figure
from topdraw.reports.figure import curves_figure
from topdraw.reports.finding import beware, finding, headline, reading
from topdraw.reports.forest import forest
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.lacking import samples_drawn, unfinished
from topdraw.reports.recipe import Recipe
from topdraw.reports.table import strategy_table
from topdraw.reports.views import ProblemView, worst_first
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from jinja2 import Template

    from topdraw.analysis.summary import ProblemRow, Summary
    from topdraw.store.run import Run

_MOST_ROWS = 1000


def report(
    run: Run | str | os.PathLike[str],
    *,
    by: str | None = None,
    value: str | None = None,
    out: str | os.PathLike[str] | None = None,
    summary: Summary | None = None,
) -> Path:
    """Write the page of a run and return where it lies.

    Args:
        run: a scored run, or its directory.
        by: the verifier that says what is correct; default: the task's own.
        value: the scorer that ranks; default: "reward" where scored, else "logprob".
        out: the file; default: report.html in the run's directory.
        summary: what `summarize` says of this run, where it was made already; `by` and `value`
            are then its own.

    Raises:
        UnknownNameError: if the run holds no scores by one of these scorers.
        StoreError: if the run cannot be read or the page cannot be written.
    """
    from topdraw.analysis.summary import summarize
    from topdraw.reports.gather import bill_of, problem_views, recipe_of
    from topdraw.store.run import Run

    opened = run if isinstance(run, Run) else Run.open(run)
    summary = summary or summarize(opened, by=by, value=value)
    page = render_page(
        summary,
        problem_views(opened, summary),
        recipe=recipe_of(opened, summary),
        bill=bill_of(opened),
    )
    path = Path(out) if out is not None else opened.path / "report.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The page {path} cannot be written: {error}.") from error
    return path


def render_page(
    summary: Summary,
    problems: Sequence[ProblemView] = (),
    *,
    recipe: Recipe | None = None,
    bill: Sequence[tuple[str, str]] = (),
) -> str:
    """The page as text that encodes to UTF-8, whatever the model wrote.

    Args:
        summary: the numbers.
        problems: the problems to open, in the order shown.
        recipe: how to make the run again; left out when None.
        bill: what its requests cost, as (name, value); left out when empty.

    Returns:
        A whole HTML document. It holds at most a few kilobytes per sample and 1,000 problems in
        its last table, so that it stays below 3 MB for any run when `problems` is as short as
        `views.shown_problems` makes it.
    """
    shown = cards(problems)
    # The gap is over all that a rule drew, and the share of those that is correct is no estimate.
    gap, rows = (None, ()) if summary.stopping else (summary.gap, summary.rows)
    curves = [curves_figure(summary.curves, gap=gap, layout=x) for x in (WIDE, NARROW)]
    difficulty = [difficulty_figure(rows, layout=x) for x in (WIDE, NARROW)]
    every = _every(summary.rows, shown)
    present = {
        "curves": curves[0],
        "table": curves[0],
        "cost": True,
        "difficulty": difficulty[0],
        "differences": summary.differences,
        "problems": shown,
        "all": every,
        "reproduce": recipe,
    }
    return _template().render(
        title=f"{summary.task}, {summary.model}: {headline(summary)}",
        summary=summary,
        claims=finding(summary),
        reading=_unbroken(reading(summary)),
        notes=beware(summary),
        sections=[(name, name.capitalize()) for name, there in present.items() if there],
        curves=_safe(curves),
        difficulty=_safe(difficulty),
        gap_named=gap is not None and not math.isnan(gap.value),
        level=f"{summary.gap.level:.0%}",
        methods=_methods(summary),
        table=strategy_table(summary),
        cost=_cost(summary),
        bill=bill,
        drawn=samples_drawn(summary),
        unfinished=unfinished(summary),
        differences=forest(summary),
        problems=shown,
        every=every,
        recipe=recipe,
    )


def _safe(figures: Sequence[str]) -> list[Markup]:
    """Our own SVG, escaped where it was made; empty when there is nothing to draw."""
    return [Markup(svg) for svg in figures] if figures[0] else []  # noqa: S704 - see above


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


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    css, js = _source("page.css"), _source("page.js")
    environment = Environment(autoescape=True, finalize=_shown, undefined=StrictUndefined)
    environment.globals.update(
        css=Markup(css),  # noqa: S704 - package data
        js=Markup(js),  # noqa: S704 - package data
        policy=Markup(_policy(css, js)),  # noqa: S704 - base64 and constants
        version=__version__,
        split=_split,
        commas="{:,}".format,
        many=_many,
        count_of=lambda count: "" if math.isnan(count) else f"{count:,.0f}",
        percent=percent,
        short=short,
        two=two,
        share=lambda count, n: f"{100 * count / max(n, 1):.1f}",
    )
    return environment.from_string(_source("page.html"))


def _source(name: str) -> str:
    return files("topdraw.reports").joinpath(name).read_text(encoding="utf-8")


def _policy(css: str, js: str) -> str:
    """Nothing is loaded, and no script or style counts but the two whose digests these are."""
    digests = (base64.b64encode(hashlib.sha256(x.encode()).digest()).decode() for x in (css, js))
    style, script = (f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; style-src {style}; script-src {script}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _shown(value: object) -> object:
    """The last door before autoescape: no invisible character passes it as text."""
    return plain(value, 4000) if isinstance(value, str) and not isinstance(value, Markup) else value


def _split(estimate: Estimate) -> tuple[str, str]:
    number, _, interval = str(estimate).partition(" ")
    return number.replace("-", "\u2212") if len(number) > 1 else number, interval.replace(
        "-", "\u2212"
    )


def _unbroken(text: str) -> str:
    """The same with spaces inside intervals and around equals signs that no line breaks at."""
    text = re.sub(r" (\[[^\] ]*), ", "\u00a0\\1,\u00a0", text)
    return text.replace(" = ", "\u00a0=\u00a0")


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
