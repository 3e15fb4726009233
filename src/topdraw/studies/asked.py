"""What a user asks of a study, before a study makes a plan of it.

Not here: plans (`plan`), options of the command line (`topdraw.cli.study`).
Try it: `topdraw study monkeys --plan`.
"""

from __future__ import annotations

from dataclasses import dataclass

from topdraw.core.records import Json
from topdraw.studies.plan import Recorded


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asks of a study; what is empty or None is the study's own to say.

    Attributes:
        models: as users name them.
        tasks: names or files.
        n: samples per problem.
        problems: of each task, at most.
        task_seed: of generated tasks.
        ranked_by: scorers that rank.
        recorded: samples that are there already.
        endpoint: whether the models stand behind a server.
        seed: of every run.
    """

    models: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    n: int | None = None
    problems: int | None = None
    task_seed: int | None = None
    ranked_by: tuple[str, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    endpoint: bool = False
    seed: int = 0

    @property
    def draws(self) -> bool:
        """Whether anything is to be drawn: recorded samples alone are a study too."""
        return bool(self.models or self.tasks or not self.recorded)

    def task_options(self) -> dict[str, Json]:
        """Options of every task."""
        given = {"problems": self.problems, "seed": self.task_seed}
        return {name: value for name, value in given.items() if value is not None}
