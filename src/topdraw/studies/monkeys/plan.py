"""What the study of coverage draws.

Not here: what it says (`reading`, `claims`). Try it: `topdraw study monkeys --plan`.

References:
    Brown et al. 2024, Large Language Monkeys (arXiv 2407.21787 v3): temperature 0.6, top-p 0.95.
"""

from __future__ import annotations

from topdraw.analysis.scaling.law import FEWEST
from topdraw.core.records import Json
from topdraw.errors import DomainError
from topdraw.studies.asked import Asked
from topdraw.studies.plan import Leg, Plan, leg_name

NAME = "monkeys"
COVERAGE = "coverage"
#: Two stages of the built-in model: the stronger and the weaker one.
MODELS = ("builtin", "builtin:small")
#: What the built-in model was made for, in the order shown.
TASKS = ("functions", "countdown")
OWN = (*TASKS, "arithmetic")
#: Of games with three numbers 100 samples solve nearly all: nothing is left for another decade.
HARDER: dict[str, dict[str, Json]] = {"countdown": {"numbers": [4]}}
#: Three decades, in minutes on two cores.
N, PROBLEMS = 1000, 50
#: What somebody else's model draws unless told otherwise: it may have to be paid.
N_ELSEWHERE = 100


def monkeys_plan(asked: Asked) -> Plan:
    """A run for each task and model.

    Args:
        asked: what a user asks. Without models and tasks: two stages of the built-in model on two
            of its own tasks, ranked by its reward model.

    Raises:
        DomainError: if n is too small for a law.
    """
    if asked.n is not None and asked.n < FEWEST:
        raise DomainError(
            f"The study of coverage needs at least {FEWEST} samples per problem, not {asked.n}."
        )
    tasks = asked.tasks or TASKS
    models = asked.models or (("",) if asked.endpoint else MODELS)
    legs = tuple(_leg(asked, task, model) for task in tasks for model in models)
    return Plan(NAME, legs if asked.draws else (), asked.recorded, asked.seed)


def _leg(asked: Asked, task: str, model: str) -> Leg:
    builtin = not asked.endpoint and model.split(":")[0] == "builtin"
    own = task in OWN
    decoding: dict[str, Json] = {"temperature": 0.6}
    if not builtin:
        # The tail that is cut off would be a small model's coverage, so not for the built-in one.
        decoding["top_p"] = 0.95
    options = asked.task_options()
    if own:
        options.setdefault("problems", PROBLEMS)
    if not asked.tasks:
        options |= HARDER.get(task, {})
    return Leg(
        name=leg_name(task, model),
        part=COVERAGE,
        task=task,
        model=model,
        n=asked.n or (N if builtin else N_ELSEWHERE),
        options=options,
        decoding=decoding,
        ranked_by=asked.ranked_by or (("reward",) if own else ()),
    )
