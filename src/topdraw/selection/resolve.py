"""From what a user writes, "majority" or "posterior(0.5)", to a selector.

Not here: the names themselves; those are registered where the selectors stand.
Try it: `python -m pytest tests/selection/test_resolve.py`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import numpy as np

from topdraw.core.protocols import Selector
from topdraw.core.records import Candidates, FloatArray
from topdraw.core.registry import get_selector, needs_of
from topdraw.core.spec import Read, read_options, read_spec
from topdraw.errors import ConfigError, InputError

#: A selector inside another, as a spec or as a function.
Chooser: TypeAlias = str | Selector

#: Selectors inside selectors; a spec may come from a stranger's request.
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class NamedSelector:
    """A selector with its name and with what it declared when it was registered.

    Attributes:
        name: what it is called in reports, options included.
        needs: fields of `Candidates` it looks at.
        ordered: whether it depends on the order of the samples.
        function: what it does.
        simulates: what it simulates to weigh n samples, in words; "" where it is exact.
    """

    name: str
    needs: tuple[str, ...]
    ordered: bool
    function: Selector = field(repr=False)
    simulates: Callable[[int], str] = field(default=lambda n: "", repr=False)

    def __call__(self, candidates: Candidates, /) -> FloatArray:
        """Weights of shape (n,), as the protocol `Selector` says."""
        return self.function(candidates)


def resolve_selector(spec: str | Selector) -> NamedSelector:
    """The selector that a spec or a function stands for.

    A spec is a registered name, with options in parentheses or after a colon: "majority",
    "posterior(0.5)", "posterior:0.5", "posterior(beta=0.5)", "weighted_majority(weight=exp)". An
    option may be a selector with options of its own: "mix(majority, posterior(0.5))".

    Args:
        spec: a spec, or any `(candidates) -> weights`, `functools.partial` included.

    Returns:
        The selector, ready to call.

    Raises:
        UnknownNameError: if nobody registered the name.
        ConfigError: if the spec cannot be read or nests more than 8 deep, or the selector does not
            take such an option.

    Examples:
        >>> resolve_selector("posterior:0.5")
        NamedSelector(name='posterior(beta=0.5)', needs=('value',), ordered=False)
    """
    if not isinstance(spec, str):
        return _named(spec)
    found = read_spec(spec)
    if found is None:
        raise ConfigError(f"{spec!r} is not a selector.", hint="Write a name or name(option).")
    if _depth(spec) > DEEPEST:
        raise ConfigError(f"A selector nests at most {DEEPEST} deep; this one does {_depth(spec)}.")
    name = found.name
    function = get_selector(name)
    options = read_options(f"the selector {name!r}", function, found.text, read=_chooser)
    if not options:
        return _wrap(name, function, function, options)
    shown = ", ".join(f"{key}={_shown(value)}" for key, value in options.items())
    bound = cast(Selector, functools.partial(cast(Callable[..., FloatArray], function), **options))
    _check_taken(f"{name}({shown})", bound)
    return _wrap(f"{name}({shown})", function, bound, options)


def _chooser(kind: object, value: object) -> Read | None:
    return Read(resolve_selector(str(value))) if kind == Chooser else None


def _depth(spec: str) -> int:
    return max(itertools.accumulate((c == "(") - (c == ")") for c in spec), default=0)


def _named(function: Selector) -> NamedSelector:
    if isinstance(function, NamedSelector):
        return function
    inner, options = unbound(function)
    name = str(getattr(inner, "__name__", type(inner).__name__))
    return _wrap(name, inner, function, options)


def unbound(function: Selector) -> tuple[object, Mapping[str, object]]:
    """The selector that a bound one (`functools.partial`) calls, and the options it is bound to."""
    if isinstance(function, functools.partial):
        return function.func, function.keywords
    return function, {}


def _wrap(
    name: str, declared: object, function: Selector, options: Mapping[str, object]
) -> NamedSelector:
    """A named selector.

    One whose needs depend on its options says so by `needs_with`, one made of others by
    `parts_with`, and one that simulates by `simulates_with`.
    """
    ordered = bool(getattr(declared, "ordered", False))
    with_options = getattr(declared, "needs_with", None)
    needs = with_options(**options) if with_options else needs_of(declared)
    made_of = getattr(declared, "parts_with", None)
    parts: tuple[NamedSelector, ...] = made_of(**options) if made_of else ()
    needs = tuple(dict.fromkeys([*needs, *(need for part in parts for need in part.needs)]))
    ordered = ordered or any(part.ordered for part in parts)
    told = getattr(declared, "simulates_with", None)
    if told is not None:
        return NamedSelector(name, needs, ordered, function, functools.partial(told, **options))
    return NamedSelector(name, needs, ordered, function, functools.partial(_simulated, parts))


def _simulated(parts: tuple[NamedSelector, ...], n: int) -> str:
    return ", ".join(filter(None, dict.fromkeys(part.simulates(n) for part in parts)))


def _shown(value: object) -> str:
    return value.name if isinstance(value, NamedSelector) else str(value)


@functools.lru_cache(maxsize=128)
def _of_spec(spec: str) -> NamedSelector:
    return resolve_selector(spec)


def part_of(whole: str, chooser: Chooser) -> NamedSelector:
    """A selector that is part of another.

    Args:
        whole: name of the other.
        chooser: a spec, or a function.

    Raises:
        ConfigError: if it chooses among the greedy samples, which no other selector sees.
        UnknownNameError: if nobody registered the name.
    """
    part = _of_spec(chooser) if isinstance(chooser, str) else resolve_selector(chooser)
    if "greedy" in part.needs:
        raise ConfigError(f"{part.name} chooses among other samples; it cannot be part of {whole}.")
    return part


def _check_taken(name: str, bound: Selector) -> None:
    """Let the selector itself look at its options, before it is asked about a whole run."""
    zero, no = np.zeros(1), np.zeros(1, bool)
    whole = np.zeros(1, np.int64)
    try:
        bound(Candidates(zero, whole, no, whole, zero, no, no))
    except (InputError, TypeError, ValueError) as error:
        raise ConfigError(f"The selector {name} cannot be used: {error}") from error
