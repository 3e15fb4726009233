"""The two shipped reward models: small heads on what the built-in model thinks of an output.

"reward" ranks the samples of one problem; "reward-naive" is the usual first attempt, kept as an
example of over-optimisation: it learnt which problems are easy, not which samples are right.
Not here: the heads' formulas (`scoring.reward_head`) and their training (`tools/`).
Try it: `topdraw score RUN reward`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from topdraw.core.records import Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.errors import DomainError
from topdraw.models.builtin.engine import Engine, Trace
from topdraw.models.builtin.weights import FOLDER
from topdraw.scoring.reward_head import Floats, Reading, naive_reward, reward

LONGEST_OUTPUT = 256
"""Only this many first tokens of an output are read."""
_CHARACTERS = 4 * LONGEST_OUTPUT * 8


@scorer("reward")
def score_reward(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """Reward trained to rank the samples of one problem (Bradley-Terry, within the problem).

    Only differences within a problem mean something. Works for outputs of any model: the text is
    read anew by the built-in model. Equal outputs get equal values; what else is scored with them
    changes nothing.

    Args:
        problem: its prompt is read.
        samples: their outputs are read, at most the first 256 tokens.

    Returns:
        Real values, no verdict and no answer. All missing when the prompt is too long to be read.

    Examples:
        >>> problem = Problem("1", "Make 24 from the numbers 3, 8. Use each once with + - * /.")
        >>> samples = [Sample("1", i, text) for i, text in enumerate(["3*8", "3*8", "8*9"])]
        >>> first, same, other = [score.value for score in score_reward(problem, samples)]
        >>> first == same, first == other
        (True, False)

    References:
        Bradley-Terry loss on pairs: Ouyang et al. 2022 (arXiv 2203.02155), eq. 1; with pairs of
        the model's own right and wrong outputs in place of people's preferences.
    """
    return _score("reward", problem, samples)


@scorer("reward-naive")
def score_reward_naive(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """Reward trained the naive way; best of many by it is an example of over-optimisation.

    A logistic head on the last token's state, trained on right against wrong outputs of all
    problems together.

    Args:
        problem: its prompt is read.
        samples: their outputs are read, at most the first 256 tokens.

    Returns:
        Real values, no verdict and no answer. All missing when the prompt is too long to be read.

    References:
        Over-optimisation: Gao et al. 2022 (arXiv 2210.10760).
    """
    return _score("reward_naive", problem, samples)


def read_outputs(prompt: str, outputs: Sequence[str]) -> list[Reading]:
    """What the heads read of each output, in order.

    Args:
        prompt: a user's turn.
        outputs: any texts; read up to `LONGEST_OUTPUT` tokens or the end of the context.

    Raises:
        DomainError: if the prompt leaves no room for an output.
    """
    return [_reading(trace) for trace in traced(prompt, outputs)]


def traced(prompt: str, outputs: Sequence[str]) -> list[Trace]:
    """What the built-in model thinks of each output and its end, in order.

    Args:
        prompt: a user's turn.
        outputs: any texts; read up to `LONGEST_OUTPUT` tokens or the end of the context.

    Raises:
        DomainError: if the prompt leaves no room for an output.
    """
    engine = _engine()
    ids = engine.prompt_ids(prompt)
    room = min(LONGEST_OUTPUT, engine.config.context - len(ids) - 1)
    if room < 1:
        raise DomainError(
            f"The prompt has {len(ids)} tokens; the reward model reads at most "
            f"{engine.config.context - 2}."
        )
    # Characters are cut before encoding, so that a huge output costs nothing.
    texts = [engine.tokenizer.encode(output[:_CHARACTERS])[:room] for output in outputs]
    return engine.trace(ids, [[*text, engine.config.end] for text in texts])


def _reading(trace: Trace) -> Reading:
    """States moved by one: `Reading` holds the state before a token, `Trace` the one after it.

    The state before the first token belongs to the prompt alone; zeros stand for it.
    """
    before = np.zeros_like(trace.hidden, dtype=np.float64)
    before[1:] = trace.hidden[:-1]
    return Reading(trace.logprobs.astype(np.float64), trace.entropies.astype(np.float64), before)


_FORMULAS = {"reward": reward, "reward_naive": naive_reward}


def _score(name: str, problem: Problem, samples: Sequence[Sample]) -> list[Score]:
    outputs = list(dict.fromkeys(sample.output for sample in samples))
    try:
        readings = read_outputs(problem.prompt, outputs)
    except DomainError as error:
        return [Score.missing(error.message) for _ in samples]
    formula, head = _FORMULAS[name], _head(name)
    scores = {
        output: Score(value=formula(head, reading))
        for output, reading in zip(outputs, readings, strict=True)
    }
    return [scores[sample.output] for sample in samples]


@functools.cache
def _engine() -> Engine:
    return Engine.load("builtin")


@functools.cache
def _head(name: str) -> dict[str, Floats]:
    from safetensors.numpy import load_file

    arrays = load_file(FOLDER / f"{name}.safetensors")
    return {key: array.astype(np.float64) for key, array in arrays.items()}
