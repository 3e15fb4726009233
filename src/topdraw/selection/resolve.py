"""From what a user writes, "majority" or "posterior(0.5)", to a selector.

Not here: the names themselves; those are registered where the selectors stand.
Try it: `python -m pytest tests/selection/test_resolve.py`.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from topdraw.core.protocols import Selector
from topdraw.core.records import Candidates, FloatArray
from topdraw.core.registry import get_selector, needs_of
from topdraw.errors import ConfigError

_SPEC = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?:\((?P<call>.*)\)|:(?P<colon>.*))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NamedSelector:
    """A selector with its name and with what it declared when it was registered.

    Attributes:
        name: what it is called in reports, options included.
        base: the registered name without options.
        needs: fields of `Candidates` it looks at.
        ordered: whether it depends on the order of the samples.
        function: what it does.
    """

    name: str
    base: str
    needs: tuple[str, ...]
    ordered: bool
    function: Selector = field(repr=False)

    def __call__(self, candidates: Candidates, /) -> FloatArray:
        """Weights of shape (n,), as the protocol `Selector` says."""
        return self.function(candidates)


def resolve_selector(spec: str | Selector) -> NamedSelector:
    """The selector that a spec or a function stands for.

    A spec is a registered name, with options in parentheses or after a colon: "majority",
    "posterior(0.5)", "posterior:0.5", "posterior(beta=0.5)", "weighted_majority(weight=exp)".

    Args:
        spec: a spec, or any `(candidates) -> weights`, `functools.partial` included.

    Returns:
        The selector, ready to call.

    Raises:
        UnknownNameError: if nobody registered the name.
        ConfigError: if the spec cannot be read, or the selector has no such option.

    Examples:
        >>> resolve_selector("posterior:0.5")
        NamedSelector(name='posterior(beta=0.5)', base='posterior', needs=('value',), ordered=False)
    """
    if not isinstance(spec, str):
        return _named(spec)
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ConfigError(f"{spec!r} is not a selector.", hint="Write a name or name(option).")
    name, text = match["name"], match["call"] or match["colon"] or ""
    function = get_selector(name)
    options = _options(name, function, text)
    if not options:
        return _wrap(name, name, function, function)
    shown = ", ".join(f"{key}={value}" for key, value in options.items())
    bound = cast(Selector, functools.partial(cast(Callable[..., FloatArray], function), **options))
    return _wrap(f"{name}({shown})", name, function, bound)


def _named(function: Selector) -> NamedSelector:
    if isinstance(function, NamedSelector):
        return function
    inner = function.func if isinstance(function, functools.partial) else function
    name = str(getattr(inner, "__name__", type(inner).__name__))
    return _wrap(name, name, inner, function)


def _wrap(name: str, base: str, declared: object, function: Selector) -> NamedSelector:
    ordered = bool(getattr(declared, "ordered", False))
    return NamedSelector(name, base, needs_of(declared), ordered, function)


def _options(name: str, function: Selector, text: str) -> dict[str, object]:
    kinds = inspect.signature(function).parameters.values()
    known = [p.name for p in kinds if p.kind is inspect.Parameter.KEYWORD_ONLY]
    options: dict[str, object] = {}
    for position, part in enumerate(p.strip() for p in text.split(",") if p.strip()):
        key, _, value = part.rpartition("=")
        key = key.strip() or (known[position] if position < len(known) else "")
        if key not in known:
            takes = f"takes {', '.join(known)}" if known else "takes no options"
            raise ConfigError(f"{part!r} is no option of the selector {name!r}, which {takes}.")
        options[key] = _literal(value.strip())
    return options


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
