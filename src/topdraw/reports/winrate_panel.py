"""Tables and words of win rates: by the benchmarks' conventions, and ours beside.

Not here: the numbers (`analysis.winrate`), the command (`cli.winrate`).
Try it: `topdraw winrate annotations.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from topdraw.reports.tabular import Cell, Tabular

if TYPE_CHECKING:
    from topdraw.analysis.winrate.result import Difference, Result

#: Beside what the benchmark prints: the same quantity with our interval over instructions.
OURS = "ours"


def kinds(results: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    """The results by what they can be compared with, each with a title.

    Args:
        results: of any benchmarks.
    """
    found: dict[tuple[str, ...], list[Result]] = {}
    for one in results:
        found.setdefault(one.kind, []).append(one)
    return [(kind_title(each[0].kind), each) for each in found.values()]


def kind_title(kind: tuple[str, str, str, str]) -> str:
    """What a kind of results is called.

    Examples:
        >>> kind_title(("Arena-Hard", "coding", "o3-mini", "score"))
        'Arena-Hard, coding, score against o3-mini'
    """
    benchmark, part, against, name = kind
    told = [benchmark, part] if part else [benchmark]
    return f"{', '.join([*told, name])}{f' against {against}' if against else ''}"


def scores_table(results: Sequence[Result]) -> Tabular:
    """One row for each model: what the benchmark prints, and our interval.

    Args:
        results: of one kind.
    """
    names = list(dict.fromkeys(name for one in results for name in one.published))
    return Tabular(
        ("model", OURS, *names),
        tuple(
            (one.model, one.estimate, *(one.published.get(name) for name in names))
            for one in results
        ),
    )


def differences_table(found: Sequence[Difference]) -> Tabular:
    """One row for each two models, and number where there are several.

    Args:
        found: of one benchmark, part and opponent.
    """
    heads = ("first", "second", "difference", "p", "adjusted p", "shared")
    if len({one.kind for one in found}) < 2:
        return Tabular(heads, tuple((one.a, one.b, *_gap(one)) for one in found))
    rows = ((one.a, one.b, one.kind[-1], *_gap(one)) for one in found)
    return Tabular((*heads[:2], "number", *heads[2:]), tuple(rows))


def lengths_table(results: Sequence[Result]) -> Tabular | None:
    """Characters of the outputs; None where no result has any.

    Args:
        results: of one kind.
    """
    told = [(one.model, one.lengths) for one in results if one.lengths is not None]
    if not told:
        return None
    rows = [
        (
            name,
            each.chosen,
            each.less_baseline,
            each.mean_sample,
            each.less_mean_sample,
            each.samples or None,
        )
        for name, each in told
    ]
    heads = ("chosen", "less baseline", "mean sample", "chosen less mean sample", "samples")
    return _without_empty(Tabular(("characters of outputs", *heads), tuple(rows)))


def position_table(results: Sequence[Result]) -> Tabular | None:
    """What the order of the answers did; None where no result knows it.

    Args:
        results: of one kind.
    """
    told = [(one.model, one.position) for one in results if one.position is not None]
    if not told:
        return None
    rows = [
        (name, each.first_wins, each.when_first, each.when_second, each.unknown)
        for name, each in told
    ]
    heads = ("first answer wins", "model first", "model second", "order unknown")
    return Tabular(("position", *heads), tuple(rows))


def all_scores(results: Sequence[Result]) -> Tabular:
    """The scores of all kinds in one table: a row for each number, as programs read it.

    Args:
        results: of any kinds.
    """
    rows: list[tuple[Cell, ...]] = []
    for one in results:
        about = (one.benchmark, one.part, one.against, one.model)
        rows.append((*about, f"{one.name}, {OURS}", one.estimate))
        rows += [(*about, name, value) for name, value in one.published.items()]
    return Tabular(("benchmark", "part", "against", "model", "number", "value"), tuple(rows))


def all_differences(found: Sequence[Difference]) -> Tabular:
    """The differences of all kinds in one table.

    Args:
        found: of any kinds.
    """
    heads = ("benchmark", "part", "against", "number", "first", "second", "difference", "p")
    rows = ((*one.kind, one.a, one.b, *_gap(one)) for one in found)
    return Tabular((*heads, "adjusted p", "shared"), tuple(rows))


def notes(results: Sequence[Result]) -> list[str]:
    """What to know before quoting a number, with the models it is about.

    Args:
        results: of one kind.
    """
    about: dict[str, list[str]] = {}
    for one in results:
        for note in one.notes:
            about.setdefault(note, []).append(one.model)
    everybody = len(results)
    return [
        note if len(models) == everybody else f"{_few(models)}: {note}"
        for note, models in about.items()
    ]


def difference_notes(found: Sequence[Difference]) -> list[str]:
    """Which instructions are in no difference.

    Args:
        found: of one benchmark, part and opponent.
    """
    told = [
        f"{one.a} less {one.b}: {one.only_a + one.only_b:,} instructions that only one of them has "
        "are left out."
        for one in found
        if one.only_a or one.only_b
    ]
    return list(dict.fromkeys(told))


def _gap(one: Difference) -> tuple[Cell, ...]:
    return (one.estimate, one.estimate.p_value, one.adjusted_p, one.estimate.n)


def _few(models: Sequence[str]) -> str:
    shown = ", ".join(models[:3])
    return f"{shown}, ..." if len(models) > 3 else shown


def _without_empty(table: Tabular) -> Tabular:
    """The table without columns in which nothing stands."""
    kept = [
        at for at in range(len(table.columns)) if any(row[at] is not None for row in table.rows)
    ]
    return Tabular(
        tuple(table.columns[at] for at in kept),
        tuple(tuple(row[at] for at in kept) for row in table.rows),
    )
