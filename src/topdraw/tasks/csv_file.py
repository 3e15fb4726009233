"""A task from any CSV or TSV file whose first line names the columns.

Not here: what columns may be called (`topdraw.tasks.table`).
Try it: `topdraw tasks questions.csv`.
"""

from __future__ import annotations

from topdraw.core.origin import Origin
from topdraw.core.records import Task
from topdraw.core.registry import task
from topdraw.tasks.table import file_task

SUFFIXES = (".csv", ".tsv")


ORIGIN = Origin("csv", "The problems of any CSV or TSV file.", page="", licence="", scorer="number")


@task("csv", origin=ORIGIN)
def load(
    *,
    path: str = "",
    id: str = "",  # noqa: A002  the column's name, as users write it
    prompt: str = "",
    target: str = "",
    scorer: str = "number",
    problems: int | None = None,
) -> Task:
    """The problems of a CSV or TSV file.

    Args:
        path: .csv or .tsv, also .gz; UTF-8; comma, semicolon or tab.
        id: column of the ids; without one, the line's number is the id.
        prompt: column of the prompts, text.
        target: column of the targets; without one, problems have no target.
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
