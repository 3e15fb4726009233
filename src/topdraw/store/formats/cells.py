"""The values of foreign fields, read leniently: texts, numbers, verdicts, lists.

Not here: which field is what (the formats).
Try it: `python -m doctest src/topdraw/store/formats/cells.py -v`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from topdraw.core.records import Json, Score
from topdraw.errors import FormatError
from topdraw.store.formats.protocol import Values

_TRUE = frozenset({"true", "yes", "pass", "passed", "correct", "1", "resolved"})
_FALSE = frozenset(
    {"false", "no", "fail", "failed", "wrong", "incorrect", "0", "timeout", "timed out", "error",
     "assert", "syntax", "unresolved"}
)  # fmt: skip


def text(value: Json) -> str:
    """A field as text: nothing is "", other JSON is itself.

    Examples:
        >>> text("a"), text(None), text([1, 2])
        ('a', '', '[1, 2]')
    """
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def name(value: Json) -> str | None:
    """An id as text; None for what is no id.

    Examples:
        >>> name(7), name(7.0), name("a/b"), name(None), name([1])
        ('7', '7', 'a/b', None, None)
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


def number(value: Json) -> float:
    """A field as a number, NaN where it is none.

    Examples:
        >>> number(2), number("-1.5"), number(None), number([0.5])
        (2.0, -1.5, nan, 0.5)
    """
    if isinstance(value, list) and len(value) == 1:
        return number(value[0])  # a reward model's output of one logit
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def whole(value: Json, otherwise: int = 0) -> int:
    """A field as a whole number from 0 to 2^63 - 1, or the other value.

    Examples:
        >>> whole(3), whole(3.0), whole("x", -1), whole(-2)
        (3, 3, -1, 0)
    """
    found = number(value)
    return int(found) if 0 <= found < 2**63 and found == int(found) else otherwise


def verdict(value: Json) -> bool | None:
    """A field as a verdict; None where it is none.

    Examples:
        >>> verdict(True), verdict(0), verdict("passed"), verdict("maybe"), verdict(0.5)
        (True, False, True, None, None)
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def listed(value: Json) -> list[Json]:
    """A field as a list; empty for what is none."""
    return value if isinstance(value, list) else []


def nested(value: Json) -> Values:
    """A field as an object; empty for what is none."""
    return value if isinstance(value, dict) else {}


def judged(
    passed: bool | None, *, answer: str | None = None, note: str = "", why: str = "no verdict"
) -> Score:
    """A verdict as a score; missing, and why, where there is none."""
    if passed is None:
        return Score.missing(why)
    return Score.verdict(passed, answer=answer, note=note)


def valued(value: float, *, note: str = "", why: str = "no value") -> Score:
    """A number as a score; missing, and why, where it is not finite."""
    return Score(value=value, note=note) if math.isfinite(value) else Score.missing(why)


def rest(values: Mapping[str, Json], *used: str) -> Values:
    """The fields that have no place of their own."""
    return {key: value for key, value in values.items() if key not in used}


def wanted(values: Values, field: str, place: str) -> Json:
    """A field that has to be there.

    Raises:
        FormatError: when it is not; names the fields that are.
    """
    if field not in values:
        have = ", ".join(repr(key[:40]) for key in list(values)[:20]) or "none"
        raise FormatError(f"{place} has no field {field!r}; it has {have}.")
    return values[field]


def identity(values: Values, field: str, place: str) -> str:
    """The id in a field.

    Raises:
        FormatError: when the field is missing, or is no text or whole number.
    """
    found = name(wanted(values, field, place))
    if found is None:
        raise FormatError(f"{place}: {field!r} must be a text or a whole number.")
    return found


def equally_long(lists: Mapping[str, Sequence[Json]], place: str) -> int:
    """The one length of the lists that a record has.

    Raises:
        FormatError: when they differ.
    """
    lengths = {key: len(found) for key, found in lists.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} {length}" for key, length in lengths.items())
        raise FormatError(f"{place}: its lists have different lengths: {told}.")
    return next(iter(lengths.values()), 0)


def kept(metadata: Mapping[str, Json], key: str) -> Values:
    """What an import of a format kept in metadata beyond our fields."""
    return dict(nested(metadata.get(key)))
