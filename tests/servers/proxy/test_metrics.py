"""The text that Prometheus reads."""

from __future__ import annotations

import re

from topdraw.servers.proxy.metrics import Metrics

_LINE = re.compile(r'[a-z_]+(\{([a-z]+="(\\.|[^"\\])*",?)+\})? [0-9.e+-]+')


def test_every_line_is_a_comment_or_a_sample() -> None:
    metrics = Metrics()
    metrics.count("missing_scores_total", 2, scorer='odd "name"\\\n')
    metrics.count("cost_usd_total", 0.25)
    for seconds in (0.01, 0.1, 7, 1e6):
        metrics.took("majority", seconds)
    lines = metrics.text().splitlines()
    for line in lines:
        assert line.startswith("# ") or _LINE.fullmatch(line), line
    assert 'topdraw_proxy_request_seconds_bucket{le="0.1",strategy="majority"} 2' in lines
    assert 'topdraw_proxy_request_seconds_bucket{le="+Inf",strategy="majority"} 4' in lines
    assert "topdraw_proxy_cost_usd_total 0.25" in lines
    assert 'scorer="odd \\"name\\"\\\\\\n"' in metrics.text()
