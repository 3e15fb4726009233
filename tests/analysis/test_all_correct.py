from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.all_correct import pass_hat_curve
from topdraw.analysis.summary import ProblemRow
from topdraw.errors import DomainError

ROWS = st.lists(
    st.integers(3, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1
)


def _rows(counts: list[tuple[int, int]]) -> list[ProblemRow]:
    return [
        ProblemRow(str(at), n, c, missing=1, majority=math.nan, best_of_n=math.nan)
        for at, (n, c) in enumerate(counts)
    ]


@given(ROWS)
def test_it_is_the_mean_share_of_subsets_that_are_all_correct(
    counts: list[tuple[int, int]],
) -> None:
    for k, one in zip((1, 2, 3), pass_hat_curve(_rows(counts), (1, 2, 3)), strict=True):
        shares = [math.comb(c, k) / math.comb(n, k) for n, c in counts]
        assert one.value == pytest.approx(np.mean(shares))
        assert one.low <= one.value <= one.high
        assert (one.n, one.missing) == (len(counts), len(counts))


def test_unanswered_problems_are_left_out_and_a_large_k_is_refused() -> None:
    (one,) = pass_hat_curve(_rows([(0, 0), (4, 4)]), (4,))
    assert (one.value, one.n) == (1.0, 1)
    with pytest.raises(DomainError):
        pass_hat_curve(_rows([(4, 4)]), (5,))
