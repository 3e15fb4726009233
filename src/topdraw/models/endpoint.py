"""A model behind an OpenAI-compatible address: the only place that speaks to model servers.

Not here: limits, caps and resume, which are `sampling`'s. Lost requests are asked again
(`attempts`), so are choices that did not come, and each that came is handed over exactly once.
Try it: `python -c "import topdraw as td; print(td.connect('http://localhost:8000/v1').identity)"`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

from topdraw.core.records import Decoding, Json, Problem, Sample
from topdraw.core.registry import model as register
from topdraw.core.seeds import consecutive_seed
from topdraw.errors import ConfigError, DomainError, EndpointError
from topdraw.models.address import read_address, read_key
from topdraw.models.attempts import Ask, Attempts
from topdraw.models.choices import Choice
from topdraw.models.given import Given
from topdraw.models.meter import Halted
from topdraw.models.reply import Reply
from topdraw.models.request import Api
from topdraw.models.retry import Refused, Retry
from topdraw.models.transport import Deadlines, Relayed, Transport, shown

if TYPE_CHECKING:
    import yarl

_LARGEST_ANSWER_BYTES = 32 * 2**20
_NAME_ONE = "Name one with --model (model=... in Python)."


@dataclass(frozen=True, slots=True)
class _Delivery:
    samples: list[Sample]
    rest: tuple[int, ...]


class Endpoint:
    """An OpenAI-compatible server and one of its models. Make it with `connect`.

    Args:
        url: the base address, as in "http://localhost:8000/v1".
        model: name of the model on that server.
        api: "chat" (the prompt is one user turn) or "completions" (the prompt is continued).
        key: bearer token; None for none. It is sent to this host only and never stored or shown.
        key_name: where the key came from, in words, for hints.
        chunk: most samples to ask for in one request, >= 1. With 1 every token count is exact, and
            every sample depends on its own seed alone wherever seeds are honoured; with more, where
            the server gives its choices consecutive seeds (vLLM does).
        concurrency: requests in flight, >= 1; fewer while the server is throttling.
        logprobs: ask for log-probabilities; they also make token counts exact for chunk > 1.
        stream: ask for events instead of one JSON object; the samples are the same.
        retry: when to ask again.
        deadlines: how long one attempt may take.
        largest_answer_bytes: a longer answer is not read further.
        on_retry: told before each wait, in one sentence: "retrying (2 of 16) in 3.1 s: HTTP 503".

    Attributes:
        metered: it tells `models.meter.METER` of every request it sends.
    """

    metered = True

    def __init__(
        self,
        url: yarl.URL,
        model: str,
        *,
        api: Api = "chat",
        key: str | None = None,
        key_name: str = "the environment variable OPENAI_API_KEY",
        chunk: int = 16,
        concurrency: int = 32,
        logprobs: bool = False,
        stream: bool = False,
        retry: Retry | None = None,
        deadlines: Deadlines | None = None,
        largest_answer_bytes: int = _LARGEST_ANSWER_BYTES,
        on_retry: Callable[[str], None] | None = None,
    ) -> None:
        sizes = {
            "chunk": chunk,
            "concurrency": concurrency,
            "largest_answer_bytes": largest_answer_bytes,
        }
        for name, value in sizes.items():
            if value < 1:
                raise DomainError(f"{name} is {value}; it must be at least 1.")
        self.url = url
        self.model = model
        self.api = api
        self.chunk = chunk
        self._attempts = Attempts(
            url,
            api=api,
            key=key,
            key_name=key_name,
            logprobs=logprobs,
            stream=stream,
            concurrency=concurrency,
            retry=retry or Retry(),
            # llama.cpp closes after a stream, without saying so beforehand.
            transport=Transport(
                key=key,
                deadlines=deadlines,
                largest_answer_bytes=largest_answer_bytes,
                reuse=not stream,
            ),
            on_retry=on_retry,
        )

    def __repr__(self) -> str:
        return f"Endpoint({shown(self.url)!r}, model={self.model!r}, api={self.api!r})"

    @property
    def identity(self) -> Mapping[str, Json]:
        """The model and how it is asked; not the address: a run goes on against another host."""
        return {"kind": "endpoint", "model": self.model, "api": self.api}

    @property
    def concurrency(self) -> int:
        """Requests in flight."""
        return self._attempts.concurrency

    @property
    def places(self) -> int:
        """Requests that may be in flight now: `concurrency`, or fewer while it throttles."""
        return self._attempts.gate.places

    def limit_requests(self, at_once: int) -> None:
        """Allow this many requests in flight, from the next request on."""
        self._attempts.concurrency = at_once

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._attempts.aclose()

    async def models(self) -> list[str]:
        """Names of the models on the server; empty when it has no such list.

        Raises:
            EndpointError: when the server did not answer.
        """
        return await self._attempts.models()

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        """Draw these samples; see `core.protocols.Model`, and `deliveries` for what is raised."""
        draw = self.deliveries(problem, indices, decoding=decoding, seed=seed)
        async with contextlib.aclosing(draw) as deliveries:
            async for samples in deliveries:
                for sample in samples:
                    yield sample

    async def deliveries(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncGenerator[list[Sample]]:
        """Draw these samples, and hand over together what one answer brought.

        A request that fails for good costs none of the others: what they bring is yielded first.

        Raises:
            Halted: when the meter forbids a request; what was under way is yielded first.
            EndpointError: when some could not be drawn; `Refused` when none ever will be.
            DomainError: if an index is negative or given twice.
        """
        if len(set(indices)) < len(indices) or min(indices, default=0) < 0:
            raise DomainError(f"Indices must be distinct and >= 0, got {list(indices)}.")
        first = (
            (problem.seed or 0) % 2**31
            if isinstance(problem, Given)
            else consecutive_seed(seed, problem.id, 0)
        )
        ask = Ask(problem, decoding, first, self.model)
        groups = self._groups(ask, tuple(indices))
        while len(groups) == 1:  # the common case needs no task of its own
            delivery = await self._deliver(ask, groups[0])
            groups = self._groups(ask, delivery.rest)
            yield delivery.samples
        if not groups:
            return
        tasks = self._start(ask, groups)
        failure: Exception | None = None
        try:
            while tasks:
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    error = task.exception()
                    if isinstance(error, Exception):
                        failure = max(failure, error, key=_gravity)
                        continue
                    delivery = task.result()
                    if _gravity(failure) < _gravity(Halted()):
                        tasks |= self._start(ask, self._groups(ask, delivery.rest))
                    yield delivery.samples
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if failure is not None:
            raise failure

    @contextlib.asynccontextmanager
    async def relayed(self, data: bytes, api: Api) -> AsyncIterator[Relayed]:
        """The reply to a request in somebody else's words, as it comes; see `Attempts.relayed`.

        Raises:
            EndpointError: when no reply came, or its body broke off.
        """
        async with self._attempts.relayed(data, api) as relayed:
            yield relayed

    def _groups(self, ask: Ask, indices: tuple[int, ...]) -> list[tuple[int, ...]]:
        if not indices:
            return []
        size = min(self.chunk, self._attempts.dialect_of(ask.asked_model).max_n or self.chunk)
        return [run[i : i + size] for run in _runs(ask, indices) for i in range(0, len(run), size)]

    def _start(self, ask: Ask, groups: list[tuple[int, ...]]) -> set[asyncio.Task[_Delivery]]:
        return {asyncio.create_task(self._deliver(ask, group)) for group in groups}

    async def _deliver(self, ask: Ask, indices: tuple[int, ...]) -> _Delivery:
        reply, asked = await self._attempts.reply(ask, indices[0], len(indices))
        problem = ask.problem
        unseeded = isinstance(problem, Given) and problem.seed is None
        seedless = unseeded or "seed" in self._attempts.dialect_of(ask.asked_model).refused
        samples = [
            Sample(
                problem.id,
                index := indices[choice.place],
                choice.text,
                choice.finish_reason,
                "",
                None if seedless else ask.seed_of(index),
                choice.logprob,
                usage,
                self._metadata(choice, reply, whole=isinstance(problem, Given)),
            )
            for choice, usage in zip(reply.choices, reply.usage, strict=True)
            if choice.place < asked
        ]
        if len(samples) == len(indices):
            return _Delivery(samples, ())
        came = {sample.index for sample in samples}
        return _Delivery(samples, tuple(index for index in indices if index not in came))

    def _metadata(self, choice: Choice, reply: Reply, *, whole: bool) -> dict[str, Json]:
        # A server that answers with another model than the one asked is recorded, not refused:
        # many give a dated or a local name.
        values: dict[str, Json] = {}
        if reply.model and reply.model != self.model:
            values["model"] = reply.model
        if choice.reasoning:
            values["reasoning"] = choice.reasoning
        if whole and choice.said is not None:
            values["choice"] = dict(choice.said)
        return values


def _gravity(failure: Exception | None) -> int:
    """Which of two failures to report, and whether to go on with what is left."""
    if failure is None or isinstance(failure, Halted):
        return 0 if failure is None else 2
    # What is not the server's fault, a bill that cannot be written, ends the next request as well.
    if isinstance(failure, EndpointError) and not isinstance(failure, Refused):
        return 1
    return 3


def _runs(ask: Ask, indices: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The indices cut where their seeds are not consecutive: a server can only count up."""
    rising = sorted(indices)
    if ask.seed_of(rising[-1]) - ask.seed_of(rising[0]) == len(rising) - 1:
        return [tuple(rising)]
    runs: list[list[int]] = []
    last = None
    for index in rising:
        if last is None or ask.seed_of(index) != ask.seed_of(last) + 1:
            runs.append([])
        runs[-1].append(index)
        last = index
    return [tuple(run) for run in runs]


@register("http")
def connect_endpoint(
    spec: str,
    *,
    model: str | None = None,
    api_key_env: str | None = None,
    api_key_file: str | PathLike[str] | None = None,
    api: Api = "chat",
    chunk: int = 16,
    concurrency: int = 32,
    logprobs: bool = False,
    stream: bool = False,
    retry: Retry | None = None,
    deadlines: Deadlines | None = None,
    largest_answer_bytes: int = _LARGEST_ANSWER_BYTES,
    on_retry: Callable[[str], None] | None = None,
) -> Endpoint:
    """The model at an OpenAI-compatible address.

    Args:
        spec: the base address, as in "http://localhost:8000/v1".
        model: its name there; None asks the server and takes the only one. That asks at once and
            waits for the answer, inside a running event loop too.
        api_key_env: environment variable with the key; OPENAI_API_KEY when None, if it is set.
        api_key_file: file with the key alone, instead.
        api: "chat" or "completions"; an address that ends in either route says so itself.
        chunk: see `Endpoint`.
        concurrency: see `Endpoint`.
        logprobs: see `Endpoint`.
        stream: see `Endpoint`.
        retry: see `Endpoint`.
        deadlines: see `Endpoint`.
        largest_answer_bytes: see `Endpoint`.
        on_retry: see `Endpoint`.

    Raises:
        ConfigError: for an address or key that cannot be used, or several models to choose from.
        EndpointError: when the server had to be asked for its models and did not answer.
    """
    url, api = read_address(spec, api)
    key, key_name = read_key(api_key_env, api_key_file)
    endpoint = Endpoint(
        url,
        model or "",
        api=api,
        key=key,
        key_name=key_name,
        chunk=chunk,
        concurrency=concurrency,
        logprobs=logprobs,
        stream=stream,
        retry=retry,
        deadlines=deadlines,
        largest_answer_bytes=largest_answer_bytes,
        on_retry=on_retry,
    )
    if not model:
        endpoint.model = _only_model(endpoint)
    return endpoint


def _only_model(endpoint: Endpoint) -> str:
    async def names_of() -> list[str]:
        try:
            return await endpoint.models()
        finally:
            await endpoint.aclose()

    # A loop of its own in a thread of its own: `connect` is called with and without a running loop.
    with ThreadPoolExecutor(1) as pool:
        names = pool.submit(asyncio.run, names_of()).result()
    where = shown(endpoint.url)
    if not names:
        raise ConfigError(f"The server at {where} does not list models.", hint=_NAME_ONE)
    if len(names) > 1:
        listed = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
        raise ConfigError(
            f"The server at {where} has {len(names)} models: {listed}.", hint=_NAME_ONE
        )
    return names[0]
