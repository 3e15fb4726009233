"""The fault server's record: who asked for what, what was done, and what that was worth.

It adds up to what a client's bill must say.
Not here: serving (`fault_server`).
Try it: `python -m pytest tests/models/test_fault_matrix.py -k case_16`.
"""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.models.fault_wire import MODULUS, Key


@dataclass
class Seen:
    """One request and what became of it.

    Attributes:
        prompt, seed, n: what it asked for.
        attempt: how often this prompt and seed had been asked for before.
        fault: the name of what it met; "" for what has none.
        fate: as a client with exact books must call it; "left" when the client went away before
            the end of a reply that it could have used, and "" while it is being answered.
        paid: choices generated for it, from the first byte of the reply on.
        came: numbers of the usable choices that were sent to the end.
        blind: whether it was paid without the client being able to know: cut in the headers.
        tokens: prompt and output tokens that the reply said it cost.
        sent: bytes of the reply handed to the socket.
        at: when it came, on the clock `time.monotonic`.
        headers: its headers, by lower-case name.
        body: its JSON.
    """

    prompt: str
    seed: int
    n: int
    attempt: int
    fault: str = ""
    fate: str = ""
    paid: int = 0
    came: tuple[int, ...] = ()
    blind: bool = False
    tokens: tuple[int, int] | None = None
    sent: int = 0
    at: float = 0.0
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def keys(self) -> list[Key]:
        """The choices asked for."""
        return [self._key(j) for j in range(self.n)]

    @property
    def brought(self) -> list[Key]:
        """The choices that came, of those asked for."""
        return [self._key(j) for j in self.came if j < self.n]

    def _key(self, j: int) -> Key:
        return self.prompt, (self.seed + j) % MODULUS


@dataclass
class Log:
    """All requests so far, and what they add up to."""

    seen: list[Seen] = field(default_factory=list)
    open: int = 0  # being answered now
    most_at_once: int = 0
    connections: int = 0

    @property
    def requests(self) -> int:
        return len(self.seen)

    @property
    def paid(self) -> int:
        return sum(one.paid for one in self.seen)

    @property
    def blind(self) -> int:
        """Choices paid for by requests of whose fate no client can know."""
        return sum(one.paid for one in self.seen if one.blind)

    @property
    def delivered(self) -> int:
        return sum(len(one.came) for one in self.seen)

    @property
    def fates(self) -> Counter[str]:
        return Counter(one.fate for one in self.seen)

    def times_asked(self) -> Counter[Key]:
        """How often each choice was asked for."""
        return Counter(key for one in self.seen for key in one.keys)

    def times_brought(self) -> Counter[Key]:
        """How often each choice came after it was asked for."""
        return Counter(key for one in self.seen for key in one.brought)

    @classmethod
    def of(cls, url: str) -> Log:
        """The log of a server in another process."""
        address = url.removesuffix("/v1") + "/_seen"
        with urllib.request.urlopen(address) as reply:  # noqa: S310 - our own server
            told = json.load(reply)
        return cls([Seen(**one | _tuples(one)) for one in told.pop("seen")], **told)


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
