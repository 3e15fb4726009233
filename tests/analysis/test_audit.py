"""Audits: broken, flaky and silent suites, shares, what cannot be audited."""

from collections.abc import Sequence

import pytest

from topdraw.analysis.audit import Audit, audit_tests
from topdraw.core.records import Problem, Sample, Score, Task
from topdraw.errors import ConfigError, DomainError
from topdraw.scoring.marks import note


class _Judge:
    """Says of a solution what its text says: the verdicts of its repeats, one letter each."""

    __name__ = "judge"

    def __init__(self) -> None:
        self.calls: dict[tuple[str, str], int] = {}

    def __call__(self, problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
        return [self._one(problem.id, sample.output) for sample in samples]

    def _one(self, problem_id: str, output: str) -> Score:
        at = self.calls[problem_id, output] = self.calls.get((problem_id, output), -1) + 1
        letter = output[at]
        if letter == "?":
            return Score.missing("overload")
        marks = {"+": "+++", "-": "+-.", "e": "+e.", "*": "++"}[letter]
        return Score.verdict(letter in "+*", note=note({"tests": marks}))


def _audit(*suites: Sequence[str], repeats: int = 3) -> Audit:
    problems = [Problem(str(i), "", {"solutions": [*texts]}) for i, texts in enumerate(suites)]
    return audit_tests(Task("t", "1", tuple(problems)), by=_Judge(), repeats=repeats)


def test_the_three_faults_and_their_shares() -> None:
    found = _audit(["+++"], ["+++", "---"], ["+-+"], ["???"], ["++?"], ["-e-"], ["++*"], [])
    faults = {s.problem_id: (s.rejected, s.flaky, s.missing) for s in found.suites}
    assert faults == {
        "0": (0, 0, 0), "1": (1, 0, 0), "2": (0, 1, 0), "3": (0, 0, 1), "4": (0, 0, 0),
        "5": (0, 1, 0), "6": (0, 1, 0),
    }  # fmt: skip
    assert found.unknown == 1
    assert found.missing == 1
    assert found.broken.value == pytest.approx(1 / 6)
    assert found.flaky.value == pytest.approx(3 / 6)
    assert (found.broken.n, found.broken.missing) == (6, 1)
    assert found.suites[1].note == "1 of 3 tests (+1-1.1); first failed: test 2"
    assert found.suites[3].note == "overload"


def test_one_repeat_finds_no_flaky_suite() -> None:
    found = _audit(["+"], ["-"], repeats=1)
    assert found.flaky.value == 0
    assert found.broken.value == 0.5


def test_progress_and_exact_intervals() -> None:
    said: list[tuple[int, int]] = []
    problem = Problem("1", "", {"solution": "+"})
    found = audit_tests(
        Task("t", "1", (problem,)), by=_Judge(), repeats=1, exact=True,
        on_progress=lambda done, total: said.append((done, total)),
    )  # fmt: skip
    assert said == [(1, 1)]
    assert "Clopper" in found.broken.method


def test_what_cannot_be_audited() -> None:
    task = Task("t", "1", (Problem("1", "", "7"),))
    with pytest.raises(ConfigError, match="has no scorer"):
        audit_tests(task)
    with pytest.raises(ConfigError, match="known-correct solution"):
        audit_tests(task, by=_Judge())
    with pytest.raises(DomainError, match="repeats=0"):
        audit_tests(task, by=_Judge(), repeats=0)
