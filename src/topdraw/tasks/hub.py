"""Rows through the package `datasets`: from the Hugging Face hub, its saved folders, its files.

Not here: anything that is read without it. Nothing is imported before it is asked for.
Try it: `topdraw tasks hf -o path=openai/gsm8k -o config=main --problems 3`.
"""

from __future__ import annotations

import contextlib
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import cast

from topdraw._optional import require
from topdraw.errors import ConfigError, FormatError, MissingPackage
from topdraw.tasks.files import Row, plain

OLDEST = 4
"""Older versions run Python code that comes with a data set."""
_HUB = "https://huggingface.co/datasets/"


def read_hub(name: str, *, config: str, split: str, page: str = "") -> Iterator[Row]:
    """The rows of a split on the hub, or of a local folder that `datasets` can read.

    Args:
        name: as in "openai/gsm8k".
        config: "" for the only one.
        split: "test", ...
        page: where people can get the file by hand; the data set's own page when "".

    Raises:
        MissingPackage: when `datasets` is not installed.
        ConfigError: when the hub cannot be reached, or has no such data set, configuration or
            split.
    """
    datasets = _datasets(f"Reading {name!r} from the Hugging Face hub")
    online = True
    try:
        with _quick(datasets) as online:
            table = datasets.load_dataset(name, config or None, split=split)
    except Exception as error:  # its dozen of kinds have no common root
        reason = _first(error) if online else "it is out of reach, and nothing is cached."
        raise ConfigError(
            f"The split {split!r} of {name!r} could not be read from the hub: {reason}",
            hint=f"Get the file at {page or _HUB + name} and pass it with -o path=FILE.",
        ) from error
    return _rows(f"{name}, {split}", name.rsplit("/", 1)[-1], table)


@contextlib.contextmanager
def _quick(datasets: ModuleType) -> Iterator[bool]:
    """Without a network, look into the cache alone and at once; whether there is one.

    The hub's client would try for 24 seconds, and say so on every try.
    """
    hub = require("huggingface_hub", "datasets", "Reading from the Hugging Face hub")
    hub.logging.set_verbosity_error()
    switches = (datasets.config, hub.constants)
    before = [one.HF_HUB_OFFLINE for one in switches]
    online = _reachable(hub.constants.ENDPOINT)
    if not online:
        for one in switches:
            one.HF_HUB_OFFLINE = True
    try:
        yield online
    finally:
        for one, value in zip(switches, before, strict=True):
            one.HF_HUB_OFFLINE = value


def _reachable(address: str) -> bool:
    """Whether the hub's name is known here; behind a proxy, which asks for us, always."""
    if urllib.request.getproxies():
        return True
    try:
        socket.getaddrinfo(urllib.parse.urlsplit(address).hostname, 443)
    except OSError:
        return False
    return True


def read_saved(folder: Path, split: str) -> Iterator[Row]:
    """The rows of what `save_to_disk` left in a folder.

    Args:
        folder: of a data set, or of several splits.
        split: which of several.

    Raises:
        MissingPackage: when `datasets` is not installed.
        ConfigError: when there is no such split.
        FormatError: when the folder is damaged.
    """
    datasets = _datasets(f"Reading {str(folder)!r}")
    try:
        table = datasets.load_from_disk(str(folder))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{folder} is no saved data set: {_first(error)}") from error
    if isinstance(table, dict):
        if split not in table:
            raise ConfigError(f"{folder} has no split {split!r}; there are {', '.join(table)}.")
        table = table[split]
    return _rows(str(folder), folder.name, table)


def arrow_rows(path: Path) -> Iterator[Mapping[str, object]]:
    """The rows of one `.arrow` file.

    Raises:
        MissingPackage: when `datasets` is not installed.
        FormatError: when it is no Arrow table.
    """
    datasets = _datasets(f"Reading {str(path)!r}")
    pyarrow = require("pyarrow", "datasets", f"Reading {str(path)!r}")
    try:
        table = datasets.Dataset.from_file(str(path))
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise FormatError(f"{path} is no Arrow table: {_first(error)}") from error
    return cast("Iterator[Mapping[str, object]]", iter(table))


def _datasets(what: str) -> ModuleType:
    found = require("datasets", "datasets", what)
    if int(found.__version__.split(".")[0]) < OLDEST:
        raise MissingPackage(
            f"{what} needs datasets >= {OLDEST}, not {found.__version__}.",
            hint="Install it with: pip install 'topdraw[datasets]'",
        )
    return found


def _rows(place: str, name: str, table: object) -> Iterator[Row]:
    rows = cast("Iterator[Mapping[str, object]]", table)
    for number, values in enumerate(rows, start=1):
        yield Row(f"{place}, row {number}", number, name, plain(values))


def _first(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{lines[0].rstrip('.')}." if lines else f"{type(error).__name__}."
