"""Arena-Hard's verdicts: found in a judgment, and turned into battles of the model.

Not here: scores made of battles (`winrate.arena_hard`).
Try it: `python -c "from topdraw.analysis.winrate.verdicts import *; print(verdict('[[a>>b]]'))"`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError

_LABELS = (re.compile(r"\[\[([AB<>=]+)\]\]"), re.compile(r"\[([AB<>=]+)\]"))
#: What each verdict is worth to assistant A, and how often it counts.
_WORTH = {"A>>B": 1.0, "A>B": 1.0, "A=B": 0.5, "A<B": 0.0, "A<<B": 0.0}
_MIRRORED = {"B>>A": "A<<B", "B>A": "A<B", "B=A": "A=B", "B<A": "A>B", "B<<A": "A>>B"}
#: The code of v0.1 knows no others, and drops a game with one.
_OLD = ("A>>B", "A>B", "A=B", "B>A", "B>>A")


@dataclass(frozen=True, slots=True)
class Battles:
    """Verdicts as battles of the model with the baseline; a strong one counts several times.

    Attributes:
        value: shape (games,): 1 the model wins, 0.5 a tie, 0 it loses.
        weight: shape (games,): how often the game counts.
        row: shape (games,): which judgment it is of.
        model_first: shape (games,): whether the judge was shown the model's answer as A.
        dropped: judgments (2025) or games (v0.1) left out because a verdict is missing.
    """

    value: FloatArray
    weight: IntArray
    row: IntArray
    model_first: IntArray
    dropped: int

    @property
    def score(self) -> float:
        """100 times the weighted mean; NaN without games."""
        total = int(self.weight.sum())
        return 100 * float(self.weight @ self.value) / total if total else float("nan")

    def repeated(self) -> tuple[FloatArray, IntArray]:
        """Value and judgment of each battle, a game of weight 3 three times."""
        return np.repeat(self.value, self.weight), np.repeat(self.row, self.weight)


def verdict(judgment: str) -> str | None:
    """The last label of a judgment, in double brackets, else in single ones; None without any.

    Args:
        judgment: what the judge wrote; case does not matter.

    Examples:
        >>> verdict("Not [[A>B]]; my final verdict is [[b>>a]]"), verdict("tie: [A=B]"), verdict("")
        ('B>>A', 'A=B', None)

    References:
        arena-hard-auto 196f6b82, `gen_judgment.py` and `config/arena-hard-v2.0.yaml`.
    """
    upper = judgment.upper()
    for pattern in _LABELS:
        found = pattern.findall(upper)
        if found:
            return str(found[-1])
    return None


def is_verdict(label: str | None) -> bool:
    """Whether it is one of the ten labels."""
    return label in _WORTH or label in _MIRRORED


def battles(
    games: Sequence[tuple[str | None, str | None]], *, strong: int = 3, old: bool = False
) -> Battles:
    """The battles of these judgments; in game 0 the baseline is A, in game 1 the model.

    Args:
        games: the two labels of each judgment; None = no verdict, as is a label nobody knows.
        strong: how often ">>" counts, >= 1.
        old: the convention of v0.1: a missing verdict drops its game alone, and only A>B, A>>B,
            A=B, B>A, B>>A count. Else that of the 2025 code: it drops the judgment.

    Raises:
        DomainError: if strong < 1.

    Examples:
        >>> battles([("B>A", "A>>B"), ("A>B", None)]).score
        100.0
    """
    if strong < 1:
        raise DomainError(f"A strong verdict counts at least once; {strong} is below 1.")
    rows: list[tuple[float, int, int, int]] = []
    dropped = 0
    for at, pair in enumerate(games):
        usable = [one in _OLD if old else is_verdict(one) for one in pair]
        if not old and not all(usable):
            dropped += 1
            continue
        dropped += sum(not one for one in usable)
        for game, label in enumerate(pair):
            if label is not None and usable[game]:
                worth, weight = _worth(label, strong)
                rows.append((worth if game else 1 - worth, weight, at, game))
    table = np.array(rows, dtype=float).reshape(-1, 4)
    counts, judgment, game_1 = (table[:, one].astype(np.int64) for one in (1, 2, 3))
    return Battles(table[:, 0], counts, judgment, game_1, dropped)


def _worth(label: str, strong: int) -> tuple[float, int]:
    plain = _MIRRORED.get(label, label)
    return _WORTH[plain], strong if "<<" in plain or ">>" in plain else 1
