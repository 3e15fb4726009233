"""The rows of a task: from a file, a folder, the Hugging Face hub, or what comes with the package.

Not here: what the columns mean; each task knows its own.
Try it: `topdraw tasks gsm8k -o path=FILE --problems 3`.

    path=FILE              .jsonl .ndjson .json .csv .tsv (each also .gz), .parquet, .arrow
    path=FOLDER            the files of the split in it, found by their names
    path=hf                the task's own data set on the hub; needs the package `datasets`
    path=hf:OWNER/NAME     another data set with the same columns
    (no path)              what is packaged, else one sentence that says where to get the file
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from topdraw.core.origin import Origin
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.tasks.files import Row, read_file
from topdraw.tasks.folder import split_files
from topdraw.tasks.hub import read_hub, read_saved

HUB = "hf"
DATA = Path(__file__).parent / "data"


def read_rows(
    path: str,
    origin: Origin,
    *,
    problems: int | None = None,
    header: tuple[str, ...] = (),
) -> list[Row]:
    """The rows of a task's problems, in order.

    Args:
        path: as in the table of this module.
        origin: of the task; its split and configuration are looked for.
        problems: only the first so many; None takes all.
        header: names of the columns of CSV files, unless their first line has all of them.

    Returns:
        At least one row. No more rows are read than were asked for.

    Raises:
        ConfigError: when there is no such file or folder, the hub cannot be reached, or no path
            was given and nothing is packaged.
        FormatError: naming file and line, when a row cannot be read or there is none.
        DomainError: when problems is no whole number from 1.
        MissingPackage: when `datasets` is needed and not installed.

    Examples:
        >>> from topdraw.tasks.gsm8k import ORIGIN
        >>> read_rows("", ORIGIN, problems=2)[1].values["answer"][-10:]
        '#### 70000'
    """
    known_count(problems)
    rows = list(itertools.islice(iterate_rows(path, origin, header=header), problems))
    if not rows:
        raise FormatError(f"{path} holds no problem.")
    return rows


def known_count(problems: int | None) -> None:
    """Refuse a number of problems that is none.

    Raises:
        DomainError: when it is neither None nor a whole number from 1.
    """
    whole = isinstance(problems, int) and not isinstance(problems, bool)
    if problems is not None and (not whole or problems < 1):
        raise DomainError(f"problems={problems!r}: a whole number, at least 1.")


def iterate_rows(path: str, origin: Origin, *, header: tuple[str, ...] = ()) -> Iterator[Row]:
    """The same rows one by one, so that a large file need not fit in memory.

    Args:
        path: as in the table of this module.
        origin: of the task.
        header: as in `read_rows`.

    Raises:
        ConfigError: as in `read_rows`.
        FormatError: as in `read_rows`.
        MissingPackage: as in `read_rows`.
    """
    if path == HUB or path.startswith(f"{HUB}:"):
        return _hub_rows(path, origin)
    if not path and not origin.packaged:
        raise ConfigError(f"The task {origin.task!r} needs its problems.", hint=how_to_get(origin))
    file = Path(path).expanduser() if path else DATA / origin.packaged
    if not file.is_dir():
        return read_file(file, header=header)
    if (file / "dataset_dict.json").is_file() or (file / "state.json").is_file():
        return read_saved(file, origin.split)
    files = split_files(file, split=origin.split, config=origin.config, task=origin.task)
    return itertools.chain.from_iterable(read_file(one, header=header) for one in files)


def how_to_get(origin: Origin) -> str:
    """Where a task's file comes from and how it is passed, in one sentence.

    Examples:
        >>> how_to_get(Origin("amc", "", "https://x.org/amc", ""))
        'Get the file at https://x.org/amc and pass it with -o path=FILE.'
    """
    hub = f", or fetch {origin.hub} from the hub with -o path=hf" if origin.hub else ""
    return f"Get the file at {origin.page} and pass it with -o path=FILE{hub}."


def _hub_rows(path: str, origin: Origin) -> Iterator[Row]:
    name = path.removeprefix(HUB).removeprefix(":") or origin.hub
    if not name:
        raise ConfigError(f"The task {origin.task!r} is not on the hub.", hint=how_to_get(origin))
    config = origin.config if name == origin.hub else ""
    return read_hub(name, config=config, split=origin.split, page=origin.page)
