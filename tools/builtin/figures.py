"""Figures of the model card: what draws, votes and rewards reach on held-out problems.

Not here: drawing and scoring (`tools/measure_builtin.py`), or the library's own analysis, which
this deliberately does not use: the two are checked against each other.
Try it: `python -m tools.measure_builtin --help`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Figure(NamedTuple):
    """A mean over problems and its standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ± {self.error:.3f}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """All samples of one problem.

    Attributes:
        correct: shape (n,).
        answers: shape (n,). What votes count; None where there is no answer.
        values: by chooser ("logprob", "reward", ...), shape (n,); larger is better.
        greedy: whether the greedy output is right.
    """

    correct: NDArray[np.bool_]
    answers: tuple[str | None, ...]
    values: dict[str, Floats]
    greedy: bool


def figure(values: Sequence[float]) -> Figure:
    """Mean and standard error of one value a problem."""
    array = np.array(values, dtype=float)
    return Figure(float(array.mean()), float(array.std(ddof=1) / len(array) ** 0.5))


def pass_at_k(drawn: Drawn, k: int) -> float:
    """Unbiased chance that one of k is right: 1 - C(n-c, k) / C(n, k)."""
    n, c = len(drawn.correct), int(drawn.correct.sum())
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def best_of_k(drawn: Drawn, chooser: str, k: int) -> float:
    """Chance that the highest valued of k is right; ties are split evenly, exactly.

    With the values rising, the chance that the best lies at or below rank i is C(i, k) / C(n, k).
    """
    values = drawn.values[chooser]
    n = len(values)
    levels, inverse = np.unique(values, return_inverse=True)
    below = np.concatenate([[0], np.cumsum(np.bincount(inverse))])
    reach = np.array([_ratio(int(i), n, k) for i in below])
    share = np.bincount(inverse, weights=drawn.correct) / np.bincount(inverse)
    return float(((reach[1:] - reach[:-1]) * share).sum()) if len(levels) else 0.0


def _ratio(i: int, n: int, k: int) -> float:
    """C(i, k) / C(n, k)."""
    return float(np.prod((i - np.arange(k)) / (n - np.arange(k)))) if i >= k else 0.0


def majority(drawn: Drawn, k: int, *, seed: int = 0, subsets: int = 200) -> float:
    """Chance that the most frequent answer of k is right; ties are split evenly; by simulation."""
    rng = np.random.default_rng(seed)
    n = len(drawn.correct)
    total = 0.0
    subsets = subsets if k < n else 1
    for _ in range(subsets):
        counts: dict[str, int] = {}
        right: dict[str, bool] = {}
        for i in rng.choice(n, size=k, replace=False).tolist():
            answer = drawn.answers[i]
            if answer is not None:
                counts[answer] = counts.get(answer, 0) + 1
                right[answer] = bool(drawn.correct[i])
        if counts:
            most = max(counts.values())
            winners = [answer for answer, count in counts.items() if count == most]
            total += sum(right[answer] for answer in winners) / len(winners)
    return total / subsets


def within_auc(drawn: Drawn, chooser: str) -> float | None:
    """Chance that a right sample is valued above a wrong one; None when there are not both."""
    values = drawn.values[chooser]
    right, wrong = values[drawn.correct], values[~drawn.correct]
    if not len(right) or not len(wrong):
        return None
    return float((np.sign(right[:, None] - wrong[None]).mean() + 1) / 2)
