"""The audit of scorers as tables and sentences.

Not here: the numbers (`analysis.scorer_audit`, `analysis.scorer_audited`).
Try it: `topdraw audit-scorer RUN --scorer reward`.
"""

from __future__ import annotations

from collections.abc import Iterator

from topdraw.analysis.scorer_audited import Audit, ScorerAudit
from topdraw.reports.tabular import Cell, Tabular


def measures_table(one: Audit) -> Tabular:
    """A row for each measure, a column for each scorer.

    Args:
        one: the audit.
    """
    rows: list[tuple[str, list[Cell]]] = [
        ("AUC within problems", [each.auc for each in one.scorers]),
        ("right over wrong, all pairs", [each.pairs for each in one.scorers]),
        ("top-1 accuracy", [each.top1 for each in one.scorers]),
        ("  less mean sample", [each.over_random for each in one.scorers]),
        ("  oracle less it", [each.below_oracle for each in one.scorers]),
        ("saturated at k", [each.saturation for each in one.scorers]),
        ("  change from there to n", [each.after for each in one.scorers]),
        ("highest at k", [each.peak for each in one.scorers]),
        ("calibration error (ECE)", [each.ece for each in one.scorers]),
        ("Brier score", [each.brier for each in one.scorers]),
        ("Spearman with length", [each.length for each in one.scorers]),
        ("share without a value", [each.missing for each in one.scorers]),
    ]
    return Tabular(
        ("measure", *(each.scorer for each in one.scorers)),
        tuple((name, *cells) for name, cells in rows),
    )


def curves_table(one: Audit) -> Tabular:
    """A row for each k, a column for each scorer: accuracy of the best of k.

    Args:
        one: the audit.
    """
    ks = one.scorers[0].ks
    return Tabular(
        ("best of k", *(each.scorer for each in one.scorers)),
        tuple((k, *(each.curve[at] for each in one.scorers)) for at, k in enumerate(ks)),
    )


def differences_table(one: Audit) -> Tabular:
    """A row for each paired difference of the first scorer and another.

    Args:
        one: the audit.
    """
    return Tabular(
        ("first", "second", "measure", "difference", "p", "adjusted p"),
        tuple(
            (each.a, each.b, each.measure, each.estimate, each.estimate.p_value, each.adjusted_p)
            for each in one.differences
        ),
    )


def audit_notes(one: Audit) -> list[str]:
    """What the tables stand on, and what is striking.

    Args:
        one: the audit.
    """
    left = one.problems - one.mixed
    notes = [
        f"Held against {one.gold} on {one.problems:,} problems; AUC and pairs on the {one.mixed:,} "
        f"that have a right and a wrong sample ({left:,} have not).",
        f"Mean sample {one.random}, oracle {one.oracle}. Of the verdict itself, Spearman with "
        f"length is {one.gold_length}.",
    ]
    if one.basis:
        notes.append(f"All numbers are {one.basis}.")
    return [*notes, *(note for each in one.scorers for note in _verdicts(each))]


def _verdicts(each: ScorerAudit) -> Iterator[str]:
    """What is striking of a scorer."""
    if each.over_random.high < 0:
        yield f"{each.scorer} chooses worse than chance: {each.over_random} less the mean sample."
    elif each.over_random.low <= 0:
        yield f"{each.scorer} is not shown to choose better than chance ({each.over_random})."
    if each.after.high < 0:
        yield (
            f"{each.scorer} is over-optimised: best of {each.ks[-1]} less best of "
            f"{each.saturation} is {each.after}."
        )
