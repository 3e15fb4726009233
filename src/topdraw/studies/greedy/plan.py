"""What the study of greedy against sampled answers draws.

Not here: what it says (`reading`). Try it: `topdraw study good-bad-greedy --plan`.

References:
    Song et al. 2024, The Good, The Bad, and The Greedy (arXiv 2407.10457): temperature 1 with one
    greedy answer beside; temperatures and repetition penalties around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from topdraw.core.records import Json
from topdraw.sampling.grid import AXES, written
from topdraw.studies.asked import Asked
from topdraw.studies.plan import Leg, Plan, leg_name

NAME = "good-bad-greedy"
MAIN, TEMPERATURE, PENALTY = "main", "temperature", "penalty"

#: Values of each setting; 1 is what the main runs are drawn with.
TEMPERATURES = (0.2, 0.6, 1.5)
PENALTIES = (0.9, 1.1, 1.2)

_OWN_MODELS = ("builtin", "builtin:small")
_OWN_TASKS = ("arithmetic", "countdown", "functions")
_PAPER_TASKS = ("gsm8k", "humaneval")
_OWN_REWARDS = ("reward", "reward-naive")
_N, _OWN_N, _OWN_PROBLEMS = 32, 24, 100
_MOST_OF_A_TEMPERATURE, _MOST_OF_A_PENALTY = 8, 4


def greedy_plan(asked: Asked) -> Plan:
    """A run with a greedy answer for each task and model, and the first model at other settings.

    The settings come last, penalties at the very end: not every server knows them, and what was
    drawn before stays.

    Args:
        asked: what a user asks.
    """
    if not asked.draws:
        return Plan(NAME, (), asked.recorded, asked.seed)
    models = asked.models or (("",) if asked.endpoint else _OWN_MODELS)
    is_own = not asked.endpoint and set(models) <= set(_OWN_MODELS)
    tasks = asked.tasks or (_OWN_TASKS if is_own else _PAPER_TASKS)
    is_known = is_own and set(tasks) <= set(_OWN_TASKS)
    n, options = asked.n or (_OWN_N if is_known else _N), dict(asked.task_options())
    if is_known:
        options.setdefault("problems", _OWN_PROBLEMS)
    ranked_by = asked.ranked_by or (_OWN_REWARDS if is_known else ())
    legs = [
        _leg(MAIN, task, model, n, options, greedy=True, ranked_by=ranked_by)
        for task in tasks
        for model in models
    ]
    legs += _settings(TEMPERATURE, tasks, models[0], n, options)
    legs += _settings(PENALTY, tasks, models[0], n, options)
    return Plan(NAME, tuple(legs), asked.recorded, asked.seed)


_VARIED: Mapping[str, tuple[str, tuple[float, ...], int]] = {
    TEMPERATURE: ("temperature", TEMPERATURES, _MOST_OF_A_TEMPERATURE),
    PENALTY: ("repetition_penalty", PENALTIES, _MOST_OF_A_PENALTY),
}


def _settings(
    part: str, tasks: Sequence[str], model: str, n: int, options: Mapping[str, Json]
) -> list[Leg]:
    axis, values, most = _VARIED[part]
    return [
        _leg(part, task, model, min(n, most), options, decoding={axis: value})
        for task in tasks
        for value in values
    ]


def _leg(
    part: str,
    task: str,
    model: str,
    n: int,
    options: Mapping[str, Json],
    *,
    decoding: Mapping[str, float] | None = None,
    greedy: bool = False,
    ranked_by: tuple[str, ...] = (),
) -> Leg:
    words = [AXES[axis] + written(value) for axis, value in (decoding or {}).items()]
    return Leg(
        name=leg_name(task, model, *words),
        part=part,
        task=task,
        model=model,
        n=n,
        options=options,
        decoding=dict(decoding or {}),
        greedy=greedy,
        ranked_by=ranked_by,
    )
