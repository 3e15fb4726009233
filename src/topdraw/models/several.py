"""Several endpoints that serve one model, as one: whoever has room draws, whoever fails rests.

Not here: requests (`endpoint`), and what is known of each endpoint (`health`). A call goes to one
endpoint; what that one cannot give is asked of another, and what came is never asked again.
Try it: `python -m pytest tests/models/test_several.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from typing import cast

from topdraw.core.records import Decoding, Json, Problem, Sample
from topdraw.errors import ConfigError, EndpointError
from topdraw.models.address import read_address
from topdraw.models.endpoint import Endpoint, connect_endpoint
from topdraw.models.given import Given
from topdraw.models.health import LATER, Handover, Health, Seen, for_good
from topdraw.models.request import Api
from topdraw.models.retry import Refused, Retry
from topdraw.models.transport import Relayed, shown

_ABOUT_THE_PROMPT = frozenset({400, 413, 422})
_ABOUT_THE_KEY = frozenset({401, 402, 403})


@dataclass(eq=False)
class _Place:
    endpoint: Endpoint
    health: Health

    @property
    def where(self) -> str:
        return shown(self.endpoint.url)

    @property
    def room(self) -> tuple[int, int]:
        """Free places; among equals the one that was asked less often has more room."""
        return self.endpoint.places - self.health.busy, -self.health.calls

    @contextlib.asynccontextmanager
    async def visit(
        self, problem: Problem, indices: Sequence[int], decoding: Decoding, seed: int
    ) -> AsyncIterator[AsyncIterator[list[Sample]]]:
        """The deliveries of these samples, closed at the end; until then the place is taken."""
        stream = self.endpoint.deliveries(problem, indices, decoding=decoding, seed=seed)
        with self.taken():
            try:
                yield stream
            finally:
                await stream.aclose()

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """One call is here."""
        self.health.calls += 1
        self.health.busy += 1
        try:
            yield
        finally:
            self.health.busy -= 1


@dataclass
class _Call:
    """One call of `generate`: which endpoints it has been to.

    Attributes:
        errors: the last of each.
        attempts: requests each made in vain.
        done: endpoints that it does not go back to.
    """

    errors: dict[_Place, EndpointError] = field(default_factory=dict)
    attempts: Counter[_Place] = field(default_factory=Counter)
    done: set[_Place] = field(default_factory=set)


class Endpoints:
    """Several endpoints that serve one model. Make it with `connect`.

    A call goes to the endpoint with the most free places. One that fails is left alone for a while,
    longer each time, and then tried with one call; one that refuses every request (a wrong key, an
    unknown model) is not asked again. While another endpoint is well a failing one gets three
    attempts, the last one left gets all that `retry` grants.

    Args:
        endpoints: with the same identity, at different addresses.
        health: what is known of each, in the same order.
        retry: when to ask again.
        on_retry: told in a sentence when an endpoint is left alone.

    Attributes:
        metered: it tells `models.meter.METER` of every request it sends.

    Raises:
        ConfigError: when there are none, or two are of different models or at one address.
    """

    metered = True

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        health: Sequence[Health],
        *,
        retry: Retry,
        on_retry: Callable[[str], None] | None = None,
    ) -> None:
        self._places = [_Place(*pair) for pair in zip(endpoints, health, strict=True)]
        self._retry = retry
        self._tell = on_retry or (lambda _: None)
        self._check()

    def _check(self) -> None:
        if not self._places:
            raise ConfigError("There is no endpoint in the list.", hint="Give one address or more.")
        addresses = Counter(place.endpoint.url for place in self._places)
        for url, times in addresses.items():
            if times > 1:
                raise ConfigError(f"The endpoint {shown(url)} is given {times} times.")
        if any(place.endpoint.identity != self.identity for place in self._places):
            served = (f"{p.where} {p.endpoint.model!r} ({p.endpoint.api})" for p in self._places)
            raise ConfigError(
                f"The endpoints do not serve one model: {', '.join(served)}.",
                hint="Name the one that all have with --model (model=... in Python).",
            )

    def __repr__(self) -> str:
        where = ", ".join(place.where for place in self._places)
        return f"Endpoints({where}; model={self._places[0].endpoint.model!r})"

    @property
    def identity(self) -> Mapping[str, Json]:
        """That of any of them: a run goes on with more of them, or fewer."""
        return self._places[0].endpoint.identity

    @property
    def chunk(self) -> int:
        """Most samples in one request, at each of them."""
        return min(place.endpoint.chunk for place in self._places)

    @property
    def concurrency(self) -> int:
        """Requests in flight, at all of them together."""
        return sum(place.endpoint.concurrency for place in self._places)

    def limit_requests(self, at_once: int) -> None:
        """Allow this many requests in flight at all of them together, at each at least one."""
        each, over = divmod(at_once, len(self._places))
        for number, place in enumerate(self._places):
            place.endpoint.limit_requests(max(each + (number < over), 1))

    async def aclose(self) -> None:
        """Close the connections of the running event loop; whoever comes back finds all well."""
        await asyncio.gather(*(place.endpoint.aclose() for place in self._places))
        for place in self._places:
            place.health.forget()

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

        Raises:
            Halted: when the meter forbids a request; what was under way is yielded first.
            EndpointError: when no endpoint gave the rest; `Refused` when none ever will.
            DomainError: if an index is negative or given twice.
        """
        call, left = _Call(), tuple(indices)
        came: set[int] = set()
        while True:
            place = await self._next(call)
            before = place.health.seen()
            try:
                async with place.visit(problem, left, decoding, seed) as stream:
                    async for samples in stream:
                        place.health.gave()
                        came.update(sample.index for sample in samples)
                        yield samples
                return
            except EndpointError as error:
                if _is_about(problem, error):
                    raise
                self._failed(place, error, call, before)
            left = tuple(index for index in left if index not in came)

    @contextlib.asynccontextmanager
    async def relayed(self, data: bytes, api: Api) -> AsyncIterator[Relayed]:
        """The reply to a request in somebody else's words, as it comes; see `Attempts.relayed`.

        An endpoint that cannot be reached is passed over.

        Raises:
            EndpointError: when no endpoint gave a reply, or its body broke off.
        """
        call = _Call()
        async with contextlib.AsyncExitStack() as stack:
            while True:
                place = await self._next(call)
                before = place.health.seen()
                stack.enter_context(place.taken())
                reply = place.endpoint.relayed(data, api)
                try:
                    relayed = await stack.enter_async_context(reply)
                except EndpointError as error:
                    self._failed(place, error, call, before)
                    continue
                place.health.gave()
                yield relayed
                return

    async def models(self) -> list[str]:
        """Names of the models that each of them has; empty when one of them has no such list.

        Raises:
            EndpointError: when one of them did not answer.
        """
        lists = await asyncio.gather(*(place.endpoint.models() for place in self._places))
        return [name for name in lists[0] if all(name in listed for listed in lists)]

    async def _next(self, call: _Call) -> _Place:
        """The endpoint to go to; waits while all that are left are left alone.

        Raises:
            EndpointError: when the call has been to all of them.
        """
        while True:
            left = [p for p in self._places if p.health.verdict is None and p not in call.done]
            if not left:
                raise self._none_left(call)
            absent = min(place.health.absent_seconds for place in left)
            if absent == 0:
                here = [place for place in left if place.health.absent_seconds == 0]
                # Whoever failed last is tried with one call, unless nobody else is there.
                sure = [p for p in here if p.health.well or not p.health.busy]
                return max(sure or here, key=lambda place: place.room)
            await asyncio.sleep(absent)

    def _failed(self, place: _Place, error: EndpointError, call: _Call, before: Seen) -> None:
        call.errors[place] = error
        health = place.health
        if isinstance(error, Refused) and for_good(error):
            if health.verdict is None:
                health.verdict = error
                self._tell(f"{error} It is left out from now on.")
            return
        call.attempts[place] += error.attempts
        patient = not _another_is_well((p.health for p in self._places), health)
        # A single attempt was not worth a second one, here or later.
        spent = error.attempts <= 1 or call.attempts[place] >= self._retry.attempts
        if patient or spent:
            call.done.add(place)
        pause = health.failed(before)
        if pause is not None:
            self._tell(f"{error.message} It is left alone for {pause:.1f} s.")

    def _none_left(self, call: _Call) -> EndpointError:
        errors = [error for p in self._places if (error := call.errors.get(p) or p.health.verdict)]
        passing = [error for error in errors if not isinstance(error, Refused)]
        kind = EndpointError if passing else Refused
        last = (passing or errors)[-1]
        said = " ".join(error.message for error in errors)
        return kind(
            f"None of the {len(errors)} endpoints gave an answer. {said}",
            hint=" ".join(dict.fromkeys(error.hint for error in errors if error.hint)),
            status=last.status,
            attempts=sum(error.attempts for error in errors),
            request_id=last.request_id,
            said=last.said,
            retry_after_seconds=last.retry_after_seconds,
        )


def _is_about(problem: Problem, error: EndpointError) -> bool:
    """Whether the request was refused, not the endpoint bad: no other would take it."""
    if isinstance(problem, Given):
        return error.status is not None and 400 <= error.status < 500 and not _elsewhere(error)
    return not isinstance(error, Refused) and error.status in _ABOUT_THE_PROMPT


def _elsewhere(error: EndpointError) -> bool:
    return error.status in _ABOUT_THE_KEY or error.status in LATER


def _another_is_well(health: Iterable[Health], than: Health) -> bool:
    return any(other.well for other in health if other is not than)


def connect_endpoints(
    specs: Sequence[str],
    *,
    retry: Retry | None = None,
    on_retry: Callable[[str], None] | None = None,
    **options: object,
) -> Endpoints:
    """The model that several OpenAI-compatible addresses serve.

    Args:
        specs: the base addresses.
        retry: when to ask again, see `Endpoints`.
        on_retry: told before each wait, in one sentence that starts with the address.
        options: of each, as for `connect_endpoint`; all get the same key.

    Raises:
        ConfigError: for addresses or a key that cannot be used, or when there is not one model, the
            same at each.
        EndpointError: when a server had to be asked for its models and did not answer.
    """
    connect_one = cast("Callable[..., Endpoint]", connect_endpoint)
    rule = retry or Retry()
    health = [Health(rule) for _ in specs]
    endpoints = [
        connect_one(
            spec,
            retry=Handover.of(rule, functools.partial(_another_is_well, health, own)),
            on_retry=on_retry and functools.partial(_tell_of, on_retry, spec),
            **options,
        )
        for spec, own in zip(specs, health, strict=True)
    ]
    return Endpoints(endpoints, health, retry=rule, on_retry=on_retry)


def _tell_of(on_retry: Callable[[str], None], spec: str, what: str) -> None:
    on_retry(f"{shown(read_address(spec, 'chat')[0])}: {what}")
