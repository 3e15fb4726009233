"""What k samples of each problem cost, in tokens, USD, FLOPs or seconds, from plain arrays.

Not here: what they bought for it (`analysis.cost_solved`); reading a run (`analysis.cost`).
Try it: `python -m pytest tests/analysis/test_cost_of_k.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.architectures import Architecture
from topdraw.analysis.samples_used import whole_k
from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError
from topdraw.sampling.prices import Price

Unit: TypeAlias = Literal["output_tokens", "tokens", "usd", "flops", "seconds", "samples"]

#: What each unit is called.
UNITS: dict[Unit, str] = {
    "output_tokens": "output tokens",
    "tokens": "prompt and output tokens",
    "usd": "USD",
    "flops": "FLOPs",
    "seconds": "seconds of requests",
    "samples": "samples",
}


@dataclass(frozen=True, slots=True)
class Costs:
    """What the samples of each problem cost: something once, and something for each sample.

    Attributes:
        unit: of both.
        once: shape (problems,), >= 0. Whatever the number of samples; a shared prompt.
        each: shape (problems,), >= 0. Mean over the problem's samples.
        basis: how they were made, in words.
    """

    unit: Unit
    once: FloatArray
    each: FloatArray
    basis: str = ""

    def of_k(self, ks: Sequence[int]) -> FloatArray:
        """Expected cost of k samples of each problem, drawn at random among all that it has.

        Args:
            ks: samples used, each >= 1.

        Returns:
            Shape (problems, ks).

        Raises:
            DomainError: if a k is not whole or < 1.

        Examples:
            >>> Costs("usd", np.array([0.0]), np.array([0.0072])).of_k([1, 5]).round(4)
            array([[0.0072, 0.036 ]])
        """
        if any(whole_k(k) < 1 for k in ks):
            raise DomainError(f"A cost is of k >= 1 samples, not of {min(ks)}.")
        total: FloatArray = self.once[:, None] + self.each[:, None] * np.array(list(ks), float)
        return total


@dataclass(frozen=True, slots=True)
class SampleTokens:
    """Tokens of the samples of some problems.

    Attributes:
        prompt: shape (problems,). Tokens of each prompt, 0 when unknown.
        problem: shape (samples,). Which problem a sample is of, 0..problems-1.
        output: shape (samples,). Tokens of its output, the end token included; 0 when unknown.
    """

    prompt: IntArray
    problem: IntArray
    output: IntArray

    @property
    def knows_outputs(self) -> bool:
        """Whether every problem has an output of known length."""
        counted = np.bincount(self.problem, weights=self.output, minlength=self.prompt.size)
        return bool(self.prompt.size and (counted > 0).all())

    @property
    def knows_prompts(self) -> bool:
        """Whether every problem has a prompt of known length."""
        return bool(self.prompt.size and (self.prompt > 0).all())


def output_token_costs(tokens: SampleTokens) -> Costs:
    """Output tokens; prompts cost nothing.

    Args:
        tokens: with known outputs.

    Raises:
        DomainError: if a problem has no output of known length.
    """
    _require_known(tokens, prompts=False)
    each = _mean(tokens, tokens.output)
    return Costs("output_tokens", np.zeros(each.size), each, "output tokens of all samples drawn")


def token_costs(tokens: SampleTokens, *, shared_prompts: bool = True) -> Costs:
    """Prompt and output tokens together.

    Args:
        tokens: with known prompts and outputs.
        shared_prompts: whether a prompt counts once per problem; else once per sample.

    Raises:
        DomainError: if the tokens of a problem are unknown.
    """
    once, each = _weighed(tokens, 1.0, 1.0, shared_prompts)
    return Costs("tokens", once, each, f"prompt {_shared(shared_prompts)}")


def price_costs(tokens: SampleTokens, price: Price, *, shared_prompts: bool = True) -> Costs:
    """USD by a price list, without discounts.

    Args:
        tokens: with known prompts and outputs.
        price: of the model.
        shared_prompts: whether a prompt counts once per problem, as where one request asks for all
            samples of it; else once per sample.

    Raises:
        DomainError: if the tokens of a problem are unknown.
    """
    read, written = price.cost_usd(1, 0), price.cost_usd(0, 1)
    once, each = _weighed(tokens, read, written, shared_prompts)
    rate = f"${price.input_usd:g} in, ${price.output_usd:g} out per million tokens on {price.date}"
    return Costs("usd", once, each, f"{rate}, prompt {_shared(shared_prompts)}")


def flops_costs(
    tokens: SampleTokens, architecture: Architecture, *, shared_prompts: bool = True
) -> Costs:
    """FLOPs of inference: each token at its own context, prompts once per problem when shared.

    Args:
        tokens: with known prompts and outputs.
        architecture: of the model.
        shared_prompts: whether the prompt is read once per problem; else once per sample.

    Raises:
        DomainError: if the tokens of a problem are unknown.

    References:
        Brown et al. 2024 (arXiv 2407.21787): sum over prompt tokens + sum over decoded tokens x
        completions, each 2 (parameters + 2 layers width context).
    """
    _require_known(tokens, prompts=True)
    read = architecture.prompt_flops(tokens.prompt)
    written = architecture.output_flops(tokens.prompt[tokens.problem], tokens.output)
    each = _mean(tokens, written)
    basis = (
        f"{architecture.parameters:,} parameters, {architecture.layers} layers of width "
        f"{architecture.width:,}, prompt {_shared(shared_prompts)}"
    )
    if shared_prompts:
        return Costs("flops", read, each, basis)
    return Costs("flops", np.zeros(read.size), read + each, basis)


def attempt_costs(per_attempt: ArrayLike, unit: Unit = "usd") -> Costs:
    """What is known per attempt alone, as papers print it.

    Args:
        per_attempt: shape (problems,) or one number for each problem, >= 0.
        unit: of it.

    Raises:
        DomainError: if one is negative or no number.
    """
    each = np.atleast_1d(np.asarray(per_attempt, float))
    if not (each >= 0).all():
        raise DomainError(f"A cost is a number >= 0; one is {each[~(each >= 0)][0]}.")
    return Costs(unit, np.zeros(each.size), each, f"{UNITS[unit]} per attempt")


def _shared(shared_prompts: bool) -> str:
    return "once per problem" if shared_prompts else "with every sample"


def _require_known(tokens: SampleTokens, *, prompts: bool) -> None:
    if not tokens.knows_outputs:
        raise DomainError("The output tokens of some problem are unknown, and so is its cost.")
    if prompts and not tokens.knows_prompts:
        raise DomainError("The prompt tokens of some problem are unknown, and so is its cost.")


def _mean(tokens: SampleTokens, of_sample: ArrayLike) -> FloatArray:
    total = np.bincount(tokens.problem, weights=of_sample, minlength=tokens.prompt.size)
    mean: FloatArray = total / np.bincount(tokens.problem, minlength=tokens.prompt.size)
    return mean


def _weighed(
    tokens: SampleTokens, read: float, written: float, shared: bool
) -> tuple[FloatArray, FloatArray]:
    """Once and each, when a prompt token costs `read` and an output token `written`."""
    _require_known(tokens, prompts=True)
    prompt = tokens.prompt.astype(np.float64) * read
    each = _mean(tokens, tokens.output) * written
    return (prompt, each) if shared else (np.zeros(prompt.size), each + prompt)
