"""Several scripted servers behind one model: who draws, who takes over, and what it costs."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, cast

import pytest
from tests.models.asking import KEY, QUICK
from tests.models.scripted_server import Fault, Script, ScriptedServer, always, first, mixed

from topdraw.core.billing import Answered, Asked
from topdraw.core.records import Decoding, Problem, Sample
from topdraw.errors import ConfigError, DomainError, EndpointError
from topdraw.models.connect import connect
from topdraw.models.endpoint import Endpoint
from topdraw.models.meter import METER, Halted, Meter, Unmetered
from topdraw.models.retry import Refused
from topdraw.models.several import Endpoints

DECODING = Decoding(temperature=0.7, max_tokens=16)
PROBLEMS = [Problem(f"p/{i}", f"How many? {i}") for i in range(40)]
FIELDS = frozenset({"model", "messages", "temperature", "top_p", "stream", "max_tokens", "seed"})
DOWN = Fault("status", status=503, body={"error": {"message": "loading"}})
KEYLESS = Fault("status", status=401, body={"error": {"message": "who are you"}})


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as servers:
        yield servers


def both(
    stack: ExitStack, *scripts_or_servers: Script | ScriptedServer, **options: object
) -> tuple[Endpoints, list[ScriptedServer]]:
    servers = [
        stack.enter_context(s if isinstance(s, ScriptedServer) else ScriptedServer(s))
        for s in scripts_or_servers
    ]
    given: dict[str, Any] = {"model": "tiny", "retry": QUICK, "chunk": 1, **options}
    return cast("Endpoints", connect([server.url for server in servers], **given)), servers


class Mortal(ScriptedServer):
    """One whose port is closed from some moment on."""

    def die(self) -> None:
        if self._thread.is_alive():
            super().__exit__()

    def __exit__(self, *_: object) -> None:
        self.die()

    @property
    def where(self) -> str:
        return self.url.split("/")[2]


class Shut(Unmetered):
    """Whether the client has been told to wait before a door."""

    told = False

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        self.told = True


class Bill(Unmetered):
    """Requests under way, and samples delivered by each endpoint, as the client tells."""

    def __init__(self) -> None:
        self.under_way = 0
        self.delivered: Counter[str] = Counter()

    def begin(self, asked: Asked, /) -> str:
        self.under_way += 1
        return asked.endpoint

    def end(self, attempt: str, answered: Answered, /) -> None:
        self.under_way -= 1
        if answered.fate == "delivered":
            self.delivered[attempt] += answered.samples


async def drawn(
    model: Endpoints | Endpoint,
    *,
    n: int = 5,
    at_once: int = 16,
    problems: list[Problem] = PROBLEMS,
    decoding: Decoding = DECODING,
    each: Callable[[Sample], object] = lambda _: None,
    close: bool = True,
    meter: Meter | None = None,
) -> list[Sample]:
    """All samples, in the order they came; the first error of any call once all have ended."""
    METER.set(meter or Unmetered())
    todo = iter([(problem, i) for problem in problems for i in range(n)])
    got: list[Sample] = []

    async def work() -> None:
        for problem, index in todo:
            stream = model.generate(problem, [index], decoding=decoding, seed=5)
            async for sample in stream:
                got.append(sample)
                each(sample)

    try:
        ended = await asyncio.gather(*(work() for _ in range(at_once)), return_exceptions=True)
    finally:
        if close:
            await model.aclose()
    for error in ended:
        if isinstance(error, BaseException):
            raise error
    return got


def by_key(samples: list[Sample]) -> dict[tuple[str, int], str]:
    table = {(sample.problem_id, sample.index): sample.output for sample in samples}
    assert len(table) == len(samples)
    return table


@pytest.fixture(scope="module")
def reference() -> dict[tuple[str, int], str]:
    """What one server that never fails gives."""
    with ScriptedServer() as server:
        model = cast("Endpoint", connect(server.url, model="tiny", chunk=1))
        return by_key(asyncio.run(drawn(model)))


def dying(after: int, fault: Fault) -> Script:
    """Serves so many requests, whatever they are, and never again."""
    served = iter(range(after))
    return lambda body, attempt: None if next(served, None) is not None else fault


def test_they_share_the_work_and_give_what_one_gives(
    stack: ExitStack, reference: dict[tuple[str, int], str]
) -> None:
    model, (a, b) = both(stack, ScriptedServer(seconds=0.002), ScriptedServer(seconds=0.002))
    assert by_key(asyncio.run(drawn(model))) == reference
    assert a.counts.requests + b.counts.requests == 200
    assert min(a.counts.requests, b.counts.requests) > 50


@pytest.mark.parametrize("fault", [Fault("reset"), DOWN], ids=["reset", "503"])
def test_one_dies_and_the_other_delivers_everything_at_no_extra_cost(
    stack: ExitStack, reference: dict[tuple[str, int], str], fault: Fault
) -> None:
    told: list[str] = []
    script = dying(30, fault)
    model, (a, b) = both(stack, script, ScriptedServer(seconds=0.001), on_retry=told.append)
    assert by_key(asyncio.run(drawn(model))) == reference
    assert a.counts.paid == a.counts.delivered == 30
    assert b.counts.paid == b.counts.delivered == 170
    assert any(f"{a.url} did not answer after 3 attempts" in text for text in told)
    assert any(text.startswith(f"{a.url}: retrying (2 of 3)") for text in told)


def test_one_is_gone_in_the_middle_and_nothing_that_came_is_asked_again(
    stack: ExitStack, reference: dict[tuple[str, int], str]
) -> None:
    doomed = Mortal(seconds=0.002)
    model, (_, other) = both(stack, doomed, ScriptedServer(seconds=0.002))
    came: list[Sample] = []

    def each(sample: Sample) -> None:
        came.append(sample)
        if len(came) == 60:
            doomed.die()

    bill = Bill()
    assert by_key(asyncio.run(drawn(model, each=each, meter=bill))) == reference
    assert bill.delivered.total() == 200
    assert other.counts.paid == 200 - bill.delivered[doomed.where]


def test_a_slow_one_gets_fewer_requests(stack: ExitStack) -> None:
    slow, quick = ScriptedServer(seconds=0.1), ScriptedServer(seconds=0.001)
    model, _ = both(stack, slow, quick)
    asyncio.run(drawn(model, at_once=8))
    assert slow.counts.requests + quick.counts.requests == 200
    assert 4 <= slow.counts.requests < 100


def test_the_last_one_left_is_given_all_the_patience(
    stack: ExitStack, reference: dict[tuple[str, int], str]
) -> None:
    # But for the first, each answer takes six requests, twice what a quick call makes.
    def tough(body: Mapping[str, Any], attempt: int) -> Fault | None:
        known = body["messages"][0]["content"] == PROBLEMS[0].prompt
        return DOWN if attempt < 5 and not known else None

    model, (a, b) = both(stack, always(Fault("reset")), tough)

    async def main() -> list[Sample]:
        early = await drawn(model, n=1, problems=PROBLEMS[:1], close=False)
        return early + await drawn(model, n=1, problems=PROBLEMS[1:20])

    samples = by_key(asyncio.run(main()))
    assert samples == {key: reference[key] for key in samples}
    assert (len(samples), a.counts.paid, b.counts.paid) == (20, 0, 20)


def test_one_that_throttles_gets_no_call_while_its_door_is_shut(stack: ExitStack) -> None:
    later = Fault("status", status=429, body={"error": {}}, headers={"Retry-After": "3600"})
    patient = dataclasses.replace(QUICK, longest_hint_seconds=7200.0)
    model, (a, b) = both(stack, first(later), ScriptedServer(seconds=0.001), retry=patient)

    async def main() -> list[Sample]:
        # Its first call waits before the door, where it may; the others go on.
        door = Shut()
        first_call = drawn(model, n=1, problems=PROBLEMS[:1], close=False, meter=door)
        waiting = asyncio.create_task(first_call)
        while not door.told:
            await asyncio.sleep(0.001)
        rest = await drawn(model, problems=PROBLEMS[1:], close=False)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await model.aclose()
        return rest

    assert len(asyncio.run(main())) == 195
    assert (a.counts.requests, b.counts.paid) == (1, 195)


FAULTS = [DOWN, Fault("reset"), Fault("reset_mid_body"), Fault("cut_json"), Fault("empty")]


@pytest.mark.parametrize("seed", range(3))
def test_a_mix_of_faults_at_both_changes_nothing(
    stack: ExitStack, reference: dict[tuple[str, int], str], seed: int
) -> None:
    scripts = (mixed(seed, FAULTS, 0.3), mixed(seed + 100, FAULTS, 0.3))
    model, servers = both(stack, *scripts)
    assert by_key(asyncio.run(drawn(model))) == reference
    assert sum(server.counts.delivered for server in servers) == 200


def test_both_come_and_go(stack: ExitStack, reference: dict[tuple[str, int], str]) -> None:
    def flapping() -> Script:
        ticks = iter(range(10**9))
        return lambda body, attempt: DOWN if next(ticks) // 20 % 2 else None

    model, servers = both(stack, flapping(), flapping())
    assert by_key(asyncio.run(drawn(model))) == reference
    assert sum(server.counts.delivered for server in servers) == 200


@pytest.mark.parametrize("fault", [Fault("reset"), DOWN], ids=["reset", "503"])
def test_when_all_die_each_is_named(stack: ExitStack, fault: Fault) -> None:
    rule = dataclasses.replace(QUICK, attempts=6)
    model, servers = both(stack, dying(20, fault), dying(20, fault), retry=rule)
    came: list[Sample] = []
    with pytest.raises(EndpointError) as caught:
        asyncio.run(drawn(model, each=came.append))
    assert "None of the 2 endpoints gave an answer." in caught.value.message
    for server in servers:
        assert f"{server.url} did not answer after" in caught.value.message
        assert server.counts.delivered == 20
    assert len(by_key(came)) == 40
    assert caught.value.attempts > 2


def test_servers_that_were_never_there_are_refused_at_once(stack: ExitStack) -> None:
    with ScriptedServer() as one, ScriptedServer() as two:
        pass
    urls = [one.url, two.url]
    model = cast("Endpoints", connect(urls, model="tiny", retry=QUICK))
    with pytest.raises(Refused) as caught:
        asyncio.run(drawn(model, at_once=1, n=1))
    assert all(url in caught.value.message for url in urls)
    assert "cannot connect" in caught.value.message
    assert caught.value.hint == "Is the server running, and is the address right?"


def test_servers_that_never_worked_are_not_asked_for_long(stack: ExitStack) -> None:
    model, (a, b) = both(stack, always(DOWN), always(DOWN))
    with pytest.raises(EndpointError, match="None of the 2 endpoints"):
        asyncio.run(drawn(model, at_once=1, n=1, problems=PROBLEMS[:1]))
    # Three while the other may be well, three when it is not.
    assert (a.counts.requests, b.counts.requests) == (6, 3)


def test_one_comes_back_after_its_rest(stack: ExitStack) -> None:
    down = [True]
    told: list[str] = []
    one = ScriptedServer(lambda *_: DOWN if down[0] else None, seconds=0.001)
    model, (a, b) = both(stack, one, ScriptedServer(seconds=0.001), on_retry=told.append)

    async def main() -> None:
        await drawn(model, problems=PROBLEMS[:4], close=False)
        assert (a.counts.paid, b.counts.paid) == (0, 20)
        assert any("It is left alone for" in text for text in told)
        down[0] = False
        while not a.counts.paid:
            await drawn(model, problems=PROBLEMS[:4], close=False)
        a.counts.most_at_once = 0
        await drawn(model)

    asyncio.run(main())
    # It is well again, not only tried now and then.
    assert a.counts.most_at_once > 2


def test_one_that_failed_is_tried_with_a_single_call(stack: ExitStack) -> None:
    faults = [DOWN] * 3
    never = Fault("hang", seconds=60)

    def script(body: object, attempt: int) -> Fault | None:
        return faults.pop() if faults else never

    model, (a, b) = both(stack, script, ScriptedServer(seconds=0.001))
    came: list[Sample] = []

    async def main() -> None:
        await drawn(model, n=1, at_once=1, problems=PROBLEMS[:1], close=False)
        model._places[0].health.back_at = 0.0  # the clock
        rest = asyncio.create_task(drawn(model, each=came.append, close=False))
        while len(came) < 199:
            await asyncio.sleep(0.001)
        rest.cancel()
        await asyncio.gather(rest, return_exceptions=True)
        await model.aclose()

    asyncio.run(main())
    assert (a.counts.requests, a.counts.most_at_once, b.counts.paid) == (4, 1, 200)


def test_while_it_rests_nobody_asks_it(stack: ExitStack) -> None:
    patient = dataclasses.replace(QUICK, base_seconds=0.02, cap_seconds=1000.0)
    model, (a, b) = both(stack, always(DOWN), lambda *_: None, retry=patient)

    async def main() -> None:
        await drawn(model, problems=PROBLEMS[:4], close=False)
        model._places[0].health.back_at += 1000  # the clock
        before = a.counts.requests
        await drawn(model, close=False)
        assert a.counts.requests == before
        await model.aclose()

    asyncio.run(main())
    assert b.counts.paid == 220


def test_a_wrong_key_leaves_one_out_and_is_said_once(
    stack: ExitStack, reference: dict[tuple[str, int], str]
) -> None:
    told: list[str] = []
    model, (a, b) = both(stack, always(KEYLESS), lambda *_: None, on_retry=told.append)
    assert by_key(asyncio.run(drawn(model, at_once=4))) == reference
    assert a.counts.requests <= 4
    assert b.counts.paid == 200
    (text,) = told
    assert text.startswith(f"{a.url} did not answer: HTTP 401: who are you.")
    assert text.endswith("It is left out from now on.")


def test_only_when_all_refuse_the_run_stops(stack: ExitStack) -> None:
    unknown = Fault("status", status=404, body={"error": {"message": "no such model"}})
    model, (a, b) = both(stack, always(KEYLESS), always(unknown))
    with pytest.raises(Refused) as caught:
        asyncio.run(drawn(model, at_once=1))
    assert f"{a.url} did not answer: HTTP 401: who are you." in caught.value.message
    assert f"{b.url} did not answer: HTTP 404: no such model." in caught.value.message
    assert (a.counts.requests, b.counts.requests) == (1, 1)


def test_a_closed_model_starts_anew(stack: ExitStack) -> None:
    model, (a, b) = both(stack, first(KEYLESS), lambda *_: None)
    asyncio.run(drawn(model, at_once=1, n=2, problems=PROBLEMS[:1]))
    assert (a.counts.paid, b.counts.paid) == (0, 2)
    asyncio.run(drawn(model, at_once=1, n=2, problems=PROBLEMS[:1]))
    assert (a.counts.paid, b.counts.paid) == (1, 3)


def test_a_prompt_that_one_refuses_is_not_taken_to_the_next(stack: ExitStack) -> None:
    refusal = Fault("status", status=413, body={"error": {"message": "too long"}})
    told: list[str] = []
    model, (a, b) = both(stack, always(refusal), lambda *_: None, on_retry=told.append)
    with pytest.raises(EndpointError, match="too long") as caught:
        asyncio.run(drawn(model, at_once=1, n=1, problems=PROBLEMS[:1]))
    assert not isinstance(caught.value, Refused)
    assert (a.counts.requests, b.counts.requests, told) == (1, 0, [])


def test_what_is_not_worth_a_second_attempt_is_tried_once_elsewhere(stack: ExitStack) -> None:
    away = Fault("status", status=302, headers={"Location": "http://elsewhere.invalid/"})
    model, (a, b) = both(stack, always(away), always(away))
    with pytest.raises(EndpointError, match="None of the 2 endpoints"):
        asyncio.run(drawn(model, at_once=1, n=1, problems=PROBLEMS[:1]))
    assert (a.counts.requests, b.counts.requests) == (1, 1)


def test_only_what_is_missing_is_asked_of_the_next(stack: ExitStack) -> None:
    # Two requests of a call reach the first server: one is served, the other never.
    model, (a, b) = both(stack, dying(1, Fault("reset")), lambda *_: None, chunk=4)

    async def main() -> list[Sample]:
        try:
            stream = model.generate(PROBLEMS[0], range(8), decoding=DECODING, seed=5)
            return [sample async for sample in stream]
        finally:
            await model.aclose()

    samples = asyncio.run(main())
    assert sorted(sample.index for sample in samples) == list(range(8))
    assert (a.counts.paid, b.counts.paid) == (4, 4)


def test_a_penalty_that_one_does_not_know_is_drawn_at_the_other(stack: ExitStack) -> None:
    decoding = Decoding(temperature=0.7, frequency_penalty=0.5)
    told: list[str] = []
    picky = ScriptedServer(known_fields=FIELDS)
    model, (_, b) = both(stack, picky, lambda *_: None, on_retry=told.append)
    asyncio.run(drawn(model, at_once=1, n=1, problems=PROBLEMS[:3], decoding=decoding))
    assert [body["frequency_penalty"] for body in b.counts.bodies] == [0.5] * 3
    assert picky.counts.paid == 0
    assert f"The server at {picky.url} refuses frequency_penalty=0.5." in told[0]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"presence_penalty": -1.0}, "refuses presence_penalty=-1.0."),
        ({"extra_body": {"guided_regex": "a+"}}, "refuses guided_regex of extra_body."),
    ],
)
def test_when_nobody_knows_a_setting_the_run_stops(
    stack: ExitStack, settings: dict[str, Any], words: str
) -> None:
    model, servers = both(
        stack, ScriptedServer(known_fields=FIELDS), ScriptedServer(known_fields=FIELDS)
    )
    decoding = Decoding(temperature=0.7, **settings)
    with pytest.raises(Refused) as caught:
        asyncio.run(drawn(model, at_once=1, n=1, decoding=decoding))
    assert caught.value.message.count(words) == 2
    assert [server.counts.paid for server in servers] == [0, 0]


def test_a_halt_goes_through_and_is_nobodys_failure(stack: ExitStack) -> None:
    class Shut(Unmetered):
        def begin(self, asked: Asked, /) -> str:
            raise Halted("enough")

    told: list[str] = []
    model, (a, b) = both(stack, lambda *_: None, lambda *_: None, on_retry=told.append)

    with pytest.raises(Halted):
        asyncio.run(drawn(model, at_once=4, meter=Shut()))
    assert (a.counts.requests, b.counts.requests, told) == (0, 0, [])
    assert len(asyncio.run(drawn(model, n=1))) == 40


def test_a_call_that_is_abandoned_ends_its_requests_and_gives_its_place_back(
    stack: ExitStack,
) -> None:
    slow = dying(1, Fault("hang", seconds=60))
    model, _ = both(stack, slow, lambda *_: None)
    bill = Bill()

    async def main() -> None:
        METER.set(bill)
        stream = model.generate(PROBLEMS[0], range(4), decoding=DECODING, seed=5)
        await anext(stream)
        assert (bill.under_way, sum(place.health.busy for place in model._places)) == (3, 1)
        await cast("Any", stream).aclose()
        assert (bill.under_way, sum(place.health.busy for place in model._places)) == (0, 0)
        await model.aclose()

    asyncio.run(main())


def test_indices_are_checked(stack: ExitStack) -> None:
    model, servers = both(stack, lambda *_: None, lambda *_: None)

    async def main() -> None:
        async for _ in model.generate(PROBLEMS[0], [1, 1], decoding=DECODING, seed=5):
            pass

    with pytest.raises(DomainError, match="distinct"):
        asyncio.run(main())
    assert [server.counts.requests for server in servers] == [0, 0]


URLS = ["http://one:1/v1", "http://two:2/v1"]


def test_several_look_like_one() -> None:
    model = cast("Endpoints", connect(URLS, model="m", chunk=4, concurrency=5))
    one = cast("Endpoint", connect(URLS[0], model="m"))
    assert model.identity == one.identity
    assert (model.chunk, model.concurrency, model.metered) == (4, 10, True)
    assert repr(model) == "Endpoints(http://one:1/v1, http://two:2/v1; model='m')"
    assert isinstance(connect(tuple(URLS[:1]), model="m"), Endpoint)


@pytest.mark.parametrize(("at_once", "each"), [(1, [1, 1]), (2, [1, 1]), (7, [4, 3])])
def test_a_limit_is_shared_out(at_once: int, each: list[int]) -> None:
    model = cast("Endpoints", connect(URLS, model="m"))
    model.limit_requests(at_once)
    assert [place.endpoint.concurrency for place in model._places] == each
    assert model.concurrency == sum(each)


@pytest.mark.parametrize(
    ("specs", "options", "words"),
    [
        ([], {}, "no endpoint in the list"),
        (URLS * 2, {}, "http://one:1/v1 is given 2 times"),
        (["builtin", URLS[0]], {}, "'builtin' is no address"),
        (URLS, {"chunks": 3}, "takes no option 'chunks'"),
        ([URLS[0], "http://two:2/v1/completions"], {}, r"not serve one model: .*\(completions\)"),
    ],
)
def test_what_is_no_list_of_endpoints(
    specs: list[str], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        connect(specs, model="m", **options)


def test_the_only_model_must_be_the_same_at_each(stack: ExitStack) -> None:
    def serving(*models: str) -> ScriptedServer:
        return stack.enter_context(ScriptedServer(models=models))

    same = connect([serving("tiny").url, serving("tiny").url])
    assert same.identity["model"] == "tiny"
    with pytest.raises(ConfigError, match=r"do not serve one model: .*'tiny'.*'large'"):
        connect([serving("tiny").url, serving("large").url])
    with pytest.raises(ConfigError, match="has 2 models"):
        connect([serving("tiny").url, serving("tiny", "large").url])


def test_all_get_the_same_key_and_nobody_else_hears_it(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    told: list[str] = []
    leaking = Fault("status", status=401, body={"error": {"message": f"bad key {KEY}"}})
    model, servers = both(stack, always(leaking), lambda *_: None, on_retry=told.append)
    asyncio.run(drawn(model, n=1))
    assert {key for server in servers for key in server.counts.keys} == {f"Bearer {KEY}"}
    assert told
    assert KEY not in "".join(told) + repr(model) + str(model.identity)
