import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.made_run import LOST, NO, YES, made_run

from topdraw.analysis.variance import (
    binomial_std,
    designs,
    run_effect,
    variance_of,
    variance_parts,
)
from topdraw.core.until import Until
from topdraw.errors import DomainError

COUNTS = st.lists(
    st.integers(2, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    min_size=2,
    max_size=30,
)


@given(COUNTS)
def test_both_errors_add_up_to_the_usual_one(counts: list[tuple[int, int]]) -> None:
    n, c = np.array(counts).T
    parts = variance_parts(n, c, draws=20)
    usual = (c / n).std(ddof=1) / math.sqrt(len(n))
    assert parts.error >= usual - 1e-12
    if parts.between > 0:
        assert parts.error == pytest.approx(usual)
    assert 0 <= parts.share.low <= parts.share.high <= 1


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(5, 5), (2, 30)])
def test_the_parts_are_unbiased_at_unequal_n(sizes: tuple[int, int]) -> None:
    rng, problems = np.random.default_rng(0), 400
    found = []
    for _ in range(200):
        n = rng.choice(sizes, problems)
        found.append(variance_parts(n, rng.binomial(n, rng.beta(2, 3, problems)), draws=1))
    # beta(2, 3): variance 1/25; E[p(1-p)] = 2*3 / (5*6).
    assert np.mean([one.between for one in found]) == pytest.approx(1 / 25, rel=0.02)
    assert np.mean([one.within for one in found]) == pytest.approx(0.2, rel=0.02)
    inside = [one.share.low <= 1 / 6 <= one.share.high for one in
              (variance_parts(np.full(100, 8), rng.binomial(8, rng.beta(2, 3, 100)), draws=300)
               for _ in range(200))]  # fmt: skip
    assert np.mean(inside) > 0.88


def test_the_error_of_samples_is_that_of_drawing_the_same_problems_again() -> None:
    rng = np.random.default_rng(1)
    p, n = rng.beta(1, 1, 60), 20
    again = rng.binomial(n, p, size=(20_000, 60)).mean(axis=1) / n
    parts = variance_parts(np.full(60, n), rng.binomial(n, p), draws=1)
    assert parts.error_of_samples == pytest.approx(again.std(), rel=0.1)


def test_a_design_with_the_same_numbers_has_the_same_error() -> None:
    rng = np.random.default_rng(2)
    parts = variance_parts(np.full(80, 10), rng.binomial(10, rng.beta(1, 1, 80)), draws=1)
    assert parts.error_at(80, 10) == pytest.approx(parts.error)
    table = designs(parts, samples=[1, 1000])
    assert [(d.problems, d.samples) for d in table] == [(80, 1), (80, 1000), (320, 1), (320, 1000)]
    assert table[1].error == pytest.approx(parts.error_of_problems, rel=0.01)
    assert table[2].error == pytest.approx(table[0].error / 2)
    assert table[3].drawn == 320_000
    with pytest.raises(DomainError, match="not 0 x 1"):
        parts.error_at(0, 1)


def test_the_spread_of_runs_against_chance_is_cochrans_q() -> None:
    rng = np.random.default_rng(3)
    verdicts = (rng.random((50, 12)) < rng.beta(1, 1, (50, 1))).astype(float)
    found = run_effect(verdicts)
    columns, rows = verdicts.sum(axis=0), verdicts.sum(axis=1)
    q = 12 * 11 * ((columns - columns.mean()) ** 2).sum() / (12 * rows - rows**2).sum()
    assert 11 * found.ratio**2 == pytest.approx(q)
    assert 0.01 < found.p_value < 0.99
    assert found.expected < found.binomial
    shifted = verdicts.copy()
    shifted[:20, 0] = 0.0
    shifted[:, 1] = np.maximum(shifted[:, 1], np.arange(50) % 2)
    assert run_effect(shifted).p_value < 0.01


@pytest.mark.slow
def test_the_p_value_of_runs_is_uniform_without_an_effect() -> None:
    rng = np.random.default_rng(4)
    small = [
        run_effect((rng.random((80, 8)) < rng.beta(1, 1, (80, 1))).astype(float)).p_value < 0.05
        for _ in range(1000)
    ]
    assert np.mean(small) == pytest.approx(0.05, abs=0.02)


def test_the_published_spreads_are_one_and_two_binomials() -> None:
    # Song et al. 2024, Llama-3-8B-Instruct: HumanEval 3.62 at 31.8 %, GSM8K 2.50 at 64.4 %.
    assert 3.62 / (100 * binomial_std(0.318, 164)) == pytest.approx(1.0, abs=0.01)
    assert 2.50 / (100 * binomial_std(0.644, 1319)) == pytest.approx(1.9, abs=0.01)


def test_a_run_has_its_parts_and_a_stopped_one_has_none(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"p": [YES, YES, NO, LOST], "q": [NO, NO, NO]})
    parts = variance_of(run)
    assert (parts.problems, parts.samples) == (2, 3)
    assert parts.mean.value == pytest.approx(1 / 3)
    assert (parts.mean.missing, parts.share.missing) == (1, 1)
    until = Until("pass", by="judge")
    stopped = made_run(tmp_path / "s", {"p": [YES], "q": [NO, YES]}, until=until, cap=4)
    with pytest.raises(DomainError, match="depends on what they hold"):
        variance_of(stopped)


def test_what_cannot_be_parted_is_refused() -> None:
    with pytest.raises(DomainError, match="1 problems"):
        variance_parts([3], [1])
    with pytest.raises(DomainError, match="at most 1 samples"):
        variance_parts([1, 1], [1, 0])
    with pytest.raises(DomainError, match="takes two of them; here is 1"):
        run_effect([[1.0], [0.0]])
    with pytest.raises(DomainError, match="has no spread"):
        binomial_std(1.5, 10)
    assert math.isnan(run_effect([[1.0, 1.0], [0.0, 0.0]]).ratio)
