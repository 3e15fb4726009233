"""A judge that says which of two outputs is better, in one order of showing them.

Not here: asking in both orders, and tournaments (`topdraw.flows.judging`).
Try it: `python -m pytest tests/scoring/judges/test_pairs.py`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from topdraw.core.records import Problem, Sample
from topdraw.scoring.judges.asked import Judge, Unread, unreadable
from topdraw.scoring.judges.fence import of_pair
from topdraw.scoring.judges.likelihood import first_better, joined, tokens_of
from topdraw.scoring.judges.verdicts import read_letter

_WORTH = {"a": 1.0, "b": 0.0, "tie": 0.5}


class Preference(NamedTuple):
    """What was said of two outputs.

    Attributes:
        first_better: probability that the one shown first is better, in [0, 1]; NaN for no verdict.
        missing_reason: why there is none; "" when there is one.
    """

    first_better: float
    missing_reason: str = ""


class PairJudge:
    """A judge of pairs.

    Args:
        judge: with a prompt of the kind "pair".

    Attributes:
        name: of its model, whose price its tokens have.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.name = judge.name

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._judge.aclose()

    async def compare(self, problem: Problem, first: Sample, second: Sample) -> Preference:
        """What the judge says when these are shown in this order; of several votes, the mean.

        Raises:
            Halted: when the meter forbids a request.
            EndpointError: when it did not answer; `Refused` when it never will.
        """
        text = of_pair(self._judge.prompt, problem, first.output, second.output)
        said = await self._judge.ask(problem.id, text, self._read)
        if not said.verdicts:
            return Preference(math.nan, said.reason)
        return Preference(math.fsum(said.verdicts) / len(said.verdicts))

    def _read(self, reply: Sample) -> float | Unread:
        verdict = self._judge.prompt.verdict
        found = read_letter(reply.output, verdict)
        # "A" that was cut off is no more than an A; what could follow is no verdict either way.
        if found is None:
            return unreadable(reply, self._judge.prompt.max_tokens)
        tokens = tokens_of(reply)
        placed = read_letter(joined(tokens), verdict) if tokens else None
        if placed is not None and placed.text == found.text:
            weighed = first_better(tokens, placed.at)
            if weighed is not None:
                return weighed.value
        return _WORTH[found.text.lower()]
