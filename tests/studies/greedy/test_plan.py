import pytest

from topdraw.studies.asked import Asked
from topdraw.studies.greedy.plan import (
    MAIN,
    PENALTIES,
    PENALTY,
    TEMPERATURE,
    TEMPERATURES,
    greedy_plan,
)
from topdraw.studies.plan import Recorded


def test_the_built_in_study_has_three_tasks_two_stages_and_both_rewards() -> None:
    plan = greedy_plan(Asked())
    main = [leg for leg in plan.legs if leg.part == MAIN]
    assert {(leg.task, leg.model) for leg in main} == {
        (task, model)
        for task in ("arithmetic", "countdown", "functions")
        for model in ("builtin", "builtin:small")
    }
    assert all(leg.greedy and leg.ranked_by == ("reward", "reward-naive") for leg in main)
    assert all(leg.options["problems"] == 100 for leg in plan.legs)


def test_settings_are_of_the_first_model_and_come_last() -> None:
    plan = greedy_plan(Asked(models=("a", "b"), tasks=("gsm8k",)))
    parts = [leg.part for leg in plan.legs]
    assert parts == [MAIN] * 2 + [TEMPERATURE] * len(TEMPERATURES) + [PENALTY] * len(PENALTIES)
    assert {leg.model for leg in plan.legs if leg.part != MAIN} == {"a"}
    values = [leg.decoding["temperature"] for leg in plan.legs if leg.part == TEMPERATURE]
    assert tuple(values) == TEMPERATURES
    assert len({leg.name for leg in plan.legs}) == len(plan.legs)


def test_settings_draw_no_more_than_asked() -> None:
    plan = greedy_plan(Asked(tasks=("countdown",), n=3))
    assert {leg.n for leg in plan.legs} == {3}


@pytest.mark.parametrize("asked", [Asked(models=("m",)), Asked(endpoint=True)])
def test_a_model_of_ones_own_gets_the_papers_tasks_and_no_reward_of_ours(asked: Asked) -> None:
    plan = greedy_plan(asked)
    assert {leg.task for leg in plan.legs} == {"gsm8k", "humaneval"}
    assert all(leg.ranked_by == () and "problems" not in leg.options for leg in plan.legs)


def test_rewards_of_ones_own_replace_ours() -> None:
    assert greedy_plan(Asked(ranked_by=("mine",))).legs[0].ranked_by == ("mine",)


def test_recorded_samples_alone_draw_nothing() -> None:
    recorded = (Recorded("samples.jsonl"),)
    plan = greedy_plan(Asked(recorded=recorded, seed=3))
    assert (plan.legs, plan.recorded, plan.seed) == ((), recorded, 3)


def test_problems_asked_for_replace_ours() -> None:
    assert greedy_plan(Asked(problems=7)).legs[0].options["problems"] == 7
