"""From a task's name, or a file, and options to the task.

Not here: the tasks themselves.
Try it: `python -c "import topdraw as td; print(len(td.load('countdown', problems=5).problems))"`.
"""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Mapping

from topdraw.core.protocols import TaskLoader
from topdraw.core.records import Json, Task
from topdraw.core.registry import get_task, names, origin_of, unknown_name
from topdraw.errors import ConfigError
from topdraw.tasks.benchmark import sizes
from topdraw.tasks.files import SUFFIXES, kind_of
from topdraw.tasks.source import HUB

_TABLES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "parquet",
}
_KINDS: Mapping[type, str] = {int: "a whole number", float: "a number", str: "a text"}


def load(name_or_path: str | os.PathLike[str], **options: Json) -> Task:
    """A task by its name, or from a file, a folder or the Hugging Face hub.

    Args:
        name_or_path: a registered name (which wins); a path of a JSONL, JSON, CSV, TSV, Parquet or
            Arrow file, or of a folder of one of them; or "hf:OWNER/NAME".
        options: of the task: `problems=50` where a task can be cut short, `seed=1` where it is
            generated, columns for a file (see `tasks.table`).

    Returns:
        The task, problems in order.

    Raises:
        UnknownNameError: when it is neither; the closest names come first.
        ConfigError: when the file is not there, or the task has no such option.
        FormatError: when the file cannot be read as problems.
        DomainError: when an option is outside its range.

    Examples:
        >>> load("countdown", problems=3).problems[2].id
        'countdown/0002'
    """
    given, name = options, os.fspath(name_or_path)
    if name not in names("task"):
        name, path = _table(name)
        options = {"path": path, **options}
    loader = get_task(name)
    _check(name, loader, options)
    task: object = loader(**options)
    if not isinstance(task, Task):
        raise ConfigError(f"The task {name!r} gave {type(task).__name__} instead of a Task.")
    return dataclasses.replace(task, options=given)


def packaged_note(name: str) -> str:
    """What comes with the package, and how to get all; "" when that is everything, or nothing.

    Args:
        name: of a task, a file or anything else.

    Raises:
        ImportError: when a third party's task cannot be imported.

    Examples:
        >>> packaged_note("gsm8k")
        'The packaged 200 of 1,319; for all: -o path=FILE or -o path=hf.'
    """
    origin = origin_of(get_task(name)) if name in names("task") else None
    return sizes(origin) if origin else ""


def _table(given: str) -> tuple[str, str]:
    """The task that reads what is no name, and the path it gets.

    Raises:
        ConfigError: when it is a file that is not there, or of no known kind.
        UnknownNameError: when it looks like neither a file nor a folder.
    """
    if given.startswith(f"{HUB}:"):
        return "hf", given.removeprefix(f"{HUB}:")
    if os.path.isdir(given):
        return "hf", given
    kind = kind_of(given)
    if kind and not os.path.isfile(given):
        raise ConfigError(f"There is no file {given!r}.")
    if kind:
        return _TABLES[kind], given
    if os.path.isfile(given):
        listed = ", ".join(SUFFIXES)
        raise ConfigError(f"{given!r} is no file of problems.", hint=f"Those end in {listed}.")
    error = unknown_name("task", given, names("task"))
    error.hint += f" A task can also be a file ({', '.join(SUFFIXES)}), a folder or hf:OWNER/NAME."
    raise error


def _check(name: str, loader: TaskLoader, options: Mapping[str, Json]) -> None:
    parameters = inspect.signature(loader).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return
    known = {parameter.name: parameter.default for parameter in parameters}
    allowed = f"Its options: {', '.join(known) or 'none'}."
    for option, value in options.items():
        if option not in known:
            raise ConfigError(f"The task {name!r} has no option {option!r}.", hint=allowed)
        if not _fits(value, known[option]):
            kind = _KINDS[type(known[option])]
            raise ConfigError(f"The option {option}={value!r} of the task {name!r} must be {kind}.")
    for option, default in known.items():
        if default is inspect.Parameter.empty and option not in options:
            raise ConfigError(f"The task {name!r} needs the option {option!r}.", hint=allowed)


def _fits(value: Json, default: object) -> bool:
    """Whether a value is of the kind of an option's default; any is where the default is None."""
    kind = type(default)
    if kind not in _KINDS:
        return True
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)
