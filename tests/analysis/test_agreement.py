import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from topdraw.analysis.agreement import auc, rank_correlation, right_over_wrong

LEVELS = st.sampled_from([-math.inf, -2.0, 0.0, 0.5, 3.0, math.inf, math.nan])
ROWS = st.lists(st.tuples(LEVELS, st.booleans()), max_size=12)


@given(ROWS)
def test_pairs_are_counted_as_by_hand(rows: list[tuple[float, bool]]) -> None:
    ordered, number = 0.0, 0
    for value, passed in rows:
        for other, right in rows:
            if passed and not right and not math.isnan(value) and not math.isnan(other):
                number += 1
                ordered += 1.0 if value > other else 0.5 if value == other else 0.0
    values, verdicts = [v for v, _ in rows], [p for _, p in rows]
    assert right_over_wrong(values, verdicts) == (ordered, number)
    area = auc(values, verdicts)
    assert math.isnan(area) if not number else area == pytest.approx(ordered / number)


@given(ROWS)
def test_the_other_way_round_is_one_less(rows: list[tuple[float, bool]]) -> None:
    values, verdicts = np.array([v for v, _ in rows]), [p for _, p in rows]
    area = auc(values, verdicts)
    if not math.isnan(area):
        assert auc(-values, verdicts) == pytest.approx(1 - area)
        assert auc(values, [not p for p in verdicts]) == pytest.approx(1 - area)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=20))
def test_rank_correlation_is_scipys(rows: list[tuple[int, int]]) -> None:
    a, b = (np.array(each, float) for each in zip(*rows, strict=True))
    ours = rank_correlation(a, b)
    if np.ptp(a) and np.ptp(b):
        assert ours == pytest.approx(float(spearmanr(a, b).statistic))
    else:
        assert math.isnan(ours)


def test_what_has_no_number_is_left_out() -> None:
    assert rank_correlation([1, 2, math.nan, 3], [1, 2, 9, math.nan]) == 1
    assert math.isnan(rank_correlation([], []))
    assert math.isnan(auc([1.0], [True]))
