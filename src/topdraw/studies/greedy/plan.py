"""What the study of greedy against sampled answers draws.

Not here: what it says (`reading`). Try it: `topdraw study good-bad-greedy --plan`.

References:
    Song et al. 2024, The Good, The Bad, and The Greedy (arXiv 2407.10457).
"""

from __future__ import annotations

from topdraw.studies.asked import Asked
from topdraw.studies.plan import Leg, Plan, leg_name

NAME = "good-bad-greedy"
MAIN = "main"


def greedy_plan(asked: Asked) -> Plan:
    """A run with a greedy answer for each task and model.

    Args:
        asked: what a user asks.
    """
    models = asked.models or ("builtin", "builtin:small")
    tasks = asked.tasks or ("arithmetic", "countdown", "functions")
    legs = [
        Leg(
            name=leg_name(task, model),
            part=MAIN,
            task=task,
            model=model,
            n=asked.n or 16,
            options=asked.task_options(),
            greedy=True,
            ranked_by=asked.ranked_by,
        )
        for task in tasks
        for model in models
    ]
    return Plan(NAME, tuple(legs) if asked.draws else (), asked.recorded, asked.seed)
