"""How fast a draw goes and how long it still takes, from this session alone; numbers in words.

Not here: showing them; `topdraw.cli.display`.
Try it: `python -m pytest tests/cli/test_pace.py`.
"""

from __future__ import annotations

import math
from bisect import bisect_right

_WINDOW_SECONDS = 60.0
_FIRST_SECONDS = 1.0


class Pace:
    """Samples per second over the later half of a session, or its last minute if that is longer.

    A whole session's mean would keep the memory of an hour's throttling for hours; a short window
    would jump with every batch of samples that arrives.
    """

    def __init__(self) -> None:
        self._seconds = [0.0]
        self._drawn = [0]

    def note(self, seconds: float, drawn: int) -> None:
        """Take note of how many samples had been drawn, so long after the session began."""
        if seconds >= self._seconds[-1] + 1:
            self._seconds.append(seconds)
            self._drawn.append(drawn)

    def per_second(self, seconds: float, drawn: int) -> float | None:
        """Samples per second, now.

        Args:
            seconds: since the session began.
            drawn: samples since then.

        Returns:
            None while nobody can know: within the first second, and before the first sample.
        """
        if drawn == 0 or seconds < _FIRST_SECONDS:
            return None
        begin = max(min(seconds - _WINDOW_SECONDS, seconds / 2), 0.0)
        at = bisect_right(self._seconds, begin) - 1
        return (drawn - self._drawn[at]) / (seconds - self._seconds[at])


def duration(seconds: float) -> str:
    """A time to wait, for people.

    Examples:
        >>> duration(75), duration(3 * 3600 + 5), duration(200_000)
        ('1:15', '3:00:05', '2 d 7 h')
    """
    whole = round(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours}:{minutes % 60:02}:{whole % 60:02}"
    return f"{minutes}:{whole % 60:02}"


def speed(per_second: float) -> str:
    """A rate for people.

    Examples:
        >>> speed(412.3), speed(4.12), speed(0.05)
        ('412/s', '4.1/s', '3/min')
    """
    if per_second < 1:
        return f"{per_second * 60:.2g}/min"
    return f"{per_second:,.0f}/s" if per_second >= 10 else f"{per_second:.1f}/s"


def compact(count: float) -> str:
    """A large count in three digits.

    Examples:
        >>> compact(999), compact(12_345), compact(4_200_000)
        ('999', '12.3k', '4.2M')
    """
    value = float(count)
    for unit in ("", "k", "M", "G"):
        if value < 999.5:
            return f"{value:.3g}{unit}"
        value /= 1000
    return f"{value:.3g}T"


def dollars(usd: float | None) -> str:
    """An amount of USD; a price nobody knows makes an unknown cost, never 0.

    Examples:
        >>> dollars(12.345), dollars(0.00123), dollars(0.0), dollars(None)
        ('$12.35', '$0.0012', '$0.00', 'cost unknown')
    """
    if usd is None:
        return "cost unknown"
    if usd >= 1 or usd == 0:
        return f"${usd:,.2f}"
    return f"${usd:.{1 - math.floor(math.log10(usd))}f}"


def many(count: int, word: str) -> str:
    """A count with its word, which takes an s unless there is one.

    Examples:
        >>> many(1, "problem"), many(2500, "request")
        ('1 problem', '2,500 requests')
    """
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
