"""A name with options, as users write it: "posterior(0.5)", "posterior:0.5", "judge(model=...)".

Not here: what the names stand for (`core.registry`, `selection.resolve`, `scoring.resolve`).
Try it: `python -c "from topdraw.core.spec import *; print(read_spec('posterior(0.5)'))"`.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias, get_args, get_origin, get_type_hints

from topdraw.errors import ConfigError

#: The value of an option whose declared type the caller reads itself; None leaves it to us.
Reader: TypeAlias = Callable[[object, object], "Read | None"]

_SPEC = re.compile(r"\s*(?P<name>[\w.+-]+)\s*(?:\((?P<call>.*)\)|:(?P<colon>.*))?\s*", re.DOTALL)
_KEY = re.compile(r"\s*[A-Za-z_]\w*\s*")


class Spec(NamedTuple):
    """A name and the text of its options.

    Attributes:
        name: what is registered.
        text: its options as written; "" when there are none.
    """

    name: str
    text: str


class Read(NamedTuple):
    """What a `Reader` made of an option."""

    value: object


def read_spec(spec: str) -> Spec | None:
    """The name and the options of a spec; None when it is no spec.

    Examples:
        >>> read_spec("posterior(beta=0.5)"), read_spec("posterior:0.5"), read_spec("a b")
        (Spec(name='posterior', text='beta=0.5'), Spec(name='posterior', text='0.5'), None)
    """
    match = _SPEC.fullmatch(spec)
    return match and Spec(match["name"], match["call"] or match["colon"] or "")


def read_options(
    what: str, function: Callable[..., object], text: str, *, read: Reader | None = None
) -> dict[str, object]:
    """The options of a function, its keyword-only parameters, from their text.

    Values are Python literals where they can be, else words; quotes keep commas together.

    Args:
        what: the function in words, for errors: "the selector 'posterior'".
        function: takes the options.
        text: "0.5" or "beta=0.5, weight=exp"; without a key they are taken in order.
        read: called with (declared type, value) before our own check of the type.

    Raises:
        ConfigError: for an option it does not take, one given twice, or a value of another type.

    Examples:
        >>> def f(*, beta: float = 1.0, kind: str = ""): ...
        >>> read_options("f", f, "2, kind='a,b'")
        {'beta': 2, 'kind': 'a,b'}
    """
    parameters = inspect.signature(function).parameters.values()
    known = [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    kinds = _kinds(function)
    options: dict[str, object] = {}
    for position, part in enumerate(p.strip() for p in _split(text) if p.strip()):
        key, value = _keyed(part)
        key = key or (known[position] if position < len(known) else "")
        if key not in known:
            takes = f"takes {', '.join(known)}" if known else "takes no options"
            raise ConfigError(f"{part!r} is no option of {what}, which {takes}.")
        if key in options:
            raise ConfigError(f"{what[:1].upper()}{what[1:]} is given {key} twice.")
        found = read(kinds.get(key), _literal(value)) if read else None
        options[key] = found.value if found else _checked(key, _literal(value), kinds.get(key))
    return options


def _keyed(part: str) -> tuple[str, str]:
    key, equals, value = part.partition("=")
    return (key.strip(), value.strip()) if equals and _KEY.fullmatch(key) else ("", part)


def _split(text: str) -> Iterator[str]:
    """The text cut at commas, but not inside parentheses, brackets or quotes."""
    depth, start, quote = 0, 0, ""
    for at, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            depth += (letter in "([") - (letter in ")]")
            if letter == "," and depth == 0:
                yield text[start:at]
                start = at + 1
    yield text[start:]


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _kinds(function: Callable[..., object]) -> dict[str, object]:
    try:
        return get_type_hints(function)
    except (NameError, TypeError):  # names known to a type checker only; objects with __call__
        return {}


def _checked(key: str, value: object, kind: object) -> object:
    """The value of an option, when it is of the declared kind; other kinds are left alone."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits, allowed = True, ""
    if kind is str:
        return str(value)
    if kind is float:
        fits, allowed = number, "a number"
    elif kind in (int, int | None):
        nothing = value is None and kind is not int
        fits, allowed = nothing or (number and isinstance(value, int)), "a whole number"
    elif kind is bool:
        fits, allowed = isinstance(value, bool), "True or False"
    elif get_origin(kind) is Literal:
        fits, allowed = value in get_args(kind), f"one of {', '.join(map(str, get_args(kind)))}"
    if not fits:
        raise ConfigError(f"{key} is {value!r}; it must be {allowed}.")
    return value
