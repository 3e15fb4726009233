import gzip
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.selection.made import any_candidates, made

from topdraw.analysis.curves import at_all
from topdraw.analysis.vote_curve import LARGEST, majority_of_k
from topdraw.core.records import Candidates
from topdraw.errors import DomainError
from topdraw.selection.vote import majority


@settings(max_examples=40)
@given(any_candidates(missing=False))
def test_it_equals_the_vote_over_all_subsets(one: Candidates) -> None:
    ks = range(1, one.n + 1)
    got = majority_of_k(one.answer, one.passed, ks)
    for k in ks:
        subsets = [one.take(np.array(s)) for s in itertools.combinations(range(one.n), k)]
        assert got[k - 1] == pytest.approx(at_all(majority, subsets).mean(), abs=1e-12)


@given(st.lists(st.integers(-1, 20), min_size=1, max_size=120), st.data())
def test_one_is_the_mean_and_all_is_the_vote(answers: list[int], data: st.DataObject) -> None:
    n = len(answers)
    passed = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    one = made(answer=answers, passed=passed)
    got = majority_of_k(one.answer, one.passed, [1, n])
    assert got[0] == pytest.approx(np.mean(passed), abs=1e-12)
    assert got[1] == pytest.approx(majority(one) @ one.passed, abs=1e-12)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.data())
def test_if_everything_is_right_so_is_the_vote(answers: list[int], data: st.DataObject) -> None:
    n = len(answers)
    k = data.draw(st.integers(1, n))
    assert majority_of_k(np.array(answers), np.ones(n, bool), [k])[0] == pytest.approx(1, abs=1e-12)


def test_two_equal_camps_stay_even_at_every_k() -> None:
    answer = np.repeat([0, 1], 50)
    got = majority_of_k(answer, answer == 0, range(1, 101))
    assert got == pytest.approx([0.5] * 100, abs=1e-12)


def test_all_different_answers_never_help() -> None:
    answer = np.arange(100)
    got = majority_of_k(answer, answer == 7, range(1, 101))
    assert got == pytest.approx([0.01] * 100, abs=1e-12)


@pytest.mark.parametrize("silent", [0, 40])
def test_a_large_case_agrees_with_simulation(silent: int) -> None:
    rng = np.random.default_rng(5)
    answer = rng.choice(12, size=100, p=rng.dirichlet(np.full(12, 0.7)))
    answer[:silent] = -1
    passed = answer == 3
    subsets = [rng.choice(100, size=15, replace=False) for _ in range(4000)]
    draws = at_all(
        majority, [made(answer=answer[s].tolist(), passed=passed[s].tolist()) for s in subsets]
    )
    error = draws.std() / np.sqrt(draws.size)
    assert majority_of_k(answer, passed, [15])[0] == pytest.approx(draws.mean(), abs=4 * error)


def test_the_largest_run_neither_underflows_nor_loses_mass() -> None:
    answer = np.repeat([0, 1, 2], [500, 499, 1])
    got = majority_of_k(answer, np.ones(LARGEST, bool), [1, 2, 500, 999, 1000])
    assert got == pytest.approx([1] * 5, abs=1e-10)


def test_what_is_too_large_or_out_of_range_is_refused() -> None:
    for n, k in ((5, 6), (5, 0), (LARGEST + 1, 1)):
        with pytest.raises(DomainError, match="needs 1 <= k <= n <= 1000"):
            majority_of_k(np.zeros(n, np.int64), np.zeros(n, bool), [k])


def test_a_vote_among_the_mistaken_gets_worse() -> None:
    # Condorcet the wrong way round: each sample is right with 0.4, and the crowd agrees on wrong.
    answer = np.repeat([0, 1], [40, 60])
    got = majority_of_k(answer, answer == 0, [1, 5, 25, 100])
    assert (np.diff(got) < 0).all()
    assert got[-1] == 0


@pytest.mark.slow
def test_votes_over_a_hundred_recorded_samples_agree_with_simulation(shared_data: Path) -> None:
    """Game of 24, GPT-4: the puzzles with most right answers, 100 samples each."""
    name = "gpt-4_0.7_naive_standard_sample_100_start900_end1000.json.gz"
    rows = json.loads(gzip.decompress((shared_data / "game24" / name).read_bytes()))
    rows = sorted(rows, key=lambda row: -sum(row["accs"]))[:5]
    rng = np.random.default_rng(7)
    for row in rows:
        seen: dict[str, int] = {}
        answer = np.array([seen.setdefault(text.strip(), len(seen)) for text in row["ys"]])
        passed = np.array(row["accs"], bool)
        got = majority_of_k(answer, passed, [1, 5, 20, 60])
        assert got[0] == pytest.approx(passed.mean(), abs=1e-12)
        for k, exact in zip([5, 20, 60], got[1:], strict=True):
            subsets = [rng.permutation(100)[:k] for _ in range(1500)]
            draws = at_all(
                majority,
                [made(answer=answer[s].tolist(), passed=passed[s].tolist()) for s in subsets],
            )
            # Where all draws agree, what is rarer than one of them may still happen.
            error = max(draws.std(), draws.size**-0.5) / np.sqrt(draws.size)
            assert exact == pytest.approx(draws.mean(), abs=4 * error)
