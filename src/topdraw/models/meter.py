"""Who is told of every request a model sends, and may forbid the next: the seam to the bill.

A model sends requests, retries included, that its caller cannot see from the samples alone. The
session of a draw puts its meter into `METER`; tasks started below inherit it, so that one model can
serve several draws at once and each pays its own.

Not here: keeping the bill (`topdraw.store`), caps (`topdraw.sampling.budget`).
Try it: `python -m pytest tests/models/test_endpoint_bill.py`.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from topdraw.core.billing import Answered, Asked


class Halted(Exception):
    """No further request may be sent: a cap is reached, or the draw is being interrupted.

    A model lets it pass, after handing over what requests already under way bring.
    """


class Meter(Protocol):
    """What the session of a draw offers to the model it draws from."""

    def begin(self, asked: Asked, /) -> str:
        """Note a request about to be sent; gives the name of this attempt.

        Raises:
            Halted: when it must not be sent.
        """

    def end(self, attempt: str, answered: Answered, /) -> None:
        """Note what came of it; called exactly once for each attempt that began."""

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        """An endpoint throttles: a request that it turned down waits so long."""

    def at_once(self, endpoint: str, limit: int, /) -> None:
        """So many requests are now allowed to be under way at an endpoint."""


class Unmetered:
    """Nobody is told, nothing is forbidden."""

    def begin(self, asked: Asked, /) -> str:
        """No name."""
        return ""

    def end(self, attempt: str, answered: Answered, /) -> None:
        """Nothing."""

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        """Nothing."""

    def at_once(self, endpoint: str, limit: int, /) -> None:
        """Nothing."""


METER: ContextVar[Meter] = ContextVar("topdraw_meter", default=Unmetered())  # noqa: B039  # stateless
