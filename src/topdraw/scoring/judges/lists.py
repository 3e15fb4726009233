"""A judge that is shown several outputs at once and picks one.

Universal self-consistency is one with another prompt: it picks the most consistent one.
Not here: the order in which they are shown, and groups of many (`topdraw.flows.judging`).
Try it: `python -m pytest tests/scoring/judges/test_lists.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from topdraw.core.records import Problem, Sample
from topdraw.errors import ConfigError
from topdraw.scoring.judges.asked import Judge, Unread, unreadable
from topdraw.scoring.judges.fence import of_list
from topdraw.scoring.judges.verdicts import read_number


class Pick(NamedTuple):
    """What was picked of several outputs.

    Attributes:
        place: in the order in which they were shown; None for no verdict.
        missing_reason: why there is none; "" when there is one.
    """

    place: int | None
    missing_reason: str = ""


class ListJudge:
    """A judge of lists.

    Args:
        judge: with a prompt of the kind "list".

    Raises:
        ConfigError: for several votes: a pick has no mean.

    Attributes:
        name: of its model, whose price its tokens have.
    """

    def __init__(self, judge: Judge) -> None:
        if judge.votes > 1:
            raise ConfigError("A judge that picks one of several has one vote.", hint="Drop votes.")
        self._judge = judge
        self.name = judge.name

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._judge.aclose()

    async def pick(self, problem: Problem, shown: Sequence[Sample]) -> Pick:
        """Which of these the judge picks, shown in this order.

        Raises:
            Halted: when the meter forbids a request.
            EndpointError: when it did not answer; `Refused` when it never will.
        """
        text = of_list(self._judge.prompt, problem, [sample.output for sample in shown])

        def read(reply: Sample) -> int | Unread:
            found = read_number(reply.output, self._judge.prompt.verdict)
            cut = found is not None and reply.finish_reason == "length" and not found.ended
            if found is None or cut or found.text not in places:
                return unreadable(reply, self._judge.prompt.max_tokens)
            return int(found.text) - 1

        places = {str(place) for place in range(1, len(shown) + 1)}
        said = await self._judge.ask(problem.id, text, read)
        if not said.verdicts:
            return Pick(None, said.reason)
        return Pick(said.verdicts[0])
