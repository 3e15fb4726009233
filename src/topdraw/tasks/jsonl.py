"""A task from any JSONL or JSON file: one object a line, or a list of objects.

Not here: what columns may be called (`topdraw.tasks.table`).
Try it: `topdraw tasks questions.jsonl`.
"""

from __future__ import annotations

from topdraw.core.origin import Origin
from topdraw.core.records import Task
from topdraw.core.registry import task
from topdraw.tasks.table import file_task

SUFFIXES = (".jsonl", ".ndjson", ".json")


ORIGIN = Origin(
    "jsonl", "The problems of any JSONL or JSON file.", page="", licence="", scorer="number"
)


@task("jsonl", origin=ORIGIN)
def load(
    *,
    path: str = "",
    id: str = "",  # noqa: A002  the column's name, as users write it
    prompt: str = "",
    target: str = "",
    scorer: str = "number",
    problems: int | None = None,
) -> Task:
    """The problems of a JSONL or JSON file.

    Args:
        path: .jsonl or .ndjson with one object a line, or a .json list; also .gz; UTF-8.
        id: column of the ids; without one, the line's number is the id.
        prompt: column of the prompts, text.
        target: column of the targets, any JSON; without one, problems have no target.
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
