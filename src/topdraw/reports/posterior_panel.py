"""The Bayesian reading as a panel: what choosing by a reward buys, and where it stops paying.

Not here: the numbers (`analysis.bayes`), the drawing (`posterior_figure`).
Try it: `python -m pytest tests/reports/test_posterior_panel.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from topdraw.errors import InputError
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.panel import Panel
from topdraw.reports.posterior_figure import posterior_figure
from topdraw.reports.tabular import Cell, Tabular
from topdraw.reports.visible import plain

if TYPE_CHECKING:
    from topdraw.analysis.bayes.of_run import Reading
    from topdraw.analysis.bayes.rows import BestRow, PosteriorRow
    from topdraw.analysis.summary import Summary
    from topdraw.store.evidence import Evidence

_HOW = (
    "Rewards are read as evidence: the posterior softmax(reward / beta) over a problem's samples "
    "has the largest mean reward among all choices with its KL divergence from one draw. beta is "
    "one for all problems. Best of n is exact and unbiased over all subsets of n samples; its KL "
    "counts ties, and is log n - (n-1)/n without. In the figure both are placed by their KL within "
    "the samples drawn. 'Of the optimum' is the gain of best of n over one draw as a share of what "
    "the optimum gains at the same KL. Effective samples are 1 / sum of squared weights of the "
    "posterior (for best of n: of that optimum), the median over problems; on fewer than 10 it is "
    "the word of a few samples, and dashed."
)


def posterior_panel(evidence: Evidence, summary: Summary) -> Panel | None:
    """What choosing by the summary's reward buys, over the distance from one draw.

    Args:
        evidence: a scored run or table.
        summary: of the same evidence.

    Returns:
        The panel; None without a reward that tells samples apart.
    """
    if not summary.value or summary.n < 2:
        return None
    from topdraw.analysis.bayes.of_run import reading

    try:
        found = reading(evidence, by=summary.by, value=summary.value)
    except InputError:  # nothing to read: too few rewards, or all the same
        return None
    return panel_of(found)


def panel_of(reading: Reading) -> Panel:
    """The panel of a reading.

    Args:
        reading: of a run or table.
    """
    figures = tuple(
        svg for svg in (posterior_figure(reading, layout=each) for each in (WIDE, NARROW)) if svg
    )
    laws = tuple(f"{law} (fitted to gold over sqrt(KL))." for law in reading.laws)
    return Panel(
        key="posterior",
        title="Reward as evidence",
        claim=_claim(reading),
        figures=figures,
        table=table_of(reading),
        how=" ".join((_HOW, *laws)),
        notes=reading.warnings,
    )


def _claim(reading: Reading) -> str:
    last = reading.best[-1]
    peak = next(row for row in reading.best if row.n == reading.peak)
    name, loss = plain(reading.value, 40), reading.loss
    worth = "correct" if reading.gold == reading.by else f"gold by {plain(reading.gold, 40)}"
    if math.isfinite(loss.high) and loss.high < 0:
        return (
            f"Choosing harder by {name} stops paying: best of {peak.n:,} is {peak.gold} {worth}, "
            f"best of {last.n:,} only {last.gold}; the difference to the best n is {loss}."
        )
    gained = last.reward.value - reading.best[0].reward.value
    return (
        f"Best of {last.n:,} by {name} is {last.gold} {worth} and gains {gained:.3g} in reward, at "
        f"a KL of {last.kl} nats from one draw; no n below does better for certain."
    )


def table_of(reading: Reading) -> Tabular:
    """Best-of-n and posterior, by rising distance from one draw.

    Args:
        reading: of a run or table.
    """
    rows = [
        *((row.kl.value, _best_cells(row)) for row in reading.best),
        *((row.kl.value, _posterior_cells(row)) for row in reading.posterior),
    ]
    worth = "correct" if reading.gold == reading.by else "gold"
    columns = (
        "chosen by", "KL, nats", "reward", worth, "beats one draw", "effective samples",
        "of the optimum",
    )  # fmt: skip
    return Tabular(columns, tuple(cells for _, cells in sorted(rows, key=lambda row: row[0])))


def _best_cells(row: BestRow) -> tuple[Cell, ...]:
    effective = row.effective if math.isfinite(row.beta) else None
    return (
        f"best of {row.n:,}",
        row.kl,
        row.reward,
        row.gold,
        row.win_rate if row.n > 1 else 0.5,
        effective,
        row.share if row.n > 1 else None,
    )


def _posterior_cells(row: PosteriorRow) -> tuple[Cell, ...]:
    return (
        f"beta = {row.beta:.3g}",
        row.kl,
        row.reward,
        row.gold,
        None,
        row.effective_median,
        1.0,
    )
