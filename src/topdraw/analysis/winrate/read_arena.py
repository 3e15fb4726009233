"""Judgment files of Arena-Hard, v0.1 and 2025: the two verdicts of each question, by model.

Not here: what a verdict is worth (`winrate.verdicts`).
Try it: `python -m pytest tests/analysis/winrate/test_read_arena.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from topdraw.analysis.winrate.cells import identity, stem, text
from topdraw.analysis.winrate.verdicts import verdict
from topdraw.errors import FormatError
from topdraw.store.json_rows import JsonRow

#: Baseline of v0.1, whose files do not name it.
OLD_BASELINE = "gpt-4-0314"


@dataclass(frozen=True, slots=True)
class Judgments:
    """Judgments of one model in one category.

    Attributes:
        model: its name.
        baseline: of the other.
        category: "" in v0.1.
        path: the file.
        old: whether it is a file of v0.1.
        instructions: the question of each judgment.
        games: the verdicts of game 0 (the baseline is A) and game 1 (the model is A).
    """

    model: str
    baseline: str
    category: str
    path: Path
    old: bool
    instructions: tuple[str, ...]
    games: tuple[tuple[str | None, str | None], ...]


def read_judgments(rows: Sequence[JsonRow]) -> list[Judgments]:
    """The judgments of each model and category in the rows of one file.

    A game without a `score` field is read from its judgment's text; `"score": null` stays null.

    Args:
        rows: of one file.

    Raises:
        FormatError: when a row lacks a field or has one of a wrong kind; names file and line.
    """
    found: dict[tuple[str, str], list[JsonRow]] = {}
    for row in rows:
        key = (text(row, "model", stem(row.path)), text(row, "category", ""))
        found.setdefault(key, []).append(row)
    return [_judgments(model, category, each) for (model, category), each in found.items()]


def _judgments(model: str, category: str, rows: Sequence[JsonRow]) -> Judgments:
    old = "uid" not in rows[0].fields
    return Judgments(
        model=model,
        baseline=text(rows[0], "baseline", OLD_BASELINE if old else "baseline"),
        category=category,
        path=rows[0].path,
        old=old,
        instructions=tuple(identity(row, ("uid", "question_id"), "the question") for row in rows),
        games=tuple(_games(row) for row in rows),
    )


def _games(row: JsonRow) -> tuple[str | None, str | None]:
    games = row.fields.get("games")
    if not isinstance(games, list) or len(games) != 2:
        count = len(games) if isinstance(games, list) else "no list of"
        raise FormatError(f"{row.where} has {count} games; a judgment has two, positions swapped.")
    first, second = (_label(row, game) for game in games)
    return first, second


def _label(row: JsonRow, game: object) -> str | None:
    if game is None:
        return None
    if not isinstance(game, dict):
        raise FormatError(f"{row.where} has a game that is neither an object nor null.")
    if "score" in game:
        score = game["score"]
        if score is not None and not isinstance(score, str):
            raise FormatError(f"{row.where} has a verdict that is neither a text nor null.")
        return score
    judgment = game.get("judgment")
    if isinstance(judgment, dict):
        judgment = judgment.get("answer")
    return verdict(judgment) if isinstance(judgment, str) else None
