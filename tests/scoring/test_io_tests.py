"""Programs of inputs and outputs in the sandbox: groups, languages, functions, limits."""

import shutil

import pytest

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.errors import SandboxUnavailable
from topdraw.scoring import io_tests, timed
from topdraw.scoring.contracts import check_scorer
from topdraw.scoring.io_tests import same_value, score_io_tests
from topdraw.scoring.marks import marks_of

_TESTS: dict[str, Json] = {
    "public": [["1 2\n", "3\n"], ["5 5\n", "10\n"]],
    "private": [["0 0\n", "0\n"], ["7 -7\n", "0\n"], ["1 1\n", "2\n"]],
    "generated": [[f"{i} 1\n", f"{i + 1}\n"] for i in range(20)],
}
_TARGET: Json = {"tests": _TESTS, "cpu_seconds": 1.0}
_SUM = "print(sum(map(int, input().split())))"


@pytest.fixture(scope="module", autouse=True)
def _sandbox() -> None:
    """Skip where this machine cannot confine programs."""
    try:
        _score(_SUM)
    except SandboxUnavailable as error:
        pytest.skip(str(error))


def _score(*outputs: str, target: Json = _TARGET) -> list[Score]:
    samples = [Sample("p", i, output) for i, output in enumerate(outputs)]
    return score_io_tests(Problem("p", "", target), samples)


def test_groups_are_kept_apart() -> None:
    right, half, wrong, broken = _score(
        f"Here:\n```python\n{_SUM}\n```\n",
        "a, b = map(int, input().split())\nprint(abs(a + b) if a >= b else a + b)",
        "a, b = map(int, input().split())\nprint(a + b if a else 1)",
        "print(",
    )
    assert right.passed
    assert right.note == (
        "public 2 of 2 (+2), private 3 of 3 (+3), generated 20 of 20 (+20); fence python, tokens"
    )
    assert half.passed
    assert wrong.passed is False
    assert marks_of(wrong.note)["public"] == "++"
    assert marks_of(wrong.note)["private"] == "-++"
    assert "generated 10 of 20" not in wrong.note
    assert "private test 1: gave '1', not '0'" in wrong.note
    assert broken.passed is False
    assert right.answer == half.answer == wrong.answer == "3|10"
    assert broken.answer is None


def test_the_rest_is_not_run_after_a_public_test_fails() -> None:
    (score,) = _score("print(3)")
    assert marks_of(score.note) == {"public": "+-", "private": "...", "generated": "." * 20}
    assert score.answer == "3|3"


@pytest.mark.parametrize(
    ("program", "mark"),
    [
        ("import sys; print(3); sys.exit(0)", "+"),
        ("import sys; print(3); sys.exit(1)", "e"),
        ("print(int(input()))", "e"),
        ("print(open('/proc/self/environ').read() and 3)", "e"),
        ("import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))", "+"),
    ],
)
def test_how_a_run_ends_counts(program: str, mark: str) -> None:
    (score,) = _score(program, target={"tests": {"public": [["1 2", "3"]]}})
    assert marks_of(score.note) == {"public": mark}, score.note


@pytest.mark.slow
@pytest.mark.slow
def test_a_slow_reference_gives_everybody_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed, "FLOOR_SECONDS", 0.5)
    spin = "import time\nwhile time.process_time() < 0.8: pass\nprint(3)"
    target: dict[str, Json] = {"tests": {"public": [["1 2", "3"]]}}
    (score,) = _score(spin, target=target)
    assert marks_of(score.note) == {"public": "t"}
    slow = spin.replace("0.8", "0.4")
    (score,) = _score(spin, target={**target, "solutions": [f"```python\n{slow}\n```"]})
    assert score.passed


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ here")
def test_cpp_by_its_fence_or_by_default() -> None:
    code = "#include <iostream>\nint main(){long a,b;std::cin>>a>>b;std::cout<<a+b<<std::endl;}"
    (fenced,) = _score(f"```cpp\n{code}\n```")
    assert fenced.passed, fenced
    assert "fence cpp, tokens" in fenced.note
    plain, broken = _score(code, "int main( {", target={"tests": _TESTS, "language": "cpp"})
    assert plain.passed
    assert broken.passed is False


def test_functions_are_called_as_apps_calls_them() -> None:
    tests: Json = {"hidden": [[[1, 2], [3]], [[2, 2], 4]]}
    target: Json = {"tests": tests, "entry": "add"}
    plain, method, wrong = _score(
        "def add(a, b):\n    return a + b",
        "```python\nclass Solution:\n    def add(self, a, b):\n        return a + b\n```",
        "def add(a, b):\n    return 3",
        target=target,
    )
    assert plain.passed
    assert method.passed
    assert marks_of(wrong.note) == {"hidden": "+-"}
    assert "gave 3, not 4" in wrong.note


@pytest.mark.parametrize(
    ("value", "expected", "same"),
    [
        ((1, (2,)), [1, [2]], True),
        (3, [3], True),
        ([[3]], [[3]], True),
        (3, [3, 3], False),
        ("3", 3, False),
    ],
)
def test_values_as_apps_compares_them(value: object, expected: Json, same: bool) -> None:
    assert same_value(value, expected) is same


def test_a_tolerance_of_the_problem() -> None:
    target: Json = {"tests": {"public": [["", "1.0"]]}, "tolerance": 0.1}
    near, far = _score("print(1.05)", "print(1.2)", target=target)
    assert near.passed
    assert far.passed is False


def test_no_tests_and_a_program_too_long() -> None:
    assert _score("x", target={})[0].missing_reason == "the target has no input/output tests"
    assert _score("#" * 100_001)[0].note == "longer than 100000 characters"


def test_long_answers_are_digests() -> None:
    (score,) = _score("print('x' * 500)")
    assert score.answer is not None
    assert score.answer.startswith("sha256:")


@pytest.mark.slow
def test_it_keeps_the_contract() -> None:
    target: Json = {"tests": {"public": [["1 2", "3"]]}}
    check_scorer("io_tests", problem=Problem("p", "", target), outputs=[_SUM, "print(4)"])


def test_a_huge_number_is_wrong_and_its_siblings_are_judged() -> None:
    target: Json = {"entry": "add", "tests": {"public": [[[1, 2], 3]], "private": [[[0, 0], 0]]}}
    right, huge, nested, snan = _score(
        "def add(a, b): return a + b",
        "def add(a, b): return 10**5000",
        "def add(a, b): return [{10**5000, 1}, (10**5000,)]",
        "import decimal\ndef add(a, b): return decimal.Decimal('sNaN')",
        target=target,
    )
    assert right.passed
    assert [score.passed for score in (huge, nested, snan)] == [False] * 3
    assert "gave 0x31e2080103" in huge.note
    assert None not in (huge.answer, nested.answer, snan.answer)


def test_a_failure_of_ours_on_one_sample_leaves_its_siblings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def same_output(output: str, *_: object, **__: object) -> bool:
        if "7" in output:
            raise LookupError("odd")
        return True

    monkeypatch.setattr(io_tests, "same_output", same_output)
    fine, odd = _score("print(3)", "print(7)")
    assert fine.passed
    assert (odd.passed, odd.missing_reason) == (None, "LookupError: odd")


@pytest.mark.parametrize("tag", ["java", "Rust", "js", "c#"])
def test_a_language_without_a_compiler_is_missing(tag: str) -> None:
    foreign, ours = _score(f"```{tag}\nclass Main {{}}\n```", f"```text\n{_SUM}\n```")
    assert foreign.passed is None
    assert foreign.missing_reason == (
        f"there is no compiler for {tag.lower()}; programs are Python, C++ or C"
    )
    assert ours.passed
