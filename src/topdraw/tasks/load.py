"""From a task's name, or a JSONL file, and options to the task.

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
from topdraw.core.registry import get_task, names, unknown_name
from topdraw.errors import ConfigError

_KINDS: Mapping[type, str] = {int: "a whole number", float: "a number", str: "a text"}


def load(name_or_path: str | os.PathLike[str], **options: Json) -> Task:
    """A task by its name, or from a JSONL file.

    Args:
        name_or_path: a registered name (which wins), or the path of a `.jsonl` file.
        options: of the task: `problems=50` where a task can be cut short, `seed=1` where it is
            generated, columns for a file (see `tasks.jsonl`).

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
        options = {"path": _file(name), **options}
        name = "jsonl"
    loader = get_task(name)
    _check(name, loader, options)
    task: object = loader(**options)
    if not isinstance(task, Task):
        raise ConfigError(f"The task {name!r} gave {type(task).__name__} instead of a Task.")
    return dataclasses.replace(task, options=given)


def _file(path: str) -> str:
    if path.endswith(".jsonl"):
        if not os.path.isfile(path):
            raise ConfigError(f"There is no file {path!r}.")
        return path
    if os.path.isfile(path):
        raise ConfigError(
            f"{path!r} is no .jsonl file.", hint="A task's file has one JSON object per line."
        )
    error = unknown_name("task", path, names("task"))
    error.hint += " A task can also be the path of a .jsonl file."
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
