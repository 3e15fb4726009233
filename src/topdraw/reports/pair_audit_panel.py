"""The audit of judges of pairs as a table, sentences, and a panel of a run's page.

Not here: the numbers (`analysis.pair_audit`).
Try it: `topdraw audit-scorer RUN --scorer NAME`, of stored comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Cell, Tabular

if TYPE_CHECKING:
    from topdraw.analysis.pair_audit import PairAudit
    from topdraw.analysis.summary import Summary
    from topdraw.store.evidence import Evidence


def pairs_table(audits: Sequence[PairAudit]) -> Tabular:
    """A row for each measure, a column for each judge.

    Args:
        audits: at least one.
    """
    rows: list[tuple[str, list[Cell]]] = [
        ("right over wrong", [one.right_wins for one in audits]),
        ("first shown preferred", [one.first_wins for one in audits]),
        ("both orders agree", [one.consistent for one in audits]),
        ("longer preferred", [one.longer_wins for one in audits]),
        ("  right one is longer", [one.gold_longer_wins for one in audits]),
        ("share without a verdict", [one.missing for one in audits]),
        ("questions", [one.questions for one in audits]),
        ("pairs", [one.pairs for one in audits]),
    ]
    return Tabular(
        ("measure", *(one.name for one in audits)), tuple((name, *cells) for name, cells in rows)
    )


def pair_notes(one: PairAudit) -> list[str]:
    """What is striking of a judge of pairs.

    Args:
        one: its audit.
    """
    notes = []
    if one.first_wins.low > 0.5 or one.first_wins.high < 0.5:
        place = "first" if one.first_wins.low > 0.5 else "second"
        notes.append(
            f"{one.name} is biased towards what is shown {place}: the first is preferred in "
            f"{one.first_wins}. Asked in both orders it cancels."
        )
    if one.gold and one.longer_wins.low > one.gold_longer_wins.high:
        notes.append(
            f"{one.name} prefers the longer one ({one.longer_wins}) more often than the right one "
            f"is the longer ({one.gold_longer_wins})."
        )
    if one.gold and one.right_wins.low <= 0.5:
        notes.append(
            f"{one.name} is not shown to prefer right ones to wrong ones ({one.right_wins})."
        )
    return notes


def judges_panel(evidence: Evidence, summary: Summary) -> Panel | None:
    """How good and how biased the judges are that compared samples of a run.

    Args:
        evidence: a scored run or a table.
        summary: of the same evidence.

    Returns:
        None when the run has no comparisons.
    """
    from topdraw.analysis.pair_audit import pair_audit
    from topdraw.store.comparisons import comparison_names
    from topdraw.store.plain import PlainTable

    if isinstance(evidence, PlainTable):
        return None
    audits = [pair_audit(evidence, name, gold=summary.by) for name in comparison_names(evidence)]
    if not audits:
        return None
    best = max(audits, key=lambda one: one.right_wins.value)
    return Panel(
        key="judges",
        title="Judges of pairs",
        claim=(
            f"Of a right and a wrong answer, {best.name} prefers the right one in "
            f"{best.right_wins} of the pairs; what it is shown first it prefers in "
            f"{best.first_wins}."
        ),
        table=pairs_table(audits),
        how=(
            "Pooled over pairs, with Wilson intervals whose unit is the problem; a tie is half, "
            "and pairs of equal outputs are left out. Verdicts in both orders are averaged first."
        ),
        notes=tuple(note for one in audits for note in pair_notes(one)),
    )
