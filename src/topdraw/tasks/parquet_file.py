"""A task from any Parquet or Arrow file.

Not here: what columns may be called (`topdraw.tasks.table`).
Try it: `topdraw tasks questions.parquet`.
"""

from __future__ import annotations

from topdraw.core.origin import Origin
from topdraw.core.records import Task
from topdraw.core.registry import task
from topdraw.tasks.table import file_task

SUFFIXES = (".parquet", ".arrow")


ORIGIN = Origin(
    "parquet", "The problems of any Parquet or Arrow file.", page="", licence="", scorer="number"
)


@task("parquet", origin=ORIGIN)
def load(
    *,
    path: str = "",
    id: str = "",  # noqa: A002  the column's name, as users write it
    prompt: str = "",
    target: str = "",
    scorer: str = "number",
    problems: int | None = None,
) -> Task:
    """The problems of a Parquet or Arrow file.

    Args:
        path: .parquet, or .arrow with the package `datasets`.
        id: column of the ids; without one, the row's number from 1 is the id.
        prompt: column of the prompts, text.
        target: column of the targets, anything; without one, problems have no target.
        scorer: registered name of the default scorer; "" for none.
        problems: only the first so many; None takes all.

    Returns:
        A task named after the file.

    Raises:
        ConfigError: when no path is given, or there is no such file.
        FormatError: naming file and line, when a row cannot be read as a problem, an id comes
            twice, or there is no problem at all.
        DomainError: when problems < 1.
        UnknownNameError: when nobody registered the scorer.
    """
    return file_task(
        path,
        origin=ORIGIN,
        suffixes=SUFFIXES,
        columns={"id": id, "prompt": prompt, "target": target},
        scorer=scorer,
        problems=problems,
    )
