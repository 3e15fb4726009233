"""The verdicts on pairs of samples: those that are known, and new ones as they come.

Not here: where they lie on disk (`store.comparisons`), who gives them (`topdraw.scoring.judges`).
Try it: `python -m pytest tests/flows/test_book.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from topdraw.store.comparisons import Comparison


class Book:
    """Verdicts by what was asked; what is in it is not asked for again.

    Args:
        known: earlier ones; those without a verdict are asked for anew.
        keep: told of each new row the moment it comes; None for nobody.

    Attributes:
        new: rows that came since, in order.
    """

    def __init__(
        self,
        known: Iterable[Comparison] = (),
        keep: Callable[[Comparison], None] | None = None,
    ) -> None:
        self.new: list[Comparison] = []
        self._keep = keep
        self._said: dict[tuple[str, str, int, int], float] = {}
        for row in known:
            if not row.missing_reason:
                self._said[row.key] = row.first_better

    def verdict(self, problem_id: str, sampler: str, first: int, second: int) -> float | None:
        """Probability that the first is better when shown first; None when nobody said."""
        return self._said.get((problem_id, sampler, first, second))

    def note(self, row: Comparison) -> None:
        """Enter a row, with a verdict or without."""
        if self._keep is not None:
            self._keep(row)
        self.new.append(row)
        if not row.missing_reason:
            self._said[row.key] = row.first_better
