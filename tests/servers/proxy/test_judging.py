"""A judge while serving, through the official client: what is chosen, what it costs, what fails."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.scripted_server import Fault, ScriptedServer
from tests.scoring.judges.judge_server import judge_server, shown
from tests.servers.proxy.serving import Served, proxied

from topdraw.core.records import Problem, Sample
from topdraw.errors import ConfigError, FormatError
from topdraw.models.endpoint import connect_endpoint
from topdraw.sampling.prices import price_of
from topdraw.selection.candidates import candidates
from topdraw.selection.resolve import resolve_selector
from topdraw.servers.proxy.app import proxy_app
from topdraw.servers.proxy.judging import ServedJudge, question_of
from topdraw.servers.proxy.settings import Settings
from topdraw.servers.proxy.tally import Tally
from topdraw.store.judging import judgings
from topdraw.store.run import Run


def by_text(prompt: str) -> str:
    """Prefers what sorts last."""
    texts = shown(prompt)
    if "Winner:" in prompt:
        return "Winner: A" if texts[0] > texts[1] else "Winner: B"
    if "Rating:" in prompt:
        return f"Rating: {int(texts[0][7], 16) // 2 + 1}"
    place = texts.index(max(texts)) + 1
    return f"Best: {place}\nMost consistent: {place}"


def asked(proxy: Served, model: str, **extra: Any) -> Any:  # noqa: ANN401 - the client's own
    return proxy.client().chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Say."}], extra_body={"topdraw": extra}
    )


def spec(server: ScriptedServer) -> str:
    return f"judge(model=gpt-4o-mini, url={server.url})"


@pytest.mark.parametrize(
    "select",
    ["usc", "usc(listwise)", "knockout(judge)", "round_robin(judge)", "swiss(judge, calls=9)",
     "mbr(judge)"],
)  # fmt: skip
def test_the_judges_choice_is_the_answer_and_is_paid_for(select: str) -> None:
    with (
        ScriptedServer() as up,
        judge_server(by_text) as server,
        proxied(up.url, judge=spec(server)) as proxy,
    ):
        reply = asked(proxy, f"{select}-5/tiny", seed=1)
        account = reply.topdraw
        requests = server.counts.requests
    (place,) = account["chosen"]
    if select not in ("mbr(judge)", "swiss(judge, calls=9)"):
        assert account["weights"][place] == 1.0
    told = account["judge"]
    assert told["requests"] == requests > 0
    assert (told["prompt"], told["output"]) == (7 * requests, 3 * requests)
    price = price_of("gpt-4o-mini")
    assert price is not None
    assert told["cost_usd"] == pytest.approx(price.cost_usd(7 * requests, 3 * requests))
    assert account["tokens"]["judge"] == 10 * requests
    assert account["tokens"]["output"] == 15  # of the candidates alone
    assert reply.usage.completion_tokens == 15
    assert account["notes"] == []
    metrics = proxy.proxy.metrics.text()
    assert f"topdraw_proxy_judge_requests_total {requests}" in metrics


def test_what_is_served_is_what_the_recorded_run_says(tmp_path: Path) -> None:
    """The same candidates and verdicts give the same weights, served and offline."""
    path = tmp_path / "served"
    selects = ["usc", "knockout(judge)", "swiss(judge)", "round_robin(judge)"]
    with (
        ScriptedServer() as up,
        judge_server(by_text) as server,
        proxied(up.url, judge=spec(server), record=str(path)) as proxy,
    ):
        served = {
            select: asked(proxy, f"{select}-{n}/tiny").topdraw["weights"]
            for n, select in enumerate(selects, start=5)
        }
        requests = server.counts.requests
    run = Run.open(path)
    for problem in run.problems.values():
        select = str(problem.metadata["strategy"])
        selector = resolve_selector(select)
        offline = candidates(run, needs=selector.needs)[problem.id]
        assert np.allclose(selector(offline), served.pop(select))
    assert served == {}
    bills = {one.name: one for one in judgings(run)}
    assert set(bills) == {"judge", "usc"}
    assert sum(one.bill.requests for one in bills.values()) == requests
    assert {one.model for one in bills.values()} == {"gpt-4o-mini"}
    assert run.bill().output_tokens == 3 * (5 + 6 + 7 + 8)


@pytest.mark.parametrize(
    "fault", [Fault("status", status=401, body="no"), Fault("reset"), Fault("status", status=400)]
)
def test_a_judge_that_fails_never_fails_the_request(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.scoring.judges.judge_server import QUICK

    monkeypatch.setattr("topdraw.scoring.judges.connect.Retry", lambda: QUICK)
    with (
        ScriptedServer() as up,
        judge_server(lambda _: fault) as server,
        proxied(up.url, judge=spec(server)) as proxy,
    ):
        reply = asked(proxy, "knockout(judge)-4/tiny")
    assert reply.choices[0].message.content.startswith("answer ")
    notes = " ".join(reply.topdraw["notes"])
    assert "judge" in notes
    assert "by chance" in notes
    assert "localhost" not in notes  # where it is, is the operator's business
    assert reply.topdraw["judge"]["cost_usd"] == 0.0


def test_a_judge_that_rates_does_not_say_where_it_is() -> None:
    with (
        ScriptedServer() as up,
        judge_server(lambda _: Fault("status", status=401, body="no")) as server,
        proxied(up.url, scorers=(f"rated={spec(server)}",)) as proxy,
    ):
        (missing, *_) = asked(proxy, "best-of-4/tiny").topdraw["notes"]
    assert missing.startswith("4 of 4 scores by rated are missing:")
    assert "localhost" not in missing


def test_unreadable_verdicts_are_missing_and_the_others_choose() -> None:
    def answer(prompt: str) -> str:
        texts = shown(prompt)
        return "hm" if min(texts) == texts[0] else by_text(prompt)

    with (
        ScriptedServer() as up,
        judge_server(answer) as server,
        proxied(up.url, judge=spec(server)) as proxy,
    ):
        account = asked(proxy, "round_robin(judge)-4/tiny").topdraw
    assert account["judge"]["comparisons"]["judge"] == {
        "questions": 12, "missing": 6, "late": False,
    }  # fmt: skip
    assert max(account["weights"]) == 1.0
    assert "6 of 12 verdicts of the judge are missing" in account["notes"][0]


def test_when_time_is_up_the_best_so_far_is_the_answer() -> None:
    asked_first: list[str] = []

    def answer(prompt: str) -> str | Fault:
        asked_first.append(prompt)
        return by_text(prompt) if len(asked_first) == 1 else Fault("hang", seconds=30)

    with (
        ScriptedServer() as up,
        judge_server(answer) as server,
        proxied(up.url, judge=spec(server)) as proxy,
    ):
        account = asked(proxy, "knockout(judge)-4/tiny", deadline_seconds=1.0).topdraw
    assert account["seconds"] < 5
    assert "deadline: chosen after 1 of about 6 answers of the judge" in account["notes"][0]
    assert account["judge"]["comparisons"]["judge"]["late"] is True
    assert account["weights"][account["chosen"][0]] == 1.0


def test_scorers_of_several_kinds_are_made_while_serving() -> None:
    def even(problem: Problem, samples: Any) -> list[bool]:  # noqa: ANN401 - any sequence
        return [int(sample.output[7], 16) % 2 == 0 for sample in samples]

    with (
        ScriptedServer() as up,
        judge_server(by_text) as server,
        proxied(up.url, scorers=(even, f"rated={spec(server)}")) as proxy,
    ):
        account = asked(proxy, "filter(even, best_of_n)-6/tiny", **{"with": "rated"}).topdraw
        requests = server.counts.requests
    scores = account["scores"]
    (place,) = account["chosen"]
    passing = [v for v, good in zip(scores["rated"], scores["even"], strict=True) if good]
    if passing:
        assert scores["rated"][place] == max(passing)
    assert (account["judge"]["requests"], requests) == (6, 6)
    assert account["judge"]["cost_usd"] > 0


def test_pairs_of_similar_outputs_need_no_judge() -> None:
    with ScriptedServer() as up, proxied(up.url) as proxy:
        account = asked(proxy, "mbr(chrf)-4/tiny").topdraw
    assert sum(account["weights"]) == pytest.approx(1)
    assert account["judge"]["requests"] == 0


def test_the_best_several_and_a_stream_work_with_a_judge() -> None:
    with (
        ScriptedServer() as up,
        judge_server(by_text) as server,
        proxied(up.url, judge=spec(server), select="usc", n=4) as proxy,
    ):
        client = proxy.client()
        said: Any = [{"role": "user", "content": "Say."}]
        whole = client.chat.completions.create(model="tiny", messages=said, n=2)
        assert len(whole.choices) == 2
        stream = client.chat.completions.create(model="tiny", messages=said, stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        assert text.startswith("answer ")


def test_a_budget_counts_the_judge(tmp_path: Path) -> None:
    from topdraw.servers.proxy.keys import read_keys

    path = tmp_path / "keys.toml"
    path.write_text('[[key]]\nname = "a"\nkey = "k-0123456789abcdef"\ntokens = 10000\n')
    with (
        ScriptedServer() as up,
        judge_server(by_text) as server,
        proxied(up.url, judge=spec(server), keys=read_keys(path)) as proxy,
    ):
        body = {"model": "usc-4/tiny", "messages": [{"role": "user", "content": "x"}]}
        headers = {"Authorization": "Bearer k-0123456789abcdef"}
        assert proxy.post(body, **headers).status == 200
        # 30 questions of two outputs each do not fit any more.
        body["model"] = "knockout(judge)-16/tiny"
        assert proxy.post(body, **headers).status == 429
    kept = json.loads((tmp_path / "keys.toml.spent").read_text())
    # Four candidates of 3 tokens in one request of 7; one question of 7 and 3.
    assert kept["a"]["tokens"] == 7 + 12 + 10


def test_what_the_operator_gets_wrong_is_said_at_the_start(tmp_path: Path) -> None:
    upstream = connect_endpoint("http://localhost:1/v1", model="m")
    with pytest.raises(ConfigError, match="is no judge"):
        proxy_app(upstream, Settings(judge="number"))
    with pytest.raises(ConfigError, match="needs comparisons 'judge'"):
        proxy_app(upstream, Settings(select="knockout(judge)"))
    with pytest.raises(ConfigError, match="at most 10"):
        proxy_app(
            upstream,
            Settings(
                select="knockout(judge)",
                judge="judge(model=j, url=http://localhost:1/v1)",
                judge_calls=10,
            ),
        )
    prompt = tmp_path / "mine.toml"
    prompt.write_text("kind = 'odd'")
    with pytest.raises(FormatError):
        ServedJudge(f"judge(model=j, url=http://localhost:1/v1, prompt={prompt})")


def test_a_prompt_of_one_kind_offers_that_kind_alone() -> None:
    judge = ServedJudge("judge(model=j, url=http://localhost:1/v1, prompt=pair-reasoned)")
    assert judge.names == ("judge",)
    assert 0 < judge.reserve_seconds(10.0) <= 5.0


def test_the_judge_sees_the_whole_conversation() -> None:
    said: Any = [
        {"role": "user", "content": [{"type": "text", "text": "Hello"}, {"type": "image_url"}]},
        {"role": "assistant", "content": None},
        {"role": "user", "content": "And now?"},
    ]
    problem = Problem("p", "And now?", metadata={"messages": said})
    assert question_of(problem) == "user: Hello\n\nassistant: \n\nuser: And now?"
    assert question_of(Problem("p", "x", metadata={"messages": said[:1]})) == "x"


def test_a_client_that_leaves_takes_the_judges_questions_along() -> None:
    hanging = Fault("hang", seconds=60)
    samples = [Sample("p", at, f"{at}") for at in range(4)]

    async def main(server: ScriptedServer) -> Tally:
        judge, tally = ServedJudge(spec(server)), Tally()
        asking = asyncio.create_task(
            judge.judged(
                "judge", Problem("p", "?"), samples,
                select="knockout(judge)", seed=0, until=None, tally=tally,
            )
        )  # fmt: skip
        while server.counts.now < 4:
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        while server.counts.now:
            await asyncio.sleep(0.01)
        await judge.aclose()
        return tally

    with judge_server(lambda _: hanging, cancels=True) as server:
        tally = asyncio.run(main(server))
    assert tally.fates == {"unknown": 4}
