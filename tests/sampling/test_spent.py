from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.billing import Bill
from topdraw.sampling.spent import Spent

COUNTS = st.integers(0, 50)
TOKENS = st.none() | st.integers(0, 1000)
REQUESTS = st.lists(st.tuples(st.integers(1, 9), TOKENS, TOKENS), max_size=20)


def charged(requests: list[tuple[int, int | None, int | None]]) -> Spent:
    spent = Spent()
    for request in requests:
        spent.charge(*request)
    return spent


@given(REQUESTS)
def test_the_order_of_requests_makes_no_difference(
    requests: list[tuple[int, int | None, int | None]],
) -> None:
    again = sorted(requests, key=str, reverse=True)
    assert charged(requests) == charged(again)


def test_what_is_lost_before_anything_is_known_costs_the_mean_all_the_same() -> None:
    spent = charged([(2, None, None), (1, 10, 30)])
    assert (spent.prompt_tokens, spent.output_tokens) == (20, 90)


def test_before_anything_is_known_an_output_may_be_the_longest() -> None:
    spent = Spent(longest=64)
    spent.charge(2, None, None)
    assert spent.tokens == 128
    assert not spent.is_known
    assert charged([(2, None, None)]).tokens == 0, "nobody says how long it could have been"
    assert spent.mean_prompt("x" * 40) == 10


def test_a_bill_is_gone_on_with_and_unknown_requests_count() -> None:
    bill = Bill(
        requests=4,
        delivered=2,
        unused=1,
        unknown=1,
        paid_samples=6,
        unknown_samples=2,
        prompt_tokens=30,
        output_tokens=60,
    )
    spent = Spent.by(bill, 4)
    assert (spent.samples, spent.mean_prompt(""), spent.mean_output()) == (4, 10, 10)
    assert spent.tokens == 30 + 60 + 10 + 2 * 10
    fresh = Spent.by(replace(bill, delivered=0, prompt_tokens=0, output_tokens=0), 0)
    assert not fresh.is_known, "0 is what nobody counted, not what it cost"
    assert (fresh.lost_requests, fresh.lost_samples) == (2, 8)


@given(st.integers(1, 9), COUNTS, COUNTS)
def test_a_lost_request_costs_as_much_as_the_mean(n: int, prompt: int, output: int) -> None:
    spent = charged([(n, prompt, output)])
    alone = spent.tokens
    spent.charge(n, None, None)
    assert spent.tokens == pytest.approx(2 * alone, abs=1)
