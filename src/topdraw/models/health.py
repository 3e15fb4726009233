"""What calls found out about one of several endpoints: whether to ask it, and how patiently.

Not here: choosing among them and handing work over; that is `several`.
Try it: `python -m pytest tests/models/test_health.py`.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from topdraw.models.retry import Refused, Retry, Trouble

LATER = frozenset({408, 409, 425, 429})
_QUICK_ATTEMPTS = 3


class Seen(NamedTuple):
    """How an endpoint stood when a call came to it."""

    delivered: int
    failures: int


class Health:
    """Of one endpoint, over all calls.

    Args:
        retry: how long the endpoint is left alone after a failure: twice its first wait, doubling
            with every further failure, up to its longest.

    Attributes:
        calls: that came to it so far.
        busy: of them under way.
        failures: since it last gave a sample.
        verdict: why it is never asked again; None while it may be.
    """

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self.calls = self.busy = 0
        self._delivered = 0
        self.forget()

    def forget(self) -> None:
        """Take it for well again."""
        self.failures = 0
        self.back_at = 0.0
        self.verdict: Refused | None = None

    @property
    def absent_seconds(self) -> float:
        """How long it is still left alone; 0 when it may be asked."""
        return max(self.back_at - time.monotonic(), 0.0)

    @property
    def well(self) -> bool:
        """Whether work can be handed to it without a doubt."""
        return not self.failures and self.verdict is None

    def seen(self) -> Seen:
        """How it stands now."""
        return Seen(self._delivered, self.failures)

    def gave(self) -> None:
        """It gave a sample."""
        self._delivered += 1
        self.failures = 0
        self.back_at = 0.0

    def failed(self, before: Seen) -> float | None:
        """A call failed for good.

        Args:
            before: how the endpoint stood when the call began. Where others got samples meanwhile
                it is not the endpoint's fault, and where it was found out meanwhile it is no news.

        Returns:
            Seconds for which the endpoint is now left alone; None when nothing changes.
        """
        if self.seen() != before:
            return None
        self.failures += 1
        pause = self._retry.base_seconds * 2.0 ** min(self.failures, 60)
        pause = min(pause, self._retry.cap_seconds)
        self.back_at = time.monotonic() + pause
        return pause


def for_good(error: Refused) -> bool:
    """Whether a server that refuses like this will never do otherwise: a wrong key or model."""
    status = error.status or 0
    return 400 <= status < 500 and status not in LATER


@dataclass(frozen=True, slots=True)
class Handover(Retry):
    """Gives up early while another endpoint could take over.

    Attributes:
        elsewhere: whether one could.
    """

    elsewhere: Callable[[], bool] = bool

    @classmethod
    def of(cls, retry: Retry, elsewhere: Callable[[], bool]) -> Handover:
        """The same rule, less patient while `elsewhere()` is true."""
        values = {f.name: getattr(retry, f.name) for f in dataclasses.fields(Retry)}
        return cls(**values, elsewhere=elsewhere)

    def most_attempts(self, trouble: Trouble, *, worked: bool) -> int:
        """Requests for one answer after which to give up; see `Retry`."""
        # No super(): a dataclass with slots is another class than the one this was written in.
        most = Retry.most_attempts(self, trouble, worked=worked)
        return min(most, _QUICK_ATTEMPTS) if self.elsewhere() else most
