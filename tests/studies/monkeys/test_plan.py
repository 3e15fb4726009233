import pytest

from topdraw.errors import DomainError
from topdraw.studies.asked import Asked
from topdraw.studies.monkeys.plan import N_ELSEWHERE, N, monkeys_plan
from topdraw.studies.plan import Recorded


def test_without_a_word_both_stages_draw_three_decades() -> None:
    plan = monkeys_plan(Asked())
    assert [leg.name for leg in plan.legs] == [
        "functions-builtin",
        "functions-builtin-small",
        "countdown-builtin",
        "countdown-builtin-small",
    ]
    assert {leg.n for leg in plan.legs} == {N}
    assert N >= 1000
    assert {leg.ranked_by for leg in plan.legs} == {("reward",)}
    assert plan.legs[0].decoding == {"temperature": 0.6}


def test_a_server_may_have_to_be_paid() -> None:
    (leg,) = monkeys_plan(Asked(models=("m",), tasks=("gsm8k",), endpoint=True)).legs
    assert (leg.n, leg.ranked_by) == (N_ELSEWHERE, ())
    assert leg.decoding == {"temperature": 0.6, "top_p": 0.95}
    (only,) = monkeys_plan(Asked(tasks=("gsm8k",), endpoint=True)).legs
    assert only.model == ""
    # A server may call its model so.
    (named,) = monkeys_plan(Asked(models=("builtin",), tasks=("gsm8k",), endpoint=True)).legs
    assert named.n == N_ELSEWHERE


def test_what_is_asked_comes_first() -> None:
    asked = Asked(
        models=("builtin",), tasks=("countdown",), n=7, problems=3, task_seed=2, ranked_by=("mine",)
    )
    (leg,) = monkeys_plan(asked).legs
    assert (leg.n, leg.ranked_by) == (7, ("mine",))
    # The harder half is the study's own choice, not that of whoever names the task.
    assert leg.options == {"problems": 3, "seed": 2}
    assert monkeys_plan(Asked()).legs[2].options == {"problems": 50, "numbers": [4]}


def test_recorded_samples_alone_draw_nothing() -> None:
    plan = monkeys_plan(Asked(recorded=(Recorded("x.csv"),)))
    assert plan.legs == ()
    assert plan.recorded == (Recorded("x.csv"),)


def test_two_samples_are_no_curve() -> None:
    with pytest.raises(DomainError, match="at least 3 samples per problem, not 2"):
        monkeys_plan(Asked(n=2))
