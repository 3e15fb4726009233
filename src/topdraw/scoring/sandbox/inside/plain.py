r"""Plain builtin values as JSON text and back: the only thing that crosses between processes.

Not here: frames and sockets (`topdraw.scoring.sandbox.inside.wire`). Stdlib only.
Try it: `python -c "from topdraw.scoring.sandbox.inside.plain import *; print(dumps({(1,): b'a'}))"`

JSON's own values stand for themselves; a tuple, set, dict, bytes, complex, large whole number,
deque, range, Decimal, Fraction, date, time or view of a dict is an object with one key that says
which. Values of a subclass cross as the builtin they are made of, so no comparison of theirs goes
with them. Reading builds builtin values from the text and runs nothing of whoever wrote it.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

DEEPEST = 250
OF_TESTS = "test"  # the module of classes that a test defines
_LARGE = 2**63
_DIGITS = 4000
_MOST_ITEMS, _MOST_ALIKE = 1 << 20, 64
_VIEWS: dict[type, str] = {type({}.keys()): "keys", type({}.items()): "items"}
_VIEWS |= {type({}.values()): "values"}
_TIMES = ("date", "time", "datetime")


class NotPlain(TypeError):
    """A value that cannot cross, or text that stands for none."""


Give = Callable[[object], dict[str, object]]
Take = Callable[[str, object], object]


def _no_give(value: object) -> dict[str, object]:
    raise NotPlain(f"a value of type {type(value).__name__} cannot leave the sandbox")


def _no_take(tag: str, _: object) -> object:
    raise NotPlain(f"unknown kind of value {tag[:20]!r}")


def dumps(value: object, give: Give = _no_give) -> str:
    r"""JSON text of a value made of builtin types.

    Args:
        value: nested at most 250 deep.
        give: makes a tagged object of anything else, or raises.

    Raises:
        NotPlain: for a value of another type, or nested deeper.

    Examples:
        >>> dumps([1, (2.5, None)])
        '[1,{"t":[2.5,null]}]'
    """
    return json.dumps(packed(value, give, 0), separators=(",", ":"))


def packed(value: Any, give: Give, depth: int) -> object:  # noqa: ANN401  any value of a program
    """What `dumps` writes: JSON's own values and objects with one key.

    Raises:
        NotPlain: as `dumps`.
    """
    kind = type(value)
    if kind is int:
        return value if -_LARGE < value < _LARGE else {"i": hex(value)}
    if value is None or kind is str or kind is bool or kind is float:
        return value
    if depth >= DEEPEST:
        raise NotPlain(f"a value nested more than {DEEPEST} deep cannot leave the sandbox")
    if kind is list:
        return [packed(item, give, depth + 1) for item in value]
    if kind is tuple:
        return {"t": [packed(item, give, depth + 1) for item in value]}
    if kind is dict:
        return {"d": [_pair(key, item, give, depth + 1) for key, item in value.items()]}
    return _rarer(value, give, depth)


def _pair(key: object, value: object, give: Give, depth: int) -> list[object]:
    return [packed(key, give, depth), packed(value, give, depth)]


def _rarer(value: Any, give: Give, depth: int) -> object:  # noqa: ANN401  as above
    if type(value).__module__ == OF_TESTS:
        return give(value)  # the program expects more of it than the builtin inside
    kinds: tuple[type, ...] = (set, frozenset, deque)
    for kind in kinds:
        if isinstance(value, kind):
            return {kind.__name__: [packed(item, give, depth + 1) for item in _items(value, kind)]}
    if isinstance(value, bytes | bytearray):
        tag = "bytes" if isinstance(value, bytes) else "bytearray"
        return {tag: value[:].decode("latin-1")}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, range):
        return {"range": [packed(n, give, depth) for n in (value.start, value.stop, value.step)]}
    for base in (int, float, str, list, tuple, dict):
        if isinstance(value, base):
            return packed(_base(value, base), give, depth)
    return _from_modules(value, give, depth)


def _from_modules(value: Any, give: Give, depth: int) -> object:  # noqa: ANN401  as above
    module, name = type(value).__module__, type(value).__name__
    if module in ("decimal", "fractions") and name in ("Decimal", "Fraction"):
        return {name: str(value)}
    if module == "datetime" and name in _TIMES:
        return {name: value.isoformat()}
    if module == "datetime" and name == "timedelta":
        return {name: [value.days, value.seconds, value.microseconds]}
    for view, tag in _VIEWS.items():
        if isinstance(value, view):
            return {tag: [packed(item, give, depth + 1) for item in _items(value, view)]}
    return give(value)


def _items(value: object, kind: Any) -> Iterator[object]:  # noqa: ANN401  a builtin collection
    """What a collection holds, by the builtin's own method and not that of a subclass."""
    found: Iterator[object] = kind.__iter__(value)
    return found


def _base(value: Any, base: type) -> object:  # noqa: ANN401  as above
    """The builtin value inside one of a subclass, by the builtin's own methods."""
    if base is dict:
        return dict(dict.items(value))
    if base is list or base is tuple:
        return base(_items(value, base))
    if base is int:
        return int.__add__(value, 0)
    return float.__pos__(value) if base is float else str.__str__(value)


def loads(text: str | bytes, take: Take = _no_take) -> object:
    """The value that JSON text of `dumps` stands for; text from a hostile process is safe.

    Args:
        text: as `dumps` makes it, or anything else.
        take: makes a value of a tag that is none of the builtin ones.

    Raises:
        NotPlain: for any other text.

    Examples:
        >>> loads('{"set":[1,2]}'), loads('{"complex":[0,1]}')
        ({1, 2}, 1j)
    """
    try:
        return _unpacked(json.loads(text), take)
    except NotPlain:
        raise
    except (ValueError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise NotPlain(f"no plain value: {type(error).__name__}") from None


def _unpacked(value: Any, take: Take) -> object:  # noqa: ANN401  parsed JSON
    if type(value) is list:
        return [_unpacked(item, take) for item in value]
    if type(value) is not dict:
        return value
    if len(value) != 1:
        raise NotPlain("an object with other than one key")
    [(tag, body)] = value.items()
    if tag == "t":
        return tuple([_unpacked(item, take) for item in body])
    if tag == "d":
        pairs = [(_unpacked(key, take), _unpacked(item, take)) for key, item in body]
        return dict(
            zip(_apart([key for key, _ in pairs]), [item for _, item in pairs], strict=True)
        )
    if tag == "i":
        return int(body, 16)
    if tag in _READERS:
        return _READERS[tag](_unpacked(body, take))
    return take(tag, body)


def _apart(items: list[Any]) -> list[Any]:
    """The items, if a table of them is quick to fill: with equal hashes it takes quadratic time.

    Raises:
        NotPlain: when more than a few have the same hash, which honest ones have by accident.
    """
    if len(items) > _MOST_ITEMS:
        raise NotPlain(f"a collection of more than {_MOST_ITEMS:,} items")
    if len(items) > _MOST_ALIKE and max(Counter(map(hash, items)).values()) > _MOST_ALIKE:
        raise NotPlain("a collection of items with the same hash")
    return items


def _decimal(text: Any) -> object:  # noqa: ANN401  checked here
    from decimal import Decimal

    return Decimal(_short(text))


def _fraction(text: Any) -> object:  # noqa: ANN401  checked here
    from fractions import Fraction

    above, _, below = _short(text).partition("/")
    return Fraction(int(above), int(below or "1"))


def _moment(kind: str) -> Callable[[Any], object]:
    def read(text: object) -> object:
        import datetime

        found: object = getattr(datetime, kind).fromisoformat(text)
        return found

    return read


def _duration(numbers: list[Any]) -> object:
    from datetime import timedelta

    return timedelta(*numbers)


def _short(text: Any) -> str:  # noqa: ANN401  checked here
    if type(text) is not str or len(text) > _DIGITS:
        raise NotPlain("a number that is too long")
    return text


def _listed(make: Callable[[list[Any]], object]) -> Callable[[Any], object]:
    def read(items: object) -> object:
        if type(items) is not list:
            raise NotPlain("a collection without a list")
        return make(items)

    return read


_READERS: dict[str, Callable[[Any], object]] = {
    "set": _listed(lambda items: set(_apart(items))),
    "frozenset": _listed(lambda items: frozenset(_apart(items))),
    "keys": _listed(lambda items: dict.fromkeys(_apart(items)).keys()),
    "items": _listed(
        lambda pairs: dict(
            zip(_apart([k for k, _ in pairs]), [v for _, v in pairs], strict=True)
        ).items()
    ),
    "values": _listed(lambda items: dict(enumerate(items)).values()),
    "timedelta": _listed(_duration),
    **{kind: _moment(kind) for kind in _TIMES},
    "deque": _listed(deque),
    "complex": _listed(lambda pair: complex(*pair)),
    "range": _listed(lambda numbers: range(*numbers)),
    "bytes": lambda text: str.encode(text, "latin-1"),
    "bytearray": lambda text: bytearray(str.encode(text, "latin-1")),
    "Decimal": _decimal,
    "Fraction": _fraction,
}
