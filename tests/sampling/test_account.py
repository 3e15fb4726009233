import asyncio
import datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.billing import Answered, Asked
from topdraw.core.records import Sample, Usage
from topdraw.errors import DomainError, StoreError
from topdraw.models.meter import Halted
from topdraw.sampling.account import Account
from topdraw.sampling.budget import Budget
from topdraw.sampling.prices import Price
from topdraw.sampling.spent import Spent
from topdraw.store.run import BillWriter

PRICE = Price(1.0, 10.0, datetime.date(2026, 1, 1))
ASKED = Asked("p", 0, 4, "host:1")


class Ledger:
    """A bill in memory that can be told to fail."""

    def __init__(self) -> None:
        self.begun: list[Asked] = []
        self.ended: list[tuple[str, Answered]] = []
        self.full = False

    def begin(self, asked: Asked) -> str:
        self.begun.append(asked)
        return str(len(self.begun))

    def end(self, attempt: str, answered: Answered) -> None:
        if self.full:
            raise StoreError("the disk is full")
        self.ended.append((attempt, answered))


def account(
    budget: Budget,
    *,
    ledger: Ledger | None = None,
    spent: Spent | None = None,
    longest: int | None = None,
) -> Account:
    bill = cast("BillWriter", ledger) if ledger is not None else None
    return Account(budget, PRICE, spent or Spent(longest=longest), bill)


def delivered(samples: int, output: int, prompt: int = 10) -> Answered:
    return Answered("delivered", samples, prompt, output, status=200)


@pytest.mark.parametrize("cap", [{"samples": 0}, {"tokens": -1}, {"usd": 0.0}, {"seconds": -2.0}])
def test_a_cap_is_positive(cap: dict[str, int]) -> None:
    with pytest.raises(DomainError, match=f"{next(iter(cap))} is"):
        Budget(**cap)


async def test_without_caps_everything_is_granted() -> None:
    free = account(Budget())
    assert await free.grant("prompt", 10_000) == 10_000


async def test_the_cap_on_samples_is_exact() -> None:
    few = account(Budget(samples=10), ledger=Ledger(), spent=Spent(samples=3))
    assert await few.grant("", 5) == 5
    assert await few.grant("", 5) == 2
    waiting = asyncio.create_task(few.grant("", 5))
    await asyncio.sleep(0)
    assert not waiting.done()
    few.release(5)  # given up: none of them came
    assert await waiting == 5
    few.kept([Sample("p", 0, ""), Sample("p", 1, "")])
    few.release(2)
    assert few.halted == ""


async def test_when_nothing_is_under_way_an_exhausted_cap_halts() -> None:
    few = account(Budget(samples=3), ledger=Ledger(), spent=Spent(samples=3))
    assert await few.grant("", 1) == 0
    assert few.halted == "samples"
    assert few.verdict() == "The cap of 3 samples is reached."
    with pytest.raises(Halted, match="samples"):
        few.begin(ASKED)


async def test_the_first_sample_is_one_and_shows_what_they_cost() -> None:
    ledger = Ledger()
    capped = account(Budget(tokens=1000), ledger=ledger)
    assert await capped.grant("x" * 40, 16) == 1
    waiting = asyncio.create_task(capped.grant("x" * 40, 16))
    await asyncio.sleep(0)
    assert not waiting.done()
    capped.end(capped.begin(ASKED), delivered(1, output=20))
    capped.release(1)
    # 30 are spent; a call costs 10 and each sample 20: 16 of them fit into the other 970.
    assert await waiting == 16
    assert await capped.grant("", 100) == (1000 - 30 - 10 - 16 * 20 - 10) // 20


async def test_a_longest_output_says_beforehand_what_fits() -> None:
    capped = account(Budget(tokens=1000), ledger=Ledger(), longest=100)
    assert await capped.grant("x" * 40, 16) == 9


async def test_usd_are_counted_at_the_price_of_both_kinds_of_tokens() -> None:
    capped = account(Budget(usd=1.0), ledger=Ledger())
    capped.end(capped.begin(ASKED), delivered(4, output=50_000, prompt=100_000))
    assert capped.spent_usd == pytest.approx(0.6)
    # A call costs 0.1 and each of its samples 0.125.
    assert await capped.grant("", 9) == 2


async def test_a_model_without_a_meter_is_charged_by_its_samples() -> None:
    capped = account(Budget(tokens=100))
    capped.kept([Sample("p", 0, "", usage=Usage(10, 15))])
    assert capped.spent.tokens == 25
    assert await capped.grant("", 9) == 3


def test_requests_inside_a_model_without_a_meter_are_let_through_until_the_draw_ends() -> None:
    inner = account(Budget(tokens=100))
    attempt = inner.begin(ASKED)
    assert inner.under_way == inner.requests == 1
    inner.end(attempt, delivered(4, output=40))
    assert (inner.under_way, inner.spent.tokens) == (0, 0), "its samples are what is charged"
    inner.halt("interrupted")
    with pytest.raises(Halted):
        inner.begin(ASKED)


def test_lost_answers_count_and_refusals_do_not() -> None:
    ledger = Ledger()
    paying = account(Budget(), ledger=ledger)
    paying.end(paying.begin(ASKED), delivered(4, output=40))
    paying.end(paying.begin(ASKED), Answered("refused", status=429))
    assert (paying.spent.tokens, paying.wasted) == (50, 1)
    paying.end(paying.begin(ASKED), Answered("unused", status=200))
    assert (paying.spent.tokens, paying.wasted) == (100, 2)
    paying.end(paying.begin(ASKED), Answered("unknown"))
    assert (paying.spent.tokens, paying.requests) == (150, 4)
    assert paying.under_way == 0


def test_retries_stop_at_the_cap_too() -> None:
    paying = account(Budget(tokens=50), ledger=Ledger())
    paying.end(paying.begin(ASKED), delivered(4, output=40))
    with pytest.raises(Halted, match="tokens"):
        paying.begin(ASKED)
    assert "The cap of 50 tokens is reached, with 50 spent" in paying.verdict()


def test_a_bill_that_cannot_be_written_is_written_later() -> None:
    ledger = Ledger()
    paying = account(Budget(), ledger=ledger)
    first, second = paying.begin(ASKED), paying.begin(ASKED)
    ledger.full = True
    paying.end(first, delivered(4, output=1))
    ledger.full = False
    paying.end(second, delivered(4, output=2))
    assert [attempt for attempt, _ in ledger.ended] == [first, second]


def test_a_shut_gate_is_told_until_it_opens() -> None:
    now = [100.0]
    waiting = Account(Budget(), None, Spent(), None, clock=lambda: now[0])
    assert waiting.throttled_seconds == 0
    assert waiting.spent_usd is None
    waiting.waiting("a", 5.0, "HTTP 429")
    now[0] += 2
    assert waiting.throttled_seconds == 3
    assert waiting.allowed is None
    waiting.at_once("a", 8)
    waiting.at_once("b", 4)
    assert waiting.allowed == 12
    assert waiting.throttled_seconds == 0, "b never shut"
    now[0] += 20
    assert waiting.throttled_seconds == 0


@given(
    cap=st.integers(1, 3000),
    costs=st.lists(st.integers(1, 60), min_size=40, max_size=40),
    workers=st.integers(1, 8),
)
def test_a_cap_is_passed_by_less_than_what_was_under_way(
    cap: int, costs: list[int], workers: int
) -> None:
    ledger = Ledger()
    capped = account(Budget(tokens=cap), ledger=ledger)
    todo = iter(costs * 4)

    async def work() -> None:
        for cost in todo:
            if not await capped.grant("", 1):
                return
            try:
                attempt = capped.begin(Asked("p", 0, 1, "host:1"))
            except Halted:
                return
            finally:
                await asyncio.sleep(0)
                capped.release(1)
            capped.end(attempt, delivered(1, output=cost, prompt=0))

    async def main() -> None:
        await asyncio.gather(*(work() for _ in range(workers)))

    asyncio.run(main())
    assert capped.spent.tokens < cap + workers * max(costs)
    if capped.halted:
        assert capped.spent.tokens > cap - workers * max(costs) - max(costs)


@given(
    cap=st.integers(1, 400),
    lost=st.lists(st.booleans(), min_size=60, max_size=60),
    workers=st.integers(1, 16),
)
def test_where_all_requests_cost_the_same_no_cap_is_passed_however_many_are_lost(
    cap: int, lost: list[bool], workers: int
) -> None:
    capped, fates = account(Budget(tokens=cap), ledger=Ledger()), iter(lost)

    async def work() -> None:
        while granted := await capped.grant("", 1):
            try:
                while await attempt():
                    pass
            except Halted:
                return
            finally:
                capped.release(granted)

    async def attempt() -> bool:
        name, is_lost = capped.begin(Asked("p", 0, 1, "host:1")), next(fates, False)
        await asyncio.sleep(0)
        capped.end(name, Answered("unused") if is_lost else delivered(1, output=3, prompt=7))
        return is_lost

    async def main() -> None:
        await asyncio.gather(*(work() for _ in range(workers)))

    asyncio.run(main())
    assert capped.halted == "tokens"
    before = lost.index(False) if False in lost else len(lost)
    first = 10 * (before + 1)  # what the first costs is not known beforehand
    assert cap - 10 < capped.spent.tokens <= max(cap, first)
