"""The proxy as an ASGI application: routes, what they share, and its beginning and end.

Not here: one completion (`serving`), the process around it (`run`).
Try it: `topdraw serve proxy --endpoint http://localhost:8000/v1 --select best_of_n -n 16`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import sys
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from topdraw._version import __version__
from topdraw.core.records import Json
from topdraw.errors import ConfigError, EndpointError, StoreError, TopdrawError
from topdraw.models.given import Given
from topdraw.sampling.prices import Price, price_of
from topdraw.selection.resolve import resolve_selector
from topdraw.servers.proxy.candidates import Upstream
from topdraw.servers.proxy.judging import ServedJudge
from topdraw.servers.proxy.keys import Holder
from topdraw.servers.proxy.metrics import CONTENT_TYPE, Metrics
from topdraw.servers.proxy.record import Recorder
from topdraw.servers.proxy.refusal import Refusal, of_endpoint
from topdraw.servers.proxy.reply import Answer
from topdraw.servers.proxy.scoring import Scorers
from topdraw.servers.proxy.serving import Completions
from topdraw.servers.proxy.settings import Settings
from topdraw.servers.proxy.strategy import Offer, Strategy, check
from topdraw.servers.proxy.tally import Tally

_MODELS_SECONDS = 30.0
_SAVE_SECONDS = 5.0
_ANYBODY = Holder("anybody")


class Proxy:
    """What all requests share.

    Args:
        upstream: one endpoint, or several that serve the same models; closed at the end.
        settings: of the operator.

    Attributes:
        metrics: what was done so far.
        scorers: of the server.
        default: strategy of requests that name none; None passes them through.
        usual: what a request that names a strategy leaves out.
        judge: who compares candidates; None for nobody.
        offer: what a request may ask to be made.
        judge_prices: of the models that scorers and judge ask, by their names.

    Raises:
        InputError: when a scorer or the selector is not one.
        StoreError: when the run to record in cannot be written.
    """

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self.upstream = upstream
        self.settings = settings
        self.metrics = Metrics()
        specs = dict.fromkeys([*settings.scorers, settings.by])
        self.scorers = Scorers(list(specs))
        names = self.scorers.names
        ranked_by = names[0] if settings.scorers else ""
        votes_by = Scorers([settings.by]).names[0]
        self.usual = Strategy(
            settings.n, "best_of_n", ranked_by, votes_by, settings.deadline_seconds
        )
        self.judge = ServedJudge(settings.judge) if settings.judge else None
        self.offer = Offer(
            names,
            () if self.judge is None else self.judge.names,
            settings.judge_calls,
            settings.most_candidates,
        )
        self.judge_prices = self._prices()
        self.default = None if settings.select is None else self._default(settings.select)
        self._recorder: Recorder | None = None
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="record")
        self._listed: tuple[float, list[str]] | None = None

    def _default(self, select: str) -> Strategy:
        if "value" in resolve_selector(select).needs and not self.settings.scorers:
            raise ConfigError(
                f"{select} ranks by a scorer, and there is none.", hint="Name one: --with SCORER."
            )
        strategy = dataclasses.replace(self.usual, select=select)
        try:
            check(strategy, self.offer)
        except Refusal as refusal:
            raise ConfigError(str(refusal)) from None
        return strategy

    def _prices(self) -> dict[str, Price | None]:
        models = {name: self.scorers.model_name(name) for name in self.scorers.names}
        if self.judge is not None:
            models |= {name: self.judge.who(name).model for name in self.judge.names}
        known = self.settings.prices
        return {name: price_of(model, known) for name, model in models.items() if model}

    def clock(self) -> float:
        """Seconds that never go back."""
        keys = self.settings.keys
        return time.monotonic() if keys is None else keys.clock()

    def holder(self, headers: Mapping[str, str]) -> Holder:
        """Whose request this is.

        Raises:
            Refusal: when keys are needed and this is none.
        """
        keys = self.settings.keys
        return _ANYBODY if keys is None else keys.holder(headers)

    def charged(self, tally: Tally, judge: Tally, usd: float) -> None:
        """Count what a request cost upstream."""
        self.metrics.count("tokens_total", tally.prompt_tokens, kind="prompt")
        self.metrics.count("tokens_total", tally.output_tokens, kind="output")
        self.metrics.count("tokens_total", judge.tokens, kind="judge")
        self.metrics.count("cost_usd_total", usd)
        self.metrics.count("judge_requests_total", judge.requests)
        for fate, times in tally.fates.items():
            self.metrics.count("upstream_requests_total", times, fate=fate)

    async def answered(self, answer: Answer, problem: Given) -> None:
        """Count an answer, and keep it when requests are recorded."""
        self.metrics.count("candidates_total", len(answer.samples))
        for name, found in answer.scores.items():
            missing = sum(score.is_missing for score in found)
            self.metrics.count("missing_scores_total", missing, scorer=name)
        if any(note.startswith("deadline") for note in answer.notes):
            self.metrics.count("deadlines_total")
        if self._recorder is not None:
            loop = asyncio.get_running_loop()
            add = functools.partial(self._recorder.add, answer, problem)
            try:
                await loop.run_in_executor(self._writing, add)
            except TopdrawError as error:
                self.metrics.count("unrecorded_total")
                _tell(f"A request was not recorded: {error}")

    async def models(self) -> list[str]:
        """Names of the models that clients may ask for; asked of the upstream now and then.

        Raises:
            EndpointError: when it did not answer, and no name is known otherwise.
        """
        if self.settings.models:
            return list(self.settings.models)
        now = time.monotonic()
        if self._listed is None or now - self._listed[0] > _MODELS_SECONDS:
            self._listed = now, await self.upstream.models()
        return self._listed[1]

    @contextlib.asynccontextmanager
    async def running(self, _: Starlette) -> AsyncIterator[None]:
        """From the first request to the last."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.scorers)
            if self.settings.record is not None:
                names = self.scorers.names
                self._recorder = stack.enter_context(
                    Recorder(
                        self.settings.record,
                        n=self.settings.n,
                        scorer="" if self.usual.ranked_by == "logprob" else self.usual.ranked_by,
                        sources={name: self.scorers.source(name) for name in names},
                        judge=self.judge,
                        models={name: self.scorers.model_name(name) for name in names},
                    )
                )
            saving = asyncio.create_task(self._save_now_and_then())
            try:
                yield
            finally:
                saving.cancel()
                await asyncio.gather(saving, return_exceptions=True)
                await self.upstream.aclose()
                if self.judge is not None:
                    await self.judge.aclose()
                self._writing.shutdown(wait=True)
                self._save()

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_SAVE_SECONDS)
            self._save()

    def _save(self) -> None:
        if self.settings.keys is not None:
            try:
                self.settings.keys.save()
            except StoreError as error:
                _tell(f"What was spent is not kept: {error}")


def _tell(what: str) -> None:
    sys.stderr.write(f"{what}\n")


def proxy_app(upstream: Upstream, settings: Settings | None = None) -> Starlette:
    """The proxy in front of an upstream, as an ASGI application.

    Routes: /v1/chat/completions, /v1/completions, /v1/models, /health, /metrics.

    Args:
        upstream: `topdraw.models.endpoint.connect_endpoint(...)`, or several as one; which it is
            is never said by a request.
        settings: of the operator; None for the usual ones.

    Raises:
        InputError: when a scorer or the selector is not one.
    """
    proxy = Proxy(upstream, settings or Settings())
    routes = [
        Route("/v1/chat/completions", Completions(proxy, "chat"), methods=["POST"]),
        Route("/v1/completions", Completions(proxy, "completions"), methods=["POST"]),
        Route("/v1/models", functools.partial(_models, proxy)),
        Route("/v1/models/{name:path}", functools.partial(_model, proxy)),
        Route("/health", functools.partial(_health, proxy)),
        Route("/metrics", functools.partial(_metrics, proxy)),
    ]
    handlers = {
        HTTPException: _no_route,
        Refusal: _refused,
        EndpointError: _failed,
        Exception: _broken,
    }
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=proxy.running)  # type: ignore[arg-type]  # handlers of their own exceptions
    app.state.proxy = proxy
    return app


def served_names(models: list[str], usual: Strategy) -> list[str]:
    """The names that clients may choose from: the models, and each behind the two usual strategies.

    Args:
        models: of the upstream.
        usual: says how many candidates, and whether something ranks.

    Examples:
        >>> served_names(["llama"], Strategy(16, ranked_by="reward"))
        ['llama', 'best-of-16/llama', 'majority-16/llama']
    """
    prefixes = [f"best-of-{usual.n}"] if usual.ranked_by else []
    prefixes.append(f"majority-{usual.n}")
    return [*models, *(f"{prefix}/{model}" for prefix in prefixes for model in models)]


async def _models(proxy: Proxy, request: Request) -> Response:
    proxy.holder(request.headers)
    names = served_names(await proxy.models(), proxy.usual)
    listed: list[Json] = [_card(name) for name in names]
    return JSONResponse({"object": "list", "data": listed})


async def _model(proxy: Proxy, request: Request) -> Response:
    proxy.holder(request.headers)
    name = request.path_params["name"]
    if name not in served_names(await proxy.models(), proxy.usual):
        raise Refusal(404, f"There is no model {name!r} here.", code="model_not_found")
    return JSONResponse(_card(name))


def _card(name: str) -> dict[str, Json]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "topdraw"}


async def _health(proxy: Proxy, _: Request) -> Response:
    told = {"status": "ok", "version": __version__, "in_flight": proxy.metrics.in_flight}
    return JSONResponse(told)


async def _metrics(proxy: Proxy, request: Request) -> Response:
    proxy.holder(request.headers)
    return Response(proxy.metrics.text(), media_type=CONTENT_TYPE)


async def _no_route(_: Request, error: HTTPException) -> Response:
    words = {404: "There is no such route.", 405: "This route does not take that method."}
    refusal = Refusal(error.status_code, words.get(error.status_code, str(error.detail)))
    return JSONResponse(refusal.body, refusal.status)


async def _refused(_: Request, refusal: Refusal) -> Response:
    return JSONResponse(refusal.body, refusal.status, headers=refusal.headers)


async def _failed(_: Request, error: EndpointError) -> Response:
    refusal = of_endpoint(error)
    return JSONResponse(refusal.body, refusal.status, headers=refusal.headers)


async def _broken(_: Request, __: Exception) -> Response:
    # What went wrong is ours to know, and on its way to the log.
    refusal = Refusal(500, "The proxy failed.", code="internal_error")
    return JSONResponse(refusal.body, refusal.status)
