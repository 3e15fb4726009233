"""What a client is told when it gets no answer: OpenAI's error object and a status.

Not here: sending it (`wire`).
Try it: `python -m pytest tests/servers/proxy/test_refusal.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from topdraw.core.records import Json
from topdraw.errors import EndpointError, InputError
from topdraw.models.retry import error_object

_ADDRESS = re.compile(r"https?://[^\s,;'\")]+|\b(?:localhost|[\w-]+(?:\.[\w-]+)+):\d{2,5}\b")
_UNREACHABLE = re.compile(r"cannot connect: .*", re.DOTALL)
_TYPES = {
    401: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


class Refusal(Exception):
    """A request that is not answered; becomes a reply with an error status.

    Args:
        status: HTTP status, 400..599.
        message: for people.
        code: for programs, as in "model_not_found"; None for none.
        param: the field of the request that is to blame; None for none.
        kind: OpenAI's `type`; that of the status when None.
        retry_after_seconds: when to come back; None when nobody knows.
        object: the whole error object, when an upstream has written one.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str | None = None,
        retry_after_seconds: float | None = None,
        object: Mapping[str, Json] | None = None,  # noqa: A002 - its name on the wire
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        usual = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
        said: dict[str, Json] = {
            "message": message, "type": kind or usual, "param": param, "code": code,
        }  # fmt: skip
        self.body: dict[str, Json] = {"error": said | dict(object or {})}

    @property
    def headers(self) -> dict[str, str]:
        """Those that go with it."""
        if self.retry_after_seconds is None:
            return {}
        return {"Retry-After": str(max(math.ceil(self.retry_after_seconds), 1))}


def of_endpoint(error: EndpointError) -> Refusal:
    """What an upstream that gave no answer amounts to.

    A refusal of the request (4xx) is passed on with its status and its own words. What failed
    beyond repair there, 5xx, cut answers, no connection, is 502 here.

    Args:
        error: after all attempts.
    """
    status = error.status or 502
    told = dict(error_object(error.said)) if isinstance(error.said, dict) else {}
    message = told.get("message")
    ours = without_address(error.message)
    words = message if isinstance(message, str) and message else ours
    passed_on: dict[str, Json] = {
        name: told[name] for name in ("type", "param", "code") if name in told
    }
    if not 400 <= status < 500:
        status, words, passed_on = 502, ours, {"code": "upstream_failed"}
    return Refusal(
        status,
        words,
        retry_after_seconds=error.retry_after_seconds,
        object=passed_on,
    )


def without_address(text: str) -> str:
    """A sentence about an upstream that does not say where it is: that is the operator's business.

    Examples:
        >>> without_address("http://10.0.0.7:8000/v1 did not answer: HTTP 503.")
        'The upstream did not answer: HTTP 503.'
    """
    text = unplaced(text, "the upstream")
    return text[:1].upper() + text[1:]


def unplaced(text: str, word: str) -> str:
    """A text in which a word stands for each address.

    Args:
        text: said to a client.
        word: for what is there.

    Examples:
        >>> unplaced("the judge did not answer: http://10.0.0.7:8000/v1 has gone", "its server")
        'the judge did not answer: its server has gone'
    """
    return _UNREACHABLE.sub("cannot connect.", _ADDRESS.sub(word, text))


def of_input(error: InputError) -> Refusal:
    """What a wrong strategy, selector or scorer in a request amounts to."""
    return Refusal(400, str(error), param="topdraw")
