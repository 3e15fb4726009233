"""The sentence of an error: what a server said, and one full stop at its end."""

from __future__ import annotations

import pytest
import yarl

from topdraw.models.retry import Trouble
from topdraw.models.verdict import endpoint_error


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ("n is not supported", "n is not supported."),
        ("n is not supported.", "n is not supported."),
        ("n is not supported. ", "n is not supported."),
        ("why?", "why?"),
        ("cut off...", "cut off..."),
        ("cut off\u2026", "cut off\u2026"),
        ("'n' is \"x.\"", "'n' is \"x.\""),
    ],
)
def test_a_sentence_ends_once(said: str, ended: str) -> None:
    error = endpoint_error(
        Trouble(f"HTTP 400: {said}", status=400, retryable=False),
        1,
        url=yarl.URL("http://host:1/v1"),
        model="m",
        key=None,
        name="KEY",
    )
    assert error.message == f"http://host:1/v1 did not answer: HTTP 400: {ended}"
