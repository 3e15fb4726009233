"""From what a user writes, "countdown" or "mine.py:judge", to a named scorer.

Not here: calling it and reading what it returns; that is `topdraw.scoring.apply`.
Try it: `python -c "from topdraw.scoring.resolve import *; print(resolve_scorer('number'))"`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, cast

from topdraw.core.protocols import Scorer
from topdraw.core.registry import get_scorer, names, registered_name, unknown_name
from topdraw.errors import ConfigError


class NamedScorer(NamedTuple):
    """A scorer and the name its scores are stored under."""

    name: str
    scorer: Scorer


def resolve_scorer(spec: str | Scorer) -> NamedScorer:
    """The scorer that a spec or a function stands for.

    Args:
        spec: a registered name; `FILE.py:NAME`, a function of a Python file, which is run; or the
            function itself, `(problem, samples) -> scores`, plain or async. A function's scores
            are stored under its registered name, else under its own name.

    Raises:
        UnknownNameError: when nobody registered the name, or the file has no such function.
        ConfigError: when the file cannot be run, or the function has no usable name.

    Examples:
        >>> resolve_scorer("number").name
        'number'
    """
    if not isinstance(spec, str):
        return NamedScorer(_name_of(spec), spec)
    path, colon, name = spec.rpartition(":")
    if colon and path.endswith(".py"):
        function = _from_file(spec, path, name)
        return NamedScorer(_name_of(function), function)
    if spec.endswith(".py"):
        raise ConfigError(
            f"{spec!r} names a file but no scorer.", hint=f"Write {spec}:NAME, a function in it."
        )
    return NamedScorer(spec, get_scorer(spec))


def _name_of(function: Scorer) -> str:
    if not callable(function):
        raise ConfigError(f"{function!r} is neither a scorer's name nor a function.")
    registered = registered_name("scorer", function)
    if registered is not None:
        return registered
    own = getattr(function, "__name__", type(function).__name__)
    if isinstance(function, functools.partial) or not str(own).isidentifier():
        raise ConfigError(
            f"The scorer {function!r} has no name to store its scores under.",
            hint='Define it with "def", or register it with @scorer("a-name").',
        )
    if own in names("scorer"):
        raise ConfigError(
            f"The name {own!r} belongs to another scorer.",
            hint='Rename your function, or register it with @scorer("another-name").',
        )
    return str(own)


def _from_file(spec: str, path: str, name: str) -> Scorer:
    if not os.path.isfile(path):
        raise ConfigError(f"There is no file {path!r}, asked for by the scorer {spec!r}.")
    module = _run_file(os.path.abspath(path), os.stat(path).st_mtime_ns)
    found = getattr(module, name, None)
    if not callable(found):
        known = [key for key, value in vars(module).items() if _defined_in(module, value)]
        raise unknown_name(f"function in {path}", name, known)
    return cast(Scorer, found)


def _defined_in(module: ModuleType, value: object) -> bool:
    return callable(value) and getattr(value, "__module__", None) == module.__name__


@functools.lru_cache(maxsize=32)
def _run_file(path: str, _modified: int) -> ModuleType:
    """The module of a file, run once per version of the file."""
    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    name = f"topdraw_file_{Path(path).stem}_{digest}"
    found = importlib.util.spec_from_file_location(name, path)
    assert found is not None  # noqa: S101  always so for a name in .py
    assert found.loader is not None  # noqa: S101  likewise
    module = importlib.util.module_from_spec(found)
    # Dataclasses and pickle look a class's module up by name.
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ConfigError(f"Running {path!r} failed: {type(error).__name__}: {error}") from error
    return module
