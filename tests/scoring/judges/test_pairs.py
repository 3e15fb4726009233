"""A judge of pairs and one of lists against a scripted judge."""

from __future__ import annotations

import asyncio
import math

import pytest
from tests.models.scripted_server import Fault, ScriptedServer
from tests.scoring.judges.judge_server import QUICK, Reply, judge_server, shown

from topdraw.core.records import Problem, Sample
from topdraw.errors import ConfigError, EndpointError
from topdraw.models.endpoint import connect_endpoint
from topdraw.scoring.judges.asked import Judge
from topdraw.scoring.judges.lists import ListJudge, Pick
from topdraw.scoring.judges.pairs import PairJudge, Preference
from topdraw.scoring.judges.prompts import read_prompt

PROBLEM = Problem("p", "What is 2+2?")
ONE, OTHER, THIRD = (Sample("p", at, text) for at, text in enumerate(["first", "other", "third"]))


def asked(server: ScriptedServer, kind: str, votes: int = 1) -> Judge:
    model = connect_endpoint(server.url, model="j", retry=QUICK, chunk=votes)
    prompt = read_prompt("pair", "pair") if kind == "pair" else read_prompt("usc", "list")
    return Judge(model, "j", prompt, votes=votes)


def compared(server: ScriptedServer, votes: int = 1) -> Preference:
    async def main() -> Preference:
        judge = PairJudge(asked(server, "pair", votes))
        try:
            return await judge.compare(PROBLEM, ONE, OTHER)
        finally:
            await judge.aclose()

    return asyncio.run(main())


def picked(server: ScriptedServer) -> Pick:
    async def main() -> Pick:
        judge = ListJudge(asked(server, "list"))
        try:
            return await judge.pick(PROBLEM, [ONE, OTHER, THIRD])
        finally:
            await judge.aclose()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("said", "chance"), [("Winner: A", 1.0), ("Winner: B", 0.0), ("Winner: tie", 0.5)]
)
def test_a_verdict_is_read(said: str, chance: float) -> None:
    with judge_server(lambda _: said) as server:
        found = compared(server)
    # The scripted server gives its own word nearly all probability.
    assert found.first_better == pytest.approx(chance)
    assert found.missing_reason == ""


def test_a_preference_is_as_strong_as_the_judge_is_sure() -> None:
    reply = Reply("Winner: A", word="A", chances={" A": 0.6, " B": 0.3, " tie": 0.1})
    with judge_server(lambda _: reply) as server:
        assert compared(server).first_better == pytest.approx(0.65)
        assert compared(server, votes=3).first_better == pytest.approx(0.65)


def test_the_pair_is_shown_in_the_order_given() -> None:
    def answer(prompt: str) -> str:
        return "Winner: A" if shown(prompt) == ["first", "other"] else "Winner: B"

    with judge_server(answer) as server:
        assert compared(server).first_better == 1.0


def test_no_verdict_is_nan_with_a_reason_and_a_dead_judge_an_error() -> None:
    with judge_server(lambda _: "Both have merits.") as server:
        found = compared(server)
        assert server.counts.requests == 2
    assert math.isnan(found.first_better)
    assert "Both have merits" in found.missing_reason
    with (
        judge_server(lambda _: Fault("status", status=500)) as server,
        pytest.raises(EndpointError),
    ):
        compared(server)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("Most consistent: 2", 1),
        ("They all agree.\n**Most consistent: 3**", 2),
        ("Most consistent: 4", None),
        ("Most consistent: 0", None),
        ("Most consistent: 1.0", None),
        ("none", None),
        (Reply("Most consistent: 1", "length"), None),
    ],
)
def test_a_pick_is_one_of_those_shown(said: str | Reply, place: int | None) -> None:
    with judge_server(lambda _: said) as server:
        found = picked(server)
    assert found.place == place
    assert bool(found.missing_reason) == (place is None)


def test_a_pick_has_one_vote() -> None:
    with judge_server(lambda _: "1") as server, pytest.raises(ConfigError, match="one vote"):
        ListJudge(asked(server, "list", votes=3))


def test_without_probabilities_the_letter_is_taken() -> None:
    def script(body: dict[str, object], attempt: int) -> Fault:
        choice = {"message": {"content": "Winner: Tie"}, "finish_reason": "stop"}
        return Fault("choices", choices=[choice])

    with ScriptedServer(script) as server:  # type: ignore[arg-type]  # a dict is a mapping
        assert compared(server).first_better == 0.5
