"""What the study of coverage draws.

Not here: what it says (`reading`). Try it: `topdraw study monkeys --plan`.

References:
    Brown et al. 2024, Large Language Monkeys (arXiv 2407.21787).
"""

from __future__ import annotations

from topdraw.studies.asked import Asked
from topdraw.studies.plan import Leg, Plan, leg_name

NAME = "monkeys"
COVERAGE = "coverage"


def monkeys_plan(asked: Asked) -> Plan:
    """A run for each task and model.

    Args:
        asked: what a user asks.
    """
    models = asked.models or ("builtin", "builtin:small")
    tasks = asked.tasks or ("arithmetic", "countdown")
    legs = [
        Leg(
            name=leg_name(task, model),
            part=COVERAGE,
            task=task,
            model=model,
            n=asked.n or 100,
            options=asked.task_options(),
            ranked_by=asked.ranked_by,
        )
        for task in tasks
        for model in models
    ]
    return Plan(NAME, tuple(legs) if asked.draws else (), asked.recorded, asked.seed)
