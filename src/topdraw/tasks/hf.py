"""A task from any data set of the Hugging Face hub, or from a folder laid out as one.

Not here: what columns may be called (`topdraw.tasks.table`).
Try it: `topdraw tasks hf:openai/gsm8k -o config=main --problems 3`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from topdraw.core.origin import Origin
from topdraw.core.records import Task
from topdraw.core.registry import task
from topdraw.errors import ConfigError
from topdraw.tasks.source import HUB, read_rows
from topdraw.tasks.table import known_scorer, table_task

ORIGIN = Origin(
    task="hf",
    about="The problems of any data set of the Hugging Face hub, or of a folder of one.",
    page="https://huggingface.co/datasets",
    licence="",
    scorer="number",
    hub="OWNER/NAME",
)


@task("hf", origin=ORIGIN)
def load(
    *,
    path: str = "",
    config: str = "",
    split: str = "test",
    id: str = "",  # noqa: A002  the column's name, as users write it
    prompt: str = "",
    target: str = "",
    scorer: str = "number",
    problems: int | None = None,
) -> Task:
    """The problems of a data set on the Hugging Face hub, or of a folder laid out as one.

    Args:
        path: name on the hub, as in openai/gsm8k (needs the package `datasets`), or a folder:
            saved by `datasets`, or with files named after their split.
        config: configuration of the data set; "" for its only one.
        split: which split.
        id: column of the ids; without one, the row's number from 1 is the id.
        prompt: column of the prompts, text.
        target: column of the targets, anything; without one, problems have no target.
        scorer: registered name of the default scorer; "" for none.
        problems: only the first so many; None takes all.

    Returns:
        A task named after the data set.

    Raises:
        ConfigError: when no path is given, or the hub has no such data set or is out of reach.
        FormatError: naming the row, when it cannot be read as a problem or its id came before.
        DomainError: when problems < 1.
        UnknownNameError: when nobody registered the scorer.
        MissingPackage: when `datasets` is needed and not installed.
    """
    if not path:
        raise ConfigError(
            "The task 'hf' needs a data set.", hint="Give its name: -o path=OWNER/NAME"
        )
    known_scorer(scorer)
    folder = Path(path).is_dir()
    origin = dataclasses.replace(ORIGIN, hub=path, config=config, split=split)
    rows = read_rows(path if folder else HUB, origin, problems=problems)
    return table_task(
        # A folder may have several files, each with a first row.
        [row._replace(number=number) for number, row in enumerate(rows, start=1)],
        Path(path).name or "hf",
        columns={"id": id, "prompt": prompt, "target": target},
        scorer=scorer,
        about=f"Problems of {path}, split {split}.",
    )
