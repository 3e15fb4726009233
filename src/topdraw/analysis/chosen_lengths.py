"""How long the chosen outputs are: each strategy's expected output tokens against the mean sample.

Not here: greedy against sampled (`analysis.variability_lengths`), who chooses (`selection`).
Try it: `python -m pytest tests/analysis/test_chosen_lengths.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.variability_lengths import mean_length
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError


@dataclass(frozen=True, slots=True)
class ChosenLength:
    """Output tokens of what one strategy chooses.

    Attributes:
        tokens: mean over problems.
        less_mean: that less the mean sample of the same problem, paired; its p-value is that of "it
            chooses neither longer nor shorter outputs".
    """

    tokens: Estimate
    less_mean: Estimate


def chosen_lengths(
    tokens: Sequence[ArrayLike], weights: Mapping[str, Sequence[ArrayLike]], *, level: float = 0.95
) -> dict[str, ChosenLength]:
    """Expected output tokens of each strategy's choice.

    Args:
        tokens: for each problem, shape (samples,): output tokens; NaN where unknown, which is left
            out of the problem's mean and of what is chosen.
        weights: for each strategy and problem, shape (samples,): its probability of picking each
            sample; all 0 where it chooses nobody. Only their ratios matter.
        level: confidence level, in (0, 1).

    Returns:
        By strategy, in the same order; over the problems where it chooses somebody.

    Raises:
        DomainError: if a strategy has not one weight for each sample, or the level lies outside
            (0, 1).

    Examples:
        >>> found = chosen_lengths([[10, 20], [10, 30]], {"first": [[1, 0], [1, 0]]})["first"]
        >>> found.tokens.value, found.less_mean.value
        (10.0, -7.5)
    """
    lengths = [np.asarray(one, dtype=float) for one in tokens]
    means = np.array([_mean(one, np.ones(one.size)) for one in lengths])
    found = {}
    for name, every in weights.items():
        shares = [np.asarray(one, dtype=float) for one in every]
        if [one.shape for one in shares] != [one.shape for one in lengths]:
            raise DomainError(f"The weights of {name!r} are not one for each sample.")
        chosen = np.array([_mean(a, b) for a, b in zip(lengths, shares, strict=True)])
        found[name] = ChosenLength(
            tokens=mean_length(chosen, level=level, method=f"output tokens, {name}"),
            less_mean=mean_length(
                chosen - means, level=level, method=f"output tokens, {name} less mean, paired"
            ),
        )
    return found


def _mean(values: FloatArray, weights: FloatArray) -> float:
    known = ~np.isnan(values)
    total = float(weights[known].sum())
    return float(values[known] @ weights[known]) / total if total > 0 else np.nan
