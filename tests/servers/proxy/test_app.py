"""The proxy on a real port, asked by the official client, in front of a scripted server."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.models.scripted_server import Fault, ScriptedServer, always, first
from tests.servers.proxy.serving import Got, Served, get, proxied

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.servers.proxy.keys import Holder, Keys, Limits

HI: list[Any] = [{"role": "user", "content": "hi"}]
BODY: dict[str, Any] = {"model": "tiny", "messages": HI, "temperature": 0.5}
BEST = BODY | {"model": "best-of-4/tiny"}


def length_of(problem: Problem, samples: Sequence[Sample]) -> list[float]:
    return [float(len(sample.output)) for sample in samples]


def namesake(problem: Problem, samples: Sequence[Sample]) -> list[float]:
    return [0.0] * len(samples)


namesake.__name__ = "length_of"


def choices(*texts: str) -> Fault:
    told = [
        {"index": at, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        for at, text in enumerate(texts)
    ]
    return Fault("choices", choices=told)


def test_best_of_n_is_the_best_by_a_users_own_function(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def score(p, samples): return [len(s.output) for s in samples]\n"
    )
    script = always(choices("a", "abc", "ab", ""))
    with (
        ScriptedServer(script) as up,
        proxied(up.url, scorers=(f"{tmp_path}/mine.py:score",)) as p,
    ):
        reply = p.client().chat.completions.create(**BEST)
    assert reply.choices[0].message.content == "abc"
    assert reply.model == "tiny"
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (7, 12)
    told = reply.to_dict()["topdraw"]
    assert isinstance(told, dict)
    assert told["scores"] == {"score": [1, 3, 2, 0]}
    assert (told["chosen"], told["weights"], told["notes"]) == ([1], [0, 1, 0, 0], [])
    assert (told["strategy"], told["n"], told["candidates"]) == ("best_of_n", 4, 4)
    (sent,) = up.counts.bodies
    assert sent == BODY | {"n": 4}


def test_n_best_come_in_order() -> None:
    script = always(choices("a", "abc", "ab", ""))
    with ScriptedServer(script) as up, proxied(up.url, scorers=(length_of,)) as p:
        reply = p.client().chat.completions.create(**BEST, n=3)
    assert [c.message.content for c in reply.choices] == ["abc", "ab", "a"]
    assert [c.index for c in reply.choices] == [0, 1, 2]


@pytest.mark.parametrize("limits", [{"most_choices": 1}, {"max_n": 1}, {"max_n": 3}])
def test_an_upstream_that_ignores_n_still_yields_n_candidates(limits: dict[str, Any]) -> None:
    with ScriptedServer(**limits) as up, proxied(up.url, scorers=(length_of,)) as p:
        reply = p.client().chat.completions.create(**BEST, seed=5).to_dict()
        assert up.counts.delivered == 4
        seeds = {b["seed"] for b in up.counts.bodies}
    assert reply["topdraw"]["candidates"] == 4
    assert seeds <= {5, 6, 7, 8}


def test_one_failed_candidate_costs_none_of_the_others() -> None:
    def script(body: Any, attempt: int) -> Fault | None:  # noqa: ANN401 - JSON
        return Fault("status", 500, "no") if body["seed"] == 7 else None

    with ScriptedServer(script, most_choices=1) as up, proxied(up.url) as p:
        reply = p.client().chat.completions.create(**BEST, seed=5).to_dict()
    told: Any = reply["topdraw"]
    assert told["candidates"] == 3
    assert "1 of 4 candidates failed" in told["notes"][0]


def test_all_failed_is_502_with_the_reason() -> None:
    fault = Fault("status", 503, "the kitchen is closed", {"Retry-After": "1"})
    with ScriptedServer(always(fault)) as up, proxied(up.url) as p:
        with pytest.raises(openai.InternalServerError) as caught:
            p.client().chat.completions.create(**BEST)
        got = p.post(BEST)
    assert caught.value.status_code == 502
    assert "the kitchen is closed" in caught.value.message
    assert got.json["error"]["code"] == "upstream_failed"
    assert b"localhost" not in got.raw
    assert got.headers["Retry-After"] == "1"


def test_no_upstream_is_502() -> None:
    with proxied("http://127.0.0.1:9/v1") as p:
        assert p.post(BEST).status == p.post(BODY).status == 502
        said = "The upstream did not answer: cannot connect."
        assert p.post(BODY).json["error"]["message"] == said
        assert get(f"{p.url}/models").status == 502


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError), (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError), (404, openai.NotFoundError),
        (422, openai.UnprocessableEntityError), (429, openai.RateLimitError),
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", [BODY, BEST])
def test_refusals_of_the_upstream_are_passed_on(
    status: int, kind: type[openai.APIStatusError], body: dict[str, Any]
) -> None:
    said = {"error": {"message": "no!", "type": "odd", "param": "x", "code": "abc"}}
    fault = Fault("status", status, said, {"Retry-After": "33"} if status == 429 else {})
    with ScriptedServer(always(fault)) as up, proxied(up.url) as p:
        with pytest.raises(kind) as caught:
            p.client().chat.completions.create(**body)
        assert caught.value.body == said["error"]
        if status == 429:
            assert caught.value.response.headers["retry-after"] in ("32", "33")
        assert up.counts.requests <= (1 if body is BODY else 2)  # it may be n that it dislikes


def test_a_long_wait_for_one_model_is_none_for_the_others() -> None:
    tomorrow = Fault("status", 429, {"error": {"message": "tomorrow"}}, {"Retry-After": "86400"})

    def script(body: Any, attempt: int) -> Fault | None:  # noqa: ANN401 - JSON
        return tomorrow if body["model"] == "free" else None

    with ScriptedServer(script) as up, proxied(up.url) as p:
        got = p.post(BEST | {"model": "best-of-4/free"})
        assert (got.status, got.headers["Retry-After"]) == (429, "86400")
        assert p.post(BEST).status == 200
        assert p.post(BODY).status == 200


def test_a_request_is_passed_through_byte_for_byte() -> None:
    raw = b'{ "model":"tiny" , "messages":[{"role":"user","content":"\\u00e9"}],"x":[1.50]}'
    with ScriptedServer(always(Fault("raw", body=b'{ "odd" :  1 }'))) as up, proxied(up.url) as p:
        got = p.post(raw)
        assert (got.status, got.raw) == (200, b'{ "odd" :  1 }')
        p.post({"messages": HI, "topdraw": False, "model": "tiny", "temperature": 1})
    assert up.counts.bodies[0]["x"] == [1.5]
    assert "topdraw" not in up.counts.bodies[1]


def test_a_streamed_reply_is_relayed_as_it_is() -> None:
    events = (
        b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\r\n\r\n: odd\n\ndata: [DONE]\n\n'
    )
    with ScriptedServer(always(Fault("raw", body=events))) as up, proxied(up.url) as p:
        assert p.post(BODY | {"stream": True}).raw == events
        text = get(p.url.replace("/v1", "/metrics")).raw.decode()
    assert 'tokens_total{kind="output"} 2' in text


def test_a_reply_that_breaks_off_is_no_whole_reply() -> None:
    with ScriptedServer(always(Fault("reset_mid_body"))) as up, proxied(up.url) as p:
        with pytest.raises(openai.APIConnectionError):
            p.client().chat.completions.create(**BODY)
        assert p.post(BEST).status == 502


def test_a_stream_starts_with_the_choice_and_ends_with_the_account() -> None:
    script = always(choices("a", "abc", "ab", ""))
    with ScriptedServer(script) as up, proxied(up.url, scorers=(length_of,)) as p:
        stream = p.client().chat.completions.create(
            **BEST, stream=True, stream_options={"include_usage": True}, n=2
        )
        events: list[Any] = list(stream)
    texts = ["", ""]
    for event in events:
        for choice in event.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == ["abc", "ab"]
    assert [e.choices[0].finish_reason for e in events if e.choices].count("stop") == 2
    assert events[-1].usage.completion_tokens == 12
    assert events[-2].to_dict()["topdraw"]["chosen"] == [1, 2]
    assert {e.object for e in events} == {"chat.completion.chunk"}


def test_a_stream_without_usage_has_none() -> None:
    with ScriptedServer() as up, proxied(up.url) as p:
        raw = p.post(BEST | {"stream": True}).raw
    assert raw.endswith(b"data: [DONE]\n\n")
    assert b'"usage"' not in raw


def test_candidates_are_shown_as_they_come_to_who_wants_them() -> None:
    wish = {"topdraw": {"candidates": True}, "stream": True}
    with ScriptedServer() as up, proxied(up.url) as p:
        raw = p.post(BEST | wish).raw
        shown = [json.loads(line[2:]) for line in raw.splitlines() if line.startswith(b": ")]
        texts = {one["candidate"]["choice"]["message"]["content"] for one in shown}
        assert len(texts) == 4
        stream = p.client().chat.completions.create(**BEST, stream=True, extra_body=wish)
        assert {e.choices[0].index for e in stream} == {0}
    with ScriptedServer(always(Fault("status", 500, "no"))) as up, proxied(up.url) as p:
        with pytest.raises(openai.APIError, match="no"):
            list(p.client().chat.completions.create(**BEST, stream=True, extra_body=wish))


def test_calls_of_tools_come_back_untouched_whole_and_streamed() -> None:
    def call(arguments: str, key: str) -> dict[str, Any]:
        function = {"name": "add", "arguments": arguments}
        calls = [{"id": key, "type": "function", "function": function}]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
        return {"message": message, "finish_reason": "tool_calls"}

    three = [call('{"a": 1}', "x"), call('{"a":1}', "y"), call('{"a": 2}', "z")]
    fault = Fault("choices", choices=[{"index": at, **one} for at, one in enumerate(three)])
    tools: Any = [{"type": "function", "function": {"name": "add", "parameters": {}}}]
    with ScriptedServer(always(fault)) as up, proxied(up.url, scorers=(length_of,)) as p:
        client = p.client()
        asked = BODY | {"model": "majority-3/tiny", "tools": tools, "tool_choice": "auto"}
        whole = client.chat.completions.create(**asked)
        events = list(client.chat.completions.create(**asked, stream=True))
        ranked = p.post(BEST | {"model": "best-of-3/tiny", "tools": tools}).json
    assert up.counts.bodies[0]["tools"] == tools
    (called,) = whole.choices[0].message.tool_calls or []
    assert called.id in ("x", "y")
    assert whole.choices[0].finish_reason == "tool_calls"
    delta = next(e.choices[0].delta for e in events if e.choices[0].delta.tool_calls)
    assert delta.tool_calls is not None
    assert delta.tool_calls[0].index == 0
    assert ranked["topdraw"]["scores"]["length_of"] == [36, 36, 36]


def test_logprobs_are_there_for_who_asked_and_for_nobody_else() -> None:
    with ScriptedServer() as up, proxied(up.url) as p:
        client = p.client()
        without = client.chat.completions.create(**BEST)
        with_them = client.chat.completions.create(**BEST, logprobs=True)
        plain = client.completions.create(
            model="best-of-3/tiny", prompt="hi", temperature=0, seed=1
        )
        streamed = client.completions.create(
            model="best-of-3/tiny", prompt="hi", temperature=0, seed=1, stream=True
        )
        assert "".join(e.choices[0].text for e in streamed) == plain.choices[0].text
    assert without.choices[0].logprobs is None
    assert with_them.choices[0].logprobs is not None
    assert up.counts.bodies[2]["logprobs"] == 1
    assert plain.choices[0].logprobs is None


def test_a_strategy_answers_one_prompt_at_a_time() -> None:
    body = {"model": "best-of-3/tiny", "prompt": ["a", "b"], "temperature": 1}
    with ScriptedServer() as up, proxied(up.url) as p:
        assert p.post(body, "completions").status == 400
        assert p.post(body | {"prompt": [1, 2]}, "completions").status == 200


@pytest.mark.slow
def test_time_is_up_with_what_has_come() -> None:
    def script(body: Any, attempt: int) -> Fault | None:  # noqa: ANN401 - JSON
        return Fault("hang", seconds=60) if body["seed"] >= 7 else None

    wish = {"topdraw": {"deadline_seconds": 0.5}}
    with (
        ScriptedServer(script, most_choices=1, cancels=True) as up,
        proxied(up.url, scorers=(length_of,), options={"chunk": 1}) as p,
    ):
        told = p.post(BEST | wish | {"seed": 5}).json["topdraw"]
        late = p.post(BEST | wish | {"seed": 50})
        text = get(p.url.replace("/v1", "/metrics")).raw.decode()
        assert up.counts.now == 0
    assert told["candidates"] == 2
    assert told["notes"][0] == "deadline: answered with 2 of 4 candidates"
    assert (late.status, late.json["error"]["code"]) == (504, "deadline")
    assert "topdraw_proxy_deadlines_total 1" in text


def test_a_scorer_that_is_not_ready_in_time_is_missing() -> None:
    release = threading.Event()

    def slow(problem: Problem, samples: Sequence[Sample]) -> list[float]:
        release.wait(30)
        return [1.0] * len(samples)

    with ScriptedServer() as up, proxied(up.url, scorers=(slow,), deadline_seconds=0.3) as p:
        told = p.post(BEST).json["topdraw"]
        release.set()
    assert told["scores"] == {"slow": [None] * 4}
    assert "had not ended" in told["notes"][0]
    assert "by chance" in told["notes"][1]


def test_a_scorer_that_fails_is_missing_and_an_async_one_works() -> None:
    async def awaited(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        await asyncio.sleep(0)
        return [Score(value=float(sample.index)) for sample in samples]

    def broken(problem: Problem, samples: Sequence[Sample]) -> list[float]:
        raise RuntimeError("out of order")

    def short(problem: Problem, samples: Sequence[Sample]) -> list[float]:
        return []

    with ScriptedServer() as up, proxied(up.url, scorers=(awaited, broken, short)) as p:
        assert p.post(BEST).json["topdraw"]["chosen"] == [3]
        for name, said in (("broken", "out of order"), ("short", "returned 0 scores")):
            told = p.post(BEST | {"topdraw": {"with": name}}).json["topdraw"]
            assert said in told["notes"][0]


@pytest.mark.parametrize("body", [BEST, BODY, BEST | {"stream": True}])
def test_a_client_that_leaves_takes_its_upstream_requests_along(body: dict[str, Any]) -> None:
    hang = always(Fault("hang", seconds=60))
    digest = hashlib.sha256(b"the key of this test").digest()
    keys = Keys([Holder("a", Limits(), digest)])
    with ScriptedServer(hang, cancels=True) as up, proxied(up.url, keys=keys) as p:
        host, _, rest = p.url.removeprefix("http://").partition(":")
        data = json.dumps(body).encode()
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
        head += f"Authorization: Bearer the key of this test\r\nContent-Length: {len(data)}\r\n\r\n"

        async def leave() -> None:
            _, writer = await asyncio.open_connection(host, int(rest.partition("/")[0]))
            writer.write(head.encode() + data)
            while up.counts.now == 0:
                await asyncio.sleep(0.005)
            writer.close()
            async with asyncio.timeout(1):
                while up.counts.now:
                    await asyncio.sleep(0.005)

        asyncio.run(leave())
        _wait_until(lambda: p.proxy.metrics.in_flight == 0)
        assert "gone_total 1" in p.proxy.metrics.text()
    assert keys.holders[0].tokens >= 256  # leaving early is not free
    assert keys.holders[0].reserved == (0, 0.0)


def _wait_until(true: Callable[[], bool]) -> None:
    async def wait() -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.005)

    asyncio.run(wait())


@pytest.mark.slow
def test_many_clients_at_once_are_never_crossed() -> None:
    async def main(p: Served) -> list[tuple[str, Any]]:
        client = openai.AsyncOpenAI(base_url=p.url, api_key="none", max_retries=0, timeout=60)

        async def one(at: int) -> tuple[str, Any]:
            name = ("tiny", "best-of-2/tiny", "majority-3/tiny")[at % 3]
            messages: Any = [{"role": "user", "content": f"question {at}"}]
            reply = await client.chat.completions.create(
                model=name, messages=messages, temperature=0.5
            )
            return f"question {at}", reply.choices[0].message.content

        try:
            return await asyncio.gather(*(one(at) for at in range(256)))
        finally:
            await client.close()

    def echo(body: Any, attempt: int) -> Fault:  # noqa: ANN401 - JSON
        return choices(*[body["messages"][0]["content"]] * body.get("n", 1))

    with ScriptedServer(echo, seconds=0.01) as up, proxied(up.url, scorers=(length_of,)) as p:
        answers = asyncio.run(main(p))
        assert p.proxy.metrics.in_flight == 0
    assert all(asked == said for asked, said in answers)


def test_the_models_are_listed_with_their_strategies() -> None:
    with ScriptedServer(models=("tiny", "org/other")) as up, proxied(up.url, n=8) as p:
        client = p.client()
        names = [model.id for model in client.models.list()]
        assert names[:4] == ["tiny", "org/other", "best-of-8/tiny", "best-of-8/org/other"]
        assert client.models.retrieve("majority-8/org/other").id == names[-1]
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("gpt")
        assert up.counts.lists == 1
    with ScriptedServer() as up, proxied(up.url, models=("tiny",)) as p:
        assert get(f"{p.url}/models").json["data"][0]["id"] == "tiny"
        assert up.counts.lists == 0
        assert p.post(BODY | {"model": "gpt"}).status == 404


def test_the_servers_default_answers_any_client() -> None:
    with ScriptedServer() as up, proxied(up.url, select="majority", n=3, models=("tiny",)) as p:
        told = p.post({"messages": HI, "temperature": 1}).json["topdraw"]
        p.post(BODY | {"topdraw": False})
    assert (told["strategy"], told["n"]) == ("majority", 3)
    assert [body.get("n") for body in up.counts.bodies] == [3, None]


def test_the_seed_of_a_choice_makes_it_again() -> None:
    with ScriptedServer() as up, proxied(up.url) as p:
        told = [p.post(BEST | {"topdraw": {"seed": 5}}).json["topdraw"] for _ in range(3)]
        by_request = p.post(BEST | {"seed": 9}).json["topdraw"]
    assert len({one["chosen"][0] for one in told}) == 1
    assert (told[0]["seed"], by_request["seed"]) == (5, 9)


def test_several_upstreams_and_one_that_is_down() -> None:
    with ScriptedServer() as a, ScriptedServer() as b:
        with proxied([a.url, b.url], scorers=(length_of,)) as p:
            assert {p.post(BODY).status for _ in range(4)} == {200}
            assert {p.post(BEST).status for _ in range(4)} == {200}
            assert min(a.counts.requests, b.counts.requests) > 0
        with proxied(["http://127.0.0.1:9/v1", b.url]) as p:
            assert {p.post(one).status for one in (BODY, BEST) * 3} == {200}


def test_prices_are_counted(tmp_path: Path) -> None:
    from topdraw.sampling.prices import read_prices

    table = tmp_path / "prices.toml"
    table.write_text(
        '[[price]]\nmodels = ["tiny"]\ninput_usd = 1e6\noutput_usd = 2e6\ndate = 2026-01-01\n'
    )
    with ScriptedServer() as up, proxied(up.url, prices=read_prices(table)) as p:
        assert p.post(BEST).json["topdraw"]["cost_usd"] == 7 + 2 * 12


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"select": "best_of_m"}, UnknownNameError),
        ({"scorers": ("no-such",)}, UnknownNameError),
        ({"scorers": (length_of, namesake)}, ConfigError),
        ({"select": "best_of_n", "scorers": ()}, ConfigError),
        ({"n": 65}, ConfigError),
        ({"body_seconds": 0}, DomainError),
    ],
)
def test_bad_settings_are_refused_at_the_start(
    settings: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error), proxied("http://127.0.0.1:9/v1", **settings):
        pass


def test_retries_cover_what_fails_once() -> None:
    script = first(Fault("reset"), Fault("cut_json"))
    with ScriptedServer(script) as up, proxied(up.url) as p:
        told = p.post(BEST).json["topdraw"]
    assert told["requests"] == up.counts.requests == 3
    assert (told["tokens"]["output"], told["tokens"]["estimated"]) == (12, True)


def test_an_upstream_without_log_probabilities_is_said() -> None:
    known = frozenset({"model", "messages", "temperature", "n"})
    with ScriptedServer(known_fields=known) as up, proxied(up.url) as p:
        got = p.post(BEST)
    assert (got.status, got.json["error"]["param"]) == (400, "topdraw.with")
    with ScriptedServer(logprobs=False) as up, proxied(up.url) as p:
        told = p.post(BEST).json["topdraw"]
    assert "4 of 4 scores by logprob are missing" in told["notes"][0]


@pytest.mark.slow
def test_equivalent_answers_vote_together() -> None:
    script = always(choices("so \\boxed{\\frac{1}{2}}", "so \\boxed{0.5}", "so \\boxed{3}"))
    with ScriptedServer(script) as up, proxied(up.url, by="math") as p:
        told = p.post(BODY | {"model": "majority-3/tiny"}).json["topdraw"]
    assert told["weights"] == [0.5, 0.5, 0]


def test_a_failure_of_ours_is_500_in_openais_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as up, proxied(up.url) as p:

        async def broken(*_: object) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(p.proxy, "answered", broken)
        got = p.post(BEST)
    assert (got.status, got.json["error"]["code"]) == (500, "internal_error")
    assert b"a bug" not in got.raw


def test_what_was_spent_is_kept_while_it_serves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("topdraw.servers.proxy.app._SAVE_SECONDS", 0.01)
    holder = Holder("a", Limits(), hashlib.sha256(b"the key of this test").digest())
    keys = Keys([holder], ledger=tmp_path / "spent")
    with ScriptedServer() as up, proxied(up.url, keys=keys) as p:
        p.client("the key of this test").chat.completions.create(**BEST)
        _wait_until(
            lambda: (tmp_path / "spent").exists() and "19" in (tmp_path / "spent").read_text()
        )
        monkeypatch.setattr(keys, "_ledger", tmp_path / "no" / "folder")
        _wait_until(lambda: "is not kept" in capsys.readouterr().err)


@pytest.mark.parametrize("body", [BEST, BODY])
def test_what_is_under_way_when_the_drain_is_over_is_told_so(body: dict[str, Any]) -> None:
    got: list[Got] = []
    with ScriptedServer(always(Fault("hang", seconds=60)), cancels=True) as up:
        with proxied(up.url) as p:
            client = threading.Thread(target=lambda: got.append(p.post(body)))
            client.start()
            _wait_until(lambda: up.counts.now > 0)
        client.join()
    assert got[0].status == 503
    assert "shut down" in got[0].json["error"]["message"]
