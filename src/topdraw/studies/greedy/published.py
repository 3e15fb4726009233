"""The numbers that the paper prints, and which of them are of a user's own model and task.

Not here: what they say of ours (`beside`, `claims`).
Try it: `python -m pytest tests/studies/greedy/test_published.py`.

References:
    Song et al. 2024, The Good, The Bad, and The Greedy (arXiv 2407.10457).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topdraw.analysis.variance import binomial_std
from topdraw.studies.greedy.plan import NAME
from topdraw.studies.published import Published, Value, published, same_model, same_task

#: Metrics that are right or wrong for each answer, so that chance has a binomial bound.
_VERDICTS = ("accuracy", "exact match", "pass@1")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What the paper ran.

    Attributes:
        name: as it prints it.
        problems: how many.
        samples: full runs of each model.
        metric: what is printed.
    """

    name: str
    problems: int
    samples: int
    metric: str

    @property
    def has_verdicts(self) -> bool:
        """Whether an answer is right or wrong."""
        return self.metric in _VERDICTS


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A model on a benchmark, as shares.

    Attributes:
        model: as the paper calls it.
        benchmark: what it ran.
        greedy: score of the greedy answers.
        mean: mean score of the full runs.
        std: population standard deviation of the full runs; NaN where it is not printed.
        gap: the highest full run less the lowest; likewise.
        where: table of the paper.
        doubts: where the source prints another number elsewhere.
    """

    model: str
    benchmark: Benchmark
    greedy: float
    mean: float
    std: float
    gap: float
    where: str
    doubts: tuple[str, ...] = ()

    @property
    def binomial(self) -> float:
        """The most that a full run spreads when samples are independent of each other.

        sqrt(m (1 - m) / P); NaN where samples have no verdicts.
        """
        if not self.benchmark.has_verdicts:
            return math.nan
        return binomial_std(self.mean, self.benchmark.problems)


@dataclass(frozen=True, slots=True)
class PublishedBest:
    """The best of the first N samples, as a share.

    Attributes:
        model: as the paper calls it.
        benchmark: what it ran.
        n: N.
        chooser: a reward model, or "oracle", which knows the truth.
        score: what it reached.
    """

    model: str
    benchmark: Benchmark
    n: int
    chooser: str
    score: float


@dataclass(frozen=True, slots=True)
class GreedyNumbers:
    """All that is quoted of the paper.

    Attributes:
        paper: authors, title, number.
        rows: of its main table, and of its table of sizes.
        best: best of N.
    """

    paper: str
    rows: tuple[PublishedRow, ...]
    best: tuple[PublishedBest, ...]

    def row(self, model: str, benchmark: str) -> PublishedRow:
        """The row of a model on a benchmark, both as the paper calls them.

        Raises:
            KeyError: when there is none.
        """
        for one in self.rows:
            if (one.model, one.benchmark.name) == (model, benchmark):
                return one
        raise KeyError(f"{model} on {benchmark}")


@functools.cache
def greedy_numbers() -> GreedyNumbers:
    """What the paper prints, as shares.

    Examples:
        >>> row = greedy_numbers().row("Llama-3-8B-Instruct", "GSM8K")
        >>> row.std, round(row.binomial, 4)
        (0.025, 0.0132)
    """
    tables = {one.key: one for one in published(NAME)}
    benchmarks = {
        str(row["task"]): Benchmark(
            str(row["task"]), int(row["problems"]), int(row["samples"]), str(row["what"])
        )
        for row in tables["benchmarks"].rows
    }
    doubts = tables["doubts"].rows
    return GreedyNumbers(
        paper=tables["main"].paper,
        rows=tuple(
            _row(table, row, benchmarks, doubts)
            for table in (tables["main"], tables["sizes"])
            for row in table.rows
        ),
        best=tuple(
            PublishedBest(
                str(row["model"]),
                benchmarks[str(row["task"])],
                int(row["k"]),
                str(row["what"]),
                _share(row, "best"),
            )
            for row in tables["best-of-n"].rows
        ),
    )


def _row(
    table: Published,
    row: Mapping[str, Value],
    benchmarks: Mapping[str, Benchmark],
    doubts: Sequence[Mapping[str, Value]],
) -> PublishedRow:
    told = (str(one["what"]) for one in doubts if _same(one, row))
    return PublishedRow(
        model=str(row["model"]),
        benchmark=benchmarks[str(row["task"])],
        greedy=_share(row, "greedy"),
        mean=_share(row, "mean"),
        std=_share(row, "std"),
        gap=_share(row, "gap"),
        where=table.where,
        doubts=tuple(told),
    )


def _same(one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    return (one["task"], one["model"]) == (other["task"], other["model"])


def _share(row: Mapping[str, Value], name: str) -> float:
    """Per cent as a share; NaN where the table has no such column."""
    return round(float(row[name]) / 100, 6) if name in row else math.nan


def matching(task: str, model: str, rows: Sequence[PublishedRow]) -> PublishedRow | None:
    """The published row of a user's task and model; None when there is none.

    HumanEval+ has other tests than HumanEval, and is not the same.

    Args:
        task: as topdraw names it.
        model: as the user names it.
        rows: of the paper.
    """
    found = (
        row
        for row in rows
        if "+" not in task and same_task(task, row.benchmark.name) and same_model(model, row.model)
    )
    return next(found, None)
