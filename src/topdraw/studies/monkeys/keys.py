"""Answer keys that look wrong: problems never solved, while samples settle on one other answer.

Not here: tests that change their mind (`checks`). Brown et al. 2024, section 4.1, found such a key
among the problems of GSM8K by hand; here the samples point at them.
Try it: `python -m pytest tests/studies/monkeys/test_keys.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.proportion import share_estimate
from topdraw.core.estimate import Estimate
from topdraw.core.records import Candidates

#: Fewer samples than these settle on nothing.
FEWEST = 10


@dataclass(frozen=True, slots=True)
class SuspiciousKey:
    """A problem whose key looks wrong.

    Attributes:
        problem_id: the problem.
        n: scored samples, none of them correct.
        place: which of its samples, missing ones included, first gave the answer that most give.
        share: of the samples that give it, with the interval over samples.
    """

    problem_id: str
    n: int
    place: int
    share: Estimate


def suspicious_keys(
    found: Mapping[str, Candidates], *, level: float = 0.95
) -> tuple[SuspiciousKey, ...]:
    """Problems that no sample solves and of which more than half of all samples agree.

    It is a list to read by hand: a hard problem with a tempting wrong answer looks the same.

    Args:
        found: candidates of each problem, with verdicts and answer classes.
        level: level of the intervals; the lower end of the share must lie above one half.

    Returns:
        The most agreed upon first.
    """
    keys = []
    for problem_id, one in found.items():
        kept = np.flatnonzero(~one.missing)
        answers = one.answer[kept]
        if kept.size < FEWEST or one.passed[kept].any() or not (answers >= 0).any():
            continue
        classes, counts = np.unique(answers[answers >= 0], return_counts=True)
        top = int(counts.argmax())
        share = share_estimate(
            int(counts[top]), kept.size, level=level, method="samples that give this answer"
        )
        if share.low > 0.5:
            first = int(kept[np.flatnonzero(answers == classes[top])[0]])
            keys.append(SuspiciousKey(problem_id, int(kept.size), first, share))
    return tuple(sorted(keys, key=lambda key: (-key.share.value, key.problem_id)))
