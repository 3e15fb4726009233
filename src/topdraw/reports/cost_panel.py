"""What a run cost, as a panel: per problem, per solved problem, and per further one.

Not here: the numbers (`analysis.cost_report`), the drawing (`cost_figure`).
Try it: `python -m pytest tests/reports/test_cost_panel.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from topdraw.analysis.cost_of_k import UNITS, Unit
from topdraw.core.estimate import Estimate
from topdraw.reports.cost_figure import amount, cost_figure, line_of
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.panel import Panel
from topdraw.reports.strategies import is_real
from topdraw.reports.tabular import Cell, Tabular
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from topdraw.analysis.cost import Tables
    from topdraw.analysis.cost_of_k import Costs
    from topdraw.analysis.cost_report import CostReport
    from topdraw.analysis.summary import Curve, Summary
    from topdraw.store.evidence import Evidence

_ORACLE = "any right answer (oracle)"
_SPEC = frozenset({"majority", "weighted_majority", "best_of_n"})
_HOW = (
    "Cost per solved problem is the cost of all problems over the number solved, a ratio of two "
    "means over the same problems; its interval takes their correlation into account. A further "
    "solved problem is one that the step from the row above solves: the cost of the step over what "
    "it adds. Columns without another word are per problem. Means are over all samples drawn."
)
_PROMPT_ONCE = "A problem costs its prompt once, and k times its mean output."
_NO_PROMPT = "A problem costs k times the tokens of its mean output; its prompt is not counted."


def cost_panel(evidence: Evidence, summary: Summary, tables: Tables | None = None) -> Panel | None:
    """What k samples of a problem cost, and what a solved problem does.

    Args:
        evidence: a scored run or table.
        summary: of the same evidence.
        tables: prices and architectures of one's own.

    Returns:
        The panel; None where nobody counted tokens, or a rule stopped the drawing, so that k is
        not what was paid for.
    """
    if summary.stopping is not None:
        return None
    from topdraw.analysis.cost import Tables, costs_of
    from topdraw.analysis.cost_report import cost_of

    samples = evidence.samples()
    tables = tables or Tables()
    known = costs_of(evidence, samples=samples, tables=tables)
    if "output_tokens" not in known:
        return None
    unit: Unit = "usd" if "usd" in known else "output_tokens"
    best = _best(summary)
    oracle = cost_of(
        evidence,
        ks=summary.ks,
        unit=unit,
        by=summary.by,
        prices=tables.prices,
        architectures=tables.architectures,
        shared_prompts=tables.shared_prompts,
        samples=samples,
    )
    chosen = None
    if best is not None:
        spec = best.strategy if best.strategy in _SPEC else "best_of_n"
        chosen = cost_of(
            evidence,
            selector=spec,
            ks=summary.ks,
            unit=unit,
            by=summary.by,
            value=best.chooser or None,
            prices=tables.prices,
            architectures=tables.architectures,
            shared_prompts=tables.shared_prompts,
            samples=samples,
        )
    return panel_of(oracle, chosen, best, known)


def panel_of(
    oracle: CostReport, chosen: CostReport | None, best: Curve | None, known: dict[Unit, Costs]
) -> Panel:
    """The panel of two strategies.

    Args:
        oracle: of the strategy that knows a right answer.
        chosen: of the best real selector; None when there is none.
        best: its curve.
        known: costs in all units that are known.
    """
    unit = oracle.unit
    lines = [line_of("oracle", _ORACLE, oracle.ks, oracle.per_solved)]
    if chosen is not None and best is not None:
        lines.append(line_of(best.strategy, best.label, chosen.ks, chosen.per_solved))
    figures = tuple(
        svg for svg in (cost_figure(lines, unit, layout=x) for x in (WIDE, NARROW)) if svg
    )
    billed = oracle.billed_usd
    notes = [
        "What scoring and choosing cost is not counted: a verifier, a reward model or a judge."
    ]
    if unit == "output_tokens":
        notes.append(
            "The price of this model is unknown, so costs are output tokens; give --prices FILE."
        )
    if billed is not None:
        total = amount(billed, "usd")
        notes.append(f"All requests of this run, retries and losses included, came to {total}.")
    return Panel(
        key="costs",
        title="Cost",
        claim=_claim(oracle, chosen, best),
        figures=figures,
        table=table_of(oracle, chosen, best, known),
        how=f"{_NO_PROMPT if unit == 'output_tokens' else _PROMPT_ONCE} {_HOW} ({oracle.basis})",
        notes=tuple(notes),
    )


def _best(summary: Summary) -> Curve | None:
    """The real selector with the largest value at the largest k."""
    real = [
        curve
        for curve in summary.curves
        if is_real(curve, summary.by) and math.isfinite(curve.estimates[-1].value)
    ]
    return max(real, key=lambda curve: curve.estimates[-1].value, default=None)


def _claim(oracle: CostReport, chosen: CostReport | None, best: Curve | None) -> str:
    unit, last = oracle.unit, len(oracle.ks) - 1
    each = f"{oracle.ks[last]:,} samples of a problem cost {_said(oracle.cost[last], unit)}"
    if chosen is None or best is None:
        each += f"; a solved problem costs {_interval(oracle, last)} where any right answer counts"
    else:
        each += (
            f"; a solved problem costs {_interval(chosen, last)} with {plain(best.label, 40)}, "
            f"and {_interval(chosen, 0)} with one sample"
        )
    return each + "."


def _interval(report: CostReport, at: int) -> str:
    estimate, unit = report.per_solved[at], report.unit
    low, high = amount(estimate.low, unit), amount(estimate.high, unit)
    name = "" if unit == "usd" else f" {UNITS[unit]}"
    if not math.isfinite(estimate.value):
        return f"more than {low}{name} (none was solved)"
    return f"{amount(estimate.value, unit)} [{low}, {high}]{name}"


def _said(value: float, unit: Unit) -> str:
    return amount(value, unit) if unit == "usd" else f"{amount(value, unit)} {UNITS[unit]}"


def table_of(
    oracle: CostReport, chosen: CostReport | None, best: Curve | None, known: dict[Unit, Costs]
) -> Tabular:
    """The numbers behind the figure, a row for each k.

    Args:
        oracle: of the strategy that knows a right answer.
        chosen: of the best real selector; None when there is none.
        best: its curve.
        known: costs in all units that are known.
    """
    shown: list[Unit] = [u for u in ("output_tokens", "usd", "flops", "seconds") if u in known]
    paid = {unit: known[unit].of_k(oracle.ks).mean(axis=0).tolist() for unit in shown}
    columns = ["k", *(UNITS[unit] for unit in shown), "per solved, oracle", "per further, oracle"]
    if chosen is not None and best is not None:
        columns.append(f"per solved, {plain(best.label, 40)}")
    rows = []
    for at, k in enumerate(oracle.ks):
        row: list[Cell] = [k, *(_cell(paid[unit][at]) for unit in shown)]
        row += [_finite(oracle.per_solved[at]), _cell(_further(oracle, at))]
        if chosen is not None and best is not None:
            row.append(_finite(chosen.per_solved[at]))
        rows.append(tuple(row))
    return Tabular(tuple(columns), tuple(rows))


def _finite(estimate: Estimate) -> Estimate | None:
    return estimate if math.isfinite(estimate.value) else None


def _cell(value: float | None) -> Cell:
    """Whole numbers where there are digits enough before the point."""
    return round(value) if value is not None and 100 <= value < 1e8 else value


def _further(report: CostReport, at: int) -> float | None:
    """Cost of the step to this k over what it adds; None where it adds nothing."""
    added = report.solved[at].value - (report.solved[at - 1].value if at else 0.0)
    paid = report.cost[at] - (report.cost[at - 1] if at else 0.0)
    return paid / added if added > 1e-12 else None
