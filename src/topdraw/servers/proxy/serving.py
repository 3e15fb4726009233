"""One completion over HTTP: who asks, what for, the answer, and the account of it.

Not here: the other routes (`app`) and how an answer comes about (`answering`, `passing`).
Try it: `python -m pytest tests/servers/proxy/test_app.py`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from topdraw.core.records import Json, Sample
from topdraw.errors import EndpointError, InputError
from topdraw.models.charge import CHARACTERS_PER_TOKEN
from topdraw.models.request import Api
from topdraw.sampling.prices import Price, price_of
from topdraw.servers.proxy.answering import Asking, answer, judge_cost
from topdraw.servers.proxy.candidates import choice_of
from topdraw.servers.proxy.keys import Cost, Holder
from topdraw.servers.proxy.passing import body_to_pass, pass_through
from topdraw.servers.proxy.refusal import Refusal, of_endpoint, of_input
from topdraw.servers.proxy.reply import Answer
from topdraw.servers.proxy.request import check_body, problem_of, prompt_of, read_body
from topdraw.servers.proxy.strategy import Wanted, judge_questions, wanted
from topdraw.servers.proxy.tally import Tally
from topdraw.servers.proxy.wire import EVENTS, Gone, Reply, headers_of, read, unless_gone

if TYPE_CHECKING:
    from topdraw.servers.proxy.app import Proxy

PASSED = "none"
# What a candidate is expected to cost a budget when the request does not bound it.
_GUESSED_TOKENS = 256


@dataclass(slots=True)
class _Exchange:
    """One request being answered."""

    reply: Reply
    raw: bytes
    body: dict[str, Json]
    wanted: Wanted
    tally: Tally
    judge: Tally
    price: Price | None


class Completions:
    """The route for chat completions, or for plain ones: an ASGI application.

    Args:
        proxy: whose.
        api: which.
    """

    def __init__(self, proxy: Proxy, api: Api) -> None:
        self._proxy = proxy
        self._api: Api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        metrics = self._proxy.metrics
        reply, began, strategy = Reply(send), time.perf_counter(), [PASSED]
        metrics.in_flight += 1
        try:
            await self._answered(scope, receive, send, reply, strategy)
        except Gone:
            metrics.count("gone_total")
            return
        finally:
            metrics.in_flight -= 1
            status = str(reply.status or 499)
            metrics.count("requests_total", route=self._api, strategy=strategy[0], status=status)
            metrics.took(strategy[0], time.perf_counter() - began)

    async def _answered(
        self, scope: Scope, receive: Receive, send: Send, reply: Reply, strategy: list[str]
    ) -> None:
        is_read = False
        try:
            headers = headers_of(scope)
            holder = self._proxy.holder(headers)
            settings = self._proxy.settings
            raw = await read(
                receive,
                headers,
                most=settings.largest_body_bytes,
                seconds=settings.body_seconds,
            )
            is_read = True
            exchange = self._understood(raw, reply)
            if exchange.wanted.strategy is not None:
                strategy[0] = exchange.wanted.strategy.selector.name.partition("(")[0]
            await self._admitted(exchange, holder, receive)
        except Refusal as refusal:
            # A body that was not read to its end would be taken for the next request.
            await (reply if is_read else Reply(send, close=True)).refuse(refusal)
            reply.status = reply.status or refusal.status
        except EndpointError as error:
            # Half a body that is no stream cannot say so; the connection is closed instead.
            if not reply.status or reply.is_events:
                await reply.refuse(of_endpoint(error))
        except InputError as error:
            await reply.refuse(of_input(error))
        except asyncio.CancelledError:
            # The server ends, and its drain is over; nobody else would tell the client.
            if not reply.status or reply.is_events:
                await reply.refuse(Refusal(503, "The server was shut down before it had answered."))

    def _understood(self, raw: bytes, reply: Reply) -> _Exchange:
        proxy, settings = self._proxy, self._proxy.settings
        body = read_body(raw)
        check_body(body, self._api, settings.most_candidates)
        asked = wanted(
            body,
            default=proxy.default,
            usual=proxy.usual,
            models=settings.models,
            offer=proxy.offer,
        )
        price = price_of(asked.model, settings.prices)
        return _Exchange(reply, raw, body, asked, Tally(), Tally(), price)

    async def _admitted(self, exchange: _Exchange, holder: Holder, receive: Receive) -> None:
        tally, judge, price = exchange.tally, exchange.judge, exchange.price
        expected = _expected(exchange)
        holder.admit(expected, self._proxy.clock())
        left = False
        try:
            await unless_gone(receive, self._served(exchange))
        except Gone:
            left = True
            raise
        finally:
            usd = 0.0 if price is None else price.cost_usd(tally.prompt_tokens, tally.output_tokens)
            usd += judge_cost(judge, self._proxy.judge_prices) or 0.0
            known = Cost(tally.tokens + judge.tokens, usd)
            # What was generated until the client left nobody knows; leaving must not be free.
            holder.settle(expected, expected if left else known)
            self._proxy.charged(tally, judge, usd)

    async def _served(self, exchange: _Exchange) -> None:
        model, strategy = exchange.wanted
        if strategy is None:
            data = body_to_pass(exchange.raw, exchange.body, model)
            prompt = prompt_of(exchange.body, self._api)
            await pass_through(
                self._proxy.upstream, data, self._api, exchange.reply, exchange.tally, prompt
            )
        elif exchange.body.get("stream"):
            await self._stream(exchange)
        else:
            found = await self._chosen(exchange)
            await exchange.reply.json(200, found.whole())

    async def _stream(self, exchange: _Exchange) -> None:
        """Events from the choice on; those of the candidates before, when the client wants them."""
        reply = exchange.reply
        strategy = exchange.wanted.strategy
        if strategy is not None and strategy.candidates:
            await reply.start(200, EVENTS)
        found = await self._chosen(exchange)
        if not reply.status:
            await reply.start(200, EVENTS)
        options = exchange.body.get("stream_options")
        with_usage = isinstance(options, dict) and options.get("include_usage") is True
        for event in found.events(with_usage=with_usage):
            await reply.event(event)
        await reply.end(b"data: [DONE]\n\n")

    async def _chosen(self, exchange: _Exchange) -> Answer:
        model, strategy = exchange.wanted
        assert strategy is not None  # noqa: S101  the callers have looked
        body = exchange.body
        if self._api == "completions" and _has_several(body.get("prompt")):
            raise Refusal(400, "A strategy answers one prompt at a time.", param="prompt")
        k = body.get("n")
        asking = Asking(
            problem_of(body, self._api, model, f"topdraw-{secrets.token_hex(12)}"),
            strategy,
            k if isinstance(k, int) else 1,
            model,
            exchange.price,
            exchange.tally,
            exchange.judge,
            self._proxy.judge_prices,
        )

        async def show(sample: Sample) -> None:
            said: Json = {"index": sample.index, "choice": choice_of(sample)}
            await exchange.reply.comment({"candidate": said})

        shows = strategy.candidates and bool(body.get("stream"))
        proxy = self._proxy
        found = await answer(
            proxy.upstream,
            proxy.scorers,
            asking,
            judge=proxy.judge,
            on_sample=show if shows else None,
        )
        await proxy.answered(found, asking.problem)
        return found


def _has_several(prompt: Json) -> bool:
    return isinstance(prompt, list) and any(isinstance(part, str | list) for part in prompt[1:])


def _expected(exchange: _Exchange) -> Cost:
    """What a request may cost: all its outputs at their longest, and its prompt."""
    body, strategy = exchange.body, exchange.wanted.strategy
    longest = body.get("max_completion_tokens") or body.get("max_tokens")
    each = longest if isinstance(longest, int) else _GUESSED_TOKENS
    n = body.get("n")
    choices = strategy.n if strategy is not None else n if isinstance(n, int) else 1
    prompt, outputs = len(exchange.raw) // CHARACTERS_PER_TOKEN, choices * each
    if strategy is not None:
        # Each question shows the conversation and two outputs; a list shows all of them.
        questions = judge_questions(strategy)
        prompt += questions * prompt + 2 * questions * each
    price = exchange.price
    return Cost(prompt + outputs, None if price is None else price.cost_usd(prompt, outputs))
