from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.made_run import LOST, NO, ODD, SILENT, YES

from topdraw.analysis.coverage import pass_at_k
from topdraw.analysis.stopping import (
    Outcome,
    guaranteed,
    outcome,
    stopped_coverage,
)
from topdraw.core.records import Score
from topdraw.core.until import Until
from topdraw.errors import DomainError

PASS = Until("pass", by="judge", batch=2)
SETTLED = Until("settled", by="judge", batch=1, confidence=0.9)


def _plans(n: int, batch: int) -> Iterator[tuple[int, int, int]]:
    """Every way a problem can end: samples before the last batch, in it, passes in it."""
    for before in range(0, n, batch):
        last = min(batch, n - before)
        for correct in range(0 if before + last == n else 1, last + 1):
            yield before, last, correct


@pytest.mark.parametrize("p", [Fraction(1, 50), Fraction(1, 3), Fraction(9, 10)])
@pytest.mark.parametrize(("n", "batch"), [(6, 1), (8, 3), (10, 4), (5, 5), (3, 9)])
def test_its_expectation_is_coverage_at_every_k(n: int, batch: int, p: Fraction) -> None:
    ends = list(_plans(n, batch))
    law = [float((1 - p) ** (m + b - c) * p**c * math.comb(b, c)) for m, b, c in ends]
    assert sum(law) == pytest.approx(1)
    before, last, correct = np.array(ends).T
    curve = np.array(law) @ stopped_coverage(before, last, correct, range(1, n + 1))
    assert curve == pytest.approx([1 - float(1 - p) ** k for k in range(1, n + 1)], abs=1e-12)


@pytest.mark.parametrize(("n", "batch"), [(6, 1), (7, 3), (8, 4)])
def test_nothing_else_that_looks_at_the_counts_has_this_expectation(n: int, batch: int) -> None:
    """As many ways to end as powers of p: the laws of the ends determine every function."""
    p = np.linspace(0.05, 0.95, 4 * n)[:, None]
    m, b, c = np.array(list(_plans(n, batch))).T
    laws = (1 - p) ** (m + b - c) * p**c
    assert laws.shape[1] == n + 1 == np.linalg.matrix_rank(laws, tol=1e-12)


@given(st.integers(1, 12), st.data())
def test_in_one_batch_it_is_plain_pass_at_k(b: int, data: st.DataObject) -> None:
    c = data.draw(st.integers(0, b))
    ks = list(range(1, b + 1))
    assert stopped_coverage([0], [b], [c], ks)[0] == pytest.approx([pass_at_k(b, c, k) for k in ks])


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 6), st.integers(1, 6)), max_size=5),
    st.lists(st.integers(1, 30), min_size=1, max_size=6).map(sorted),
)
def test_it_rises_from_nothing_to_certainty(
    ends: list[tuple[int, int, int]], ks: list[int]
) -> None:
    m, b, c = (np.array([each[at] for each in ends], np.int64) for at in range(3))
    curve = stopped_coverage(m, b, np.minimum(b, c), ks)
    assert curve.shape == (len(ends), len(ks))
    assert (np.diff(curve, axis=1) >= 0).all()
    k = np.array(ks)
    assert not curve[k[None, :] <= m[:, None]].any()
    assert (curve[k[None, :] >= (m + b)[:, None]] == 1).all()


def test_a_problem_without_a_pass_says_nothing_beyond_its_samples() -> None:
    assert stopped_coverage([4], [2], [0], [1, 6]).tolist() == [[0, 0]]
    with pytest.raises(DomainError, match="pass@7 needs at least 7 scored samples"):
        stopped_coverage([0, 4], [2, 2], [1, 0], [7])
    with pytest.raises(DomainError, match="k >= 1"):
        stopped_coverage([4], [2], [0], [0])
    with pytest.raises(DomainError, match="0 <= c <= b"):
        stopped_coverage([4], [2], [3], [1])


VERDICTS = st.lists(st.sampled_from([YES, NO, ODD, SILENT, LOST]), max_size=20)
RULES = st.builds(
    Until,
    st.sampled_from(["pass", "settled"]),
    by=st.just("judge"),
    batch=st.integers(1, 5),
    confidence=st.sampled_from([0.6, 0.9, 1.0]),
)


@given(RULES, st.integers(1, 12), VERDICTS)
def test_what_lies_beyond_the_end_makes_no_difference(
    until: Until, cap: int, scores: list[Score]
) -> None:
    end = outcome(until, cap, scores)
    assert 0 <= end.before <= end.drawn <= min(cap, len(scores))
    assert end.drawn == cap or end.drawn % until.batch == 0
    if end.ended:
        assert end.drawn >= guaranteed(until, cap)
        assert outcome(until, cap, scores[: end.drawn]) == end
    else:
        assert len(scores) < cap
        assert len(scores) - end.drawn < until.batch
    if until.rule == "pass":
        assert not any(score.passed for score in scores[: end.before])


@given(RULES, st.integers(1, 12))
def test_no_rule_ends_before_the_samples_it_guarantees(until: Until, cap: int) -> None:
    first = guaranteed(until, cap)
    assert outcome(until, cap, [YES] * cap) == Outcome(
        first, (first - 1) // until.batch * until.batch, ended=True
    )


def test_a_look_sees_whole_batches_and_the_cap_is_the_last() -> None:
    assert outcome(PASS, 5, [NO, NO, YES]) == Outcome(2, 2, ended=False)
    assert outcome(PASS, 5, [NO, NO, YES, NO]) == Outcome(4, 2, ended=True)
    assert outcome(PASS, 5, [NO] * 5) == Outcome(5, 4, ended=True)
    assert outcome(PASS, 5, [NO]) == Outcome(0, 0, ended=False)
    with pytest.raises(DomainError, match="at least 1"):
        outcome(PASS, 0, [])
