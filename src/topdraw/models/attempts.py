"""One answer of a server, however many requests it takes: gate, bill, send, judge, ask again.

The order for each request is: through the gate, onto the bill, out, off the bill.
Not here: which samples a request is about and what becomes of the answer (`endpoint`).
Try it: `python -m pytest tests/models/test_endpoint_bill.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import secrets
import weakref
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from topdraw.core.billing import Answered, Asked
from topdraw.core.records import Decoding, Json, Problem
from topdraw.errors import EndpointError
from topdraw.models.dialect import Dialect, learn, unsayable
from topdraw.models.gate import Gate
from topdraw.models.given import Given
from topdraw.models.meter import METER
from topdraw.models.reply import Reply, read_payload, read_reply
from topdraw.models.request import Api, request_body
from topdraw.models.retry import Refused, Retry, Trouble
from topdraw.models.served import Served
from topdraw.models.stream import Assembly
from topdraw.models.transport import Relayed, Transport, shown
from topdraw.models.verdict import delivered, endpoint_error, in_vain, outcome_of, without_key

if TYPE_CHECKING:
    import yarl

# Bytes that are no UTF-8 so many times in a row are what the model says; the rest is noise.
_GARBLED = 4
# What is known of so many models is kept; whoever is served by others may name any.
_MOST_MODELS = 256
_UNKNOWN = Dialect()
_GIVEN_UP = Answered("unknown", note="we gave up waiting for it")


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request is about.

    Attributes:
        problem: to be answered.
        decoding: settings of the draw.
        seed: of index 0; that of index i is i larger, modulo 2^31.
        model: name of the model on the server.
    """

    problem: Problem
    decoding: Decoding
    seed: int
    model: str

    def seed_of(self, index: int) -> int:
        """The seed of one sample."""
        return (self.seed + index) % 2**31

    @property
    def asked_model(self) -> str:
        """The model that the request names: of somebody else's words, theirs."""
        given = self.problem
        return str(given.body.get("model")) if isinstance(given, Given) else self.model


class Attempts:
    """A server and what it turned out to be like.

    Args:
        url: the base address.
        api: the route for completions.
        key: taken out of whatever the server says; None for none.
        key_name: where the key came from, in words, for hints.
        logprobs: ask for log-probabilities.
        stream: ask for events instead of one JSON object.
        concurrency: requests in flight, >= 1.
        retry: when to ask again.
        transport: sends the requests.
        on_retry: told before each wait; None for nobody.
    """

    def __init__(
        self,
        url: yarl.URL,
        *,
        api: Api,
        key: str | None,
        key_name: str,
        logprobs: bool,
        stream: bool,
        concurrency: int,
        retry: Retry,
        transport: Transport,
        on_retry: Callable[[str], None] | None,
    ) -> None:
        self._dialects: dict[str, Dialect] = {}
        self._short: set[str] = set()
        self._url, self._api = url, api
        self._where = f"{url.host}:{url.port}"
        self._key, self._key_name = key, key_name
        self._logprobs, self._stream = logprobs, stream
        self._concurrency = concurrency
        self._retry = retry
        self._transport = transport
        self._on_retry = on_retry
        self._completions: Mapping[Api, yarl.URL] = {
            "chat": self._route("chat/completions"),
            "completions": self._route("completions"),
        }
        self._served = Served(transport, self._route("models"))
        self._gates: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Gate] = (
            weakref.WeakKeyDictionary()
        )
        self._worked = False
        # A server that knows such keys charges a request that it gets twice once.
        self._nonce, self._requests = secrets.token_hex(8), itertools.count()

    def _route(self, path: str) -> yarl.URL:
        return (self._url / path).with_query(self._url.query)

    def dialect_of(self, model: str) -> Dialect:
        """What the server takes for one of its models, as far as we know.

        A gateway has models that honour n beside others that do not.
        """
        return self._dialects.get(model, _UNKNOWN)

    def _learned(self, model: str, dialect: Dialect) -> None:
        if model not in self._dialects and len(self._dialects) >= _MOST_MODELS:
            forgotten = next(iter(self._dialects))
            del self._dialects[forgotten]
            self._short.discard(forgotten)
        self._dialects[model] = self.dialect_of(model).merge(dialect)

    @property
    def concurrency(self) -> int:
        """Most requests in flight."""
        return self._concurrency

    @concurrency.setter
    def concurrency(self, at_once: int) -> None:
        self._concurrency = at_once
        for gate in self._gates.values():
            gate.most = at_once

    @property
    def gate(self) -> Gate:
        """The gate of the running event loop."""
        loop = asyncio.get_running_loop()
        gate = self._gates.get(loop)
        if gate is None:
            gate = Gate(self._concurrency, where=self._where, retry=self._retry)
            self._gates[loop] = gate
        return gate

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        self._gates.pop(asyncio.get_running_loop(), None)
        await self._transport.aclose()

    async def reply(self, ask: Ask, index: int, most: int) -> tuple[Reply, int]:
        """The answer to one request for samples from `index` on, and how many were asked for.

        Args:
            ask: what about.
            index: of the first sample.
            most: samples wanted; fewer are asked for where the server takes no more.

        Raises:
            Halted: when the meter forbids a request.
            EndpointError: when there is no point in asking again.
        """
        name = f"topdraw-{self._nonce}-{next(self._requests)}"
        model = ask.asked_model
        trial, attempts, lessons, garbled = self.dialect_of(model), 0, 0, 0
        while True:
            if trial is not (known := self.dialect_of(model)):
                trial = trial.merge(known)
            n = min(most, trial.max_n or most)
            body = self._body(ask, index, n, trial)
            # What is not the same request any more must not have the same key.
            headers = {"Idempotency-Key": f"{name}.{lessons}" if lessons else name}
            gate = self.gate
            await gate.enter()
            try:
                lenient = garbled >= min(_GARBLED, self._retry.attempts - 1)
                reply = await self._attempt(ask, index, n, body, headers, lenient)
                self._note(model, trial, n, len(reply.choices))
                return reply, n
            except Trouble as trouble:
                learned = self._learn(trial, trouble, body, ask.problem)
                if learned is not None:
                    trial, lessons = learned, lessons + 1
                    continue
                attempts, garbled = attempts + 1, garbled + trouble.garbled
                # Whoever waits is turned away before the place is free.
                others = gate.in_flight - 1
                wait = await self._patience(trouble, attempts, ask, others)
            finally:
                gate.leave()
            await gate.pause(wait)

    def _note(self, model: str, trial: Dialect, asked: int, delivered: int) -> None:
        """Remember what the server does with n."""
        known = self.dialect_of(model)
        trial = trial if trial is known else trial.merge(known)
        if delivered < asked and asked > trial.proven_n and model not in self._short:
            # Once may be a glitch: what is missing is asked for with n again, and then we know.
            self._short.add(model)
            asked = delivered
        answered = trial.answered(asked, delivered)
        if answered != known:
            self._learned(model, answered)

    def _body(self, ask: Ask, index: int, n: int, dialect: Dialect) -> dict[str, Json]:
        if isinstance(ask.problem, Given):
            return ask.problem.request(n, ask.seed_of(index))
        setting = unsayable(ask.decoding, dialect)
        if setting:
            raise Refused(
                f"The server at {shown(self._url)} refuses {setting}.",
                hint="Leave it at its default, or use another server.",
                status=400,
            )
        return request_body(
            ask.problem.prompt,
            model=ask.model,
            api=self._api,
            n=n,
            decoding=ask.decoding,
            seed=ask.seed_of(index),
            dialect=dialect,
            logprobs=self._logprobs,
            stream=self._stream,
        )

    async def _attempt(
        self,
        ask: Ask,
        index: int,
        n: int,
        body: dict[str, Json],
        headers: Mapping[str, str],
        lenient: bool,
    ) -> Reply:
        gate, meter = self.gate, METER.get()
        loop = asyncio.get_running_loop()
        attempt = meter.begin(Asked(ask.problem.id, index, n, self._where))
        answered, began = _GIVEN_UP, loop.time()
        try:
            reply = await self._sent(body, ask.problem, n, headers, lenient)
            gate.answered(began)
            answered = delivered(reply, loop.time() - began)
        except Trouble as trouble:
            is_given = isinstance(ask.problem, Given)
            outcome = None if is_given else outcome_of(trouble, ask.decoding, n)
            answered = in_vain(trouble, outcome, loop.time() - began, self._key)
            self._tell_gate(gate, trouble, began)
            if outcome is None:
                raise
            reply = outcome
        finally:
            meter.end(attempt, answered)
        self._worked = True
        return reply

    async def _sent(
        self,
        body: dict[str, Json],
        problem: Problem,
        n: int,
        headers: Mapping[str, str],
        lenient: bool,
    ) -> Reply:
        is_given = isinstance(problem, Given)
        sink = Assembly(n, lenient=lenient) if self._stream and not is_given else None
        url = self._completions[problem.api if isinstance(problem, Given) else self._api]
        answer = await self._transport.ask("POST", url, body, headers=headers, sink=sink)
        status, told, prompt = answer.status, answer.headers, problem.prompt
        if sink is None or not 200 <= status < 300:
            return read_reply(status, told, answer.raw, prompt, n, lenient=lenient, whole=is_given)
        try:
            return read_payload(status, told, sink.payload(), prompt, n)
        except Trouble as trouble:
            if sink.paid:
                trouble.fate = "unused"
            raise

    def _tell_gate(self, gate: Gate, trouble: Trouble, began: float) -> None:
        if trouble.throttles:
            hint = trouble.hint_seconds or 0.0
            gate.throttled(began, hint if hint <= self._retry.longest_hint_seconds else None)
        if trouble.retryable:
            what = without_key(trouble.what, self._key)
            gate.failed(what, rationed=trouble.status == 429)
        else:
            gate.answered(began)

    def _learn(
        self, trial: Dialect, trouble: Trouble, body: Mapping[str, Json], problem: Problem
    ) -> Dialect | None:
        if trouble.status not in (400, 422):
            return None
        learned = learn(trial, trouble.payload, trouble.what, body)
        if learned is not None and isinstance(problem, Given):
            # What somebody else wrote is not ours to leave out; how many at once is.
            learned = dataclasses.replace(trial, max_n=learned.max_n)
        return None if learned == trial else learned

    @contextlib.asynccontextmanager
    async def relayed(self, data: bytes, api: Api) -> AsyncIterator[Relayed]:
        """The reply to one request in somebody else's words, as it comes: asked once, not judged.

        Args:
            data: the body, JSON.
            api: the route.

        Raises:
            EndpointError: when no reply came, or its body broke off.
        """
        gate, loop = self.gate, asyncio.get_running_loop()
        await gate.enter()
        began = loop.time()
        try:
            async with self._transport.relay(self._completions[api], data) as relayed:
                if relayed.status < 500 and relayed.status != 429:
                    gate.answered(began)
                yield relayed
        except Trouble as trouble:
            raise endpoint_error(
                trouble, 1, url=self._url, model="", key=self._key, name="", alone=True
            ) from None
        finally:
            gate.leave()

    async def models(self) -> list[str]:
        """Names of the models on the server; empty when it has no such list.

        Raises:
            EndpointError: when the server did not answer.
        """
        attempts = 0
        while True:
            try:
                return await self._served.ask()
            except Trouble as trouble:
                attempts += 1
                gate = self.gate
                await gate.pause(await self._patience(trouble, attempts, None, gate.in_flight))

    async def _patience(
        self, trouble: Trouble, attempts: int, ask: Ask | None, others: int
    ) -> float:
        """How long to wait until it is time to ask again.

        Args:
            trouble: of the last attempt.
            attempts: made so far.
            ask: what about; None for the list of models.
            others: requests that are still under way.

        Raises:
            EndpointError: when there is no point in asking again.
        """
        # A fast failure is no verdict on the server while a slow answer may still be on its way.
        worked = self._worked or (others > 0 and not trouble.unreachable)
        wait = self._retry.wait_seconds(trouble, attempts, worked=worked)
        if wait is None:
            raise await self._given_up(trouble, attempts, ask) from None
        what = without_key(trouble.what, self._key)
        if trouble.throttles:
            METER.get().waiting(self._where, wait, what)
        if self._on_retry is not None:
            most = self._retry.most_attempts(trouble, worked=worked)
            self._on_retry(f"retrying ({attempts + 1} of {most}) in {wait:.1f} s: {what}")
        return wait

    async def _given_up(self, trouble: Trouble, attempts: int, ask: Ask | None) -> EndpointError:
        alone = ask is not None and isinstance(ask.problem, Given)
        error = endpoint_error(
            trouble,
            attempts,
            url=self._url,
            model="" if ask is None else ask.model,
            key=self._key,
            name=self._key_name,
            served=await self._served.once() if trouble.status == 404 and not alone else (),
            alone=alone,
        )
        hint = trouble.hint_seconds or 0.0
        if isinstance(error, Refused):
            self.gate.turn_away(error)
        elif trouble.throttles and hint > self._retry.longest_hint_seconds and not alone:
            self.gate.park(error, hint)
        return error
