"""Where a benchmark's problems come from, how many they are and what may be done with them.

Not here: reading them; that is `topdraw.tasks.source`.
Try it: `topdraw tasks --json`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a task before any of its problems is read.

    Attributes:
        task: its registered name.
        about: one line for listings.
        page: address of the page where people get the file.
        licence: of the data, as its owners name it.
        problems: how many the whole set has; None when that depends on the file.
        scorer: registered name of the default scorer; "" for none.
        hub: name on the Hugging Face hub, as in "openai/gsm8k"; "" when it is not there.
        config: the hub's configuration; "" for its only one.
        split: the split that is evaluated.
        packaged: file in `topdraw/tasks/data` with some of the problems; "" for none.
        packaged_problems: how many that file has.
    """

    task: str
    about: str
    page: str
    licence: str
    problems: int | None = None
    scorer: str = ""
    hub: str = ""
    config: str = ""
    split: str = "test"
    packaged: str = ""
    packaged_problems: int = 0
