from __future__ import annotations

import dataclasses
import math
import re

from hypothesis import given
from hypothesis import strategies as st
from tests.reports.fake import fake_summary

from topdraw.analysis.summary import Difference
from topdraw.core.estimate import Estimate
from topdraw.reports.forest import forest

SUMMARY = fake_summary(problems=20, n=4)


@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=1, max_size=6))
def test_intervals_lie_inside_on_one_scale(drawn: list[tuple[float, float, float]]) -> None:
    told = tuple(
        Difference("majority", "random", 4, Estimate(value, low, high))
        for low, value, high in map(sorted, drawn)
    )
    rows = forest(dataclasses.replace(SUMMARY, differences=told))
    zeros = {re.findall(r'zero" d="M([\d.]+) ', row.drawn)[0] for row in rows}
    assert len(zeros) == 1
    for row in rows:
        left, right = map(float, re.findall(r'span" d="M([\d.]+) 10H([\d.]+)', row.drawn)[0])
        assert 0 <= left <= right <= 200
        zero = float(next(iter(zeros)))
        if row.estimate.low > 0.02:
            assert left > zero
        if row.estimate.high < -0.02:
            assert right < zero


def test_names_are_those_of_the_curves_and_unknown_numbers_are_left_out() -> None:
    told = (
        Difference("majority", "random", 4, Estimate(0.1)),
        Difference("mine", "random", 4, Estimate(math.nan)),
    )
    rows = forest(dataclasses.replace(SUMMARY, differences=told))
    assert [(row.a, row.b, row.key) for row in rows] == [
        ("majority vote", "one sample (mean)", "majority")
    ]
