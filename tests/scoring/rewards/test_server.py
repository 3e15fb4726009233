"""Reward models behind HTTP, against a real local server with faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence

import pytest
from tests.conftest import TinyRun
from tests.scoring.rewards.score_server import Seen, score_server
from tests.scoring.rewards.tiny import Loose

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError, DomainError
from topdraw.models.retry import Retry
from topdraw.scoring.apply import apply_scorer
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.engine import score
from topdraw.scoring.resolve import resolve_scorer
from topdraw.scoring.rewards import server
from topdraw.scoring.rewards.server import Server

PROBLEM = Problem("p", "hi")
STYLES = ["classify", "pooling", "score", "predict", "rerank"]


@pytest.fixture
def seen() -> Iterator[Seen]:
    with score_server() as found:
        yield found


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Retry(attempts=3, base_seconds=0.001, first_contact_attempts=2)
    monkeypatch.setattr(server, "_USUAL", quick)
    monkeypatch.setattr(server, "_AGAIN", Retry(attempts=2, base_seconds=0.001))
    server.server_of.cache_clear()


def _scores(spec: str, outputs: Sequence[str]) -> list[Score]:
    samples = [Sample("p", at, output) for at, output in enumerate(outputs)]
    return apply_scorer(resolve_scorer(spec), PROBLEM, samples)


@pytest.mark.parametrize("style", STYLES)
def test_each_style_gives_the_values_of_the_server(seen: Seen, style: str) -> None:
    outputs = ["a", "bbb", "", "a", "null"]
    scores = _scores(f"score_endpoint(url={seen.url}, model=m, style={style})", outputs)
    assert [s.value for s in scores[:4]] == [1, 3, 0, 1]
    assert scores[4].missing_reason in ("the server gave [None]", "the server gave [nan]")
    assert all(body["model"] == "m" for body in seen.bodies)
    assert len(seen.bodies) == (4 if style in ("classify", "pooling") else 1)
    assert seen.keys == [None] * len(seen.bodies)


@pytest.mark.parametrize("style", STYLES)
def test_a_refused_text_costs_no_other(seen: Seen, style: str) -> None:
    outputs = ["a", "bb", "too long", "ccc", "broken", "dddd"]
    scores = _scores(f"score_endpoint({seen.url}/v1, m, {style})", outputs)
    assert [s.is_missing for s in scores] == [False, False, True, False, True, False]
    assert scores[2].missing_reason == "HTTP 422: too long"
    assert scores[4].missing_reason == "HTTP 500: inference failed"
    assert scores[5].value == 4


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_the_contract_of_scorers(seen: Seen, style: str) -> None:
    check_scorer(f"score_endpoint({seen.url}, m, {style}, batch_size=4)", outputs=["1", "2"])


def test_a_busy_server_is_asked_again(seen: Seen) -> None:
    seen.fail_first = 1
    assert _scores(f"score_endpoint({seen.url}, m, score)", ["a"]) == [Score(value=1)]
    assert len(seen.bodies) == 2


def test_a_busy_server_costs_no_text_beside_a_broken_one(seen: Seen) -> None:
    seen.busy = 2
    spec = f"score_endpoint(url={seen.url}, model=m, style=score)"
    scores = _scores(spec, ["broken", "busy", *("x" * at for at in range(3, 17))])
    assert [s.is_missing for s in scores] == [True] + [False] * 15


def test_steps_are_tagged_and_reduced(seen: Seen) -> None:
    spec = f"score_endpoint({seen.url}, m, pooling, reduce=min, split='|', tag='#')"
    (found,) = _scores(spec, ["aaa|b|cc"])
    assert seen.bodies[0]["messages"][-1]["content"] == "aaa#b#cc#"
    assert found.value == 0.1
    assert json.loads(found.note) == {"steps": [0.3, 0.1, 0.2]}
    for how, value in (("last", 0.2), ("mean", 0.2), ("prod", 0.006)):
        (found,) = _scores(spec.replace("min", how), ["aaa|b|cc"])
        assert found.value == pytest.approx(value)


def test_a_note_holds_some_of_very_many_steps(seen: Seen) -> None:
    spec = f"score_endpoint({seen.url}, m, pooling, reduce=mean, split='|', tag='#')"
    (found,) = _scores(spec, ["|".join(["a"] * 999)])
    assert found.value == pytest.approx(0.1)
    note = json.loads(found.note)
    assert (len(note["steps"]), note["of"]) == (200, 999)


def test_a_server_that_is_down_is_not_waited_for_again_and_again(seen: Seen) -> None:
    spec = f"score_endpoint({seen.url}, m, score, batch_size=1)"
    assert _scores(spec, ["a"])[0].value == 1
    seen.status, before = 503, len(seen.bodies)
    assert all(s.is_missing for at in range(9) for s in _scores(spec, [str(at)]))
    assert len(seen.bodies) - before == 3 * 3 + 6
    seen.status = 0
    assert _scores(spec, ["b"])[0].value == 1


def test_a_product_of_what_is_no_probability_is_missing(seen: Seen) -> None:
    spec = f"score_endpoint({seen.url}, m, pooling, reduce=prod, split='|', tag='#')"
    (found,) = _scores(spec, ["a" * 20 + "|b"])
    assert found.missing_reason == "the reward model gave nan"


def test_what_the_server_may_have_cut_is_noted(seen: Seen) -> None:
    (found,) = _scores(f"score_endpoint({seen.url}, m, rerank, truncate=True)", ["a"])
    assert found.note == "the server may have cut it"
    assert seen.bodies[0]["truncate"] is True


def test_a_key_comes_from_the_environment_and_is_never_shown(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "key-12345678")
    monkeypatch.setenv("OPENAI_API_KEY", "another-key")
    spec = f"score_endpoint({seen.url}, m, score, key_env=MY_KEY)"
    assert _scores(spec, ["a"])[0].value == 1
    assert seen.keys == ["Bearer key-12345678"]
    seen.status = 400
    assert _scores(spec, ["a"])[0].missing_reason == "HTTP 400: no, [key]"
    monkeypatch.delenv("MY_KEY")
    server.server_of.cache_clear()
    with pytest.raises(ConfigError, match="environment variable MY_KEY holds no key"):
        _scores(spec, ["a"])


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "key_env=NAME"), (404, "Has it the route of style=score")]
)
def test_a_server_that_refuses_all_ends_the_run(seen: Seen, status: int, hint: str) -> None:
    seen.status = status
    with pytest.raises(ConfigError, match=hint):
        _scores(f"score_endpoint({seen.url}, m, score)", ["a"])


def test_nobody_there_ends_the_run_but_not_later() -> None:
    with score_server() as found:
        spec = f"score_endpoint({found.url}, m, score)"
        assert _scores(spec, ["a"])[0].value == 1
    (after,) = _scores(spec, ["b"])
    assert "cannot connect" in (after.missing_reason or "")
    server.server_of.cache_clear()
    with pytest.raises(ConfigError, match="Is the server running"):
        _scores(spec, ["a"])


def test_a_web_page_is_no_value(seen: Seen) -> None:
    seen.raw = "<html>"
    (found,) = _scores(f"score_endpoint({seen.url}, m, score)", ["a"])
    assert found.missing_reason == "HTTP 200, but the answer is no JSON"


def test_no_more_requests_at_once_than_allowed(seen: Seen) -> None:
    _scores(f"score_endpoint({seen.url}, m, concurrency=2)", [str(at) for at in range(20)])
    assert len(seen.bodies) == 20
    assert seen.most_under_way <= 2


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"url": "localhost:80"}, ConfigError, "is no address of a score server"),
        ({"url": "http://user:secret@h"}, ConfigError, "^'?[^@]*'? is no address"),
        ({"url": "http://[::1"}, ConfigError, "The address cannot be read"),
        ({"style": "guess"}, ConfigError, "style is 'guess'; it must be one of classify, score"),
        ({"batch_size": 0}, DomainError, "batch_size is 0"),
        ({"concurrency": 0}, DomainError, "concurrency is 0"),
    ],
)
def test_bad_settings(options: dict[str, Loose], error: type[Exception], message: str) -> None:
    given = {"url": "http://h", "style": "score", **options}
    with pytest.raises(error, match=message):
        Server(given.pop("url"), "m", given.pop("style"), **given)


@pytest.mark.parametrize(
    "url", ["http://h/", "http://h/v1", "http://h/v1/", "http://h/score", "http://h/score?"]
)
def test_addresses(url: str) -> None:
    assert str(Server(url, "", "score")._url).rstrip("?") == "http://h/score"


def test_a_run_is_scored_and_a_new_address_is_the_same_scorer(tiny_run: TinyRun) -> None:
    run = tiny_run({"p1": ["a", "bb"], "p2": ["ccc"]})
    with score_server() as one:
        score(run, f"score_endpoint({one.url}, model=org/rm)")
    with score_server() as other:
        score(run, f"score_endpoint({other.url}, model=org/rm)")
        assert other.bodies == []
    assert sorted(found.value for found in run.scores("rm").values()) == [1, 2, 3]


def test_cancelling_leaves_nothing_behind(seen: Seen) -> None:
    async def cancelled() -> None:
        asked = asyncio.ensure_future(
            Server(seen.url, "m", "score").ask(
                [{"role": "user", "content": "x"}], ["a"], "", truncate=False
            )
        )
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(cancelled())
