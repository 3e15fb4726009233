"""What a server has done, in the text format of Prometheus.

Not here: what one request cost; that is in its answer.
Try it: `curl http://127.0.0.1:8080/metrics`.

References:
    Prometheus text-based exposition format 0.0.4.
"""

from __future__ import annotations

import bisect
from collections import Counter
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_HELP = {
    "requests_total": "Requests answered, by route, strategy and status.",
    "candidates_total": "Candidates drawn.",
    "upstream_requests_total": "Requests sent upstream, by what became of them.",
    "judge_requests_total": "Requests of scorers and judges to servers of their own.",
    "tokens_total": "Tokens charged upstream, by kind.",
    "cost_usd_total": "USD charged upstream, where the price is known.",
    "missing_scores_total": "Scores that could not be made, by scorer.",
    "deadlines_total": "Answers given when time was up.",
    "unrecorded_total": "Answers that could not be recorded.",
    "gone_total": "Clients that left before their answer.",
}
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


@dataclass(slots=True)
class _Histogram:
    counts: list[int] = field(default_factory=lambda: [0] * (len(_SECONDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect.bisect_left(_SECONDS, seconds)] += 1
        self.total += seconds


class Metrics:
    """Counts since the start.

    Attributes:
        in_flight: requests being answered now.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self._counts: dict[str, Counter[tuple[tuple[str, str], ...]]] = {}
        self._seconds: dict[str, _Histogram] = {}

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        """Add to a count.

        Args:
            name: one of those with a help text.
            by: how much, >= 0.
            labels: few different values each, never what a client wrote.
        """
        key = tuple(sorted(labels.items()))
        self._counts.setdefault(name, Counter())[key] += by  # type: ignore[assignment]  # USD are no whole numbers

    def took(self, strategy: str, seconds: float) -> None:
        """Note how long a request took."""
        self._seconds.setdefault(strategy, _Histogram()).add(seconds)

    def text(self) -> str:
        """All of it, as Prometheus reads it."""
        lines: list[str] = []
        for name, about in _HELP.items():
            lines += [
                f"# HELP topdraw_proxy_{name} {about}",
                f"# TYPE topdraw_proxy_{name} counter",
            ]
            counts = self._counts.get(name, Counter())
            lines += [
                f"topdraw_proxy_{name}{_labels(labels)} {value:.12g}"
                for labels, value in sorted(counts.items())
            ]
        lines += [
            "# HELP topdraw_proxy_in_flight Requests being answered now.",
            "# TYPE topdraw_proxy_in_flight gauge",
            f"topdraw_proxy_in_flight {self.in_flight}",
            "# HELP topdraw_proxy_request_seconds From a request to the end of its answer.",
            "# TYPE topdraw_proxy_request_seconds histogram",
        ]
        for strategy, histogram in sorted(self._seconds.items()):
            lines += _buckets(strategy, histogram)
        return "\n".join(lines) + "\n"


def _buckets(strategy: str, histogram: _Histogram) -> list[str]:
    name, so_far, lines = "topdraw_proxy_request_seconds", 0, []
    for limit, count in zip((*_SECONDS, "+Inf"), histogram.counts, strict=True):
        so_far += count
        labels = _labels((("le", f"{limit}"), ("strategy", strategy)))
        lines.append(f"{name}_bucket{labels} {so_far}")
    label = _labels((("strategy", strategy),))
    return [*lines, f"{name}_sum{label} {histogram.total:.6f}", f"{name}_count{label} {so_far}"]


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
