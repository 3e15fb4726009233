"""The bill of a question to a judge: a reply without a verdict was paid for and bought nothing.

Not here: the bill itself; that is the meter's around it (`models.meter`).
Try it: `python -m pytest tests/scoring/judges/test_paying.py`.
"""

from __future__ import annotations

import dataclasses
from contextvars import Token
from types import TracebackType
from typing import Self

from topdraw.core.billing import Answered, Asked
from topdraw.models.meter import METER, Meter


class Withheld:
    """A meter that tells the one around it what came of a request once the replies were read.

    A context manager: inside, it is the meter.

    Attributes:
        bought: whether there was a verdict in what was delivered.
    """

    def __init__(self) -> None:
        self.bought = False
        self._around: Meter = METER.get()
        self._delivered: list[tuple[str, Answered]] = []
        self._token: Token[Meter] | None = None

    def __enter__(self) -> Self:
        self._token = METER.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._token is not None  # noqa: S101  set on entering
        METER.reset(self._token)
        for attempt, answered in self._delivered:
            self._around.end(attempt, answered if self.bought else _in_vain(answered))

    def begin(self, asked: Asked, /) -> str:
        """See `models.meter.Meter`."""
        return self._around.begin(asked)

    def end(self, attempt: str, answered: Answered, /) -> None:
        """See `models.meter.Meter`; of what was delivered, the end comes on leaving."""
        if answered.fate == "delivered":
            self._delivered.append((attempt, answered))
        else:
            self._around.end(attempt, answered)

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        """See `models.meter.Meter`."""
        self._around.waiting(endpoint, seconds, why)

    def at_once(self, endpoint: str, limit: int, /) -> None:
        """See `models.meter.Meter`."""
        self._around.at_once(endpoint, limit)


def _in_vain(answered: Answered) -> Answered:
    return dataclasses.replace(answered, fate="unused", samples=0, note="no verdict in the reply")
