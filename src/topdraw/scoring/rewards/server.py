"""A score server: what is asked again, what is given up, and which text that costs.

Not here: bodies and replies (`replies`); connections and waits are those of `models`.
Try it: `python -m pytest tests/scoring/rewards/test_server.py`.
"""

from __future__ import annotations

import asyncio
import functools
import weakref
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from topdraw.core.records import Json
from topdraw.errors import ConfigError, DomainError
from topdraw.models.address import read_key
from topdraw.models.reply import decode
from topdraw.models.retry import Retry, Trouble, status_trouble
from topdraw.models.transport import Transport, shown
from topdraw.models.verdict import without_key
from topdraw.scoring.rewards.conversation import Message
from topdraw.scoring.rewards.replies import SINGLE, Said, Style, body_of, read_body

if TYPE_CHECKING:
    import yarl

_ROUTES = ("classify", "score", "pooling", "predict", "rerank")
# What the server has against one text says nothing of the others sent with it.
_OF_ONE_TEXT = frozenset({400, 413, 422, 424, 500})
_USUAL = Retry(attempts=6)
_AGAIN = Retry(attempts=2)
# A server that was given up so often in a row is still asked for every text, but once.
_ONCE = Retry(attempts=1)
_PATIENT_FOR = 3


@functools.lru_cache(maxsize=8)
def server_of(
    url: str, model: str, style: Style, key_env: str, batch_size: int, concurrency: int
) -> Server:
    """A server; the same one for the same arguments, which are those of `Server`."""
    return Server(
        url, model, style, key_env=key_env, batch_size=batch_size, concurrency=concurrency
    )


class Server:
    """A score server.

    Args:
        url: its address.
        model: name of the model there; "" for none.
        style: how it is asked.
        key_env: environment variable of the key; "" for no key.
        batch_size: most texts in a request, >= 1.
        concurrency: most requests at once, >= 1.
        retry: when to ask again.

    Raises:
        ConfigError: when the address is none, or the key is not there.
        DomainError: when batch_size or concurrency is below 1.
    """

    def __init__(
        self,
        url: str,
        model: str,
        style: Style,
        *,
        key_env: str = "",
        batch_size: int = 32,
        concurrency: int = 16,
        retry: Retry | None = None,
    ) -> None:
        for name, value in (("batch_size", batch_size), ("concurrency", concurrency)):
            if value < 1:
                raise DomainError(f"{name} is {value}; it must be at least 1.")
        self._url = _address(url, style)
        self._model, self._style = model, style
        self._key = read_key(key_env)[0] if key_env else None
        self._batch_size = 1 if style in SINGLE else batch_size
        self._concurrency = concurrency
        self._retry = retry or _USUAL
        self._transport = Transport(key=self._key)
        self._worked, self._given_up = False, 0
        self._users: Counter[asyncio.AbstractEventLoop] = Counter()
        self._places: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            weakref.WeakKeyDictionary()
        )

    async def ask(
        self, turns: Sequence[Message], outputs: Sequence[str], label: str, *, truncate: bool
    ) -> list[Said]:
        """What it says of each output.

        Args:
            turns: before the outputs.
            outputs: any number.
            label: see `replies.read_body`.
            truncate: see `replies.body_of`.

        Raises:
            ConfigError: when every further request would be refused alike.
        """
        size, loop = self._batch_size, asyncio.get_running_loop()
        parts = [outputs[at : at + size] for at in range(0, len(outputs), size)]
        self._users[loop] += 1
        tasks = [
            asyncio.ensure_future(self._part(turns, part, label, truncate, self._retry))
            for part in parts
        ]
        try:
            return [said for part in await asyncio.gather(*tasks) for said in part]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # Nobody tells us when a run is over; connections must not outlive their loop.
            self._users[loop] -= 1
            if not self._users[loop]:
                del self._users[loop]
                await self._transport.aclose()

    async def _part(
        self,
        turns: Sequence[Message],
        outputs: Sequence[str],
        label: str,
        truncate: bool,
        retry: Retry,
    ) -> list[Said]:
        body = body_of(self._style, self._model, turns, outputs, truncate=truncate)
        try:
            payload = await self._answer(body, retry, several=len(outputs) > 1)
        except Trouble as trouble:
            if len(outputs) > 1 and trouble.status in _OF_ONE_TEXT:
                half = len(outputs) // 2
                halves = (outputs[:half], outputs[half:])
                told = [await self._part(turns, part, label, truncate, _AGAIN) for part in halves]
                return [said for part in told for said in part]
            return [Said((), without_key(trouble.what, self._key))] * len(outputs)
        return read_body(self._style, payload, len(outputs), label)

    async def _answer(self, body: dict[str, Json], retry: Retry, *, several: bool) -> Json:
        """The reply to one body, asked again while that may help.

        Raises:
            Trouble: when it does not.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self._place():
                    payload = await self._once(body)
            except Trouble as trouble:
                poisoned = trouble.status in _OF_ONE_TEXT
                rule = retry if poisoned else self._retry
                rule = rule if self._given_up < _PATIENT_FOR else _ONCE
                wait = rule.wait_seconds(trouble, attempt, worked=self._worked)
                if wait is None:
                    # What one text of several spoils says nothing of the server.
                    self._given_up += trouble.retryable and not (several and poisoned)
                    self._give_up(trouble)
                    raise
                await asyncio.sleep(wait)
            else:
                self._worked, self._given_up = True, 0
                return payload

    async def _once(self, body: dict[str, Json]) -> Json:
        answer = await self._transport.ask("POST", self._url, body)
        fine = 200 <= answer.status < 300
        text = answer.raw[:2000].decode(errors="replace")
        try:
            payload = decode(answer.raw)
        except ValueError:
            payload = None
            if fine:
                what = f"HTTP {answer.status}, but the answer is no JSON"
                raise Trouble(what, status=answer.status, fate="unused") from None
        if not fine:
            raise status_trouble(answer.status, answer.headers, payload, text)
        return payload

    def _give_up(self, trouble: Trouble) -> None:
        """Raise what would end every further problem alike; see `scoring.apply`."""
        if self._worked or not (trouble.unreachable or trouble.hopeless):
            return
        hint = "Is the server running, and is the address right?"
        if trouble.status in (401, 402, 403):
            hint = "Name the environment variable of its key: key_env=NAME."
        elif trouble.status == 404:
            hint = f"Has it the route of style={self._style}, and a model {self._model!r}?"
        what = without_key(trouble.what, self._key)
        raise ConfigError(f"The score server {shown(self._url)} cannot be used: {what}.", hint=hint)

    def _place(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        return self._places.setdefault(loop, asyncio.Semaphore(self._concurrency))


def _address(url: str, style: Style) -> yarl.URL:
    """The address of a style: as it is when it ends in its route, less the "/v1" of chat."""
    import yarl

    try:
        found = yarl.URL(url)
    except ValueError as error:
        raise ConfigError(f"The address cannot be read: {error}.") from None
    if style not in _ROUTES:
        raise ConfigError(f"style is {style!r}; it must be one of {', '.join(_ROUTES)}.")
    if found.scheme not in ("http", "https") or not found.host or found.user or found.password:
        raise ConfigError(
            f"{shown(found).rpartition('@')[2]!r} is no address of a score server.",
            hint="Example: http://localhost:8000; name a key with key_env=VARIABLE.",
        )
    parts = [part for part in found.path.split("/") if part]
    if parts[-1:] != [style]:
        parts = [*(parts[:-1] if parts[-1:] == ["v1"] else parts), style]
    return found.with_path("/" + "/".join(parts), keep_query=True)
