import gzip
import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.coverage import coverage_curve, pass_at_k, pass_hat_k
from topdraw.errors import DomainError

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/coverage.json").read_text())


def exact(n: int, c: int, k: int) -> float:
    return float(1 - Fraction(math.comb(n - c, k), math.comb(n, k)))


@st.composite
def counts(draw: st.DrawFn, most: int) -> tuple[int, int, int]:
    n = draw(st.integers(1, most))
    return n, draw(st.integers(0, n)), draw(st.integers(1, n))


@pytest.mark.parametrize("case", GOLDEN["pass_at_k"])
def test_pass_at_k_golden(case: dict[str, float]) -> None:
    got = pass_at_k(np.array([case["n"]]), np.array([case["c"]]), int(case["k"]))
    assert got[0] == pytest.approx(float(case["value"]), abs=case["tolerance"])


@pytest.mark.parametrize("case", GOLDEN["pass_hat_k"])
def test_pass_hat_k_golden(case: dict[str, float]) -> None:
    got = pass_hat_k(np.array([case["n"]]), np.array([case["c"]]), int(case["k"]))
    assert got[0] == pytest.approx(float(case["value"]), abs=case["tolerance"])


@given(counts(8))
def test_both_equal_enumeration_of_all_subsets(case: tuple[int, int, int]) -> None:
    n, c, k = case
    subsets = list(itertools.combinations([True] * c + [False] * (n - c), k))
    assert pass_at_k(n, c, k) == pytest.approx(np.mean([any(s) for s in subsets]), abs=1e-12)
    assert pass_hat_k(n, c, k) == pytest.approx(np.mean([all(s) for s in subsets]), abs=1e-12)


@given(counts(10_000))
def test_large_counts_agree_with_whole_numbers_of_python(case: tuple[int, int, int]) -> None:
    n, c, k = case
    assert float(pass_at_k(n, c, k)) == pytest.approx(exact(n, c, k), abs=1e-12)
    assert float(pass_hat_k(n, c, k)) == pytest.approx(1 - exact(n, n - c, k), abs=1e-12)


def test_small_values_keep_their_digits() -> None:
    assert float(pass_at_k(10_000, 1, 3)) == pytest.approx(3e-4, rel=1e-14)


@given(counts(60))
def test_it_rises_in_k_and_in_c_and_starts_at_the_share(case: tuple[int, int, int]) -> None:
    n, c, k = case
    now = float(pass_at_k(n, c, k))
    assert float(pass_at_k(n, c, 1)) == pytest.approx(c / n, abs=1e-15)
    assert k == n or float(pass_at_k(n, c, k + 1)) >= now
    assert c == n or float(pass_at_k(n, c + 1, k)) >= now
    assert float(pass_hat_k(n, c, k)) <= now + 1e-12
    assert (now == 0) == (c == 0)


def test_the_curve_is_the_same_numbers_side_by_side() -> None:
    n, c = np.array([7, 9, 9]), np.array([2, 0, 9])
    curve = coverage_curve(n, c, [1, 4, 7])
    assert curve.shape == (3, 3)
    for column, k in enumerate((1, 4, 7)):
        np.testing.assert_allclose(curve[:, column], pass_at_k(n, c, k), atol=1e-15)


def test_no_problems_and_no_k_give_empty_curves() -> None:
    assert coverage_curve([], [], [1]).shape == (0, 1)
    assert coverage_curve([3], [1], []).shape == (1, 0)


def test_more_than_there_are_is_refused_and_never_one() -> None:
    with pytest.raises(
        DomainError, match=r"pass@64 needs at least 64 scored.*'problem 1' has 32.*-n 64"
    ):
        pass_at_k(np.array([64, 32]), np.array([0, 0]), 64)
    with pytest.raises(DomainError, match=r"pass\^3 needs"):
        pass_hat_k(2, 2, 3)


@pytest.mark.parametrize(
    ("n", "c", "k", "message"),
    [(5, 6, 1, "c = 6 correct of n = 5"), (5, -1, 1, "c = -1"), (5, 2, 0, "k >= 1")],
)
def test_impossible_counts_are_refused(n: int, c: int, k: int, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        pass_at_k(n, c, k)


def test_counts_are_whole_numbers() -> None:
    with pytest.raises(DomainError, match="whole numbers"):
        pass_at_k(np.array([5.0, np.nan]), 1, 1)
    with pytest.raises(DomainError, match="whole numbers"):
        pass_at_k(5, 0.5, 1)
    with pytest.raises(DomainError, match="whole numbers"):
        pass_at_k(np.inf, 1, 1)
    with pytest.raises(DomainError, match="whole numbers"):
        pass_at_k(["a"], 1, 1)
    with pytest.raises(DomainError, match="same problems"):
        pass_at_k([5, 6], [1, 2, 3], 1)


def _published(name: str, n: int, c: np.ndarray) -> None:
    golden = GOLDEN[name]
    for k, value in golden["values"].items():
        got = float(pass_at_k(n, c, int(k)).mean())
        assert got == pytest.approx(value, abs=golden["tolerance"])


def test_real_samples_of_humaneval(shared_data: Path) -> None:
    path = shared_data / "humaneval/codegen16b_100samples_tasks0_39.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    right = [sum(result == "passed" for result in row["results"]) for row in rows]
    assert right == [row["c"] for row in rows]
    _published("humaneval_codegen16b_tasks_0_39", 100, np.array(right))


def test_real_samples_of_the_game_of_24(shared_data: Path) -> None:
    path = shared_data / "game24/gpt-4_0.7_naive_standard_sample_100_start900_end1000.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = json.load(file)
    _published("game24_gpt4_io", 100, np.array([sum(row["accs"]) for row in rows]))


def test_the_plug_in_is_biased_and_ours_is_not() -> None:
    rng = np.random.default_rng(0)
    right = rng.binomial(20, 0.1, size=20_000)
    truth = 1 - 0.9**10
    error = float(pass_at_k(20, right, 10).mean()) - truth
    plug_in = float((1 - (1 - right / 20) ** 10).mean()) - truth
    assert abs(error) < 4 * float(pass_at_k(20, right, 10).std()) / math.sqrt(20_000)
    assert plug_in < -0.03
