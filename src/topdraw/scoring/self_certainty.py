"""How far the built-in model's next-token distributions are from uniform, over an output.

Not here: other models' own distributions: servers give a few likely tokens, never all of them.
Try it: `topdraw score RUN self-certainty`.
"""

from __future__ import annotations

from collections.abc import Sequence

from topdraw.core.records import Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.errors import DomainError
from topdraw.scoring.reward import traced


@scorer("self-certainty")
def score_self_certainty(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """Mean divergence of the built-in model's token distributions from uniform, in nats.

    -1/(T V) sum_t sum_v log(V p(v | prompt, output before t)): mean KL(uniform || p) over the
    output and its end. It is self-certainty where the built-in model drew the output, at
    temperature 1; of others' outputs it is what the built-in model makes of them.

    Args:
        problem: its prompt is read.
        samples: their outputs are read, at most the first 256 tokens.

    Returns:
        Values >= 0, no verdict and no answer. All missing when the prompt is too long to be read.

    Examples:
        >>> problem = Problem("1", "Make 24 from the numbers 3, 8. Use each once with + - * /.")
        >>> sure, odd = score_self_certainty(problem, [Sample("1", 0, "3*8"), Sample("1", 1, "?!")])
        >>> sure.value > odd.value > 0
        True

    References:
        Kang et al. 2025 (arXiv 2502.18581).
    """
    outputs = list(dict.fromkeys(sample.output for sample in samples))
    try:
        traces = traced(problem.prompt, outputs)
    except DomainError as error:
        return [Score.missing(error.message) for _ in samples]
    values = {
        output: Score(value=float(trace.certainties.mean(dtype=float)))
        for output, trace in zip(outputs, traces, strict=True)
    }
    return [values[sample.output] for sample in samples]
