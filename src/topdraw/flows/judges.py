"""From a spec to who compares the samples of a run, and the name its verdicts are stored under.

Not here: asking (`flows.table`), rating one output by itself (the scorer "judge").
Try it: `topdraw judge RUN --judge "judge(model=NAME, url=URL)" --pairs knockout`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from topdraw.core.records import Problem, Sample
from topdraw.core.spec import read_options, read_spec
from topdraw.errors import ConfigError
from topdraw.flows.table import Listwise, Pairwise, Plans
from topdraw.scoring.judges.connect import (
    AT_ONCE,
    connect_judge,
    label,
    read_judge_spec,
    source,
)
from topdraw.scoring.judges.lists import ListJudge
from topdraw.scoring.judges.pairs import PairJudge, Preference
from topdraw.scoring.rewards.pairs import pair_ranker

#: The name of pairwise reward models, which need no prompt and no server.
RANKER = "pair_ranker"


@dataclass(frozen=True, slots=True)
class Who:
    """Who compares.

    Attributes:
        name: under which verdicts are stored unless the user names another.
        model: whose price its tokens have.
        source: what tells it from another.
        judge: it; it has `compare` or `pick`, whichever the plan needs.
        symmetric: whether the order of showing cannot matter.
    """

    name: str
    model: str
    source: str
    judge: Pairwise | Listwise
    symmetric: bool = False

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        close = getattr(self.judge, "aclose", None)
        if close is not None:
            await close()


def who_compares(spec: str, plan: Plans, *, at_once: int = AT_ONCE) -> Who:
    """Who a spec names.

    Args:
        spec: "judge(model=NAME, url=URL)", or "pair_ranker(model=FOLDER)" for plans of pairs.
        plan: what it is for.
        at_once: questions under way at its server.

    Raises:
        InputError: when it names nobody, or somebody who cannot do this.
    """
    found = read_spec(spec)
    if found is not None and found.name == RANKER:
        return _ranker(spec, found.text, plan)
    options = read_judge_spec(spec)
    if plan not in ("listwise", "usc"):
        judge = connect_judge(options, "pair", at_once=at_once)
        name = label(options, "pair", "pair")
        return Who(name, options.model, source(options, judge.prompt), PairJudge(judge))
    usual = "list" if plan == "listwise" else "usc"
    judge = connect_judge(options, "list", usual=usual, at_once=at_once)
    name = label(options, "list", usual)
    picks = ListJudge(judge)
    return Who(f"{name}-{plan}", options.model, source(options, judge.prompt), picks)


class _Ranker(Protocol):
    @property
    def name(self) -> str: ...

    def compare_all(
        self, problem: Problem, samples: Sequence[Sample], pairs: Sequence[tuple[int, int]]
    ) -> Sequence[float]: ...


class RankerPairs:
    """A pairwise reward model as who compares, one batch after the other.

    Args:
        ranker: it.
    """

    def __init__(self, ranker: _Ranker) -> None:
        self._ranker = ranker
        self._one = asyncio.Lock()

    async def compare(self, problem: Problem, first: Sample, second: Sample, /) -> Preference:
        """What it says; the order of showing cancels in it."""
        async with self._one:
            (chance,) = await asyncio.to_thread(
                self._ranker.compare_all, problem, [first, second], [(0, 1)]
            )
        if chance != chance:
            return Preference(chance, f"{self._ranker.name} could not tell")
        return Preference(float(chance))


def _ranker(spec: str, text: str, plan: Plans) -> Who:
    if plan in ("listwise", "usc"):
        raise ConfigError(f"{RANKER} compares two; it cannot pick one of a list.")
    options = read_options(f"{RANKER!r}", pair_ranker, text)
    if "model" not in options:
        raise ConfigError(f"{RANKER} needs model.", hint=f"Write {RANKER}(model=FOLDER).")
    ranker: _Ranker = pair_ranker(**options)  # type: ignore[arg-type]  # checked by read_options
    shown = " ".join(f"{name}={options[name]}" for name in sorted(options))
    return Who(ranker.name, "", shown or spec, RankerPairs(ranker), symmetric=True)
