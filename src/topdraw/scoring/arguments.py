"""Arguments of calls as Python values where JSON has no such type: tuples, sets, complex numbers.

Not here: which task needs which shape (`topdraw.tasks.evalplus`).
Try it: `python -c "from topdraw.scoring.arguments import *; print(shaped([[1, 2]], ['t']))"`.

A shape has a code per argument; the last one is that of all further arguments:

    -   as it is        t   tuple                 [t  list of tuples    tt  tuple of tuples
    f   float           c   complex, from text    [s  list of sets      {t  dict of tuples
    T   every list in it a tuple
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from topdraw.core.records import Json
from topdraw.errors import DomainError


def shaped(arguments: Sequence[Json], shape: Sequence[str]) -> tuple[object, ...]:
    """The arguments of one call with the types that a shape gives them.

    Args:
        arguments: JSON values.
        shape: codes of the module; empty leaves everything as it is.

    Raises:
        DomainError: for an unknown code, or a value that cannot have its type.

    Examples:
        >>> shaped([[[1, 2], [3]], 4], ["[t", "-"])
        ([(1, 2), (3,)], 4)
    """
    if not shape:
        return tuple(arguments)
    codes = [*shape[: len(arguments)], *[shape[-1]] * (len(arguments) - len(shape))]
    try:
        return tuple(_MADE[code](value) for code, value in zip(codes, arguments, strict=True))
    except (KeyError, TypeError, ValueError) as error:
        raise DomainError(
            f"The shape {list(shape)} does not fit the arguments: {error}."
        ) from error


def _tuple(value: Json) -> tuple[Json, ...]:
    return tuple(_list(value))


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(f"{str(value)[:40]!r} is no list")
    return value


def _set(value: Json) -> object:
    # evalplus makes an empty list an empty dict, as its reference solution expects.
    return set(_list(value)) if value else {}


def _deep(value: Json) -> object:
    return tuple(map(_deep, value)) if isinstance(value, list) else value


def _dict_of_tuples(value: Json) -> object:
    if not isinstance(value, dict):
        raise TypeError(f"{str(value)[:40]!r} is no object")
    return {key: _tuple(entry) for key, entry in value.items()}


_MADE: dict[str, Callable[[Json], object]] = {
    "-": lambda value: value,
    "t": _tuple,
    "[t": lambda value: [_tuple(entry) for entry in _list(value)],
    "tt": lambda value: tuple(
        _tuple(entry) if isinstance(entry, list) else entry for entry in _list(value)
    ),
    "[s": lambda value: [_set(entry) for entry in _list(value)],
    "{t": _dict_of_tuples,
    "T": _deep,
    "f": lambda value: float(value),  # type: ignore[arg-type]  # a bad one is caught above
    "c": lambda value: complex(value),  # type: ignore[arg-type]  # a bad one is caught above
}
