"""What an outcome says to a scorer: passed, not passed, for the caller, or missing."""

import pytest

from topdraw.scoring.sandbox.outcome import Outcome, Verdict


@pytest.mark.parametrize("verdict", Verdict)
def test_only_what_is_ours_is_missing(verdict: Verdict) -> None:
    outcome = Outcome(verdict, message="why")
    if verdict in (Verdict.CRASH, Verdict.HARNESS_OVERLOAD):
        assert outcome.passed is None
        assert outcome.missing == f"{verdict}: why"
    else:
        assert outcome.missing == ""
        assert outcome.passed is (None if verdict == Verdict.RAN else verdict == Verdict.PASSED)
