"""Sets of samples with verdicts of our choosing, as a study reads them.

Not here: runs (`tests.analysis.made_run`).
Try it: `python -m pytest tests/studies/greedy`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from tests.analysis.made_run import NO, YES, made_run

from topdraw.core.records import Decoding, Problem, Sample, Task, sampler_hash
from topdraw.store.run import Run, Sampler
from topdraw.studies.greedy.drawn import Drawn, drawn
from topdraw.studies.material import Material


def made_material(
    folder: Path,
    verdicts: ArrayLike,
    *,
    greedy: ArrayLike | None = None,
    rewards: Mapping[str, Sequence[float]] | None = None,
    model: str = "made",
    task: str = "made",
    part: str = "main",
    first: int = 0,
    temperature: float = 1.0,
    repetition_penalty: float = 1.0,
) -> Material:
    """A run of these verdicts, shape (problems, samples); problems are named from `first` on."""
    table = np.asarray(verdicts, bool)
    decoding = Decoding(temperature=temperature, repetition_penalty=repetition_penalty)
    keys = [f"p{at + first:03d}" for at in range(len(table))]
    answers = None if greedy is None else np.asarray(greedy, bool)
    run = made_run(
        folder,
        {key: [YES if one else NO for one in row] for key, row in zip(keys, table, strict=True)},
        greedy=None
        if answers is None
        else {key: [YES if one else NO] for key, one in zip(keys, answers, strict=True)},
        rewards=rewards,
        logprobs=True,
        model={"name": model},
        sampled=decoding,
    )
    return Material(folder.name, part, task, model, run, decoding)


def made_drawn(folder: Path, verdicts: ArrayLike, **options: object) -> Drawn:
    """The same, read."""
    return drawn(made_material(folder, verdicts, **options))  # type: ignore[arg-type]  # as there


def sure(problems: int, share: float, n: int, seed: int = 0) -> np.ndarray:
    """Verdicts of problems that are all as hard: shape (problems, n)."""
    return np.random.default_rng(seed).random((problems, n)) < share


def made_categories(folder: Path, *, apart: bool) -> Material:
    """Twenty problems of two levels; greedy answers right where samples are wrong, or alike."""
    problems = tuple(Problem(f"p{at}", "x", metadata={"level": at % 2}) for at in range(20))
    warm, cold = Decoding(), Decoding(temperature=0.0)
    hashes = {one: sampler_hash({"name": "made"}, one) for one in (warm, cold)}
    samplers = [Sampler(hashes[warm], "sampled", warm, 2), Sampler(hashes[cold], "greedy", cold, 1)]
    task = Task("made", "1", problems, "judge")
    run = Run.create(folder, task=task, model={"name": "made"}, samplers=samplers, seed=0)
    with run.writer() as writer:
        for problem in problems:
            for index in range(2):
                writer.append(Sample(problem.id, index, "x", sampler=hashes[warm]))
            writer.append(Sample(problem.id, 0, "x", sampler=hashes[cold]))
    run.add_scores("judge", [(one, NO) for one in run.samples()])
    run.add_scores("judge", [(one, YES if apart else NO) for one in run.samples("greedy")])
    return Material(folder.name, "main", "made", "made", run, warm)
