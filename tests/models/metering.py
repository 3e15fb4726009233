"""A meter that writes down what it is told, for tests.

Not here: the real ones, which are of the session of a draw (`topdraw.sampling`).
Try it: `python -m pytest tests/models/test_endpoint_bill.py`.
"""

from __future__ import annotations

import asyncio
from contextvars import Token

from topdraw.core.billing import Answered, Asked
from topdraw.core.records import Sample
from topdraw.models.meter import METER, Halted, Meter


class Ledger:
    """A context manager: the meter of everything that runs within.

    Args:
        allowed: requests that may begin; None for any number.
        forbids: raised for those that may not; None for `Halted`.
    """

    def __init__(self, allowed: int | None = None, forbids: Exception | None = None) -> None:
        self._allowed = allowed
        self._forbids = forbids or Halted()
        self.asked: list[Asked] = []
        self._ends: dict[str, Answered] = {}
        self.waits: list[tuple[str, float, str]] = []
        self.limits: list[tuple[str, int]] = []
        self.samples: list[Sample] = []
        self.error: Exception | None = None

    def __enter__(self) -> Ledger:
        self._token: Token[Meter] = METER.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        METER.reset(self._token)

    @property
    def answered(self) -> list[Answered]:
        """What came of each, in the order in which they began; all of them have ended."""
        assert len(self._ends) == len(self.asked)
        return [self._ends[str(number)] for number in range(len(self.asked))]

    async def begun(self, requests: int) -> None:
        """Wait until so many have begun."""
        while len(self.asked) < requests:
            await asyncio.sleep(0.001)

    def begin(self, asked: Asked, /) -> str:
        """Note it."""
        if self._allowed is not None and len(self.asked) >= self._allowed:
            raise self._forbids
        self.asked.append(asked)
        return str(len(self.asked) - 1)

    def end(self, attempt: str, answered: Answered, /) -> None:
        """Note it, once."""
        assert attempt not in self._ends
        self._ends[attempt] = answered

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        """Note it."""
        self.waits.append((endpoint, seconds, why))

    def at_once(self, endpoint: str, limit: int, /) -> None:
        """Note it."""
        self.limits.append((endpoint, limit))
