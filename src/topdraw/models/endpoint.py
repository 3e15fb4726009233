"""A model behind an OpenAI-compatible address: the only place that speaks to model servers.

Not here: limits, caps and resume, which are `sampling`'s. Lost requests are asked again, choices
that did not come are asked for again, and each choice that came is handed over exactly once.
Try it: `python -c "import topdraw as td; print(td.connect('http://localhost:8000/v1').identity)"`.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from topdraw.core.records import Decoding, Json, Problem, Sample
from topdraw.core.registry import model as register
from topdraw.core.seeds import sample_seed
from topdraw.errors import ConfigError, DomainError, EndpointError
from topdraw.models.address import read_address, read_key
from topdraw.models.dialect import Dialect, learn, unsayable
from topdraw.models.reply import Choice, Reply, decode, model_names, read_reply
from topdraw.models.request import Api, request_body
from topdraw.models.retry import Refused, Retry, Trouble, status_trouble
from topdraw.models.transport import Answer, Deadlines, Transport, shown
from topdraw.models.verdict import endpoint_error, outcome_of, without_key

if TYPE_CHECKING:
    import yarl


@dataclasses.dataclass(frozen=True, slots=True)
class _Ask:
    problem: Problem
    decoding: Decoding
    seed: int


@dataclasses.dataclass(frozen=True, slots=True)
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
        key_name: where the key came from, for hints.
        chunk: most samples to ask for in one request, >= 1. 1 makes every sample depend on its own
            seed alone (where the server honours seeds) and its token count exact.
        concurrency: requests in flight, >= 1.
        logprobs: ask for log-probabilities; they also make token counts exact for chunk > 1.
        retry: when to ask again.
        deadlines: how long one attempt may take.
        on_retry: told before each wait, in one sentence: "retrying (2 of 10) in 3.1 s: HTTP 503".
    """

    def __init__(
        self,
        url: yarl.URL,
        model: str,
        *,
        api: Api = "chat",
        key: str | None = None,
        key_name: str = "OPENAI_API_KEY",
        chunk: int = 16,
        concurrency: int = 32,
        logprobs: bool = False,
        retry: Retry | None = None,
        deadlines: Deadlines | None = None,
        on_retry: Callable[[str], None] | None = None,
    ) -> None:
        for name, value in (("chunk", chunk), ("concurrency", concurrency)):
            if value < 1:
                raise DomainError(f"{name} is {value}; it must be at least 1.")
        self.url = url
        self.model = model
        self.api = api
        self.chunk = chunk
        self._key, self._key_name = key, key_name
        self._logprobs = logprobs
        self._retry = retry or Retry()
        self._completions = self._route("chat/completions" if api == "chat" else "completions")
        self._transport = Transport(at_once=concurrency, key=key, deadlines=deadlines)
        self._dialect = Dialect()
        self._on_retry = on_retry
        self._worked = False
        self._on_the_wire = 0

    def __repr__(self) -> str:
        return f"Endpoint({shown(self.url)!r}, model={self.model!r}, api={self.api!r})"

    @property
    def identity(self) -> Mapping[str, Json]:
        """The model and how it is asked; not the address: a run goes on against another host."""
        return {"kind": "endpoint", "model": self.model, "api": self.api}

    @property
    def concurrency(self) -> int:
        """Requests in flight."""
        return self._transport.at_once

    def limit_requests(self, at_once: int) -> None:
        """Allow this many requests in flight, from the next request on."""
        self._transport.at_once = at_once

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._transport.aclose()

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        """Draw these samples; see `core.protocols.Model`.

        A request that fails for good costs none of the others: what they bring is yielded first.

        Raises:
            EndpointError: when some could not be drawn; `Refused` when none ever will be.
            DomainError: if an index is negative or given twice.
        """
        if len(set(indices)) < len(indices) or min(indices, default=0) < 0:
            raise DomainError(f"Indices must be distinct and >= 0, got {list(indices)}.")
        ask = _Ask(problem, decoding, seed)
        groups = self._groups(tuple(indices))
        while len(groups) == 1:  # the common case needs no task of its own
            delivery = await self._deliver(ask, groups[0])
            groups = self._groups(delivery.rest)
            for sample in delivery.samples:
                yield sample
        tasks = self._start(ask, groups)
        failure: EndpointError | None = None
        try:
            while tasks:
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    error = task.exception()
                    if isinstance(error, EndpointError):
                        failure = error if isinstance(error, Refused) else failure or error
                        continue
                    delivery = task.result()
                    tasks |= self._start(ask, self._groups(delivery.rest))
                    for sample in delivery.samples:
                        yield sample
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if failure is not None:
            raise failure

    def _groups(self, indices: tuple[int, ...]) -> list[tuple[int, ...]]:
        size = min(self.chunk, self._dialect.max_n or self.chunk)
        return [indices[i : i + size] for i in range(0, len(indices), size)]

    def _start(self, ask: _Ask, groups: list[tuple[int, ...]]) -> set[asyncio.Task[_Delivery]]:
        return {asyncio.create_task(self._deliver(ask, group)) for group in groups}

    async def _deliver(self, ask: _Ask, indices: tuple[int, ...]) -> _Delivery:
        seed = sample_seed(ask.seed, ask.problem.id, indices[0])
        async with self._transport.slots:
            reply, asked = await self._reply(ask, indices, seed)
        taken = min(len(reply.choices), asked)
        pairs = zip(indices[:taken], reply.choices, reply.usage, strict=False)
        known = None if "seed" in self._dialect.refused else seed
        samples = [
            Sample(
                problem_id=ask.problem.id,
                index=index,
                output=choice.text,
                finish_reason=choice.finish_reason,
                seed=known,
                logprob=choice.logprob,
                usage=usage,
                metadata=self._metadata(choice, reply),
            )
            for index, choice, usage in pairs
        ]
        return _Delivery(samples, indices[taken:])

    def _metadata(self, choice: Choice, reply: Reply) -> dict[str, Json]:
        # A server that answers with another model than the one asked is recorded, not refused:
        # many give a dated or a local name.
        served = reply.model if reply.model != self.model else ""
        values: dict[str, Json] = {"model": served, "reasoning": choice.reasoning}
        return {name: value for name, value in values.items() if value}

    async def _reply(self, ask: _Ask, indices: tuple[int, ...], seed: int) -> tuple[Reply, int]:
        trial, attempt = self._dialect, 0
        while True:
            if trial is not self._dialect:
                trial = trial.merge(self._dialect)
            n = min(len(indices), trial.max_n or len(indices))
            body = self._body(ask, n, seed, trial)
            try:
                reply = await self._attempt(body, ask.problem.prompt)
            except Trouble as trouble:
                learned = self._learn(trial, trouble, body)
                if learned is not None:
                    trial = learned
                    continue
                outcome = outcome_of(trouble, ask.decoding, n)
                if outcome is not None:
                    self._worked = True
                    return outcome, n
                attempt += 1
                await self._pause(trouble, attempt)
            else:
                answered = trial.answered(n, len(reply.choices))
                if answered != self._dialect:
                    self._dialect = self._dialect.merge(answered)
                return reply, n

    def _body(self, ask: _Ask, n: int, seed: int, dialect: Dialect) -> dict[str, Json]:
        setting = unsayable(ask.decoding, dialect)
        if setting:
            raise Refused(
                f"The server at {shown(self.url)} refuses {setting}.",
                hint="Leave it at its default, or use another server.",
                status=400,
            )
        return request_body(
            ask.problem.prompt,
            model=self.model,
            api=self.api,
            n=n,
            decoding=ask.decoding,
            seed=seed,
            dialect=dialect,
            logprobs=self._logprobs,
        )

    async def _attempt(self, body: Mapping[str, Json], prompt: str) -> Reply:
        self._on_the_wire += 1
        try:
            answer = await self._transport.ask("POST", self._completions, dict(body))
        finally:
            self._on_the_wire -= 1
        reply = read_reply(answer.status, answer.headers, answer.raw, prompt)
        self._worked = True
        return reply

    def _route(self, path: str) -> yarl.URL:
        return (self.url / path).with_query(self.url.query)

    async def models(self) -> list[str]:
        """Names of the models on the server; empty when it has no such list.

        Raises:
            EndpointError: when the server did not answer.
        """
        attempt = 0
        while True:
            try:
                return _listed(await self._transport.ask("GET", self._route("models")))
            except Trouble as trouble:
                attempt += 1
                await self._pause(trouble, attempt)

    def _learn(self, trial: Dialect, trouble: Trouble, body: Mapping[str, Json]) -> Dialect | None:
        if trouble.status not in (400, 422):
            return None
        learned = learn(trial, trouble.payload, trouble.what, body)
        return None if learned == trial else learned

    async def _pause(self, trouble: Trouble, attempts: int) -> None:
        """Wait until it is time to ask again, or give up."""
        # A fast failure is no verdict on the server while a slow answer may still be on its way.
        worked = self._worked or (self._on_the_wire > 0 and not trouble.unreachable)
        wait = self._retry.wait_seconds(trouble, attempts, worked=worked)
        if wait is None:
            raise endpoint_error(
                trouble,
                attempts,
                url=self.url,
                model=self.model,
                key=self._key,
                name=self._key_name,
            ) from None
        if self._on_retry is not None:
            most = self._retry.most_attempts(trouble, worked=worked)
            what = without_key(trouble.what, self._key)
            self._on_retry(f"retrying ({attempts + 1} of {most}) in {wait:.1f} s: {what}")
        await asyncio.sleep(wait)


@register("http")
def connect_endpoint(
    spec: str,
    *,
    model: str | None = None,
    api_key_env: str | None = None,
    api: Api = "chat",
    chunk: int = 16,
    concurrency: int = 32,
    logprobs: bool = False,
    retry: Retry | None = None,
    deadlines: Deadlines | None = None,
    on_retry: Callable[[str], None] | None = None,
) -> Endpoint:
    """The model at an OpenAI-compatible address.

    Args:
        spec: the base address, as in "http://localhost:8000/v1".
        model: its name there; None asks the server and takes the only one. That asks at once and
            waits for the answer, inside a running event loop too.
        api_key_env: environment variable with the key; OPENAI_API_KEY when None, if it is set.
        api: "chat" or "completions"; an address that ends in either route says so itself.
        chunk: see `Endpoint`.
        concurrency: see `Endpoint`.
        logprobs: see `Endpoint`.
        retry: see `Endpoint`.
        deadlines: see `Endpoint`.
        on_retry: see `Endpoint`.

    Raises:
        ConfigError: for an address or key that cannot be used, or several models to choose from.
        EndpointError: when the server had to be asked for its models and did not answer.
    """
    url, api = read_address(spec, api)
    key, key_name = read_key(api_key_env)
    endpoint = Endpoint(
        url,
        model or "",
        api=api,
        key=key,
        key_name=key_name,
        chunk=chunk,
        concurrency=concurrency,
        logprobs=logprobs,
        retry=retry,
        deadlines=deadlines,
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
        raise ConfigError(
            f"The server at {where} does not list models.", hint="Name one: model=..."
        )
    if len(names) > 1:
        listed = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
        raise ConfigError(
            f"The server at {where} has {len(names)} models: {listed}.", hint="Name one: model=..."
        )
    return names[0]


def _listed(answer: Answer) -> list[str]:
    try:
        payload = decode(answer.raw)
    except ValueError:
        payload = None
    text = "" if payload is not None else answer.raw[:2000].decode(errors="replace")
    trouble = status_trouble(answer.status, answer.headers, payload, text)
    if answer.status >= 400 and (trouble.retryable or answer.status in (401, 403)):
        raise trouble
    return model_names(payload) if answer.status == 200 else []
