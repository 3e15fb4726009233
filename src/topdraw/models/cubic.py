"""How many requests may be out at once: CUBIC, with requests for segments.

Not here: who waits for a place (`gate`). Everything here is a pure function of its arguments.
Try it: `python -m pytest tests/models/test_cubic.py`.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

_SHRINK = 0.5
_GROWTH = 0.4  # requests per cubic second
# With a single place left, one answer that hangs would hold up everybody until its deadline.
_FLOOR = 1 / 8
_HIGHEST_FLOOR = 4.0


@dataclass(frozen=True, slots=True)
class Window:
    """The size of the window over time, after the last throttle.

    size(t) = C (t - K)^3 + plateau, K = cbrt((plateau - low) / C), t in seconds since the window
    opened again: fast back towards the size at which the server said no, slow around it, then fast
    beyond. Where answers are quick, one request more per round trip is faster, and counts.

    Attributes:
        most: the size without any throttle, >= 1.
        low: the size right after the last throttle, >= 1.
        plateau: the size at which growth is slowest, >= low.
        since: when growth began; None when there was no throttle, or it is grown out.
        earned: the size by answers alone, one more for each window of them.

    References:
        RFC 9438, sections 4.2 (growth), 4.3 (the Reno-friendly region, whose alpha is 1 at our
        beta), 4.6 (decrease, from the requests in flight) and 4.7 (fast convergence). We halve, the
        RFC takes 0.7, but not below `floor`; a request is worth more than a segment.
    """

    most: float
    low: float = 1.0
    plateau: float = 1.0
    since: float | None = None
    earned: float = 1.0

    @property
    def floor(self) -> float:
        """The smallest size: an eighth of `most`, within 1 and 4."""
        return max(min(self.most * _FLOOR, _HIGHEST_FLOOR), 1.0)

    def size(self, now: float) -> float:
        """Requests allowed at once, in [1, most]; never falls while time goes on."""
        if self.since is None:
            return self.most
        t = max(now - self.since, 0.0)
        by_time = _GROWTH * (t - self._bend) ** 3 + self.plateau
        return min(self.most, max(self.low, by_time, self.earned))

    def answered(self, now: float) -> Window:
        """The window after an answer."""
        if self.since is None:
            return self
        return dataclasses.replace(self, earned=self.earned + 1 / self.size(now))

    def shrunk(self, now: float, *, in_flight: int, opens: float) -> Window:
        """The window after a throttle.

        Args:
            now: when it came.
            in_flight: requests out at that time; a window that was not full shrinks from these.
            opens: when requests may be sent again; growth begins then.
        """
        size = max(min(self.size(now), in_flight), 1.0)
        falling = self.since is not None and size < self.plateau
        plateau = size * (1 + _SHRINK) / 2 if falling else size
        low = max(size * _SHRINK, self.floor)
        return Window(self.most, low, max(plateau, low), opens, low)

    def reaches(self, size: float) -> float:
        """When time alone will have made it this large; infinity for more than `most`."""
        if size > self.most:
            return math.inf
        if self.since is None or size <= self.low:
            return self.since or 0.0
        return self.since + self._bend + math.cbrt((size - self.plateau) / _GROWTH)

    @property
    def _bend(self) -> float:
        return math.cbrt((self.plateau - self.low) / _GROWTH)
