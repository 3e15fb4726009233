"""Caps on judges: over all sessions, never passed by more than what is under way."""

import pytest
from tests.conftest import TinyRun

from topdraw.core.billing import Answered, Asked
from topdraw.errors import DomainError
from topdraw.models.meter import Halted
from topdraw.scoring.charged import Caps, Charged

ASKED = Asked("p", 0, 1, "localhost:1")


def test_requests_are_counted_over_sessions(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1"]})
    for session in range(2):
        with Charged(run, "j", "m", Caps(requests=4)) as meter:
            for _ in range(2):
                meter.end(meter.begin(ASKED), Answered("delivered", 1, 10, 5))
            assert (meter.requests, meter.tokens) == (2, 30 * (session + 1))
    with Charged(run, "j", "m", Caps(requests=4)) as meter:
        with pytest.raises(Halted):
            meter.begin(ASKED)
        assert "cap of 4 requests of 'j' is reached: 4 requests and 60" in str(meter.exhausted())
    with Charged(run, "j", "other", Caps(requests=4)) as meter:
        meter.end(meter.begin(ASKED), Answered("refused"))


def test_tokens_under_way_are_reserved(tiny_run: TinyRun) -> None:
    with Charged(tiny_run({"p": ["1"]}), "j", "m", Caps(tokens=50)) as meter:
        meter.end(meter.begin(ASKED), Answered("delivered", 1, 10, 5))
        first, second = meter.begin(ASKED), meter.begin(ASKED)
        with pytest.raises(Halted):
            meter.begin(ASKED)
        assert meter.halted == "tokens"
        meter.halt("interrupted")
        assert meter.halted == "tokens"
        for attempt in (first, second):
            meter.end(attempt, Answered("delivered", 1, 10, 5))
        meter.waiting("x", 1.0, "why")
        meter.at_once("x", 1)


@pytest.mark.parametrize("caps", [{"requests": 0}, {"tokens": 0}])
def test_a_cap_below_one_is_refused(caps: dict[str, int]) -> None:
    with pytest.raises(DomainError, match="is 0"):
        Caps(**caps)
