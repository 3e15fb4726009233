"""From logits to tokens: the rules of transformers, and draws that follow the distribution."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.generation.logits_process import (
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from topdraw.core.records import Decoding
from topdraw.errors import ConfigError, DomainError
from topdraw.models.builtin.decoding import (
    check,
    choose,
    filtered,
    log_probabilities,
    lowered,
    penalised,
    uniforms,
)

VOCABULARY = 60
seeds = st.integers(0, 2**32 - 1)


def random_logits(seed: int, rows: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, (rows, VOCABULARY)).astype(np.float32)


def warped(logits: np.ndarray, decoding: Decoding) -> np.ndarray:
    """Probabilities by transformers' own processors."""
    scores, ids = torch.from_numpy(logits.copy()), torch.zeros((len(logits), 1), dtype=torch.long)
    scores = TemperatureLogitsWarper(decoding.temperature)(ids, scores)
    if decoding.top_k:
        scores = TopKLogitsWarper(decoding.top_k)(ids, scores)
    if decoding.top_p < 1:
        scores = TopPLogitsWarper(decoding.top_p)(ids, scores)
    result: np.ndarray = torch.softmax(scores, -1).numpy()
    return result


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    seed=seeds,
    temperature=st.sampled_from([0.1, 0.7, 1.0, 1.6]),
    top_k=st.sampled_from([0, 1, 5, 59, 60, 200]),
    top_p=st.sampled_from([1.0, 0.95, 0.5, 0.1, 1e-9]),
)
def test_filters_equal_transformers(
    seed: int, temperature: float, top_k: int, top_p: float
) -> None:
    decoding = Decoding(temperature=temperature, top_k=top_k, top_p=top_p)
    logits = random_logits(seed)
    weights = filtered(logits, decoding)
    expected = warped(logits, decoding)
    ours = weights / weights.sum(axis=1, keepdims=True)
    # A token that reaches top_p to the last bit may fall on either side; its row differs by it.
    kept = (ours > 0) != (expected > 0)
    sums = np.sort(expected, axis=1).cumsum(axis=1)
    boundary = np.abs(sums - (1 - top_p)).min(axis=1) < 1e-5
    rows = ~(kept.any(axis=1) & boundary)
    np.testing.assert_allclose(ours[rows], expected[rows], atol=2e-6)
    assert rows.sum() >= 5


@given(seed=seeds, penalty=st.sampled_from([0.8, 1.05, 1.2, 2.0]))
def test_repetition_penalty_equals_transformers(seed: int, penalty: float) -> None:
    logits = random_logits(seed)
    ids = np.random.default_rng(seed).integers(0, VOCABULARY, (6, 10))
    seen = np.zeros(logits.shape, dtype=bool)
    np.put_along_axis(seen, ids, True, axis=1)
    processor = RepetitionPenaltyLogitsProcessor(penalty=penalty)
    expected = processor(torch.from_numpy(ids), torch.from_numpy(logits.copy())).numpy()
    np.testing.assert_allclose(penalised(logits, seen, penalty), expected, rtol=1e-6)


@given(seed=seeds, presence=st.floats(-2, 2, width=32), frequency=st.floats(-2, 2, width=32))
def test_presence_and_frequency_are_what_openai_says(
    seed: int, presence: float, frequency: float
) -> None:
    logits = random_logits(seed)
    outputs = np.random.default_rng(seed).integers(0, VOCABULARY, (6, 40))
    expected = logits.astype(np.float64)
    for row, output in enumerate(outputs.tolist()):
        for token, count in Counter(output).items():
            expected[row, token] -= count * frequency + (count > 0) * presence
    counts = np.stack([np.bincount(o, minlength=VOCABULARY) for o in outputs]).astype(np.float32)
    np.testing.assert_allclose(lowered(logits, counts, presence, frequency), expected, atol=1e-4)


def test_penalties_may_change_the_most_likely_token() -> None:
    logits, counts = np.array([[3, 2, 1]], np.float32), np.array([[2, 1, 0]], np.float32)

    def best(presence: float = 0.0, frequency: float = 0.0) -> int:
        decoding = Decoding(0.0, presence_penalty=presence, frequency_penalty=frequency)
        return int(choose(logits, decoding, np.zeros(1, np.float32), None, counts)[0])

    assert best(frequency=0.5) == 0
    assert best(frequency=1.1) == 2
    assert best(presence=1.5) == 0
    assert best(presence=2.0) == 0
    assert best(presence=1.5, frequency=0.6) == 2
    assert best(presence=2.0, frequency=-2.0) == 0


@given(seed=seeds)
def test_a_draw_inverts_the_cumulative_distribution(seed: int) -> None:
    logits = random_logits(seed)
    draws = np.random.default_rng(seed).random(6, dtype=np.float32)
    chosen = choose(logits, Decoding(), draws, None)
    probabilities = torch.softmax(torch.from_numpy(logits).double(), -1).numpy()
    above = probabilities.cumsum(axis=1)
    for row, token in enumerate(chosen):
        assert above[row, token] > draws[row] - 1e-5
        assert above[row, token] - probabilities[row, token] <= draws[row] + 1e-5


@given(seed=seeds, top_k=st.integers(1, 5))
def test_extreme_draws_stay_among_the_kept_tokens(seed: int, top_k: int) -> None:
    logits = random_logits(seed)
    kept = filtered(logits, Decoding(top_k=top_k)) > 0
    for extreme in (0.0, 1 - 2.0**-24):
        draws = np.full(6, extreme, np.float32)
        chosen = choose(logits, Decoding(top_k=top_k), draws, None)
        assert kept[np.arange(6), chosen].all()


@given(seed=seeds)
def test_rows_do_not_depend_on_each_other(seed: int) -> None:
    logits = random_logits(seed, rows=16)
    decoding = Decoding(temperature=0.8, top_k=20, top_p=0.9, repetition_penalty=1.2)
    decoding = dataclasses.replace(decoding, presence_penalty=0.6, frequency_penalty=-0.3)
    seen = random_logits(seed + 1, rows=16) > 0
    counts = np.maximum(random_logits(seed + 2, rows=16), 0).round()
    draws = np.random.default_rng(seed).random(16, dtype=np.float32)
    together = choose(logits, decoding, draws, seen, counts)
    order = np.random.default_rng(seed).permutation(16)[:8]
    alone = choose(logits[order], decoding, draws[order], seen[order], counts[order])
    assert (together[order] == alone).all()


def test_draws_follow_the_distribution() -> None:
    logits = random_logits(3, rows=1)
    draws = uniforms(np.arange(100_000, dtype=np.uint64), 4)
    chosen = choose(np.repeat(logits, 100_000, axis=0), Decoding(), draws, None)
    expected = torch.softmax(torch.from_numpy(logits), -1).numpy()[0] * 100_000
    counts = np.bincount(chosen, minlength=VOCABULARY)
    common = expected > 5
    chi_squared = ((counts - expected)[common] ** 2 / expected[common]).sum()
    assert chi_squared < common.sum() + 5 * np.sqrt(2 * common.sum())


def test_greedy_takes_the_first_of_the_most_likely() -> None:
    logits = np.array([[0, 2, 2, 1]], np.float32)
    assert choose(logits, Decoding(temperature=0), np.zeros(1, np.float32), None) == [1]


def test_equal_logits_are_kept_or_dropped_together() -> None:
    logits = np.array([[1, 1, 1, 0]], np.float32)
    assert (filtered(logits, Decoding(top_k=2)) > 0).tolist() == [[True, True, True, False]]
    assert (filtered(logits, Decoding(top_p=0.5)) > 0).tolist() == [[True, True, True, False]]


def test_a_tiny_temperature_is_greedy() -> None:
    logits = random_logits(5)
    draws = np.full(6, 0.999, np.float32)
    chosen = choose(logits, Decoding(temperature=1e-30), draws, None)
    assert (chosen == logits.argmax(axis=1)).all()


def test_uniform_numbers_never_change() -> None:
    """Stored runs are drawn again bit for bit only if these stay."""
    values = uniforms(np.array([0, 1, 2**31 - 1], np.uint64), 0)
    assert [int(value * 2**24) for value in values] == [10946269, 6177195, 710344]


def test_uniform_numbers_are_uniform_and_unrelated() -> None:
    table = np.stack([uniforms(np.arange(2000, dtype=np.uint64), p) for p in range(50)])
    assert table.min() >= 0
    assert table.max() < 1
    assert abs(table.mean() - 0.5) < 5 / np.sqrt(12 * table.size)
    for a, b in ((table[:-1], table[1:]), (table[:, :-1], table[:, 1:])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 5 / np.sqrt(a.size)


@given(seed=seeds)
def test_log_probabilities_equal_torch(seed: int) -> None:
    logits = random_logits(seed)
    tokens = np.random.default_rng(seed).integers(0, VOCABULARY, 6)
    expected = torch.log_softmax(torch.from_numpy(logits), -1).numpy()[np.arange(6), tokens]
    np.testing.assert_allclose(log_probabilities(logits, tokens), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("decoding", "message"),
    [
        (Decoding(temperature=-1.0), "temperature must be >= 0; got -1.0"),
        (Decoding(temperature=float("inf")), "temperature"),
        (Decoding(temperature=float("nan")), "temperature"),
        (Decoding(top_p=0.0), r"top_p must be in \(0, 1\]"),
        (Decoding(top_k=-1), "top_k must be >= 0"),
        (Decoding(repetition_penalty=0.0), "repetition_penalty must be > 0"),
        (Decoding(presence_penalty=2.1), r"presence_penalty must be in \[-2, 2\]; got 2.1"),
        (Decoding(frequency_penalty=-3), r"frequency_penalty must be in \[-2, 2\]; got -3"),
        (Decoding(frequency_penalty=float("nan")), "frequency_penalty"),
        (Decoding(max_tokens=0), "max_tokens must be >= 1; got 0"),
        (Decoding(stop=("a", "")), "stop must be texts that are not empty"),
    ],
)
def test_settings_out_of_range_are_refused(decoding: Decoding, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        check(decoding)


def test_there_is_no_request_for_an_extra_body() -> None:
    with pytest.raises(ConfigError, match="knows no extra_body; got guided_regex, user"):
        check(Decoding(extra_body={"guided_regex": "a*", "user": "me"}))
