"""Names for tasks, scorers, selectors and models, ours and third parties' through the same door.

Not here: the things named. A name is found among what was decorated in this process, then among
the entry points `topdraw.<kind>s` of installed packages, which are imported only when asked for.
Try it: `python -c "from topdraw.core.registry import names; print(names('selector'))"`.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Literal, TypeVar

from topdraw.core.origin import Origin
from topdraw.core.protocols import Scorer, Selector, TaskLoader
from topdraw.errors import ConfigError, UnknownNameError

Kind = Literal["task", "scorer", "selector", "model"]
T = TypeVar("T", bound=Callable[..., object])
SelectorT = TypeVar("SelectorT", bound=Callable[..., object])

_known: dict[Kind, dict[str, object]] = {"task": {}, "scorer": {}, "selector": {}, "model": {}}


def _register(kind: Kind, name: str, thing: object) -> None:
    previous = _known[kind].get(name)
    if previous is not None and _origin(previous) != _origin(thing):
        raise ConfigError(f"The {kind} name {name!r} is already taken by {_origin(previous)}.")
    point = _entry_points(kind).get(name)
    if point is not None and _package(point.value) != _package(_origin(thing)):
        raise ConfigError(f"The {kind} name {name!r} is already taken by {point.value}.")
    _known[kind][name] = thing


def _origin(thing: object) -> str:
    return f"{getattr(thing, '__module__', '?')}.{getattr(thing, '__qualname__', thing)}"


def _package(path: str) -> str:
    return re.split("[.:]", path, maxsplit=1)[0]


def task(name: str, *, origin: Origin | None = None) -> Callable[[T], T]:
    """Register a task loader, `(**options) -> Task`, under a name.

    Args:
        name: what users type.
        origin: of a benchmark, where its problems come from; listings say so without loading it.

    Raises:
        ConfigError: when decorating, if another task has the name.

    Examples:
        >>> from topdraw import Problem, task
        >>> from topdraw.core.records import Task
        >>> @task("one-plus-one")
        ... def load() -> Task:
        ...     return Task("one-plus-one", "1", (Problem("1", "1+1=", "2"),), scorer="number")
    """

    def decorate(loader: T) -> T:
        if origin is not None:
            loader.origin = origin  # type: ignore[attr-defined]  # read back by `origin_of`
        _register("task", name, loader)
        return loader

    return decorate


def scorer(name: str) -> Callable[[T], T]:
    """Register a scorer, `(problem, samples) -> scores`, under a name.

    Raises:
        ConfigError: when decorating, if another scorer has the name.

    Examples:
        >>> from topdraw import Score, scorer
        >>> @scorer("short")
        ... def short(problem, samples):
        ...     return [Score(value=-len(s.output)) for s in samples]
    """

    def decorate(function: T) -> T:
        _register("scorer", name, function)
        return function

    return decorate


def selector(
    name: str, *, needs: tuple[str, ...] = (), ordered: bool = False
) -> Callable[[SelectorT], SelectorT]:
    """Register a selector, `(candidates) -> weights`, under a name.

    Args:
        name: what users type.
        needs: the fields of `Candidates` it looks at, so that callers can say what is missing:
            "value", "answer", "passed", "logprob", "length_tokens", "greedy", and of its mappings
            "score:NAME" and "pairs:NAME".
        ordered: True when it depends on the order of the samples, as `first` does.

    Raises:
        ConfigError: when decorating, if another selector has the name.

    Examples:
        >>> from topdraw import selector
        >>> @selector("shortest", needs=("length_tokens",))
        ... def shortest(candidates):
        ...     length = np.where(candidates.missing, np.inf, candidates.length_tokens)
        ...     best = ~candidates.missing & (length == length.min(initial=np.inf))
        ...     return best / max(best.sum(), 1)
    """

    def decorate(function: SelectorT) -> SelectorT:
        function.needs = needs  # type: ignore[attr-defined]  # read back by `needs_of`
        function.ordered = ordered  # type: ignore[attr-defined]  # read by check_selector
        _register("selector", name, function)
        return function

    return decorate


def model(name: str) -> Callable[[T], T]:
    """Register a model factory, `(spec, **options) -> Model`, under the word a spec starts with.

    Raises:
        ConfigError: when decorating, if another factory has the name.
    """

    def decorate(factory: T) -> T:
        _register("model", name, factory)
        return factory

    return decorate


@functools.cache
def _entry_points(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"topdraw.{kind}s")}


def names(kind: Kind) -> list[str]:
    """All known names of a kind, sorted; nothing is imported."""
    return sorted({*_known[kind], *_entry_points(kind)})


def registered_name(kind: Kind, thing: object) -> str | None:
    """The name a thing was registered under in this process; None when it was not."""
    return next((name for name, known in _known[kind].items() if known is thing), None)


def lookup(kind: Kind, name: str) -> object:
    """The thing registered under a name.

    Raises:
        UnknownNameError: with all known names, the closest first.
    """
    if name not in _known[kind]:
        point = _entry_points(kind).get(name)
        if point is None:
            raise unknown_name(kind, name, names(kind))
        _known[kind].setdefault(name, point.load())
    return _known[kind][name]


def unknown_name(what: str, name: str, known: list[str]) -> UnknownNameError:
    """The error for a name that is not known, listing those that are, closest first."""
    close = difflib.get_close_matches(name, known, n=len(known) or 1, cutoff=0.0)
    hint = f"Did you mean {close[0]!r}? " if close and _similar(name, close[0]) else ""
    ordered = close + [other for other in known if other not in close]
    return UnknownNameError(
        f"There is no {what} named {name!r}.", hint=f"{hint}Known: {', '.join(ordered) or 'none'}."
    )


def _similar(name: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, name, other).ratio() > 0.6


def get_scorer(name: str) -> Scorer:
    """The scorer registered under a name.

    Raises:
        UnknownNameError: with all known names, the closest first.
    """
    return lookup("scorer", name)  # type: ignore[return-value]  # the registry holds objects


def get_selector(name: str) -> Selector:
    """The selector registered under a name.

    Raises:
        UnknownNameError: with all known names, the closest first.
    """
    return lookup("selector", name)  # type: ignore[return-value]  # the registry holds objects


def get_task(name: str) -> TaskLoader:
    """The task loader registered under a name.

    Raises:
        UnknownNameError: with all known names, the closest first.
    """
    return lookup("task", name)  # type: ignore[return-value]  # the registry holds objects


def needs_of(function: object) -> tuple[str, ...]:
    """The candidate fields a selector declared; empty when it declared none."""
    return tuple(getattr(function, "needs", ()))


def origin_of(loader: object) -> Origin | None:
    """Where a task's problems come from; None when its loader did not say."""
    found: object = getattr(loader, "origin", None)
    return found if isinstance(found, Origin) else None
