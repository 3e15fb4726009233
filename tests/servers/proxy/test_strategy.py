"""What a request asks for: by the model's name, by the field topdraw, or by default."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.servers.proxy.refusal import Refusal
from topdraw.servers.proxy.strategy import (
    Offer,
    Strategy,
    Wanted,
    judge_questions,
    read_prefix,
    wanted,
)

USUAL = Strategy(16, ranked_by="reward")
MODELS = ("llama", "vote-3/odd")


def ask(body: dict[str, Any], default: Strategy | None = None, models: Any = ()) -> Wanted:  # noqa: ANN401 - any collection
    return wanted(
        body, default=default, usual=USUAL, models=models, offer=Offer(("reward", "number"))
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("best-of-16/llama-3.1-8b", ("llama-3.1-8b", "best_of_n", 16)),
        ("bon-4/meta/Llama-3", ("meta/Llama-3", "best_of_n", 4)),
        ("vote-8/x", ("x", "majority", 8)),
        ("majority-8/x", ("x", "majority", 8)),
        ("weighted-majority-8/x", ("x", "weighted_majority", 8)),
        ("weighted_majority(weight=exp)-8/x", ("x", "weighted_majority(weight=exp)", 8)),
        ("posterior(0.5)-8/x", ("x", "posterior(0.5)", 8)),
        ("best-of-2/best-of-3/x", ("best-of-3/x", "best_of_n", 2)),
    ],
)
def test_a_known_prefix_is_a_strategy(name: str, found: tuple[str, str, int]) -> None:
    assert read_prefix(name) == found


@pytest.mark.parametrize(
    "name",
    [
        "memory-7b", "best-model", "best-of-16", "best-of-16/", "best-of-/x", "best-of-x/y", "/x",
        "meta-llama/Llama-3.1-8B", "gpt-4/turbo", "router-x", "moa-8/x", "16/x", "-16/x",
        "org/best-of-16/x", "best-of-9999999999/x", "",
    ],
)  # fmt: skip
def test_a_models_own_name_is_never_misread(name: str) -> None:
    assert read_prefix(name) is None


def test_a_model_of_that_very_name_is_a_model() -> None:
    assert read_prefix("vote-3/odd", MODELS) is None
    assert ask({"model": "vote-3/odd"}, models=MODELS) == Wanted("vote-3/odd", None)


@given(st.text())
def test_any_text_is_a_name_or_a_strategy(name: str) -> None:
    found = read_prefix(name)
    assert found is None or name.endswith(f"/{found[0]}")


def test_without_a_strategy_a_request_is_passed_through() -> None:
    assert ask({"model": "llama"}) == Wanted("llama", None)
    assert ask({"model": "llama", "topdraw": False}, USUAL) == Wanted("llama", None)


def test_the_servers_default_and_what_overrides_it() -> None:
    default = Strategy(4, "majority", "reward")
    assert ask({"model": "m"}, default).strategy == default
    assert ask({"model": "best-of-8/m"}, default).strategy == Strategy(8, "best_of_n", "reward")
    body = {"model": "best-of-8/m", "topdraw": {"n": 9, "select": "posterior(2)", "with": "number",
            "by": "reward", "deadline_seconds": 3, "seed": 5, "candidates": True}}  # fmt: skip
    said = Strategy(9, "posterior(2)", "number", "reward", 3, 5, True)
    assert ask(body, default).strategy == said
    assert ask({"model": "m", "topdraw": {}}).strategy == USUAL


def test_n_of_the_request_is_a_floor_for_the_candidates() -> None:
    assert ask({"model": "best-of-4/m", "n": 9}).strategy == Strategy(9, ranked_by="reward")


def test_the_first_model_is_the_default_and_others_are_refused() -> None:
    assert ask({}, models=MODELS).model == "llama"
    with pytest.raises(Refusal) as caught:
        ask({"model": "best-of-4/gpt"}, models=MODELS)
    assert caught.value.status == 404
    assert caught.value.body["error"]["code"] == "model_not_found"  # type: ignore[index,call-overload]  # JSON


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"model": 3}, 400),
        ({"model": "best-of-65/m"}, 422),
        ({"model": "best-of-0/m"}, 422),
        ({"model": "greedy-4/m"}, 400),
        ({"model": "mbr(f9)-4/m"}, 400),
        ({"model": "filter(tests, best_of_n)-4/m"}, 400),
        ({"model": "usc-4/m"}, 400),
        ({"model": "knockout(judge)-4/m"}, 400),
        ({"model": "m", "topdraw": "best"}, 400),
        ({"model": "m", "topdraw": {"N": 3}}, 400),
        ({"model": "m", "topdraw": {"n": 10**400}}, 422),
        ({"model": "m", "topdraw": {"n": True}}, 422),
        ({"model": "m", "topdraw": {"n": 2.5}}, 422),
        ({"model": "m", "topdraw": {"n": 65}}, 422),
        ({"model": "m", "topdraw": {"select": "best_of_m"}}, 400),
        ({"model": "m", "topdraw": {"select": 3}}, 422),
        ({"model": "m", "topdraw": {"select": "posterior(" + "(" * 9_999}}, 400),
        ({"model": "m", "topdraw": {"select": "posterior(-1)"}}, 400),
        ({"model": "posterior(x)-4/m"}, 400),
        ({"model": "m", "topdraw": {"with": "evil.py:run"}}, 400),
        ({"model": "m", "topdraw": {"by": ["number"]}}, 400),
        ({"model": "m", "topdraw": {"deadline_seconds": 0}}, 422),
        ({"model": "m", "topdraw": {"deadline_seconds": "soon"}}, 422),
        ({"model": "m", "topdraw": {"seed": -1}}, 422),
        ({"model": "m", "topdraw": {"candidates": 1}}, 422),
    ],
)
def test_what_cannot_be_is_refused_with_the_field(body: dict[str, Any], status: int) -> None:
    with pytest.raises(Refusal) as caught:
        ask(body)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("asked", "most", "found"), [(9, 5, 5), (3, 5, 3), (None, 5, 5), (9, None, 9)]
)
def test_the_operators_deadline_is_the_longest(
    asked: float | None, most: float | None, found: float
) -> None:
    usual = Strategy(ranked_by="reward", deadline_seconds=most)
    body: dict[str, Any] = {"model": "m", "topdraw": {"deadline_seconds": asked}}
    told = wanted(body, default=None, usual=usual, models=(), offer=Offer()).strategy
    assert told is not None
    assert told.deadline_seconds == found


def test_ranking_without_a_scorer_is_refused() -> None:
    with pytest.raises(Refusal, match="ranks by a scorer"):
        wanted({"model": "best-of-4/m"}, default=None, usual=Strategy(), models=(),
               offer=Offer())  # fmt: skip


def test_what_a_server_makes_may_be_asked_for_up_to_its_limit() -> None:
    offer = Offer(("tests", "reward"), ("judge", "usc"), judge_calls=30)
    for select in ("mbr(f1)", "filter(tests, best_of_n)", "knockout(judge)", "usc"):
        body = {"model": f"{select}-16/m"}
        told = wanted(body, default=None, usual=USUAL, models=(), offer=offer).strategy
        assert told is not None
        assert told.select == select
    assert judge_questions(Strategy(16, "knockout(judge)")) == 30
    assert judge_questions(Strategy(16, "filter(tests, usc)")) == 1
    assert judge_questions(Strategy(16, "mbr(f1)")) == 0
    with pytest.raises(Refusal, match="asks the judge 240 questions about 16 candidates"):
        wanted(
            {"model": "round_robin(judge)-16/m"}, default=None, usual=USUAL, models=(), offer=offer
        )
    with pytest.raises(Refusal, match=r"this server makes .*judge, usc"):
        wanted({"model": "usc(listwise)-4/m"}, default=None, usual=USUAL, models=(), offer=offer)
