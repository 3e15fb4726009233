"""A stored run with verdicts, answers and rewards of our choosing.

Not here: runs of outputs that a scorer reads; `tests/conftest.py` makes those.
Try it: `python -m pytest tests/analysis/test_accuracy.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from topdraw.core.records import Decoding, Json, Problem, Sample, Score, Task, Usage, sampler_hash
from topdraw.core.until import Until
from topdraw.store.run import Run, Sampler

MODEL: Mapping[str, Json] = {"name": "made"}
SAMPLED, GREEDY = Decoding(), Decoding(temperature=0.0)

YES = Score.verdict(True, answer="right")
NO = Score.verdict(False, answer="wrong")
ODD = Score.verdict(False, answer="odd")
SILENT = Score.verdict(False)
LOST = Score.missing("the sandbox crashed")

Scores = Mapping[str, Sequence[Score | None]]


def made_run(
    folder: Path,
    verdicts: Scores,
    *,
    rewards: Mapping[str, Sequence[float]] | None = None,
    greedy: Scores | None = None,
    logprobs: bool = False,
    scorer: str = "judge",
    until: Until | None = None,
    cap: int = 1,
    model: Mapping[str, Json] = MODEL,
    sampled: Decoding = SAMPLED,
) -> Run:
    """A run whose samples of each problem were judged like this, in order; `cap` at least.

    None stands for a sample that nobody scored.
    """
    hashes = {d: sampler_hash(model, d) for d in (sampled, GREEDY)}
    n = max(len(each) for each in verdicts.values())
    samplers = [Sampler(hashes[sampled], "sampled", sampled, max(n, cap))]
    if greedy is not None:
        samplers.append(Sampler(hashes[GREEDY], "greedy", GREEDY, 1))
    task = Task("made", "1", tuple(Problem(key, key) for key in verdicts), scorer)
    run = Run.create(folder, task=task, model=model, samplers=samplers, seed=0, until=until)
    judged = [
        (_sample(key, index, hashes[decoding], logprobs), score)
        for decoding, scores in ((sampled, verdicts), (GREEDY, greedy or {}))
        for key, each in scores.items()
        for index, score in enumerate(each)
    ]
    with run.writer() as writer:
        for sample, _ in judged:
            writer.append(sample)
    run.add_scores("judge", [(s, score) for s, score in judged if score is not None])
    if rewards is not None:
        drawn = run.samples()
        run.add_scores("reward", [(s, Score(value=rewards[s.problem_id][s.index])) for s in drawn])
    return run


def _sample(key: str, index: int, sampler: str, logprobs: bool) -> Sample:
    logprob = -float(index + 1) if logprobs else math.nan
    return Sample(key, index, "x", sampler=sampler, logprob=logprob, usage=Usage(2, 5))
