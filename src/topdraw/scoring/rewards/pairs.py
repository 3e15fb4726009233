"""PairRM: a network that reads two outputs at once and says which is better.

Both orders are asked and averaged: P(i over j) and P(j over i) add up to 1. What it says of a pair
is a comparison (`store.comparisons`), not a score: a score must not depend on a sample's siblings.
Not here: tournaments (`selection`).
Try it: `python -m pytest tests/scoring/rewards/test_pairs.py`.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import math
from collections.abc import Awaitable, Callable, Sequence

from topdraw.core.records import Problem, Sample
from topdraw.scoring.rewards.checkpoint import Where
from topdraw.scoring.rewards.conversation import messages_of
from topdraw.scoring.rewards.naming import score_name
from topdraw.scoring.rewards.pairrm import PairNetwork, load_pairs
from topdraw.store.comparisons import Comparison, add_comparisons, comparison_names, comparisons
from topdraw.store.run import Run


def pair_ranker(
    *,
    model: str,
    batch_size: int | None = None,
    device: str = "",
    dtype: str = "",
    attention: str = "",
    revision: str = "",
) -> PairRanker:
    """A pairwise ranker; it is loaded once for the same options.

    Args:
        model: a folder or a name on the hub, of PairRM's kind ("llm-blender/PairRM-hf").
        batch_size: most pairs at once; None for 1 on a CPU and 16 on a GPU.
        device: as torch writes it; "" for a GPU when there is one.
        dtype: float32, bfloat16 or float16; "" for bfloat16 on a GPU and float32 on a CPU.
        attention: an implementation that transformers knows; "" for its own choice.
        revision: a commit, tag or branch of the hub; "" for the newest.
    """
    return _ranker(Where(model, revision, device, dtype, attention), batch_size)


@functools.lru_cache(maxsize=8)
def _ranker(where: Where, batch_size: int | None) -> PairRanker:
    return PairRanker(where, batch_size=batch_size)


class PairRanker:
    """A pairwise ranker; it is loaded when it is first asked. Make it with `pair_ranker`.

    Args:
        where: the checkpoint.
        batch_size: see `Passes`.

    References:
        Jiang et al. 2023 (arXiv 2306.02561), section 3.2.
    """

    def __init__(self, where: Where, *, batch_size: int | None = None) -> None:
        self._where, self._batch_size = where, batch_size

    @property
    def name(self) -> str:
        """What its comparisons are called."""
        return score_name("pair_ranker", model=self._where.model, revision=self._where.revision)

    @property
    def _loaded(self) -> PairNetwork:
        return load_pairs(self._where, self._batch_size)

    def compare_all(
        self, problem: Problem, samples: Sequence[Sample], pairs: Sequence[tuple[int, int]]
    ) -> list[float]:
        """Probability that the first sample of each pair is better than the second.

        The mean of sigma(f(a, b)) and 1 - sigma(f(b, a)), with f what the network says of two
        texts in this order; it depends on these two outputs alone, to the last bit.

        Args:
            problem: its last turn is read.
            samples: of the problem.
            pairs: positions in samples.

        Returns:
            In [0, 1], one for each pair, and 1 less it for the pair turned round; 0.5 for equal
            outputs. NaN where the network gives no finite number, or memory runs out.

        Raises:
            ConfigError: when the checkpoint cannot be loaded or is none of PairRM's kind.
            MissingPackage: without the extra "hf".
        """
        source = str(messages_of(problem)[-1]["content"])
        both = [
            self._loaded.read(source, samples[a].output, samples[b].output)
            for pair in pairs
            for a, b in (pair, pair[::-1])
        ]
        chances = [_chance(found) for found in self._loaded.passes(both)]
        return [_averaged(chances[2 * at], chances[2 * at + 1]) for at in range(len(pairs))]

    def comparer(
        self, problem: Problem, samples: Sequence[Sample]
    ) -> Callable[[int, int], Awaitable[float]]:
        """The judge of a tournament (`selection.asking.Compare`) between samples of a problem."""

        async def compare(one: int, other: int) -> float:
            found = await asyncio.to_thread(self.compare_all, problem, samples, [(one, other)])
            return found[0]

        return compare


def compare_run(run: Run, ranker: PairRanker, *, name: str = "") -> int:
    """Store what a ranker says of all pairs of samples of each problem of a run.

    Pairs that are stored under the name, in either order, are not asked again.

    Args:
        run: the run.
        ranker: the ranker.
        name: of the comparisons; "" for that of its model.

    Returns:
        The number of comparisons added. Pairs that could not be told are left out.

    Raises:
        ConfigError: see `PairRanker.compare_all`; or the name is no name.
        MissingPackage: without the extra "hf".
    """
    called = name or ranker.name
    known = comparisons(run, called).rows if called in comparison_names(run) else ()
    seen = {(row.problem_id, row.sampler, frozenset((row.first, row.second))) for row in known}
    grouped: dict[tuple[str, str], list[Sample]] = {}
    for sample in run.samples("sampled"):
        grouped.setdefault((sample.problem_id, sample.sampler), []).append(sample)
    added = 0
    for (problem_id, sampler), samples in grouped.items():
        pairs = [
            (a, b)
            for a, b in itertools.combinations(range(len(samples)), 2)
            if (problem_id, sampler, frozenset((samples[a].index, samples[b].index))) not in seen
        ]
        chances = ranker.compare_all(run.problems[problem_id], samples, pairs)
        rows = [
            Comparison(problem_id, sampler, samples[a].index, samples[b].index, chance)
            for (a, b), chance in zip(pairs, chances, strict=True)
            if not math.isnan(chance)
        ]
        add_comparisons(run, called, rows)
        added += len(rows)
    return added


def _chance(found: object) -> float:
    """The logistic function of what the network said; NaN when it said nothing."""
    if not isinstance(found, float) or math.isnan(found):
        return math.nan
    if found >= 0:
        return 1 / (1 + math.exp(-found))
    small = math.exp(found)
    return small / (1 + small)


def _averaged(first: float, turned: float) -> float:
    """(first + 1 - turned) / 2, such that it and the same turned round add up to 1 exactly."""
    ahead = (first - turned) / 2
    # What is above 1/2 is rounded, and its complement is then exact.
    return 0.5 + ahead if ahead >= 0 else 1 - (0.5 - ahead)
