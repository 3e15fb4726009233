"""The gate, with a clock of its own: who gets in, when, and what happens in a storm."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.fast_loop import run_fast
from tests.models.metering import Ledger

from topdraw.core.billing import Answered, Asked
from topdraw.errors import EndpointError
from topdraw.models.gate import Gate
from topdraw.models.meter import METER
from topdraw.models.retry import Refused, Retry

RETRY = Retry(base_seconds=0.5, cap_seconds=30)


async def settle() -> None:
    """Let everybody run who can run now."""
    for _ in range(5):
        await asyncio.sleep(0)


def now() -> float:
    return asyncio.get_running_loop().time()


def test_places_are_given_in_the_order_of_arrival() -> None:
    async def main() -> list[int]:
        gate, order = Gate(2), list[int]()

        async def one(i: int) -> None:
            await gate.enter()
            order.append(i)
            await asyncio.sleep(1)
            gate.leave()

        await asyncio.gather(*(one(i) for i in range(7)))
        assert now() == pytest.approx(4)
        assert gate.in_flight == gate.waiting == 0
        return order

    assert run_fast(main()) == list(range(7))


@settings(max_examples=60)
@given(st.integers(1, 4), st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), max_size=12))
def test_no_place_is_lost_or_given_twice_whoever_is_cancelled(
    most: int, plans: list[tuple[float, float]]
) -> None:
    async def main() -> None:
        gate, inside, highest = Gate(most), 0, 0

        async def one() -> None:
            nonlocal inside, highest
            await gate.enter()
            inside += 1
            highest = max(highest, inside)
            try:
                await asyncio.sleep(1)
            finally:
                inside -= 1
                gate.leave()

        async def cancelled(start: float, after: float) -> None:
            await asyncio.sleep(start)
            task = asyncio.create_task(one())
            await asyncio.sleep(after)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        await asyncio.gather(*(cancelled(*plan) for plan in plans))
        assert gate.in_flight == gate.waiting == 0
        assert highest <= most
        await asyncio.gather(*(one() for _ in range(most)))
        assert gate.in_flight == 0

    run_fast(main())


def test_a_place_given_to_a_request_that_is_cancelled_at_that_moment_comes_back() -> None:
    async def main() -> None:
        gate = Gate(1)
        await gate.enter()
        task = asyncio.create_task(gate.enter())
        await settle()
        gate.leave()
        task.cancel()  # the place is its own already, it has only not run yet
        await asyncio.gather(task, return_exceptions=True)
        assert gate.in_flight == 0

    run_fast(main())


def test_a_throttle_shuts_the_gate_for_everybody_until_the_hint_has_passed() -> None:
    async def main() -> None:
        gate = Gate(8)
        await gate.enter()
        gate.throttled(now(), 7.0)
        gate.leave()
        await asyncio.gather(*(gate.enter() for _ in range(3)))
        assert 7.0 <= now() < 7.0 + 4
        assert gate.limit < 8

    run_fast(main())


def test_throttles_of_one_round_trip_shrink_it_once() -> None:
    async def main() -> None:
        gate = Gate(64)
        for _ in range(64):
            await gate.enter()
        sent = now()
        await asyncio.sleep(0.02)
        for _ in range(64):
            gate.throttled(sent, 1.0)
            gate.leave()
        assert gate.limit == 32
        await gate.enter()
        again = now()
        assert 1.02 <= again < 1.1
        await asyncio.sleep(0.02)
        gate.throttled(again, None)
        assert gate.limit < 32

    run_fast(main())


def test_a_late_throttle_of_the_same_round_trip_prolongs_the_wait() -> None:
    async def main() -> None:
        gate = Gate(4)
        gate.throttled(now(), 1.0)
        gate.throttled(-1.0, 9.0)
        await gate.enter()
        assert now() >= 9.0

    run_fast(main())


def test_growth_alone_lets_waiting_requests_in() -> None:
    async def main() -> None:
        gate = Gate(4)
        for _ in range(4):
            await gate.enter()
        gate.throttled(now(), 0.1)
        for _ in range(4):
            gate.leave()
        # Nobody leaves from here on.
        await asyncio.gather(*(gate.enter() for _ in range(4)))
        assert 1 < now() < 10

    run_fast(main())


def test_more_places_at_once_when_the_bound_is_raised() -> None:
    async def main() -> None:
        gate = Gate(1)
        await gate.enter()
        waiting = [asyncio.create_task(gate.enter()) for _ in range(3)]
        await settle()
        gate.most = 3
        await settle()
        assert [task.done() for task in waiting] == [True, True, False]
        gate.most = 1
        gate.leave()
        gate.leave()
        await settle()
        assert not waiting[2].done()
        gate.leave()
        await waiting[2]
        assert (gate.most, gate.limit, gate.in_flight) == (1, 1, 1)

    run_fast(main())


@pytest.mark.parametrize("hint", [None, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_after_a_storm_of_ten_seconds_the_rate_is_back_within_ten(
    seed: int, hint: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr("topdraw.models.gate.random", chance)
    done: list[float] = []
    sent_in_storm = 0

    async def main() -> None:
        gate = Gate(64, retry=RETRY)

        async def worker() -> None:
            nonlocal sent_in_storm
            attempts = 0
            while now() < 32:
                await gate.enter()
                sent = now()
                storm = 10 <= sent < 20
                sent_in_storm += storm
                await asyncio.sleep(0.1)
                if storm:
                    gate.throttled(sent, hint)
                else:
                    gate.answered(sent)
                    done.append(now())
                gate.leave()
                attempts = attempts + 1 if storm else 0
                if storm:
                    backoff = min(0.5 * 2 ** (attempts - 1), 30) * (0.5 + chance.random())
                    await gate.pause(max(hint or 0, backoff))

        await asyncio.gather(*(worker() for _ in range(64)))

    run_fast(main())
    before, after = (sum(a <= t < a + 1 for t in done) for a in (9, 30))
    assert before == pytest.approx(640, rel=0.03)
    assert after >= 0.8 * before
    assert sent_in_storm < 64 * 5  # against 6,400 of a client that does not listen


def test_a_server_that_never_recovers_is_given_up_for_all_who_wait() -> None:
    async def main() -> None:
        gate = Gate(2, where="h:8000", retry=RETRY)
        await gate.enter()
        await gate.enter()
        waiting = [asyncio.create_task(gate.enter()), asyncio.create_task(gate.pause(1e6))]
        for _ in range(20):
            gate.failed("HTTP 500")
            await asyncio.sleep(6)
        assert not any(task.done() for task in waiting)
        with pytest.raises(Refused) as caught:
            gate.failed("HTTP 502: gone")
        assert caught.value.message == (
            "h:8000 has not given a usable answer for 120 s "
            "(21 requests failed; the last: HTTP 502: gone)."
        )
        errors = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(error) for error in errors] == [Refused, Refused]
        assert gate.waiting == 0

    run_fast(main())


@pytest.mark.parametrize(("lived", "patience"), [(True, 600), (False, 120)])
def test_a_server_that_has_answered_may_say_429_for_longer(lived: bool, patience: int) -> None:
    async def main() -> None:
        gate = Gate(2, retry=RETRY)
        if lived:
            gate.answered(0.0)
        for _ in range(patience // 6):
            gate.failed("HTTP 429", rationed=True)
            await asyncio.sleep(6)
        with pytest.raises(Refused, match=f"for {patience} s"):
            gate.failed("HTTP 429", rationed=True)

    run_fast(main())


@pytest.mark.parametrize("reason", ["few failures", "little time", "an answer between"])
def test_nobody_is_given_up_too_soon(reason: str) -> None:
    async def main() -> None:
        gate = Gate(2, retry=RETRY)
        failures, pause = {"few failures": (19, 100.0), "little time": (500, 0.1)}.get(
            reason, (100, 10.0)
        )
        waiting = asyncio.create_task(gate.pause(1e6))
        for i in range(failures):
            gate.failed("HTTP 500")
            await asyncio.sleep(pause)
            if reason == "an answer between" and i % 19 == 18:
                gate.answered(now())
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await gate.enter()
        assert gate.in_flight == 1

    run_fast(main())


def test_a_parked_server_turns_everybody_away_until_it_is_time() -> None:
    async def main() -> None:
        gate = Gate(1)
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await settle()
        gate.park(EndpointError("come tomorrow"), 86_400)
        with pytest.raises(EndpointError, match="tomorrow"):
            await waiting
        gate.leave()
        with pytest.raises(EndpointError, match="tomorrow"):
            await gate.enter()
        await asyncio.sleep(86_400)
        await gate.enter()

    run_fast(main())


class Heard:
    """A meter that remembers the limits it was told."""

    def __init__(self) -> None:
        self.limits: list[tuple[str, int]] = []

    def begin(self, asked: Asked, /) -> str:
        return ""

    def end(self, attempt: str, answered: Answered, /) -> None:
        return

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        return

    def at_once(self, endpoint: str, limit: int, /) -> None:
        self.limits.append((endpoint, limit))


def test_the_meter_is_told_of_every_new_limit() -> None:
    heard = Heard()

    async def main() -> None:
        METER.set(heard)
        gate = Gate(4, where="h:1")
        for _ in range(4):
            await gate.enter()
        gate.throttled(now(), 0.1)
        for _ in range(4):
            gate.leave()
        while gate.limit < 4:
            await gate.enter()
            await asyncio.sleep(0.5)
            gate.leave()
        await gate.enter()

    run_fast(main())
    assert {where for where, _ in heard.limits} == {"h:1"}
    assert [limit for _, limit in heard.limits] == [4, 2, 3, 4]


def test_every_meter_is_told_how_many_may_be_under_way() -> None:
    async def main() -> None:
        gate = Gate(3, where="h:1")
        for _ in range(2):
            with Ledger() as ledger:
                await gate.enter()
                await gate.enter()
            assert ledger.limits == [("h:1", 3)]
            gate.leave()
            gate.leave()

    run_fast(main())
