"""The meter of scorers that ask paid servers: what they send goes on a bill of the run's own.

Not here: the bill (`store.judging`); the caps of a draw (`topdraw.sampling`).
Try it: `python -m pytest tests/scoring/test_charged.py`.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from topdraw.core.billing import Answered, Asked
from topdraw.errors import BudgetExhausted, DomainError
from topdraw.models.meter import Halted
from topdraw.store.judging import judge_writer, judgings
from topdraw.store.run import BillWriter, Run


@dataclass(frozen=True, slots=True)
class Caps:
    """What judging a run may cost in all, by all sessions of one judge.

    Attributes:
        requests: most requests; None for no limit.
        tokens: most tokens, of prompts and replies.

    Raises:
        DomainError: when one is below 1.
    """

    requests: int | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        for name in ("requests", "tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise DomainError(f"{name} is {value}; it must be at least 1.")


class Charged:
    """A meter that writes a judge's bill into the run; a context manager, safe between threads.

    Nothing is written before the first request.

    Args:
        run: that is judged.
        name: under which the verdicts are stored.
        model: that is asked.
        caps: of all sessions.

    Attributes:
        halted: the cap that was reached; "" while none is.
        requests: of this session.
        tokens: of all sessions.
    """

    def __init__(self, run: Run, name: str, model: str, caps: Caps | None = None) -> None:
        self._run, self._name, self._model = run, name, model
        self._caps = caps or Caps()
        before = [one.bill for one in judgings(run) if (one.name, one.model) == (name, model)]
        self._before = sum(bill.requests for bill in before)
        self.tokens = sum(bill.tokens for bill in before)
        self.requests = 0
        self.halted = ""
        self._charged = sum(bill.requests - bill.refused for bill in before)
        self._under_way = 0
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._bill: BillWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def begin(self, asked: Asked, /) -> str:
        """See `models.meter.Meter`.

        Raises:
            Halted: when a cap is reached.
            StoreError: when the bill cannot be written.
        """
        with self._lock:
            self.halted = self.halted or self._reached()
            if self.halted:
                raise Halted(self.halted)
            if self._bill is None:
                writer = judge_writer(self._run, self._name, self._model)
                self._bill = self._stack.enter_context(writer)
            self.requests += 1
            self._under_way += 1
        return self._bill.begin(asked)

    def end(self, attempt: str, answered: Answered, /) -> None:
        """See `models.meter.Meter`."""
        assert self._bill is not None  # noqa: S101  it began
        with self._lock:
            self._under_way -= 1
            if answered.fate != "refused":
                self._charged += 1
                self.tokens += (answered.prompt_tokens or 0) + (answered.output_tokens or 0)
        self._bill.end(attempt, answered)

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        """See `models.meter.Meter`."""

    def at_once(self, endpoint: str, limit: int, /) -> None:
        """See `models.meter.Meter`."""

    def _reached(self) -> str:
        caps = self._caps
        if caps.requests is not None and self._before + self.requests >= caps.requests:
            return "requests"
        mean = self.tokens / self._charged if self._charged else 0.0
        ahead = (self._under_way + 1) * mean
        if caps.tokens is not None and self.tokens + ahead > caps.tokens:
            return "tokens"
        return ""

    def halt(self, why: str) -> None:
        """Allow no further request; the first reason is kept."""
        with self._lock:
            self.halted = self.halted or why

    def exhausted(self) -> BudgetExhausted:
        """The error that says which cap was reached."""
        most = {"requests": self._caps.requests, "tokens": self._caps.tokens}[self.halted]
        spent = f"{self._before + self.requests:,} requests and {self.tokens:,} tokens"
        return BudgetExhausted(
            f"The cap of {most or 0:,} {self.halted} of {self._name!r} is reached: {spent} are "
            "spent.",
            hint=f"What was judged is in {self._run.path}; with a larger cap the same command "
            "goes on.",
        )
