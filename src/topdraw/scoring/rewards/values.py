"""From the numbers of a network to a score: what is finite, and which of several is meant.

Not here: where the numbers come from.
Try it: `python -m pytest tests/scoring/rewards/test_values.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from topdraw.core.records import Json, Score
from topdraw.errors import ConfigError


def real(value: float, note: str = "") -> Score:
    """A value as a score; missing when it is no finite number.

    Args:
        value: what a network gave.
        note: what there is to say.
    """
    if not math.isfinite(value):
        return Score.missing(f"the reward model gave {value}")
    return Score(value=value, note=note)


def place_of(name: str, names: Sequence[str], model: str) -> int:
    """The place of a label: its name, or a number from 0.

    Args:
        name: as the user writes it.
        names: of all labels.
        model: for people.

    Raises:
        ConfigError: when there is none.
    """
    if name in names:
        return list(names).index(name)
    if name.isdecimal() and int(name) < len(names):
        return int(name)
    raise ConfigError(
        f"{model!r} has no objective {name!r}.",
        hint=f"It has {', '.join(names)}; or a number from 0 to {len(names) - 1}.",
    )


def as_note(said: Mapping[str, Json], also: str = "") -> str:
    """A note that machines can read: one line of JSON.

    Args:
        said: the values behind a score.
        also: what there is to say in words.

    Examples:
        >>> as_note({"steps": [0.5, float("nan")]}, "cut right")
        '{"steps": [0.5, NaN], "also": "cut right"}'
    """
    return json.dumps({**said, "also": also} if also else dict(said))


def rounded(value: float) -> float:
    """A number with six significant digits, for notes.

    Examples:
        >>> rounded(0.12345678)
        0.123457
    """
    return float(f"{value:.6g}")
