"""From what a user writes, "countdown", "mine.py:judge" or "judge(model=...)", to a named scorer.

Not here: calling it and reading what it returns; that is `topdraw.scoring.apply`.
Try it: `python -c "from topdraw.scoring.resolve import *; print(resolve_scorer('number'))"`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import inspect
import os
import re
import sys
import tokenize
from importlib.machinery import SourceFileLoader
from importlib.metadata import entry_points
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple, cast

from topdraw.core.protocols import Scorer
from topdraw.core.registry import get_scorer, names, registered_name, unknown_name
from topdraw.core.spec import read_spec
from topdraw.errors import ConfigError
from topdraw.scoring.options import needs_options, with_options

_LABEL = re.compile(r"\s*([A-Za-z_][\w.+-]*)\s*=(?!=)\s*")


class NamedScorer(NamedTuple):
    """A scorer and the name its scores are stored under.

    Attributes:
        name: the name.
        scorer: what is called.
        source: a digest of its code and options, so that two scorers of one name can be told
            apart: of the bytes of its file, or of the function's text; of a prepared scorer that
            has an attribute `source`, of that in place of its options; "" for installed scorers
            without options and where there is no text.
    """

    name: str
    scorer: Scorer
    source: str = ""


def resolve_scorer(spec: str | Scorer) -> NamedScorer:
    """The scorer that a spec or a function stands for.

    Args:
        spec: a registered name, with options where it has some (its keyword-only parameters):
            "reward_model(model=FOLDER)", "reward_model:FOLDER"; `FILE.py:NAME`, a function of a
            Python file, which is run; either with a name of yours for its scores in front,
            "mine=reward_model:FOLDER"; or the function itself, `(problem, samples) -> scores`,
            plain or async. A function's scores are stored under its registered name, else under
            its own name; those of a scorer with options under what it names them (`options.py`).

    Raises:
        UnknownNameError: when nobody registered the name, or the file has no such function.
        ConfigError: when the file cannot be run, the function has no usable name, or an option is
            not one of its own, or lacks.

    Examples:
        >>> resolve_scorer("number").name, resolve_scorer("count=number").name
        ('number', 'count')
    """
    if not isinstance(spec, str):
        return _named(spec, None)
    label = _LABEL.match(spec)
    if label is not None:
        return resolve_scorer(spec[label.end() :])._replace(name=label[1])
    path, colon, name = spec.rpartition(":")
    if colon and path.endswith(".py"):
        data = _read(spec, path)
        return _named(_from_file(path, data, name), data)
    if spec.endswith(".py"):
        raise ConfigError(
            f"{spec!r} names a file but no scorer.", hint=f"Write {spec}:NAME, a function in it."
        )
    return _registered(spec)


def _registered(spec: str) -> NamedScorer:
    found = read_spec(spec)
    name, text = (spec, "") if found is None or spec in names("scorer") else found
    function = get_scorer(name)
    if not text and not needs_options(function):
        return NamedScorer(name, function, _source(name, function, None))
    made = with_options(name, function, text)
    own = getattr(made.scorer, "source", None)
    told = own if isinstance(own, str) and own else str(made.telling)
    code = f"{name} {told} {_source(name, function, None)}"
    digest = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return NamedScorer(made.name, made.scorer, digest)


def is_scorer_spec(text: str) -> bool:
    """Whether a text is more than a plain name, and means a scorer: a file's, or one with options.

    Examples:
        >>> is_scorer_spec("mine.py:f"), is_scorer_spec("number"), is_scorer_spec("worst(a,b)")
        (True, False, False)
    """
    label = _LABEL.match(text)
    if label is not None:
        return True
    if text.rpartition(":")[0].endswith(".py"):
        return True
    found = read_spec(text)
    return found is not None and found.name != text and found.name in names("scorer")


def _named(function: Scorer, file: bytes | None) -> NamedScorer:
    name = _name_of(function)
    return NamedScorer(name, function, _source(name, function, file))


def _source(name: str, function: Scorer, file: bytes | None) -> str:
    if name in _installed():
        return ""
    data = _text_of(function) if file is None else file
    return hashlib.sha256(data).hexdigest()[:16] if data else ""


@functools.cache
def _installed() -> frozenset[str]:
    return frozenset(point.name for point in entry_points(group="topdraw.scorers"))


def _text_of(function: Scorer) -> bytes:
    thing = function if inspect.isroutine(function) else type(function)
    try:
        return inspect.getsource(thing).encode("utf-8", "surrogatepass")
    except (OSError, TypeError, SyntaxError, tokenize.TokenError):
        return b""  # typed at a prompt, or its file is gone


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
    # One that needs options never stores under its bare name.
    if own in names("scorer") and not needs_options(get_scorer(own)):
        raise ConfigError(
            f"The name {own!r} belongs to another scorer.",
            hint='Rename your function, or register it with @scorer("another-name").',
        )
    return str(own)


def _read(spec: str, path: str) -> bytes:
    if not os.path.isfile(path):
        raise ConfigError(f"There is no file {path!r}, asked for by the scorer {spec!r}.")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{path!r} cannot be read: {error}.") from error


def _from_file(path: str, data: bytes, name: str) -> Scorer:
    module = _run_file(os.path.abspath(path), data)
    found = getattr(module, name, None)
    if not callable(found):
        known = [key for key, value in vars(module).items() if _defined_in(module, value)]
        raise unknown_name(f"function in {path}", name, known)
    return cast(Scorer, found)


def _defined_in(module: ModuleType, value: object) -> bool:
    return callable(value) and getattr(value, "__module__", None) == module.__name__


class _Loader(SourceFileLoader):
    """Runs bytes already read; `__pycache__` takes an edit within a second for the old file."""

    def __init__(self, name: str, path: str, data: bytes) -> None:
        super().__init__(name, path)
        self._data = data

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._data, self.path)


@functools.lru_cache(maxsize=32)
def _run_file(path: str, data: bytes) -> ModuleType:
    """The module of a file, run once per version of the file."""
    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    name = f"topdraw_file_{Path(path).stem}_{digest}"
    loader = _Loader(name, path, data)
    found = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert found is not None  # noqa: S101  always so with a loader
    module = importlib.util.module_from_spec(found)
    # Dataclasses and pickle look a class's module up by name.
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ConfigError(f"Running {path!r} failed: {type(error).__name__}: {error}") from error
    return module
