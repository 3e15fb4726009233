"""What went wrong with one request, whether to ask again, and how long to wait before.

Not here: sending; that is `transport`. There is one retry layer in topdraw, and this is its rule.
Try it: `python -m pytest tests/models/test_retry.py`.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from topdraw.core.billing import Fate
from topdraw.core.records import Json, Usage
from topdraw.errors import EndpointError

_RETRYABLE = frozenset({408, 409, 425, 429, 529})
_HOPELESS = frozenset({401, 402, 403, 404})
_QUOTA = ("insufficient_quota", "billing_not_active", "billing_hard_limit_reached")


class Refused(EndpointError):
    """The server will answer every request of this run the same way: stop, do not go on."""


class Trouble(Exception):
    """One attempt that brought no usable answer; the retry loop consumes it, no user sees it.

    Args:
        what: one line for people.
        status: HTTP status; None when no reply came.
        retryable: whether the same request may work later.
        hint_seconds: how long the server asks us to wait; None when it did not say.
        request_id: the server's own id of the request.
        payload: the decoded error body, for `dialect.learn`.
        unreachable: nothing listens there, or the name is unknown.
        quota: the account has nothing left to spend.
        fate: what the attempt cost, for the bill.
        usage: tokens charged all the same; None when the server did not say.
        garbled: whether there was an answer, only that its bytes are no UTF-8.
    """

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        retryable: bool = True,
        hint_seconds: float | None = None,
        request_id: str | None = None,
        payload: Json = None,
        unreachable: bool = False,
        quota: bool = False,
        fate: Fate = "refused",
        usage: Usage | None = None,
        garbled: bool = False,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.status = status
        self.retryable = retryable
        self.hint_seconds = hint_seconds
        self.request_id = request_id
        self.payload = payload
        self.unreachable = unreachable
        self.quota = quota
        self.fate: Fate = fate
        self.usage = usage
        self.garbled = garbled

    @property
    def busy(self) -> bool:
        """Whether the server says that it is the right one, only later: by a wait, or by 429."""
        return self.hint_seconds is not None or self.status == 429

    @property
    def throttles(self) -> bool:
        """Whether the server turned us down because there are too many requests."""
        if self.status == 429:
            return not self.quota
        overloaded = self.hint_seconds is not None or "overloaded" in self.what.lower()
        return self.status in (503, 529) and overloaded

    @property
    def hopeless(self) -> bool:
        """Whether every other request of the run would end the same way."""
        return self.quota or self.status in _HOPELESS


@dataclass(frozen=True, slots=True)
class Retry:
    """When to ask again.

    Attributes:
        attempts: most requests for one answer, >= 1; nearly twice as many when the last of them was
            throttled, for that is no fault of the request, and costs nothing.
        base_seconds: mean of the first wait; it doubles with each attempt.
        cap_seconds: longest wait of our own choosing.
        longest_hint_seconds: a server that asks for a longer wait is not waited for.
        first_contact_attempts: most requests while the server has never given a usable answer; more
            often than not the address is wrong. A busy server is no wrong one: see `busy`.
        dead_after_seconds: a server that has given nothing but errors for so long is given up; one
            that has answered before and says 429 after five times as long: some count by the hour.
        dead_after_failures: but not before so many requests in a row have failed.
    """

    attempts: int = 16
    base_seconds: float = 0.5
    cap_seconds: float = 30.0
    longest_hint_seconds: float = 120.0
    first_contact_attempts: int = 3
    dead_after_seconds: float = 120.0
    dead_after_failures: int = 20

    def most_attempts(self, trouble: Trouble, *, worked: bool) -> int:
        """Requests for one answer after which to give up.

        Args:
            trouble: what happened to the last one.
            worked: whether the server has ever given a usable answer.
        """
        if trouble.throttles:
            return 2 * self.attempts - 1
        sure = worked or trouble.busy
        return self.attempts if sure else min(self.first_contact_attempts, self.attempts)

    def wait_seconds(
        self, trouble: Trouble, attempt: int, *, worked: bool = True, jitter: float | None = None
    ) -> float | None:
        """How long to wait before the next attempt; None to give up.

        The wait is max(hint, b 2^(attempt-1) (1/2 + u)), b the base, u uniform on [0, 1): equal
        jitter, so that many clients refused at once do not come back at once, and never 0.

        Args:
            trouble: what happened.
            attempt: attempts made, this one included, >= 1.
            worked: whether the server has ever given a usable answer.
            jitter: u in [0, 1); drawn when None.
        """
        most = self.most_attempts(trouble, worked=worked)
        hint = trouble.hint_seconds or 0.0
        if not trouble.retryable or attempt >= most or hint > self.longest_hint_seconds:
            return None
        u = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, no secret
        # 2**60 seconds is for ever already; a larger exponent would overflow the float.
        backoff = self.base_seconds * 2.0 ** min(attempt - 1, 60)
        return max(hint, min(backoff, self.cap_seconds) * (0.5 + u))


def hinted_seconds(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """The wait a server asks for in Retry-After-Ms or Retry-After (seconds or an HTTP date).

    Args:
        headers: a mapping that finds lower-case names.
        now: the time dates are compared with; the present when None.

    Returns:
        Seconds > 0; None when there is no hint, or it is unreadable, negative or in the past.
    """
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        seconds = _number(headers.get(name, "")) * scale
        if seconds > 0 and math.isfinite(seconds):
            return seconds
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    seconds = (date - (now or datetime.now(UTC))).total_seconds()
    return seconds if seconds > 0 else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def status_trouble(status: int, headers: Mapping[str, str], payload: Json, text: str) -> Trouble:
    """What a reply with an error status, or an error object inside a 200, means.

    Args:
        status: HTTP status, or the code in the error object.
        headers: a mapping that finds lower-case names.
        payload: the decoded body; None when it is not JSON.
        text: the body as text, for people.
    """
    quota = any(word in _QUOTA for word in error_words(payload))
    retryable = (status in _RETRYABLE or status >= 500) and not quota
    said = error_message(payload) or _plain(text)
    return Trouble(
        f"HTTP {status}: {said}" if said else f"HTTP {status}",
        status=status,
        retryable=retryable,
        hint_seconds=hinted_seconds(headers),
        request_id=headers.get("x-request-id"),
        payload=payload,
        quota=quota,
    )


def error_object(payload: Json) -> Mapping[str, Json]:
    """The error inside a body: `{"error": {...}}`, `{"error": "..."}` or the body itself."""
    if not isinstance(payload, dict):
        return {}
    inner = payload.get("error", payload)
    return inner if isinstance(inner, dict) else {"message": inner}


def error_message(payload: Json) -> str:
    """What an error body says to people, on one line of at most 300 characters; "" if nothing."""
    error = error_object(payload)
    for key in ("message", "detail", "error"):
        if error.get(key):
            return _plain(str(error[key]))
    return ""


def error_words(payload: Json) -> tuple[str, ...]:
    """The machine-readable words of an error body: its code and its type."""
    error = error_object(payload)
    return tuple(word for key in ("code", "type") if isinstance(word := error.get(key), str))


def _plain(text: str) -> str:
    without_tags = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", text[:20_000], flags=re.S)
    words = " ".join("".join(c if c.isprintable() else " " for c in without_tags).split())
    return words if len(words) <= 300 else words[:297] + "..."
