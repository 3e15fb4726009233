import dataclasses

import numpy as np
import pytest
from tests.reports.fake import fake_summary

from topdraw.analysis.summary import Stopping
from topdraw.core.records import Candidates
from topdraw.reports.choosers import chosen_by

ARRAYS = Candidates(
    value=np.array([0.1, 0.9, 0.2]),
    answer=np.array([0, 1, 0]),
    passed=np.array([True, False, True]),
    length_tokens=np.array([3, 4, 5]),
    logprob=np.full(3, np.nan),
    missing=np.zeros(3, bool),
    greedy=np.zeros(3, bool),
)


def test_every_real_strategy_of_the_summary_says_whom_it_picks() -> None:
    found = chosen_by(ARRAYS, fake_summary(problems=10, n=5))
    assert list(found) == ["majority", "best_of_n", "weighted_majority"]
    assert found["majority"] == pytest.approx([0.5, 0, 0.5])
    assert found["best_of_n"] == pytest.approx([0, 1, 0])
    for weights in found.values():
        assert weights.sum() == pytest.approx(1)


def test_who_waits_for_a_pass_keeps_it() -> None:
    rule = Stopping("until the first pass", "pass", True, 5, 1, 5, 2.0, 5.0, ())
    summary = dataclasses.replace(fake_summary(problems=10, n=5), stopping=rule)
    assert chosen_by(ARRAYS, summary) == {}
    settled = dataclasses.replace(summary, stopping=dataclasses.replace(rule, waited=False))
    assert "majority" in chosen_by(ARRAYS, settled)
