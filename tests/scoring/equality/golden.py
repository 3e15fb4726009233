"""The list of answer pairs of `tests/golden/equivalence.json`."""

import json
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).resolve().parents[2] / "golden" / "equivalence.json"


class Pair(NamedTuple):
    """Two answers and what the row is about."""

    gold: str
    answer: str
    why: str


def pairs(kind: str) -> list[Pair]:
    """The rows "equal", "different" or "equal_but_not_accepted"."""
    return [Pair(*row) for row in json.loads(_FILE.read_text("utf-8"))[kind]]
