"""Panels of the paper's numbers: beside ours value for value, and its tables for reference.

Not here: the numbers (`studies.published`), its claims (`greedy_sets.claims_panel`).
Try it: `python -m pytest tests/reports/test_greedy_published.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Tabular
from topdraw.studies.greedy.beside import Beside, beside
from topdraw.studies.greedy.published import GreedyNumbers, greedy_numbers
from topdraw.studies.greedy.reading import GreedyReading

_WORDS = {
    "greedy": "greedy",
    "mean": "one sample (mean)",
    "std": "std of full runs",
    "gap": "gap of full runs",
}


def published_panels(reading: GreedyReading) -> list[Panel]:
    """Published numbers beside ours where model and task are the same, and all of them.

    Args:
        reading: of the study.
    """
    numbers = greedy_numbers()
    found = beside(reading.sets, numbers.rows)
    mine = {(one.row.model, one.row.benchmark.name): one.ours.label for one in found}
    panels = [_beside(found)] if found else []
    return [*panels, _tables(numbers, mine)]


def _beside(found: Sequence[Beside]) -> Panel:
    inside = sum("inside" in one.verdict for one in found)
    compared = sum("lies" in one.verdict for one in found)
    doubts = dict.fromkeys(
        f"{one.row.model} on {one.row.benchmark.name}: the source is not of one mind, {doubt}."
        for one in found
        for doubt in one.row.doubts
    )
    return Panel(
        "beside",
        "Published numbers beside ours",
        f"{inside} of {compared} published numbers that can be compared lie inside our intervals.",
        table=Tabular(
            ("task", "model", "number", "published", "ours", "verdict", "source"),
            tuple(
                (
                    one.ours.task,
                    one.ours.name,
                    _WORDS[one.what],
                    one.published,
                    one.own,
                    one.verdict,
                    one.row.where,
                )
                for one in found
            ),
        ),
        how=(
            "Model and task go by their names; prompts, number of shots and versions of the "
            "weights may differ. Intervals of greedy and mean are over problems, as if these were "
            "drawn from many; those of std over full runs. Std and gap depend on the number of "
            "problems, so they are compared only where it is nearly the same."
        ),
        notes=tuple(doubts),
    )


def _tables(numbers: GreedyNumbers, mine: dict[tuple[str, str], str]) -> Panel:
    rows = sorted(numbers.rows, key=lambda row: (row.model, row.benchmark.name) not in mine)
    verdicts = [row for row in numbers.rows if row.std == row.std and row.benchmark.has_verdicts]
    wide = [row for row in verdicts if row.std > row.binomial]
    better = [row for row in numbers.rows if row.greedy > row.mean]
    doubts = (
        f"{row.model} on {row.benchmark.name}: {doubt}."
        for row in numbers.rows
        for doubt in row.doubts
    )
    return Panel(
        "published",
        "The paper's numbers, for reference",
        f"In the paper greedy is above the mean of the samples in {len(better)} of "
        f"{len(numbers.rows)} rows, and full runs lie further apart than independent samples can "
        f"in {len(wide)} of the {len(verdicts)} rows of right or wrong answers; it prints no "
        "intervals.",
        table=Tabular(
            (
                "benchmark",
                "model",
                "greedy",
                "mean",
                "greedy less mean",
                "std",
                "std, binomial at most",
                "gap",
                "problems",
                "full runs",
                "ours",
                "source",
            ),
            tuple(
                (
                    row.benchmark.name,
                    row.model,
                    row.greedy,
                    row.mean,
                    round(row.greedy - row.mean, 6),
                    row.std,
                    row.binomial,
                    row.gap,
                    row.benchmark.problems,
                    row.benchmark.samples,
                    mine.get((row.model, row.benchmark.name), "none"),
                    row.where,
                )
                for row in rows
            ),
        ),
        tables=(
            (
                "Best of the first N",
                Tabular(
                    ("benchmark", "model", "N", "chosen by", "score"),
                    tuple(
                        (one.benchmark.name, one.model, one.n, one.chooser, one.score)
                        for one in numbers.best
                    ),
                ),
            ),
        ),
        how=(
            f"{numbers.paper}, as printed, divided by 100. Binomial at most: sqrt(m (1 - m) / P), "
            "the most that a full run over P problems spreads when samples are independent given "
            "the problem; what lies above it is moved by something that all samples of one run "
            "share. AlpacaEval, Arena-Hard, WildBench and MixEval are graded, not right or wrong."
        ),
        notes=("The source prints some numbers in two ways. " + " ".join(doubts),),
    )
