r"""An output as steps, what a process reward model says of each, and one value of all.

Not here: the network (`process`).
Try it: `python -c "from topdraw.scoring.rewards.steps import *; print(split_steps('a\n\nb'))"`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

Reduce: TypeAlias = Literal["last", "min", "prod", "mean", "log_prod"]


def split_steps(output: str, separator: str = "\n\n") -> list[str]:
    r"""The steps of an output, blank ones left out; an output without any is one empty step.

    Args:
        output: any text.
        separator: between two steps; not part of them. "" makes one step of all.

    Examples:
        >>> split_steps("a\n\n\n\nb\n\n"), split_steps("")
        (['a', 'b'], [''])
    """
    pieces = output.split(separator) if separator else [output]
    return [piece.strip("\n") for piece in pieces if piece.strip()] or [""]


def reduced(logs: Sequence[float], how: Reduce) -> float:
    """One value of the log-probabilities that the steps are good.

    last, min and mean are of probabilities; prod is exp(sum of logs), which is 0 below 1e-323, and
    log_prod that sum itself, in nats, which orders long outputs too.

    Args:
        logs: of the steps in order, at least one; <= 0.
        how: to make one of them.

    Returns:
        In [0, 1]; of log_prod <= 0. NaN when a step is NaN.

    Examples:
        >>> [round(reduced([math.log(0.5), math.log(0.8)], how), 3) for how in ("last", "prod")]
        [0.8, 0.4]

    References:
        last, min and prod: Lightman et al. 2023 (arXiv 2305.20050), appendix F (prod, min); Snell
        et al. 2024 (arXiv 2408.03314), section 5.1 (last).
    """
    if any(math.isnan(one) for one in logs):
        return math.nan
    if how == "log_prod":
        return math.fsum(logs) if -math.inf not in logs else -math.inf
    if how == "prod":
        return math.exp(math.fsum(logs)) if -math.inf not in logs else 0.0
    if how == "mean":
        return math.fsum(math.exp(one) for one in logs) / len(logs)
    return math.exp(logs[-1] if how == "last" else min(logs))
