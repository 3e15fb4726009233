"""What one request cost upstream, attempt by attempt."""

from __future__ import annotations

from topdraw.core.billing import Answered, Asked
from topdraw.servers.proxy.tally import Tally

ASKED = Asked("p", 0, 4, "x:1")


def test_every_attempt_counts() -> None:
    tally = Tally()
    first, second, third = (tally.begin(ASKED) for _ in range(3))
    assert len({first, second, third}) == 3
    tally.end(second, Answered("delivered", 4, 7, 12))
    fourth = tally.begin(ASKED)
    assert fourth not in (first, third)
    tally.end(first, Answered("refused", status=500))
    tally.end(third, Answered("delivered", 1, 7, 3, estimated=True))
    tally.end(fourth, Answered("unused", status=200))
    assert (tally.prompt_tokens, tally.output_tokens, tally.tokens) == (14, 15, 29)
    assert tally.fates == {"delivered": 2, "refused": 1, "unused": 1}
    assert tally.estimated
    assert tally.lines[0][1].fate == "delivered"
    tally.waiting("x", 1.0, "why")
    tally.at_once("x", 3)
