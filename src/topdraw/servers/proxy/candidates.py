"""Drawing the candidates of one request, for as long as there is time.

Not here: asking again, fewer choices than asked, several upstreams: `topdraw.models` does all that.
Try it: `python -m pytest tests/servers/proxy/test_candidates.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from topdraw.core.records import Decoding, Json, Problem, Sample
from topdraw.errors import EndpointError
from topdraw.models.given import Given
from topdraw.models.request import Api
from topdraw.models.transport import Relayed


class Upstream(Protocol):
    """What the proxy stands in front of: one endpoint, or several that serve the same models."""

    def deliveries(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncGenerator[list[Sample]]:
        """Samples as they come."""

    def relayed(self, data: bytes, api: Api) -> AbstractAsyncContextManager[Relayed]:
        """The reply to a request as it comes."""

    async def models(self) -> list[str]:
        """Names of the models there."""

    async def aclose(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came of a draw.

    Attributes:
        samples: in the order of their indices; each carries the server's choice.
        asked: how many were wanted.
        late: whether the deadline ended it.
        failure: why some did not come; None when none failed.
    """

    samples: list[Sample]
    asked: int
    late: bool = False
    failure: EndpointError | None = None


async def draw(
    upstream: Upstream,
    problem: Given,
    n: int,
    *,
    until: float | None = None,
    on_sample: Callable[[Sample], Awaitable[None]] | None = None,
) -> Drawn:
    """Draw n candidates; one that fails costs none of the others.

    Args:
        upstream: asked.
        problem: what is asked.
        n: candidates wanted.
        until: time of the loop at which what has come must do; None for never.
        on_sample: told of each as it comes.
    """
    found: list[Sample] = []
    late, failure = False, None
    try:
        async with asyncio.timeout_at(until), _opened(upstream, problem, n) as deliveries:
            async for samples in deliveries:
                for sample in samples:
                    found.append(readable(sample))
                    if on_sample is not None:
                        await on_sample(found[-1])
    except TimeoutError:
        late = True
    except EndpointError as error:
        failure = error
    found.sort(key=lambda sample: sample.index)
    return Drawn(found, n, late, failure)


def _opened(
    upstream: Upstream, problem: Given, n: int
) -> AbstractAsyncContextManager[AsyncIterator[list[Sample]]]:
    # Decoding and seed are those of the given request: these two are not looked at.
    stream = upstream.deliveries(problem, range(n), decoding=Decoding(), seed=0)
    return contextlib.aclosing(stream)


def choice_of(sample: Sample) -> dict[str, Json]:
    """The choice as the server wrote it."""
    said = sample.metadata.get("choice")
    return said if isinstance(said, dict) else {}


def readable(sample: Sample) -> Sample:
    """The sample with the calls of tools as its output, where it says nothing else.

    Args:
        sample: with the server's choice.
    """
    calls = tool_calls(choice_of(sample))
    if sample.output or not calls:
        return sample
    return replace(sample, output=calls)


def tool_calls(choice: Mapping[str, Json]) -> str:
    """The tools that a choice calls, in one canonical text; "" when it calls none.

    Ids do not count, nor does the order of arguments or the white space between them: equal text
    is an equal vote. Arguments that are no JSON stand as they are.

    Examples:
        >>> call = {"id": "7", "function": {"name": "add", "arguments": '{"b": 2, "a": 1}'}}
        >>> tool_calls({"message": {"tool_calls": [call]}})
        '[{"name":"add","arguments":{"a":1,"b":2}}]'
    """
    message = choice.get("message")
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    functions = (
        [_function(call) for call in calls if isinstance(call, dict)]
        if isinstance(calls, list)
        else []
    )
    if not functions:
        return ""
    return json.dumps(functions, separators=(",", ":"), ensure_ascii=False)


def _function(call: Mapping[str, Json]) -> Json:
    said = call.get("function")
    function = said if isinstance(said, dict) else call
    return {"name": function.get("name"), "arguments": _canonical(function.get("arguments"))}


def _canonical(arguments: Json) -> Json:
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            return arguments
    try:
        value: Json = json.loads(json.dumps(arguments, sort_keys=True))
    except (TypeError, RecursionError):
        return str(arguments)
    return value
