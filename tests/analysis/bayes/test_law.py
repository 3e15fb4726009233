import itertools
import json
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.analysis.bayes.law import (
    best_of_n_law,
    estimated_kl,
    kl_bound,
    kl_by_winner,
    kl_of_best_of_n,
    levels,
    win_bound,
    win_rate,
    win_rate_of_best_of_n,
)
from topdraw.errors import DomainError

GOLDEN = json.loads((Path(__file__).parents[2] / "golden/bayes.json").read_text())
COUNTS = st.lists(st.integers(0, 5), min_size=1, max_size=4).filter(any)


def _won(mass: Sequence[Fraction], n: int) -> list[Fraction]:
    """Every way to draw n levels."""
    won = [Fraction(0)] * len(mass)
    for draw in itertools.product(range(len(mass)), repeat=n):
        won[max(draw)] += math.prod((mass[level] for level in draw), start=Fraction(1))
    return won


@settings(max_examples=40)
@given(COUNTS, st.integers(1, 5))
def test_law_kl_and_win_rate_equal_enumeration(counts: list[int], n: int) -> None:
    mass = [Fraction(count, sum(counts)) for count in counts]
    won, plain = _won(mass, n), [float(p) for p in mass]
    assert best_of_n_law(plain, n) == pytest.approx([float(q) for q in won], abs=1e-14)
    kl = sum(float(q) * math.log(q / p) for q, p in zip(won, mass, strict=True) if q)
    assert kl_of_best_of_n(plain, [n])[0] == pytest.approx(kl, abs=1e-13)
    below = [sum(mass[:level], Fraction(0)) + mass[level] / 2 for level in range(len(mass))]
    wins = sum(q * b for q, b in zip(won, below, strict=True))
    assert win_rate_of_best_of_n(plain, [n])[0] == pytest.approx(float(wins), abs=1e-14)


@pytest.mark.parametrize("rule", ["random", "first"])
def test_inside_a_level_the_winner_is_as_one_draw_is(rule: str) -> None:
    # Five outputs, three levels; the law over outputs, not over levels.
    mass, level = [0.1, 0.2, 0.3, 0.25, 0.15], [0, 1, 1, 2, 2]
    won = np.zeros(5)
    for draw in itertools.product(range(5), repeat=4):
        probability = math.prod(mass[y] for y in draw)
        best = [y for y in draw if level[y] == max(level[z] for z in draw)]
        for y in best if rule == "random" else best[:1]:
            won[y] += probability / (len(best) if rule == "random" else 1)
    kl = float(won @ np.log(won / mass))
    assert kl_of_best_of_n([0.1, 0.5, 0.4], [4])[0] == pytest.approx(kl, abs=1e-14)


@given(COUNTS, st.integers(1, 10_000))
def test_kl_lies_below_both_bounds(counts: list[int], n: int) -> None:
    mass = np.array(counts) / sum(counts)
    kl = kl_of_best_of_n(mass, [n])[0]
    assert -1e-12 <= kl <= kl_bound([n])[0] + 1e-12
    assert kl <= -math.log(mass[mass > 0][-1]) + 1e-12
    assert 0.5 - 1e-12 <= win_rate_of_best_of_n(mass, [n])[0] <= win_bound([n])[0] + 1e-12


def test_published_and_known_numbers() -> None:
    golden = GOLDEN["kl_bound"]
    ns = [int(n) for n in golden["values"]]
    assert kl_bound(ns) == pytest.approx(list(golden["values"].values()), abs=golden["tolerance"])
    golden = GOLDEN["uniform_over_K"]
    for row in golden["rows"]:
        mass = np.full(row["levels"], 1 / row["levels"])
        assert kl_of_best_of_n(mass, [row["n"]]) == pytest.approx(row["kl"], abs=5e-5)
        wins = win_rate_of_best_of_n(mass, [row["n"]])
        assert wins == pytest.approx(row["win_rate"], abs=golden["tolerance"])
    golden = GOLDEN["binary_verifier"]
    for row in golden["rows"]:
        kl = kl_of_best_of_n([1 - row["pass_rate"], row["pass_rate"]], [row["n"]])
        assert kl == pytest.approx(row["kl"], abs=golden["tolerance"])
    golden = GOLDEN["six_level_judge"]
    for name, of in (("kl", kl_of_best_of_n), ("win_rate", win_rate_of_best_of_n)):
        got = of(golden["mass"], [int(n) for n in golden[name]])
        assert got == pytest.approx(list(golden[name].values()), abs=golden["tolerance"])


def test_small_masses_keep_their_digits() -> None:
    law = best_of_n_law([1 - 1e-13, 1e-13], 1000)
    assert law[1] == pytest.approx(1e-10, rel=1e-3)
    assert kl_of_best_of_n([0.5, 0.5], [100_000])[0] == pytest.approx(math.log(2))


@given(st.integers(1, 60), st.integers(1, 200))
def test_estimated_without_ties_it_is_the_bound(size: int, n: int) -> None:
    rewards = np.arange(size) * 0.7
    assert estimated_kl(rewards, [n])[0] == pytest.approx(kl_bound([n])[0], abs=1e-9)


@given(COUNTS, st.integers(1, 50))
def test_estimated_with_ties_everywhere_it_is_the_plug_in(counts: list[int], n: int) -> None:
    twice = np.repeat(np.arange(len(counts)), 2 * np.array(counts))
    mass = np.array(counts) / sum(counts)
    expected = kl_of_best_of_n(mass, [n])[0]
    assert estimated_kl(twice, [n])[0] == pytest.approx(expected, abs=1e-12)


def test_estimated_it_is_less_biased_than_the_plug_in() -> None:
    golden, random = GOLDEN["six_level_judge"], np.random.default_rng(1)
    for mass in (golden["mass"], [0.01] * 100):
        true = kl_of_best_of_n(mass, [64])[0]
        drawn = random.choice(len(mass), size=(300, 64), p=mass)
        plug = [kl_of_best_of_n(levels(d).samples / 64, [64])[0] for d in drawn]
        mine = [estimated_kl(d, [64])[0] for d in drawn]
        assert abs(np.mean(mine) - true) < abs(np.mean(plug) - true)


def test_without_a_reward_nothing_is_known() -> None:
    assert np.isnan(estimated_kl([np.nan], [1, 2])).all()


@settings(max_examples=40)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=7), st.data())
def test_the_win_rate_is_the_mean_over_pools_and_fresh_draws(
    values: list[int], data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, len(values) - 1))
    scores = []
    for fresh, one in enumerate(values):
        others = values[:fresh] + values[fresh + 1 :]
        for pool in itertools.combinations(others, n):
            scores.append(1.0 if max(pool) > one else 0.5 if max(pool) == one else 0.0)
    assert win_rate([*values, math.nan], [n])[0] == pytest.approx(np.mean(scores), abs=1e-12)


def test_the_win_rate_without_ties_is_n_over_n_plus_one() -> None:
    rewards = np.random.default_rng(0).normal(size=300)
    ns = [1, 2, 10, 100, 299]
    assert win_rate(rewards, ns) == pytest.approx(win_bound(ns), abs=1e-12)


def test_the_winners_probability_gives_a_kl_between_exact_and_bound() -> None:
    cases = [
        ([0.9, 0.1], 8),
        ([0.1, 0.9], 8),
        ([0.5, 0.5], 2),
        ([0.1, 0.9], 2),
        ([0.7, 0.2, 0.1], 4),
        ([0.02, 0.02, 0.9, 0.02, 0.02, 0.02], 8),
        ([0.25] * 4, 8),
        ([1 / 16] * 16, 64),
        ([0.05] * 20, 16),
        ([1e-3] * 1000, 64),
    ]
    for mass, n in cases:
        mean = float(best_of_n_law(mass, n) @ kl_by_winner(mass, n))
        assert kl_of_best_of_n(mass, [n])[0] - 1e-12 <= mean <= kl_bound([n])[0] + 1e-12
    assert kl_by_winner([1e-9], 8)[0] == pytest.approx(kl_bound([8])[0], abs=1e-6)
    assert kl_by_winner([1.0], 8).tolist() == [0]


@pytest.mark.parametrize("mass", [[], [0.5, 0.6], [-0.5, 1.5], [[1.0]], [math.nan]])
def test_masses_are_probabilities(mass: list[float]) -> None:
    with pytest.raises(DomainError, match="masses"):
        best_of_n_law(mass, 2)


def test_n_is_a_number_of_draws() -> None:
    for bad in ([0], [], [-1]):
        with pytest.raises(DomainError, match="n >= 1"):
            kl_bound(bad)
    with pytest.raises(DomainError, match="whole number"):
        kl_bound([2.5])
    with pytest.raises(DomainError, match=r"more than 3 samples .* there are 3"):
        win_rate([1.0, 2.0, 3.0, math.nan], [3])
    with pytest.raises(DomainError, match="probability of a winner"):
        kl_by_winner([0.0], 4)
