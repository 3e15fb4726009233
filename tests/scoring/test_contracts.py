"""`check_scorer` passes what keeps the contract and names what breaks it."""

import itertools
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError
from topdraw.scoring.contracts import check_scorer


@pytest.mark.parametrize(
    ("name", "target", "outputs"),
    [
        ("number", "2", ["#### 2", "3", "2.0"]),
        ("countdown", {"numbers": [1, 2], "target": 3}, ["1+2", "2-1", "2+1 = 3"]),
        ("logprob", None, ["a", "b"]),
        ("number", None, ["2"]),
    ],
)
def test_our_scorers_keep_it(name: str, target: object, outputs: list[str]) -> None:
    problem = Problem("p", "", cast(str, target))
    check_scorer(name, problem=problem, outputs=outputs)


@pytest.mark.slow
def test_the_function_scorer_keeps_it() -> None:
    problem = Problem("p", "", {"tests": [[1, 2]], "examples": [[3, 6]]})
    check_scorer("functions", problem=problem, outputs=["return x*2", "return 2", "return y"])


def _broken_scorers() -> dict[str, Callable[[Problem, Sequence[Sample]], object]]:
    count = itertools.count()

    def raises(problem: Problem, samples: Sequence[Sample]) -> object:
        return [Score(value=float(ord(sample.output[0]))) for sample in samples]

    return {
        "raised IndexError": raises,
        "a second call": lambda p, s: [Score(value=float(next(count))) for _ in s],
        "another order": lambda p, s: [Score(value=float(i)) for i, _ in enumerate(s)],
        "scoring it alone": lambda p, s: [Score(value=float(len(s))) for _ in s],
        "a missing score has": lambda p, s: [
            Score(value=0.0, missing_reason="judge is down") for _ in s
        ],
        "not worth more": lambda p, s: [
            Score(value=-float(len(x.output)), passed=bool(x.output)) for x in s
        ],
    }


@pytest.mark.parametrize("what", _broken_scorers())
def test_what_breaks_it_is_named(what: str) -> None:
    broken = _broken_scorers()[what]

    def mine(problem: Problem, samples: Sequence[Sample], /) -> Sequence[Score]:
        return cast(Sequence[Score], broken(problem, samples))

    with pytest.raises(AssertionError, match=what):
        check_scorer(mine)


def test_wrong_lengths_are_refused() -> None:
    def mine(problem: Problem, samples: Sequence[Sample], /) -> Sequence[Score]:
        return [Score.verdict(True)]

    with pytest.raises(ConfigError, match="1 scores for the"):
        check_scorer(mine)
