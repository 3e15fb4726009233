"""A request as it came: its body within bounds, and the problem that scorers see in it.

Not here: what it asks for (`strategy`).
Try it: `python -m pytest tests/servers/proxy/test_request.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from topdraw.core.records import Json
from topdraw.models.given import Given
from topdraw.models.request import Api
from topdraw.servers.proxy.refusal import Refusal
from topdraw.servers.proxy.strategy import float_of

_MOST_TOKENS = 10_000_000
# Beyond these no server has a meaning for a value; NaN is none of JSON's numbers in any case.
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 100),
    "top_p": (0, 1),
    "max_tokens": (1, _MOST_TOKENS),
    "max_completion_tokens": (1, _MOST_TOKENS),
}


def read_body(raw: bytes) -> dict[str, Json]:
    """The JSON object of a request.

    Args:
        raw: its bytes.

    Raises:
        Refusal: when it is none, is nested too deeply, or holds what JSON cannot say.
    """
    try:
        body: Json = msgspec.json.decode(raw)
        msgspec.json.encode(body)
    except RecursionError:
        raise Refusal(400, "The body is nested too deeply.") from None
    except (msgspec.MsgspecError, UnicodeError, OverflowError, ValueError) as error:
        raise Refusal(400, f"The body is not JSON that can be passed on: {error}.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "The body must be a JSON object.")
    return body


def check_body(body: Mapping[str, Json], api: Api, most_choices: int) -> None:
    """Refuse what no server could answer, or only at an absurd price.

    Args:
        body: of the request.
        api: its route.
        most_choices: the largest n.

    Raises:
        Refusal: naming the field.
    """
    n = body.get("n")
    if n is not None and (
        isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= most_choices
    ):
        raise Refusal(
            422, f"n is {str(n)[:40]}; it must be a whole number from 1 to {most_choices}.",
            param="n",
        )  # fmt: skip
    for name, (low, high) in _BOUNDS.items():
        value = body.get(name)
        if value is not None and not low <= float_of(value) <= high:
            raise Refusal(
                422, f"{name} is {str(value)[:40]}; it must be a number from {low:g} to {high:g}.",
                param=name,
            )  # fmt: skip
    if api == "chat" and not (isinstance(body.get("messages"), list) and body["messages"]):
        raise Refusal(400, "messages must be a list with at least one message.", param="messages")
    if api == "completions" and body.get("prompt") is None:
        raise Refusal(400, "prompt is missing.", param="prompt")


def problem_of(body: Mapping[str, Json], api: Api, model: str, name: str) -> Given:
    """The problem that a request poses: the last text of the user, everything else beside it.

    Args:
        body: of the request, our own field included.
        api: its route.
        model: as the upstream knows it.
        name: id of the problem.
    """
    sent = {key: value for key, value in body.items() if key != "topdraw"} | {"model": model}
    metadata: dict[str, Json] = {"model": model}
    metadata |= {key: sent[key] for key in ("messages", "tools") if key in sent}
    return Given(name, prompt_of(body, api), metadata=metadata, body=sent, api=api)


def prompt_of(body: Mapping[str, Json], api: Api) -> str:
    """The last text of the user, or the prompt; "" when there is none.

    Args:
        body: of the request.
        api: its route.

    Examples:
        >>> prompt_of({"messages": [{"role": "user", "content": "1+1="}]}, "chat")
        '1+1='
    """
    if api == "completions":
        prompt = body.get("prompt")
        return prompt if isinstance(prompt, str) else json.dumps(prompt)
    messages = body.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            return text_of(message.get("content"))
    return ""


def text_of(content: Json) -> str:
    """The text of a message: its content, or that of its text parts, images left out."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))
