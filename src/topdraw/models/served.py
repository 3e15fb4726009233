"""Which models a server has, as it says itself.

Not here: asking again when it does not answer (`attempts`).
Try it: `python -m topdraw models`.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from topdraw.models.reply import decode, model_names
from topdraw.models.retry import Trouble, status_trouble
from topdraw.models.transport import Answer, Transport

if TYPE_CHECKING:
    import yarl

_PATIENCE_SECONDS = 5.0


class Served:
    """The list of models of one server.

    Args:
        transport: sends the request.
        url: of the list.
    """

    def __init__(self, transport: Transport, url: yarl.URL) -> None:
        self._transport = transport
        self._url = url
        self._asked: asyncio.Task[list[str]] | None = None

    async def ask(self) -> list[str]:
        """The names; empty when the server has no such list.

        Raises:
            Trouble: when it did not answer, or wants another key.
        """
        return _listed(await self._transport.ask("GET", self._url))

    async def once(self) -> list[str]:
        """The names, for an error message: asked for once, empty when that brings nothing soon."""
        loop = asyncio.get_running_loop()
        if self._asked is None or self._asked.get_loop() is not loop:
            self._asked = loop.create_task(self._soon())
        return await asyncio.shield(self._asked)

    async def _soon(self) -> list[str]:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self.ask()
        except (Trouble, TimeoutError):
            return []


def nearest(model: str, served: Sequence[str]) -> list[str]:
    """The names, the closest to one that is not among them first.

    Args:
        model: what was asked for.
        served: what there is.
    """
    names = list(dict.fromkeys(served))
    return difflib.get_close_matches(model, names, n=len(names) or 1, cutoff=0.0)


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
