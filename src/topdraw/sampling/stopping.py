"""Drawing one problem batch by batch until its stopping rule is content.

Not here: the rule as a value (`topdraw.core.until`), what it does to estimates
(`topdraw.analysis.stopping`).
Try it: `python -m pytest tests/sampling/test_stopping.py`.
"""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeAlias

from topdraw.core.classes import classes, equivalence
from topdraw.core.records import Problem, Sample, Score
from topdraw.core.until import Until
from topdraw.errors import ConfigError
from topdraw.sampling.best import is_best_settled
from topdraw.sampling.plan import Unit
from topdraw.store.run import Sampler

# Threads of our own: those of the loop resolve host names.
_JUDGES = 4

Judge: TypeAlias = Callable[[Problem, Sequence[Sample]], Sequence[Score]]


def is_over(until: Until, scores: Sequence[Score], left: int) -> bool:
    """Whether a problem needs no further samples.

    Args:
        until: the rule.
        scores: of its samples so far; a missing one is no pass, no vote and no value.
        left: samples that could still be drawn.

    Examples:
        >>> is_over(Until("pass", by="x"), [Score.verdict(False), Score.verdict(True)], left=8)
        True
    """
    if until.rule == "pass":
        return any(score.passed for score in scores)
    if until.rule == "best":
        return is_best_settled(until, [score.value for score in scores], left)
    joined = classes([score.answer for score in scores], equivalence(until.by))
    return is_settled(until, Counter(one for one in joined if one >= 0), left)


def is_settled(until: Until, votes: Counter[int], left: int) -> bool:
    """Whether the answer that leads a vote will stay ahead, as the rule wants it.

    Args:
        until: the rule, "settled".
        votes: for each class of equal answers.
        left: samples that could still be drawn.
    """
    first, second = ([count for _, count in votes.most_common(2)] + [0, 0])[:2]
    if first - second > left:
        return True
    return until.confidence < 1 and probability_ahead(first, second) > until.confidence


@functools.lru_cache(maxsize=65536)
def probability_ahead(first: int, second: int) -> float:
    """Posterior probability that the leader is the likelier of the two leading answers.

    P(p > 1/2) for p ~ Beta(first + 1, second + 1), a sum of binomial terms in whole numbers.

    Args:
        first: votes of the leader, >= second.
        second: votes of the runner-up, >= 0.

    Examples:
        >>> probability_ahead(3, 0)
        0.9375

    References:
        Aggarwal et al. 2023 (arXiv 2305.11860), section 3.
    """
    tosses = first + second + 1
    ways = against = 1
    for heads in range(1, second + 1):
        ways = ways * (tosses - heads + 1) // heads
        against += ways
    return 1 - against / (1 << tosses)


class Pursuit:
    """The problems of a draw under a stopping rule: which samples to draw next, or none any more.

    A context manager: it holds threads for the judge.

    Args:
        sampler: how samples are drawn, and how many of a problem at most.
        until: the rule.
        judge: scores them, a problem at a time, in a thread.
        stored: samples that the run has already.
        ended: told, for each problem that needs no more, how many samples that spares.
    """

    def __init__(
        self,
        sampler: Sampler,
        until: Until,
        judge: Judge,
        stored: Iterable[Sample],
        ended: Callable[[int], None],
    ) -> None:
        self._sampler = sampler
        self._until = until
        self._judge = judge
        self._samples: dict[str, dict[int, Sample]] = {}
        self._ended = ended
        self._threads = ThreadPoolExecutor(_JUDGES)
        self._judged = until.rule == "settled"
        for sample in stored:
            self.add(sample)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def add(self, sample: Sample) -> None:
        """Take note of a sample that is on disk."""
        if sample.sampler == self._sampler.hash:
            self._samples.setdefault(sample.problem_id, {})[sample.index] = sample

    async def units(self, problem: Problem) -> AsyncIterator[Unit]:
        """What to draw, one batch after the other; none when a batch asked for did not come."""
        have = self._samples.setdefault(problem.id, {})
        scores: list[Score] = []
        n, batch = self._sampler.n, self._until.batch
        for start in range(0, n, batch):
            end = min(start + batch, n)
            missing = tuple(index for index in range(start, end) if index not in have)
            if missing:
                yield Unit(self._sampler, problem, missing)
            if any(index not in have for index in missing):
                break
            if end == n:
                break
            scores += await self._scores(problem, [have[index] for index in range(start, end)])
            if is_over(self._until, scores, left=n - end):
                self._ended(sum(index not in have for index in range(end, n)))
                break
        del self._samples[problem.id]

    async def _scores(self, problem: Problem, samples: list[Sample]) -> Sequence[Score]:
        loop = asyncio.get_running_loop()
        scores = await loop.run_in_executor(self._threads, self._judge, problem, samples)
        if len(scores) != len(samples) or not all(isinstance(score, Score) for score in scores):
            raise ConfigError(
                f"The judge of the stopping rule gave no Score per sample of {problem.id!r}.",
                hint=f"{self._until.by!r} must return one Score for each sample, in their order.",
            )
        if not self._judged:
            self._check_kind(scores)
        return scores

    def _check_kind(self, scores: Sequence[Score]) -> None:
        """Refuse a scorer by which the rule could never be content, so that all would be drawn."""
        told = [score for score in scores if score.missing_reason is None]
        if self._until.rule == "best":
            self._judged = any(score.value == score.value for score in told)
        else:
            self._judged = any(score.passed is not None for score in told)
        if told and not self._judged and self._until.rule == "best":
            raise ConfigError(
                f"The scorer {self._until.by!r} gives no values, so that no sample is the best.",
                hint="Stop by a scorer that ranks, or by a vote on its answers: --until settled.",
            )
        if told and not self._judged:
            raise ConfigError(
                f"The scorer {self._until.by!r} gives no verdicts, so that no sample can pass.",
                hint="Stop by a verifier: --by SCORER (Until(by=...) in Python); "
                "or, by a vote on its answers, --until settled.",
            )
