"""Tokens read from what goes by, and bodies that are not touched."""

from __future__ import annotations

import json

import pytest

from topdraw.core.records import Json
from topdraw.servers.proxy.passing import _KEPT_BYTES, _Kept, body_to_pass
from topdraw.servers.proxy.tally import Tally


def charged(*pieces: bytes) -> Tally:
    kept, tally = _Kept(), Tally()
    for piece in pieces:
        kept.add(piece)
    kept.charge(tally, "x" * 40)
    return tally


@pytest.mark.parametrize(
    "raw",
    [
        b'{"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 9}}',
        b'data: {"usage": null}\n\ndata: {"usage":{"prompt_tokens":5,"completion_tokens":9,'
        b'"prompt_tokens_details":{"cached_tokens":2}}}\n\ndata: [DONE]\n\n',
        b'{"choices": [{"message": {"content": "\\"usage\\": {\\"prompt_tokens\\": 1}"}}], '
        b'"usage": {"prompt_tokens": 5, "completion_tokens": 9}}',
    ],
)
def test_usage_is_found_in_objects_and_streams_cut_anywhere(raw: bytes) -> None:
    for cut in range(0, len(raw), 7):
        tally = charged(raw[:cut], raw[cut:])
        assert (tally.prompt_tokens, tally.output_tokens, tally.estimated) == (5, 9, False)


def test_without_usage_tokens_are_guessed_and_said_to_be() -> None:
    stream = charged(b'data: {"a": 1}\n\n' * 5)
    assert (stream.prompt_tokens, stream.output_tokens, stream.estimated) == (10, 5, True)
    odd = charged(b'{"usage": {"prompt_tokens": "many"}, "usage": {broken}}')
    assert odd.estimated


def test_of_a_long_reply_the_end_alone_is_kept() -> None:
    usage = b'{"usage": {"prompt_tokens": 1, "completion_tokens": 2}}'
    kept, tally = _Kept(), Tally()
    for _ in range(3):
        kept.add(b"x" * _KEPT_BYTES)
    kept.add(usage)
    assert len(kept._parts) < _KEPT_BYTES
    kept.charge(tally, "")
    assert tally.tokens == 3


def test_bytes_are_passed_as_they_came_unless_our_words_are_in_them() -> None:
    raw = b'{"model" :"m"}'
    assert body_to_pass(raw, {"model": "m"}, "m") is raw
    ours: dict[str, Json] = {"model": "best-of-1/m", "topdraw": False}
    assert json.loads(body_to_pass(b"", ours, "m")) == {"model": "m"}
