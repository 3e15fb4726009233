"""Asking an endpoint that a scripted server stands behind, as the tests of the client do it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.models.scripted_server import (
    ScriptedServer,
)

from topdraw.core.records import Decoding, Problem, Sample
from topdraw.errors import EndpointError
from topdraw.models.endpoint import Endpoint, connect_endpoint
from topdraw.models.retry import Retry

KEY = "sk-secret-0123456789"
QUICK = Retry(base_seconds=0.002, cap_seconds=0.01, longest_hint_seconds=5)
PROBLEM = Problem("p/1", "How many?")
DECODING = Decoding(temperature=0.7, max_tokens=16, stop=("\n\n",))


@contextmanager
def served(server: ScriptedServer, **options: object) -> Iterator[Endpoint]:
    with server:
        given: dict[str, Any] = {"model": "tiny", "retry": QUICK, **options}
        yield connect_endpoint(server.url, **given)


def draw(
    endpoint: Endpoint, n: int = 1, *, decoding: Decoding = DECODING, problem: Problem = PROBLEM
) -> list[Sample]:
    async def main() -> list[Sample]:
        try:
            stream = endpoint.generate(problem, range(n), decoding=decoding, seed=5)
            return [sample async for sample in stream]
        finally:
            await endpoint.aclose()

    return sorted(asyncio.run(main()), key=lambda sample: sample.index)


def draw_and_catch(endpoint: Endpoint, n: int = 1) -> tuple[list[Sample], EndpointError]:
    got: list[Sample] = []

    async def main() -> None:
        try:
            async for sample in endpoint.generate(PROBLEM, range(n), decoding=DECODING, seed=5):
                got.append(sample)
        finally:
            await endpoint.aclose()

    with pytest.raises(EndpointError) as caught:
        asyncio.run(main())
    return got, caught.value
