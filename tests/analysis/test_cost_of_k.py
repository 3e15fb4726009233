import datetime
import functools
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.architectures import Architecture
from topdraw.analysis.cost_of_k import (
    Costs,
    SampleTokens,
    attempt_costs,
    flops_costs,
    output_token_costs,
    price_costs,
    token_costs,
)
from topdraw.errors import DomainError
from topdraw.sampling.prices import Price

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "cost.json").read_text())
PRICE = Price(2.0, 10.0, datetime.date(2026, 11, 20))
MODEL = Architecture(parameters=100, layers=2, width=3)

#: Two problems with prompts of 5 and 9 tokens; three samples of the first, one of the second.
TOKENS = SampleTokens(np.array([5, 9]), np.array([0, 0, 1, 0]), np.array([2, 4, 7, 6]))


def test_table_1_of_large_language_monkeys() -> None:
    table = GOLDEN["table_1"]
    totals = [
        attempt_costs(np.full(table["problems"], row["usd_per_attempt"]))
        .of_k([row["attempts"]])
        .sum()
        for row in table["rows"]
    ]
    assert totals == pytest.approx([row["total_usd"] for row in table["rows"]])
    relative = [round(total / totals[0], 1) for total in totals]
    assert relative == [row["relative"] for row in table["rows"]]


def test_output_tokens_are_the_mean_of_each_problem() -> None:
    assert output_token_costs(TOKENS).of_k([1, 3]).tolist() == [[4, 12], [7, 21]]


def test_a_shared_prompt_counts_once_and_any_other_with_every_sample() -> None:
    assert token_costs(TOKENS).of_k([1, 3]).tolist() == [[9, 17], [16, 30]]
    each = token_costs(TOKENS, shared_prompts=False)
    assert each.of_k([1, 3]).tolist() == [[9, 27], [16, 48]]
    assert "with every sample" in each.basis


def test_prices_are_per_million_tokens_in_and_out() -> None:
    got = price_costs(TOKENS, PRICE).of_k([3])[:, 0]
    assert got == pytest.approx([(5 * 2 + 12 * 10) / 1e6, (9 * 2 + 21 * 10) / 1e6])


def test_flops_are_those_of_each_token_at_its_context() -> None:
    """By loops: prompt once, and each token of each sample at prompt + its place."""
    reading = [sum(MODEL.token_flops(t) for t in range(1, prompt + 1)) for prompt in (5, 9)]
    writing = [
        np.mean([sum(MODEL.token_flops(prompt + t) for t in range(1, out + 1)) for out in outputs])
        for prompt, outputs in ((5, (2, 4, 6)), (9, (7,)))
    ]
    shared = flops_costs(TOKENS, MODEL)
    assert shared.of_k([4])[:, 0] == pytest.approx(np.add(reading, 4 * np.array(writing)))
    each = flops_costs(TOKENS, MODEL, shared_prompts=False)
    assert each.of_k([4])[:, 0] == pytest.approx(4 * np.add(reading, writing))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6), st.data())
def test_the_cost_of_k_is_the_mean_over_all_subsets(
    outputs: list[int], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(outputs)))
    tokens = SampleTokens(
        np.array([3]), np.zeros(len(outputs), np.int64), np.array(outputs, np.int64)
    )
    each = [PRICE.cost_usd(3, sum(s)) for s in itertools.combinations(outputs, k)]
    assert price_costs(tokens, PRICE).of_k([k])[0, 0] == pytest.approx(np.mean(each))


def test_what_is_unknown_is_refused_and_never_free() -> None:
    no_prompt = SampleTokens(np.array([0, 9]), TOKENS.problem, TOKENS.output)
    assert output_token_costs(no_prompt).each.tolist() == [4, 7]
    makers: list[Callable[[SampleTokens], Costs]] = [
        token_costs,
        functools.partial(price_costs, price=PRICE),
        functools.partial(flops_costs, architecture=MODEL),
    ]
    for make in makers:
        with pytest.raises(DomainError, match="prompt tokens of some problem are unknown"):
            make(no_prompt)
    silent = SampleTokens(TOKENS.prompt, TOKENS.problem, np.array([0, 0, 7, 0]))
    with pytest.raises(DomainError, match="output tokens of some problem are unknown"):
        output_token_costs(silent)
    nobody = SampleTokens(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert not nobody.knows_outputs
    assert not nobody.knows_prompts


def test_k_and_costs_outside_their_domain_are_refused() -> None:
    with pytest.raises(DomainError, match="k >= 1 samples, not of 0"):
        Costs("usd", np.zeros(1), np.ones(1)).of_k([0])
    with pytest.raises(DomainError, match="a number >= 0; one is -1"):
        attempt_costs([1, -1])
    with pytest.raises(DomainError, match="one is nan"):
        attempt_costs([np.nan])
