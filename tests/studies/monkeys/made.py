"""Counts and runs whose law, answers and rewards are known, as the study reads them.

Not here: what is asked of them. Try it: `python -m pytest tests/studies/monkeys`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tests.analysis.made_run import made_run

from topdraw.core.records import Score
from topdraw.store.evidence import open_evidence
from topdraw.store.plain import PlainTable
from topdraw.studies.material import RECORDED, Material
from topdraw.studies.monkeys.reading import Reading, read


def counts_file(folder: Path, models: Mapping[str, Sequence[int]], *, n: int, name: str) -> Path:
    """A table of counts: for each model c of each problem."""
    rows = [
        f"p{at},{n},{c},{model}" for model, counts in models.items() for at, c in enumerate(counts)
    ]
    path = folder / name
    path.write_text("\n".join(["problem,n,c,model", *rows]) + "\n")
    return path


def law_counts(a: float, b: float, *, n: int, problems: int, seed: int = 0) -> list[int]:
    """Counts of problems whose coverage is about exp(a k^b).

    Of so many problems in order, each is solved with probability 1/2 by the k at which the law says
    that as many are solved.
    """
    rng = np.random.default_rng(seed)
    quantiles = (np.arange(problems) + 0.5) / problems
    # 1 - (1 - p)^k is about 1/2 at p = log(2) / k.
    k = (np.log(quantiles) / a) ** (1 / b)
    drawn: list[int] = rng.binomial(n, np.clip(np.log(2) / k, 0, 1)).tolist()
    return drawn


def of_counts(
    folder: Path, models: Mapping[str, Sequence[int]], *, n: int, name: str = "counts.csv"
) -> list[Reading]:
    """Readings of a table of counts, one for each model."""
    table = open_evidence(counts_file(folder, models, n=n, name=name))
    assert isinstance(table, PlainTable)
    return [
        read(Material(model, RECORDED, name, model, table if one else table.of(model)))
        for one in [len(models) == 1]
        for model in models
    ]


def of_answers(
    folder: Path,
    answers: Mapping[str, str],
    *,
    right: Mapping[str, str],
    rewards: Mapping[str, Sequence[float]] | None = None,
    model: str = "made",
    name: str = "run",
) -> Reading:
    """A reading of a run: for each problem a text of which every letter is a sample's answer."""
    verdicts = {
        key: [Score.verdict(letter == right[key], answer=letter) for letter in text]
        for key, text in answers.items()
    }
    run = made_run(folder / name, verdicts, rewards=rewards, model={"name": model})
    return read(Material(name, "coverage", "made", model, run))
