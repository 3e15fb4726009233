"""The account of one draw: writes the bill, adds up what is spent, and says when it is enough.

Not here: the caps as values (`budget`), the sums (`spent`), the bill on disk
(`topdraw.store.bill`).
Try it: `python -m pytest tests/sampling/test_account.py`.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from topdraw.core.billing import Answered, Asked
from topdraw.core.records import Sample
from topdraw.errors import StoreError
from topdraw.models.meter import Halted
from topdraw.sampling.budget import Budget
from topdraw.sampling.prices import Price
from topdraw.sampling.spent import Spent
from topdraw.store.run import BillWriter

# What just fits must not be refused for the last bit of a float.
_ROUNDING = 1 + 1e-9


class _Cap(NamedTuple):
    name: str
    limit: float
    cost: Callable[[float, float], float]


def _caps(budget: Budget, price: Price | None) -> list[_Cap]:
    found = []
    if budget.tokens is not None:
        found.append(_Cap("tokens", budget.tokens, lambda prompt, output: prompt + output))
    if budget.usd is not None and price is not None:
        found.append(_Cap("usd", budget.usd, price.cost_usd))
    return found


class Account:
    """The meter of one draw, and the keeper of its caps.

    Args:
        budget: the caps.
        price: of the model; None when unknown.
        before: what the run has cost so far; counted on from there.
        bill: takes each request; None for a model that has no meter and is charged by the usage of
            its samples.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        budget: Budget,
        price: Price | None,
        before: Spent,
        bill: BillWriter | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.spent = before
        self.requests = self.wasted = 0
        self.halted = ""
        self._budget, self._price, self._bill = budget, price, bill
        self._caps = _caps(budget, price)
        self._clock = clock
        self._asked: dict[str, Asked] = {}
        self._unwritten: list[tuple[str, Answered]] = []
        self._reserved_samples = self._reserved_calls = 0
        self._changed = asyncio.Event()
        self._limits: dict[str, int] = {}
        self._shut_until: dict[str, float] = {}

    @property
    def spent_usd(self) -> float | None:
        """What the run has cost in USD; None when the price is unknown."""
        if self._price is None:
            return None
        return self._price.cost_usd(self.spent.prompt_tokens, self.spent.output_tokens)

    @property
    def allowed(self) -> int | None:
        """Requests now allowed to be under way; None when the model does not say."""
        return sum(self._limits.values()) if self._limits else None

    @property
    def throttled_seconds(self) -> float:
        """Until some endpoint may be asked again; 0 when one may be now."""
        opens = (self._shut_until.get(one, 0.0) for one in self._shut_until.keys() | self._limits)
        return max(min(opens, default=0.0) - self._clock(), 0.0)

    @property
    def under_way(self) -> int:
        """Requests sent and not yet answered."""
        return len(self._asked)

    def halt(self, why: str) -> None:
        """Allow no further request; the first reason is kept."""
        self.halted = self.halted or why
        self._wake()

    def verdict(self) -> str:
        """What stopped the draw, in a sentence."""
        budget, spent = self._budget, self.spent
        said = {
            "samples": f"The cap of {budget.samples or 0:,} samples is reached.",
            "tokens": f"The cap of {budget.tokens or 0:,} tokens is reached, with {spent.tokens:,} "
            f"spent and about {spent.mean_output():,.0f} for another output.",
            "usd": f"The cap of {budget.usd or 0:,.12g} USD is reached, with "
            f"{self.spent_usd or 0:,{'.2f' if (self.spent_usd or 0) >= 1 else '.3g'}} spent.",
            "seconds": f"The cap of {budget.seconds or 0:,g} seconds is reached.",
        }
        return said[self.halted]

    async def grant(self, prompt: str, samples: int) -> int:
        """How many of these samples of one problem to draw now; give them back with `release`.

        Waits while what is under way decides what is left of a cap.

        Args:
            prompt: of the problem, to guess its tokens.
            samples: wanted, >= 1.

        Returns:
            1..samples; 0 when no more may be drawn.
        """
        while not self.halted:
            most, why = self._tightest(prompt)
            if most > 0:
                allowed = int(min(samples, most))
                self._reserved_samples += allowed
                self._reserved_calls += 1
                return allowed
            if not self._reserved_calls:
                self.halt(why)
            else:
                await self._changed.wait()
        return 0

    def release(self, granted: int) -> None:
        """Give back a grant whose samples were drawn or given up."""
        self._reserved_samples -= granted
        self._reserved_calls -= 1
        self._wake()

    def kept(self, samples: Sequence[Sample]) -> None:
        """Note samples that are on disk."""
        self.spent.samples += len(samples)
        if self._bill is None:
            for sample in samples:
                self.spent.charge(1, sample.usage.prompt_tokens, sample.usage.output_tokens)

    def begin(self, asked: Asked, /) -> str:
        """See `models.meter.Meter`.

        Raises:
            Halted: when a cap is reached or the draw is being stopped.
            StoreError: when the bill cannot be written.
        """
        if not self.halted and (cap := self._overdrawn(asked)):
            self.halt(cap)
        if self.halted:
            raise Halted(self.halted)
        attempt = str(self.requests) if self._bill is None else self._bill.begin(asked)
        self._asked[attempt] = asked
        self.requests += 1
        return attempt

    def end(self, attempt: str, answered: Answered, /) -> None:
        """See `models.meter.Meter`; a bill that cannot be written now is written later."""
        asked = self._asked.pop(attempt)
        self.wasted += answered.fate != "delivered"
        if self._bill is None:  # charged by its samples
            return
        if answered.fate != "refused":
            samples = answered.samples or asked.samples
            self.spent.charge(samples, answered.prompt_tokens, answered.output_tokens)
        self._unwritten.append((attempt, answered))
        self.write_bill()

    def write_bill(self) -> None:
        """Write what the bill still lacks, as far as the disk takes it."""
        while self._bill is not None and self._unwritten:
            try:
                self._bill.end(*self._unwritten[0])
            except StoreError:
                return
            self._unwritten.pop(0)

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        """See `models.meter.Meter`."""
        self._shut_until[endpoint] = self._clock() + seconds

    def at_once(self, endpoint: str, limit: int, /) -> None:
        """See `models.meter.Meter`."""
        self._limits[endpoint] = limit

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _tightest(self, prompt: str) -> tuple[float, str]:
        """Samples that one more call may draw, and the cap that says so."""
        allowed, why = math.inf, ""
        if self._budget.samples is not None:
            left = self._budget.samples - self.spent.samples - self._reserved_samples
            allowed, why = max(left, 0), "samples"
        for cap in self._caps:
            fits = self._fitting(cap, prompt)
            if fits < allowed:
                allowed, why = fits, cap.name
        return allowed, why

    def _fitting(self, cap: _Cap, prompt: str) -> float:
        left = cap.limit - self._spent(cap)
        call, sample = self._expected(cap, prompt)
        room = left - call - self._reserved_calls * call - self._reserved_samples * sample
        fits = max(math.floor(room / sample), 0) if sample else math.inf
        # What a sample costs is a guess until one was drawn.
        is_first = not self.spent.is_known and not self._reserved_calls
        return max(fits, 1) if is_first and left > 0 else fits

    def _spent(self, cap: _Cap) -> float:
        return cap.cost(self.spent.prompt_tokens, self.spent.output_tokens)

    def _expected(self, cap: _Cap, prompt: str) -> tuple[float, float]:
        """What a call is expected to cost, and each of its samples on top."""
        ahead, output = self.spent.mean_prompt(prompt), self.spent.mean_output()
        if self._bill is None:  # charged by samples, each with its prompt
            return 0.0, cap.cost(ahead, output)
        return cap.cost(ahead, 0), cap.cost(0, output)

    def _overdrawn(self, asked: Asked) -> str:
        """The cap that one more request would pass, as would those under way; "" for none.

        A retry was not granted: what the attempt before it lost may have been the last there was.
        """
        if not self._caps:
            return ""
        sent = [*self._asked.values(), asked] if self._bill and self.spent.is_known else []
        samples = sum(one.samples for one in sent)
        for cap in self._caps:
            call, sample = self._expected(cap, "")
            spent = self._spent(cap)
            ahead = len(sent) * call + samples * sample
            if spent >= cap.limit or spent + ahead > cap.limit * _ROUNDING:
                return cap.name
        return ""
