"""What one request cost upstream: every attempt that was made for it, added up.

Not here: prices; the bill of a recorded run, which is told the same (`record`).
Try it: `python -m pytest tests/servers/proxy/test_tally.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from topdraw.core.billing import Answered, Asked


@dataclass(slots=True)
class Tally:
    """The meter of one request (see `models.meter.Meter`).

    Attributes:
        prompt_tokens: charged by all upstream requests, as they said.
        output_tokens: of all candidates, those not chosen included.
        estimated: whether some of them are our estimate.
        fates: upstream requests by what became of them.
        lines: each with its end, in order.
        parts: the same by what it was for, see `part`.
        whole: what this is a part of; None when it is the whole.
    """

    prompt_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False
    fates: dict[str, int] = field(default_factory=dict)
    lines: list[tuple[Asked, Answered]] = field(default_factory=list)
    parts: dict[str, Tally] = field(default_factory=dict)
    whole: Tally | None = None
    _asked: dict[str, Asked] = field(default_factory=dict)

    def begin(self, asked: Asked, /) -> str:
        """Note a request about to be sent."""
        name = str(len(self.lines) + len(self._asked))
        while name in self._asked:
            name += "'"
        self._asked[name] = asked
        return name

    def end(self, attempt: str, answered: Answered, /) -> None:
        """Note what came of it."""
        self._note(self._asked.pop(attempt), answered)

    def part(self, name: str) -> Tally:
        """The tally of one thing that this is the sum of; what it is told is told this too.

        Args:
            name: of the thing.
        """
        return self.parts.setdefault(name, Tally(whole=self))

    @property
    def requests(self) -> int:
        """How many were made."""
        return sum(self.fates.values())

    def _note(self, asked: Asked, answered: Answered) -> None:
        if self.whole is not None:
            self.whole._note(asked, answered)
        self.lines.append((asked, answered))
        self.charge(answered.prompt_tokens or 0, answered.output_tokens or 0)
        unsaid = answered.fate == "unused" and answered.output_tokens is None
        self.estimated |= answered.estimated or unsaid
        self.fates[answered.fate] = self.fates.get(answered.fate, 0) + 1

    def charge(self, prompt_tokens: int, output_tokens: int) -> None:
        """Add tokens."""
        self.prompt_tokens += prompt_tokens
        self.output_tokens += output_tokens

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        """Nothing: the client waits with us."""

    def at_once(self, endpoint: str, limit: int, /) -> None:
        """Nothing."""

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.prompt_tokens + self.output_tokens
