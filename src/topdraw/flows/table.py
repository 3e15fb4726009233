"""One problem's samples before a judge: each question is asked once, and what was said is noted.

Not here: which questions (`selection.asking`), whole runs (`flows.judging`).
Try it: `python -m pytest tests/flows/test_table.py`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, cast

import numpy as np

from topdraw.core.records import IntArray, Problem, Sample
from topdraw.core.seeds import generator, sample_seed
from topdraw.errors import DomainError, EndpointError
from topdraw.flows.book import Book
from topdraw.models.retry import Refused
from topdraw.scoring.judges.lists import Pick
from topdraw.scoring.judges.pairs import Preference
from topdraw.selection.asking import Plan, play
from topdraw.store.comparisons import Comparison

T = TypeVar("T")

#: How a judge is asked about the samples of a problem.
Plans: TypeAlias = Plan | Literal["listwise", "usc"]
PLANS: tuple[Plans, ...] = ("knockout", "round_robin", "swiss", "listwise", "usc")
#: Most outputs that are shown at once.
SHOWN = 16


class Pairwise(Protocol):
    """Who says which of two is better."""

    async def compare(self, problem: Problem, first: Sample, second: Sample, /) -> Preference:
        """What it says when they are shown in this order."""


class Listwise(Protocol):
    """Who picks one of several."""

    async def pick(self, problem: Problem, shown: Sequence[Sample], /) -> Pick:
        """Which it picks when they are shown in this order."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How the samples of a problem are compared.

    Attributes:
        plan: of the questions.
        calls: of "swiss", most comparisons of a problem; None for ceil(log2 n) rounds.
        both_orders: whether each pair is shown in both orders.
        shown: of "listwise" and "usc", most outputs shown at once.
        seed: of brackets and orders.
    """

    plan: Plans = "knockout"
    calls: int | None = None
    both_orders: bool = True
    shown: int = SHOWN
    seed: int = 0

    def questions(self, n: int) -> int:
        """Questions to expect about n samples; those already answered among them."""
        if n < 2:
            return 0
        if self.plan in ("listwise", "usc"):
            groups, left = 0, n
            while left > 1:
                left = -(-left // self.shown)
                groups += left
            return groups
        rounds = math.ceil(math.log2(n))
        swiss = self.calls if self.calls is not None else rounds * (n // 2)
        pairs = {"knockout": n - 1, "round_robin": n * (n - 1) // 2, "swiss": swiss}[self.plan]
        return min(pairs, n * (n - 1) // 2) * (1 + self.both_orders)


@dataclass(frozen=True, slots=True)
class Table:
    """The samples of one problem, and the book of what was said of them.

    Attributes:
        problem: what they answer.
        samples: n of them, of one sampler.
        book: known verdicts, and where new ones go.
        at_once: limits the questions under way.
        asking: questions under way, which go on to their end when a tournament is broken off.
    """

    problem: Problem
    samples: Sequence[Sample]
    book: Book
    at_once: asyncio.Semaphore
    asking: set[asyncio.Task[Any]] = field(default_factory=set)

    async def judged(self, judge: Pairwise | Listwise, ways: Ways) -> None:
        """Ask whatever the plan asks.

        Args:
            judge: with `pick` for "listwise" and "usc", else with `compare`.
            ways: of asking.

        Raises:
            Halted: when the meter forbids a question.
            Refused: when the judge will answer no question at all.
        """
        n, rng = len(self.samples), sample_seed(ways.seed, self.problem.id, 0)
        if n < 2:
            return
        if ways.plan == "listwise" or ways.plan == "usc":
            await self._pick(cast("Listwise", judge), generator(rng).permutation(n), ways.shown)
        else:
            two = cast("Pairwise", judge)

            async def compare(a: int, b: int) -> float:
                return await self.compared(two, a, b, both_orders=ways.both_orders)

            await play(n, compare, plan=ways.plan, calls=ways.calls, rng=rng)

    async def compared(self, judge: Pairwise, a: int, b: int, *, both_orders: bool = True) -> float:
        """Probability that sample a is better than b; NaN when nobody said.

        Args:
            judge: asked for what is not in the book.
            a: position of one.
            b: of the other.
            both_orders: whether to ask in both, and take the mean of what was said; otherwise
                what was said in the other order will do.
        """
        orders = [(a, b), (b, a)]
        if not both_orders:
            known = [order for order in orders if self._known(*order) is not None]
            orders = known[:1] or orders[:1]
        found = await asyncio.gather(*(self._asked(judge, *order) for order in orders))
        chances = [
            chance if order[0] == a else 1 - chance
            for order, chance in zip(orders, found, strict=True)
            if not math.isnan(chance)
        ]
        return math.fsum(chances) / len(chances) if chances else math.nan

    def _known(self, first: int, second: int) -> float | None:
        return self.book.verdict(self.problem.id, *self._key(first, second))

    def _key(self, first: int, second: int) -> tuple[str, int, int]:
        one, other = self.samples[first], self.samples[second]
        return one.sampler, one.index, other.index

    def _note(self, first: int, second: int, chance: float, reason: str = "") -> None:
        row = Comparison(self.problem.id, *self._key(first, second), chance, reason)
        self.book.note(row)

    async def _asked(self, judge: Pairwise, first: int, second: int) -> float:
        known = self._known(first, second)
        if known is not None:
            return known
        one, other = self.samples[first], self.samples[second]
        if one.output == other.output:  # nobody need be paid to say so
            self._note(first, second, 0.5)
            return 0.5

        async def ask() -> float:
            async with self.at_once:
                try:
                    said = await judge.compare(self.problem, one, other)
                except Refused:
                    raise
                except (EndpointError, DomainError) as error:
                    said = Preference(math.nan, f"the judge did not answer: {error.message}")
            self._note(first, second, *said)
            return said.first_better

        return await self._shielded(ask())

    async def _pick(self, judge: Listwise, order: IntArray, shown: int) -> None:
        """Pick one of each group of so many, and then of those picked, until one is left."""
        left = order
        while len(left) > 1:
            groups = np.array_split(left, -(-len(left) // shown))
            found = await asyncio.gather(*(self._picked(judge, g.tolist()) for g in groups))
            left = np.array([one for one in found if one is not None], np.int64)

    async def _picked(self, judge: Listwise, group: Sequence[int]) -> int | None:
        if len(group) == 1:
            return group[0]
        for one in group:
            if all(self._beats(one, other) for other in group if other != one):
                return one

        async def ask() -> int | None:
            async with self.at_once:
                try:
                    said = await judge.pick(self.problem, [self.samples[at] for at in group])
                except Refused:
                    raise
                except (EndpointError, DomainError) as error:
                    said = Pick(None, f"the judge did not answer: {error.message}")
            if said.place is None:
                self._note(group[0], group[1], math.nan, said.missing_reason)
                return None
            for place, other in enumerate(group):
                if place < said.place:
                    self._note(other, group[said.place], 0.0)
                elif place > said.place:
                    self._note(group[said.place], other, 1.0)
            return group[said.place]

        return await self._shielded(ask())

    def _beats(self, one: int, other: int) -> bool:
        return self._known(one, other) == 1.0 or self._known(other, one) == 0.0

    async def _shielded(self, question: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(question)
        self.asking.add(task)
        task.add_done_callback(self.asking.discard)
        return await asyncio.shield(task)
