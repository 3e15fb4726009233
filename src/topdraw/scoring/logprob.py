"""The simplest ranking: how likely the model itself found its output, per token.

Not here: any training, and any verdict; a likely answer may be wrong.
Try it: `topdraw score RUN logprob`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from topdraw.core.records import Problem, Sample, Score
from topdraw.core.registry import scorer


@scorer("logprob")
def score_logprob(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """Mean log-probability per output token under the untempered model, in nats.

    Args:
        problem: not looked at.
        samples: their `logprob` is a sum over `usage.output_tokens` tokens.

    Returns:
        Values <= 0, no verdict and no answer; missing, with the reason, where the log-probability
        is NaN (the server gave none) or there is no output token.

    Examples:
        >>> from topdraw.core.records import Usage
        >>> likely = Sample("1", 0, "24", logprob=-1.0, usage=Usage(output_tokens=4))
        >>> [s.value for s in score_logprob(Problem("1", ""), [likely])]
        [-0.25]

    References:
        Length-normalised log-likelihood: Wang et al. 2023 (arXiv 2203.11171), eq. 1.
    """
    return [_score(sample) for sample in samples]


def _score(sample: Sample) -> Score:
    if math.isnan(sample.logprob):
        return Score.missing("the model gave no log-probability")
    if not sample.usage.output_tokens:
        return Score.missing("the number of output tokens is 0 or unknown")
    return Score(value=sample.mean_logprob)
