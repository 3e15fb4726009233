"""A problem asked in somebody else's words: a request body that goes to the server as it is.

Not here: sending it (`attempts`); whoever serves other people's requests makes these.
Try it: `python -m pytest tests/models/test_given.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from topdraw.core.records import Json, Problem
from topdraw.models.request import Api

# How many and in which form they come is between us and the server.
_OURS = frozenset({"n", "stream", "stream_options"})


@dataclass(frozen=True, slots=True)
class Given(Problem):
    """A problem whose request is given; decoding and prompt are not looked at when it is sent.

    The samples drawn of it carry the server's own choice as `metadata["choice"]`. A refusal of the
    request is an error of this problem alone, never a verdict on the server.

    Attributes:
        body: the request, everything but n and stream.
        api: the route it is for.
    """

    body: Mapping[str, Json] = field(default_factory=dict)
    api: Api = "chat"

    @property
    def seed(self) -> int | None:
        """The seed that the request names; None when each draw is left to the server."""
        seed = self.body.get("seed")
        return seed if isinstance(seed, int) and not isinstance(seed, bool) else None

    def request(self, n: int, seed: int) -> dict[str, Json]:
        """The body that asks for n choices.

        Args:
            n: choices asked for, >= 1.
            seed: of the first; it takes the place of the seed given, if there is one.
        """
        body = {name: value for name, value in self.body.items() if name not in _OURS}
        if self.seed is not None:
            body["seed"] = seed
        return body | ({"n": n} if n > 1 else {})
