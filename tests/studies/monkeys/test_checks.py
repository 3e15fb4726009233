import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.conftest import TinyRun

from topdraw.core.records import Json, Problem, Sample, Score, Task
from topdraw.core.registry import scorer
from topdraw.errors import StoreError
from topdraw.scoring.engine import score
from topdraw.studies.material import RECORDED, Material
from topdraw.studies.monkeys.checks import (
    FIRST,
    Check,
    check_of,
    check_verifier,
    stored_check,
)

_turns = itertools.count()


@scorer("coin-of-tests")
def coin(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """Says yes and no in turn for the problem "odd"."""
    turn = next(_turns) if problem.id == "odd" else 0
    return [Score.verdict(turn % 2 == 0) for _ in samples]


@scorer("asks-a-server")
async def asks(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A judge."""
    return [Score.verdict(True) for _ in samples]


def _task(*problems: Problem, scorer: str = "number") -> Task:
    return Task("made", "1", problems, scorer)


def test_a_steady_verifier_says_the_same_twice(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["#### 1", "#### 2"] * FIRST}, targets={"p": "1"}, scorer="number")
    score(run, "number")
    check = check_verifier(run, _task(Problem("p", "", "1")), "number")
    assert (check.problems, check.samples, check.changed) == (1, FIRST, 0)
    assert check.flaky_share().value == 0


def test_a_flaky_verifier_is_found_by_problem(tiny_run: TinyRun) -> None:
    run = tiny_run({"odd": ["a"] * 3, "even": ["a"] * 3}, scorer="coin-of-tests")
    score(run, "coin-of-tests")
    check = check_verifier(run, _task(scorer="coin-of-tests"), "coin-of-tests")
    assert check.flaky == ("odd",)
    assert (check.changed, check.samples) == (3, 6)
    assert check.flaky_share().value == 0.5


def test_a_judge_is_not_paid_twice(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["a"]})
    check = check_verifier(run, _task(), "asks-a-server")
    assert check.samples == 0
    assert "request" in check.why


@pytest.mark.slow
def test_known_solutions_go_through_the_tests(tiny_run: TinyRun) -> None:
    tests: dict[str, Json] = {"entry": "f", "asserts": ["assert f(1) == 2"]}
    problems = (
        Problem("good", "", {**tests, "solution": "def f(x): return x + 1"}),
        Problem("bad", "", {**tests, "solution": "def f(x): return x"}),
    )
    run = tiny_run({"good": ["def f(x): return 2"], "bad": ["x"]}, scorer="unit_tests")
    check = check_verifier(run, Task("made", "1", problems, "unit_tests"), "unit_tests")
    assert (check.suites, check.broken, check.unsteady) == (2, 1, 0)
    assert check.broken_share().value == 0.5


def test_a_check_is_made_once_and_read_after(tmp_path: Path, tiny_run: TinyRun) -> None:
    made: list[Check] = []

    def make() -> Check:
        made.append(Check("s", problems=2, samples=4, changed=1, flaky=("p",)))
        return made[-1]

    first = stored_check(tmp_path, "a", make)
    assert stored_check(tmp_path, "a", make) == first
    assert len(made) == 1
    run = tiny_run({"p": ["1"]}, name="runs/a")
    assert check_of(Material("a", "coverage", "t", "m", run)) == first
    assert check_of(Material("b", "coverage", "t", "m", run)) is None
    assert check_of(Material("a", RECORDED, "t", "m", run)) is None


def test_a_damaged_check_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "a.json").write_text("{}")
    with pytest.raises(StoreError, match="cannot be read") as refused:
        stored_check(tmp_path, "a", lambda: Check("s"))
    assert "Remove it" in str(refused.value.hint)
