r"""Hostile text made safe for every reader, and read back as it was.

Not here: files; `topdraw.store.journal` writes what this module encodes.
Try it: `python -m doctest src/topdraw/store/text.py -v`.

NaN is stored as null. What no JSON or Parquet reader survives (infinities, lone surrogates) is
replaced, and the row's `original` field keeps the true values, so that reading is the identity.
NUL, U+2028 and U+0085 need no care: JSON escapes the first, and records are split at "\n" alone.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from typing import cast

import msgspec

from topdraw.core.records import Json
from topdraw.errors import FormatError

_SURROGATE = re.compile("[\ud800-\udfff]")


def _plain(value: object) -> object:
    # NumPy's scalars, by far the likeliest thing in metadata that is not JSON.
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON value")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode


def pack(fields: Mapping[str, object], nested: Mapping[str, Json]) -> bytes:
    r"""One record as a JSON object on one line, without the newline.

    Args:
        fields: column to str, bool, int, float or None; NaN becomes null.
        nested: column to JSON value, each stored as JSON text in a string column.

    Returns:
        UTF-8 without raw newlines; columns in order, then `original`: "" or what was replaced.

    Raises:
        FormatError: when a value is not JSON.

    Examples:
        >>> pack({"output": "a\x00b", "logprob": math.nan}, {"metadata": {}})
        b'{"output":"a\\u0000b","logprob":null,"metadata":"{}","original":""}'
    """
    try:
        return _pack(fields, nested)
    except (TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"A record cannot be stored, because it is not JSON: {error}.") from error


def _pack(fields: Mapping[str, object], nested: Mapping[str, Json]) -> bytes:
    if all(map(_exact, nested.values())) and not any(map(_infinite, fields.values())):
        try:
            texts = {name: _encode(value).decode() for name, value in nested.items()}
            return _encode({**fields, **texts, "original": ""})
        except UnicodeEncodeError:
            pass  # a lone surrogate: the rare path below keeps it
    return _pack_damaged(fields, nested)


def _exact(value: object) -> bool:
    """Whether msgspec writes a JSON value without changing it, surrogates aside (they raise)."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(_exact, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_exact, value))
    return True


def _infinite(value: object) -> bool:
    return isinstance(value, float) and math.isinf(value)


def _pack_damaged(fields: Mapping[str, object], nested: Mapping[str, Json]) -> bytes:
    safe = {name: _safe(value) for name, value in fields.items()}
    texts = {name: _encode(_safe(value)).decode() for name, value in nested.items()}
    true: dict[str, object] = {
        name: value
        for name, value in fields.items()
        if _infinite(value) or (isinstance(value, str) and value != safe[name])
    }
    true |= {name: value for name, value in nested.items() if not _same(value)}
    return _encode({**safe, **texts, "original": _bury(true)})


def _same(value: Json) -> bool:
    try:
        _encode(value)
    except UnicodeEncodeError:
        return False
    return _exact(value)


def _safe(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_safe(key): _safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(item) for item in value]
    return value


def _bury(values: Mapping[str, object]) -> str:
    # surrogatepass, not \uXXXX escapes: json.loads would join two lone halves into one character.
    text = json.dumps(values, ensure_ascii=False, default=_plain)
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


def unearth(original: str) -> dict[str, Json]:
    r"""The true values that `pack` kept in a record's `original` field.

    Args:
        original: the field; "" when nothing was replaced.

    Returns:
        Column to true value, for the columns that were replaced.

    Raises:
        FormatError: when the field is not what `pack` writes.

    Examples:
        >>> row = json.loads(pack({"output": "\ud800"}, {}))
        >>> row["output"], unearth(row["original"])
        ('\ufffd', {'output': '\ud800'})
    """
    if not original:
        return {}
    try:
        text = base64.b64decode(original, validate=True).decode("utf-8", "surrogatepass")
        return cast("dict[str, Json]", json.loads(text))
    except ValueError as error:
        raise FormatError(f"The stored field 'original' is damaged: {error}.") from error
