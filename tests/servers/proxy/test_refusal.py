"""Errors of upstreams and of inputs as OpenAI's error objects."""

from __future__ import annotations

import pytest

from topdraw.errors import ConfigError, EndpointError
from topdraw.servers.proxy.refusal import Refusal, of_endpoint, of_input


@pytest.mark.parametrize(
    ("said", "message", "code"),
    [
        ({"error": {"message": "m", "code": "c"}}, "m", "c"),
        ({"error": "m"}, "m", None),
        ({"detail": [{"loc": ["body"]}]}, "The upstream did not answer.", None),
        (None, "The upstream did not answer.", None),
        ([1], "The upstream did not answer.", None),
    ],
)
def test_the_words_of_the_upstream_are_kept(said: object, message: str, code: str | None) -> None:
    error = EndpointError("http://x did not answer.", status=422, said=said)
    refusal = of_endpoint(error)
    assert refusal.status == 422
    assert refusal.body == {
        "error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    }


@pytest.mark.parametrize("status", [None, 200, 302, 500, 503, 529])
def test_what_failed_there_is_502_here(status: int | None) -> None:
    refusal = of_endpoint(EndpointError("it broke", status=status, retry_after_seconds=1.2))
    assert (refusal.status, refusal.headers) == (502, {"Retry-After": "2"})
    assert refusal.body["error"]["type"] == "api_error"  # type: ignore[index,call-overload]  # JSON


def test_others() -> None:
    assert of_input(ConfigError("no", hint="do this")).args == ("no do this",)
    assert Refusal(403, "x").body["error"]["type"] == "permission_error"  # type: ignore[index,call-overload]  # JSON
    assert Refusal(400, "x").headers == {}
