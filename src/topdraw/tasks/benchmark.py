"""From a benchmark's rows to its task: ids that differ and stay, defaults from its origin.

Not here: the prompts; each benchmark's file has its own.
Try it: `python -m pytest tests/tasks/test_benchmark.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.errors import DomainError, FormatError
from topdraw.tasks.cells import find
from topdraw.tasks.files import Row


def benchmark(
    origin: Origin,
    version: str,
    rows: Iterable[Row],
    problem: Callable[[str, Row], Problem],
    *,
    decoding: Mapping[str, Json] | None = None,
    packaged: bool = False,
) -> Task:
    """The task of a benchmark's rows.

    Args:
        origin: name, scorer and description.
        version: bumped whenever a score could change.
        rows: in order.
        problem: makes a row's problem, given the id it would have by `row_id`.
        decoding: the benchmark's own defaults.
        packaged: whether these rows are those that come with the package, which the description
            then says.

    Raises:
        FormatError: naming both rows, when an id comes twice.
    """
    problems: list[Problem] = []
    first: dict[str, str] = {}
    for position, row in enumerate(rows):
        made = problem(row_id(origin.task, position, row), row)
        if made.id in first:
            hint = f"Its first problem is at {first[made.id]}. Ids must differ."
            raise FormatError(f"{row.place}: the id {made.id!r} comes twice.", hint=hint)
        first[made.id] = row.place
        problems.append(made)
    return Task(
        name=origin.task,
        version=version,
        problems=tuple(problems),
        scorer=origin.scorer,
        decoding=decoding or {},
        description=f"{origin.about} {sizes(origin)}".strip() if packaged else origin.about,
    )


def row_id(task: str, position: int, row: Row) -> str:
    """The id of a row: its position in the whole set where it says it, else in the file.

    Args:
        task: the benchmark's name.
        position: from 0.
        row: its columns index, idx or doc_id are whole numbers from 0.

    Examples:
        >>> row_id("gsm8k", 3, Row("", 4, "", {})), row_id("gsm8k", 3, Row("", 4, "", {"idx": 6}))
        ('gsm8k/0003', 'gsm8k/0006')
    """
    own = find(row, "index", "idx", "doc_id")
    if isinstance(own, str) and own.isdecimal() and len(own) < 10:
        own = int(own)
    whole = isinstance(own, int) and not isinstance(own, bool)
    return f"{task}/{own if whole else position:04d}"


def in_split(name: str, split: str) -> str:
    """An id that names its split, unless that is the one that is evaluated.

    Examples:
        >>> in_split("gsm8k/0003", "train"), in_split("gsm8k/0003", "test")
        ('gsm8k/train/0003', 'gsm8k/0003')
    """
    task, _, rest = name.partition("/")
    return name if split == "test" else f"{task}/{split}/{rest}"


def sizes(origin: Origin) -> str:
    """What is packaged, of how many; "" when all is or nothing.

    Examples:
        >>> origin = Origin("t", "", "", "", problems=1319, packaged="f", packaged_problems=200)
        >>> sizes(origin)
        'The packaged 200 of 1,319; for all: -o path=FILE.'
    """
    if not origin.packaged or origin.problems in (None, origin.packaged_problems):
        return ""
    hub = " or -o path=hf" if origin.hub else ""
    return (
        f"The packaged {origin.packaged_problems:,} of {origin.problems:,}; "
        f"for all: -o path=FILE{hub}."
    )


def known_style(style: str, styles: Iterable[str], *, what: str = "style") -> None:
    """Refuse a style of prompt, or another option, that the task does not have.

    Raises:
        DomainError: listing those it has.
    """
    if style not in styles:
        raise DomainError(f"{what}={style!r}: known are {', '.join(styles)}.")
