"""Arena-Hard: a model's result from its judgments, by the 2025 code or by v0.1.

Not here: its parts (`winrate.verdicts`, `.arena_hard`); style control (`.style`).
Try it: `topdraw winrate model_judgment/gpt-4.1/o3.jsonl`.
"""

from __future__ import annotations

import math

import numpy as np

from topdraw.analysis.winrate.arena_hard import elo, score_estimate, their_bootstrap
from topdraw.analysis.winrate.points import in_points
from topdraw.analysis.winrate.position import position_bias
from topdraw.analysis.winrate.read_arena import Judgments
from topdraw.analysis.winrate.result import Number, Published, Result, repeats
from topdraw.analysis.winrate.verdicts import Battles, battles
from topdraw.core.seeds import Rng


def arena_result(found: Judgments, *, strong: int = 3, level: float = 0.95, rng: Rng = 0) -> Result:
    """The leaderboard's numbers of a model in one category, and ours.

    Args:
        found: of `read_arena.read_judgments`.
        strong: how often ">>" and "<<" count.
        level: confidence level, in (0, 1).
        rng: seed or generator of their bootstrap.

    Raises:
        DomainError: if strong < 1 or the level lies outside (0, 1).
    """
    made = battles(found.games, strong=strong, old=found.old)
    games = [found.instructions[at] for at in made.row.tolist()]
    return Result(
        benchmark="Arena-Hard v0.1" if found.old else "Arena-Hard",
        model=found.model,
        against=found.baseline,
        part=found.category,
        files=(str(found.path),),
        name="score",
        estimate=score_estimate(
            made, found.instructions, level=level, method=f"battles, strong ones {strong} times"
        ),
        published=_published(found, made, games, level, rng),
        each=_by_question(found, made),
        position=position_bias(made.value, made.model_first, instructions=games, level=level),
        notes=(*_notes(found, made, strong), *repeats(found.instructions)),
    )


def _published(
    found: Judgments, made: Battles, games: list[str], level: float, rng: Rng
) -> Published:
    theirs = their_bootstrap(made, old=found.old, rng=rng)
    low, high = (f"their {100 * one:g} %" for one in theirs.quantiles)
    row: dict[str, Number] = {
        "score": theirs.score,
        low: theirs.low,
        high: theirs.high,
        "each game once": in_points(made.value, instructions=games, level=level),
    }
    rating = elo(made.score)
    old: dict[str, Number] = {"Elo": rating if math.isfinite(rating) else None} if found.old else {}
    return {**row, **old, "judgments": len(found.games), "dropped": made.dropped}


def _by_question(found: Judgments, made: Battles) -> dict[str, float]:
    """The weighted mean of each question's games."""
    names = np.array(found.instructions, dtype=object)[made.row]
    sums: dict[str, list[float]] = {}
    for name, value, weight in zip(names, made.value.tolist(), made.weight.tolist(), strict=True):
        total = sums.setdefault(str(name), [0.0, 0.0])
        total[0] += value * weight
        total[1] += weight
    return {name: value / weight for name, (value, weight) in sums.items()}


def _notes(found: Judgments, made: Battles, strong: int) -> tuple[str, ...]:
    notes = []
    if made.dropped:
        what = "games" if found.old else "judgments (both games)"
        notes.append(f"{made.dropped:,} {what} have no verdict and are in no number.")
    if found.old and made.value.size and not 0 < made.score < 100:
        notes.append("Every battle went the same way: no finite Elo fits.")
    if strong != 3:
        notes.append(f"Strong verdicts count {strong} times; Arena-Hard counts them 3 times.")
    return tuple(notes)
