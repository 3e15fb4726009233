"""The panels and tables of a comparison: differences between two runs, and who wins among several.

Not here: the numbers (`analysis.comparison`, `.orders`), the page (`panels`).
Try it: `topdraw compare RUN RUN --out page.html`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from topdraw.reports.difference_figure import difference_figure
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.panel import Panel
from topdraw.reports.tabular import Cell, Tabular

if TYPE_CHECKING:
    from topdraw.analysis.comparison import Comparison, Line
    from topdraw.analysis.orders import Duel, Orders
    from topdraw.core.estimate import Estimate

#: More runs than this are not told one by one.
_MANY = 4
_HOW = (
    "Each number is the mean over the problems that both sides have scored samples of; at k it is "
    "the mean over all subsets of k of the samples that a problem has. Differences are paired over "
    "problems. p is a two-sided sign-flip test of each line by itself; adjusted p (Holm) allows "
    "for all lines of this table. A difference stands (a full dot) when adjusted p is below 1 less "
    "the level (0.05 of 95%) and zero lies outside its interval. The two can disagree, for the "
    "interval is of one line by itself and makes no use of symmetry; then the difference "
    "does not stand."
)


def comparison_table(found: Comparison) -> Tabular:
    """One row for each difference.

    Args:
        found: of two runs, or of strategies of one.
    """
    within = found.a == found.b
    heads = ("first", "second", "a", "b") if within else ("measure", found.a, found.b)
    return Tabular(
        (*heads, "difference", "p", "adjusted p"),
        tuple(_row(line, within=within) for line in found.lines),
    )


def comparisons_table(found: Sequence[Comparison]) -> Tabular:
    """All differences of several comparisons in one table: a row says which two runs.

    Args:
        found: of two runs each, or of strategies of one.
    """
    heads = ("first run", "second run", "first", "second", "a", "b", "difference", "p")
    return Tabular(
        (*heads, "adjusted p", "stands"),
        tuple(
            (one.a, one.b, *_row(line, within=True), "yes" if line.stands else "no")
            for one in found
            for line in one.lines
        ),
    )


def _row(line: Line, *, within: bool) -> tuple[Cell, ...]:
    names: tuple[Cell, ...] = (_name(line),)
    if within:
        names = (line.measure_a, line.measure_b)
    return (*names, line.a, line.b, line.difference, line.difference.p_value, line.adjusted_p)


def _name(line: Line) -> str:
    if line.measure_a == line.measure_b:
        return line.measure_a
    return f"{line.measure_a} less {line.measure_b}"


def comparison_panel(found: Comparison, key: str = "comparison") -> Panel:
    """The differences as a panel.

    Args:
        found: of two runs, or of strategies of one.
        key: its place in the page.
    """
    within = found.a == found.b
    rows = [(_name(line), line.difference) for line in found.lines]
    stands = [line.stands for line in found.lines]
    axis = "difference in accuracy" if within else f"{found.a} less {found.b}"
    return Panel(
        key=key,
        title="Differences" if within else f"{found.a} against {found.b}",
        claim=comparison_sentence(found),
        figures=tuple(
            svg
            for size in (WIDE, NARROW)
            if (svg := difference_figure(rows, axis, size, stands=stands))
        ),
        table=comparison_table(found),
        how=_HOW,
        notes=tuple(comparison_notes(found)),
    )


def comparison_sentence(found: Comparison) -> str:
    """What differs, in one sentence with intervals.

    Args:
        found: of two runs, or of strategies of one.
    """
    within = found.a == found.b
    known = [line for line in found.lines if math.isfinite(line.difference.value)]
    if not known:
        return "No problem has numbers on both sides."
    sure = [line for line in known if line.stands]
    largest = max(sure or known, key=lambda line: abs(line.difference.value))
    one = next((line for line in sure if _name(line) == "pass@1"), largest)
    gap = one.difference
    over = f"over {gap.n} problems"
    if not sure:
        told = f"the largest difference is {gap} {over} ({_name(one)})"
        if within:
            return f"Nothing here can be told apart: {told}."
        return f"{found.a} and {found.b} cannot be told apart: {told}."
    names = (one.measure_a, one.measure_b) if within else (found.a, found.b)
    if gap.value < 0:
        names = names[::-1]
        gap = replace(gap, value=-gap.value, low=-gap.high, high=-gap.low)
    where = "" if within else f" at {_name(one)}"
    rest = f"; {_still(len(sure), len(known))}" if len(known) > 1 else ""
    against = [line for line in sure if line.difference.value * one.difference.value < 0]
    if against and not within:
        rest += f", and at {_name(against[-1])} it is the other way round"
    return f"{names[0]} beats {names[1]}{where} by {gap} {over}{rest}."


def _still(sure: int, known: int) -> str:
    holds = "difference still holds" if sure == 1 else "differences still hold"
    return f"{sure} of {known} {holds} once all {known} are allowed for"


def comparisons_sentence(found: Sequence[Comparison]) -> str:
    """What differs in each of several comparisons with one run: a sentence each, or in sum.

    Args:
        found: at least one; if several, of the same first run.
    """
    if len(found) <= _MANY:
        return " ".join(map(comparison_sentence, found))
    apart = [one.b for one in found if any(line.stands for line in one.lines)]
    same = [one.b for one in found if one.b not in apart]
    told = [
        f"{what} {', '.join(names[:_MANY])}{', ...' if len(names) > _MANY else ''}"
        for what, names in (("differs from", apart), ("cannot be told from", same))
        if names
    ]
    return f"Of {len(found)} others, {found[0].a} {' and '.join(told)}."


def comparison_notes(found: Comparison) -> list[str]:
    """What to know before quoting a difference.

    Args:
        found: of two runs, or of strategies of one.
    """
    notes = []
    for name, only in ((found.a, found.only_a), (found.b, found.only_b)):
        if only:
            shown = ", ".join(only[:3]) + (", ..." if len(only) > 3 else "")
            notes.append(f"Left out: {len(only)} problems that {name} alone has ({shown}).")
    if found.by_a != found.by_b:
        notes.append(f"Different verifiers: {found.by_a} for {found.a}, {found.by_b} otherwise.")
    missing = max((line.difference.missing for line in found.lines), default=0)
    if missing:
        notes.append(f"{missing} samples have no score and are in no number.")
    return notes


def orders_table(found: Orders) -> Tabular:
    """One row for each two runs.

    Args:
        found: of several runs.
    """
    heads = ("pair", "difference", "p", "P(first ahead)", "wins", "ties", "losses")
    if not found.greedy:
        return Tabular(heads, tuple((f"{p.a} / {p.b}", *_duel(p.mean)) for p in found.pairs))
    rows: list[tuple[Cell, ...]] = []
    for pair in found.pairs:
        assert pair.greedy is not None  # noqa: S101 - as `greedy` is not empty
        name = f"{pair.a} / {pair.b}"
        rows.append((name, "sampled", *_duel(pair.mean), pair.reversal))
        rows.append((name, "greedy", *_duel(pair.greedy), pair.reversal))
    return Tabular((heads[0], "decoding", *heads[1:], "P(order reverses)"), tuple(rows))


def _duel(one: Duel) -> tuple[Cell, ...]:
    gap = one.difference
    return (gap, gap.p_value, one.ahead, one.wins.value, one.ties.value, one.losses.value)


def ranks_table(found: Orders) -> Tabular:
    """One row for each run: its mean sample, its greedy sample, and its rank by each.

    Args:
        found: of several runs.
    """
    if not found.greedy:
        rows: Sequence[tuple[Cell, ...]] = list(
            zip(found.names, found.mean, found.mean_rank, strict=True)
        )
        return Tabular(("run", "one sample (mean)", "rank"), tuple(rows))
    both = zip(
        found.names, found.mean, found.mean_rank, found.greedy, found.greedy_rank, strict=True
    )
    return Tabular(("run", "one sample (mean)", "rank", "greedy", "rank by greedy"), tuple(both))


def orders_panels(found: Orders) -> tuple[Panel, Panel]:
    """Who wins, and how sure that is.

    Args:
        found: of several runs.
    """
    rows: list[tuple[str, Estimate]] = []
    for pair in found.pairs:
        name = f"{pair.a} less {pair.b}"
        rows.append((f"{name}, sampled" if pair.greedy else name, pair.mean.difference))
        if pair.greedy:
            rows.append((f"{name}, greedy", pair.greedy.difference))
    figures = (difference_figure(rows, "difference in accuracy", size) for size in (WIDE, NARROW))
    ranks = Panel("ranks", "Who wins", orders_sentence(found), table=ranks_table(found), how=_RANKS)
    pairs = Panel(
        "orders",
        "Pair by pair",
        reversal_sentence(found),
        figures=tuple(svg for svg in figures if svg),
        table=orders_table(found),
        how=_PAIRS,
    )
    return ranks, pairs


_RANKS = (
    "One sample (mean) is the share of correct samples, averaged over the problems that all runs "
    "share; greedy the same of the one greedy sample. Equal means share the mean of their ranks."
)
_PAIRS = (
    "P(first ahead) is the share of 4,000 bootstrap resamples of the problems in which the first "
    "run has the larger mean, ties counted half; P(order reverses) the share in which greedy "
    "decoding and sampling name different winners. Wins, ties and losses are shares of problems. "
    "They describe these problems; none is a p-value. p is that of each pair by itself; a dot is "
    "full where it is below 1 less the level and zero lies outside the interval."
)


def orders_sentence(found: Orders) -> str:
    """Who is first, by each way of decoding.

    Args:
        found: of several runs.
    """
    sampled = _first(found.mean_rank)
    told = f"{_leads(found, sampled)} first with one sample, {found.mean[sampled[0]]}"
    if not found.greedy:
        return f"{told}, over {found.shared} problems."
    greedy = _first(found.greedy_rank)
    value = found.greedy[greedy[0]]
    if greedy == sampled:
        return f"{told}, and under greedy decoding, {value}."
    if len(greedy) > 1:
        return f"{told}; under greedy decoding {_leads(found, greedy)} first, {value}."
    return f"{told}; under greedy decoding it is {found.names[greedy[0]]}, {value}."


def _first(ranks: Sequence[float]) -> list[int]:
    """Those with the best rank: several where they tie."""
    return [at for at, rank in enumerate(ranks) if rank == min(ranks)]


def _leads(found: Orders, best: Sequence[int]) -> str:
    names = [found.names[at] for at in best]
    if len(names) == 1:
        return f"{names[0]} is"
    *most, last = names if len(names) <= _MANY else [*names[:_MANY], "others"]
    return f"{', '.join(most)} and {last} tie for"


def reversal_sentence(found: Orders) -> str:
    """Whose order depends on how one decodes.

    Args:
        found: of several runs.
    """
    if not found.greedy:
        return "Each two runs over the same problems."
    reversed_ = found.reversed
    if not reversed_:
        return f"Greedy decoding and sampling agree on the winner of all {len(found.pairs)} pairs."
    names = ", ".join(f"{pair.a} / {pair.b}" for pair in reversed_[:3])
    return (
        f"Greedy decoding and sampling name different winners in {len(reversed_)} of "
        f"{len(found.pairs)} pairs: {names}{', ...' if len(reversed_) > 3 else ''}."
    )
