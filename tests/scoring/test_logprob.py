"""Mean log-probability per token, and when it is missing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Problem, Sample, Usage
from topdraw.scoring.logprob import score_logprob

_PROBLEM = Problem("p", "")


@given(st.floats(-1e6, 0), st.integers(1, 10**6))
def test_mean_per_token(total: float, tokens: int) -> None:
    sample = Sample("p", 0, "x", logprob=total, usage=Usage(output_tokens=tokens))
    (score,) = score_logprob(_PROBLEM, [sample])
    assert score.value == total / tokens
    assert score.passed is None
    assert score.answer is None


@pytest.mark.parametrize(("logprob", "tokens"), [(math.nan, 3), (-1.0, 0), (math.nan, 0)])
def test_missing_says_why(logprob: float, tokens: int) -> None:
    sample = Sample("p", 0, "x", logprob=logprob, usage=Usage(output_tokens=tokens))
    (score,) = score_logprob(_PROBLEM, [sample])
    assert score.is_missing
    assert math.isnan(score.value)
    assert ("token" if tokens == 0 and not math.isnan(logprob) else "log-probability") in str(
        score.missing_reason
    )
