"""Several runs drawn one after another under caps that they share.

Not here: which runs they are (`sampling.sweep`, `topdraw.studies`), drawing one (`engine`).
Try it: `python -m pytest tests/sampling/test_turns.py`.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from topdraw.errors import BudgetExhausted
from topdraw.sampling.budget import Budget
from topdraw.sampling.prices import PriceTable, price_of
from topdraw.sampling.spent import Spent
from topdraw.store.manifest import FILE as MANIFEST
from topdraw.store.run import Run
from topdraw.store.table import sample_columns


@dataclass(frozen=True, slots=True)
class Part:
    """A run that is one of several.

    Attributes:
        name: what it is called.
        path: its directory.
        wanted: samples per problem, >= 1.
    """

    name: str
    path: Path
    wanted: int

    @property
    def is_begun(self) -> bool:
        """Whether it has a run."""
        return (self.path / MANIFEST).exists()

    @property
    def run(self) -> Run | None:
        """Its run; None when it is not begun.

        Raises:
            StoreError: when it cannot be read.
        """
        return Run.open(self.path) if self.is_begun else None

    @property
    def missing(self) -> int:
        """Sampled outputs that are not drawn yet; -1 when it is not begun.

        Raises:
            StoreError: when its run cannot be read.
        """
        run = self.run
        sampler = run.manifest.sampler("sampled") if run else None
        if run is None or sampler is None:
            return -1
        drawn = sum(index < self.wanted for _, index in run.drawn(sampler.hash))
        return len(run.problems) * self.wanted - drawn


#: Draws what is missing of a part under its own caps.
Turn: TypeAlias = Callable[[Part, "Budget | None"], None]


def draw_in_turn(
    parts: Sequence[Part],
    draw: Turn,
    *,
    whole: str,
    beside: Sequence[Part] = (),
    budget: Budget | None = None,
    prices: PriceTable | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Draw runs, those already begun first, so that another model is refused before it is paid.

    Caps are those of all together: each run gets what the others have left of them.

    Args:
        parts: what to draw.
        draw: draws what is missing of one.
        whole: what they are parts of, in words: "sweep".
        beside: further runs whose spending counts.
        budget: caps on all; seconds are those of this call.
        prices: come before the shipped table, for a cap in USD.
        clock: seconds that never go back.

    Raises:
        BudgetExhausted: when a cap is reached before the last one is begun; `draw` raises its own.
    """
    began, spent = clock(), {}
    if budget is not None and not budget.is_empty:
        spent = {part.name: _used(part.run, prices) for part in [*beside, *parts]}
    for at, part in enumerate(sorted(parts, key=lambda part: not part.is_begun)):
        left = None
        if budget is not None and spent:
            others = [used for name, used in spent.items() if name != part.name]
            left = _left(budget, others, clock() - began)
            if left is None and part.missing == 0:
                continue
            if left is None:
                raise BudgetExhausted(
                    f"The cap of the {whole} is reached after {at} of {len(parts)} runs.",
                    hint=f"They are in {part.path.parent}; with a larger cap the same command goes"
                    " on.",
                )
        draw(part, left)
        if spent:
            spent[part.name] = _used(part.run, prices)


class _Used(NamedTuple):
    """What a run has used of each cap."""

    samples: int = 0
    tokens: int = 0
    usd: float = 0.0


def _used(run: Run | None, prices: PriceTable | None) -> _Used:
    if run is None:
        return _Used()
    spent, identity = spent_of(run), run.manifest.model
    price = price_of(str(identity.get("model") or identity.get("name") or ""), prices)
    usd = price.cost_usd(spent.prompt_tokens, spent.output_tokens) if price else 0.0
    return _Used(spent.samples, spent.tokens, usd)


def _left(budget: Budget, others: Sequence[_Used], seconds: float) -> Budget | None:
    """What other runs leave of the caps; None when that is nothing."""
    used = {
        "samples": sum(one.samples for one in others),
        "tokens": sum(one.tokens for one in others),
        "usd": math.fsum(one.usd for one in others),
        "seconds": seconds,
    }
    caps = dataclasses.asdict(budget)
    left = {name: None if cap is None else cap - used[name] for name, cap in caps.items()}
    if any(value is not None and value <= 0 for value in left.values()):
        return None
    return Budget(**left)


def spent_of(run: Run) -> Spent:
    """What a run has cost so far: by its bill where it has one, else by the usage of its samples.

    Args:
        run: any run.

    Raises:
        StoreError: when it cannot be read.
    """
    found = [sample_columns(run, role=sampler.role) for sampler in run.manifest.samplers]
    samples = sum(columns.index.size for columns in found)
    bill = run.bill()
    if bill.requests:
        return Spent.by(bill, samples)
    prompt = sum(int(columns.prompt_tokens.sum()) for columns in found)
    output = sum(int(columns.output_tokens.sum()) for columns in found)
    return Spent(samples, prompt, output, samples, samples)
