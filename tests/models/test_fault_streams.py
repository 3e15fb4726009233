"""Streams under fire: cases 30 and 31 of the fault matrix.

Not here: the other cases (`test_fault_matrix`), and reading streams as such (`test_stream`).
Try it: `python -m pytest tests/models/test_fault_streams.py`.
"""

from __future__ import annotations

import pytest
from tests.models.fault_asking import deadlines, faced, texts
from tests.models.fault_kinds import (
    Fault,
    as_chunk,
    chatty,
    crlf,
    drip,
    many_lines,
    stream_until,
    streamed,
)
from tests.models.fault_plans import always, first
from tests.models.fault_wire import Ending

STREAM_CUTS: dict[str, Fault] = {
    "no event": stream_until(lambda events: 0, b"0\r\n\r\n"),
    "no end": stream_until(lambda events: events - 4, b"0\r\n\r\n"),
    "closed": stream_until(lambda events: events // 2, Ending.CLOSE),
    "reset": stream_until(lambda events: events // 2, Ending.RESET),
    "cut in an event": stream_until(lambda events: 3, b'9\r\ndata: {"c\r\n', Ending.CLOSE),
    "no JSON": stream_until(lambda events: 3, as_chunk(b'{"choices": [{"ind'), b"0\r\n\r\n"),
}


@pytest.mark.parametrize("fault", STREAM_CUTS.values(), ids=STREAM_CUTS)
def test_case_30_streams_that_do_not_end(fault: Fault) -> None:
    drawn = faced(first(fault, fault), 4, chunk=2, stream=True)
    assert drawn.outputs == texts(4)  # and not two attempts joined
    assert drawn.meter.fates == {"unused": 4, "delivered": 2}


def test_case_30_an_error_in_a_stream() -> None:
    bad = as_chunk(b'{"error":{"message":"out of memory","code":500}}')
    fault = stream_until(lambda events: 3, bad, as_chunk(b"[DONE]"), b"0\r\n\r\n")
    drawn = faced(first(fault, fault), 4, chunk=2, stream=True, books=False)
    assert drawn.outputs == texts(4)
    assert drawn.log.requests == 6
    assert drawn.meter.fates["delivered"] == 2


def test_case_30_a_stuck_stream() -> None:
    fault = stream_until(lambda events: 3, Ending.HANG)
    limits = deadlines(between=0.3)
    drawn = faced(first(fault), 4, chunk=2, stream=True, deadlines=limits)
    assert drawn.outputs == texts(4)
    assert drawn.meter.fates == {"unused": 2, "delivered": 2}


STREAMS: dict[str, Fault] = {
    "byte by byte": drip(0.0),
    "in odd pieces": drip(0.0, 37),
    "CRLF": streamed(crlf),
    "comments": streamed(chatty),
    "many lines": streamed(many_lines),
    "no usage": streamed(crlf, count_usage=False),
}


@pytest.mark.parametrize("fault", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("api", ["chat", "completions"])
def test_case_31_streams_cut_anyhow(fault: Fault, api: str) -> None:
    drawn = faced(always(fault), 4, chunk=4, stream=True, api=api)
    assert drawn.outputs == texts(4)
    assert drawn.reasons == ["stop"] * 4
    assert drawn.log.fates == {"delivered": 1}
