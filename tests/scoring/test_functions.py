"""The function verifier: bodies, definitions, fences, types, votes by behaviour, real problems."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.scoring.functions import probes, same, score_functions, spellings
from topdraw.tasks import functions as tasks
from topdraw.tasks.functions import load

_DOUBLE: Json = {"tests": [[4, 8], [0, 0], [10, 20]], "examples": [[1, 2], [3, 6]]}


def _score(outputs: list[str], target: Json = _DOUBLE) -> list[Score]:
    samples = [Sample("p", i, output) for i, output in enumerate(outputs)]
    return score_functions(Problem("p", "", target), samples)


@pytest.mark.parametrize(
    "output",
    [
        "return x*2",
        "  return x*2\n",
        "y = x\nreturn y+y",
        "y = x\n    return y+y",
        "    y = x\n    return y+y\n",
        "if x:\n\treturn x*2\nreturn 0",
        "def f(x):\n    return x*2",
        "def f(n: int) -> int:\n    return n*2\n",
        "import math\ndef f(x):\n    return 2*math.floor(x)",
        "Sure!\n```python\nreturn x*2\n```\nDone.",
        "```\ndef f(x):\n  return x+x\n```",
        "First\n```\nreturn 7\n```\nbetter\n```py\nreturn x*2",
        "def helper(x):\n    return 2\n\ndef f(x):\n    return x*helper(x)",
        "return __import__('operator').add(x, x)",
    ],
)
def test_right_in_every_dress(output: str) -> None:
    (score,) = _score([output])
    assert score.passed, score.note
    assert score.note == "3 of 3 tests"


@pytest.mark.parametrize(
    ("output", "note"),
    [
        ("return x*3", "f(4): 12"),
        ("return x*2.0", "f(4): 8.0"),
        ("return (x*2,)", "f(4): NotPlain: tuple"),
        ("x*2", "f(4): null"),
        ("lambda x: x*2", "f(4): null"),
        ("return y", "f(4): NameError: name 'y' is not defined"),
        ("retrun x*2", "f(4): SyntaxError: "),
        ("", "f(4): SyntaxError: "),
        ("import os; os._exit(0)", "f(4): ended without a result"),
        ("return True if x == 1 else x*2 if x < 9 else 20.0", "f(10): 20.0"),
        ("#" * 30_000, "longer than 20000 characters"),
    ],
)
def test_wrong_and_why(output: str, note: str) -> None:
    (score,) = _score([output])
    assert score.passed is False
    assert score.note.startswith(note)


def test_types_count() -> None:
    truth: Json = {"tests": [[1, True]], "examples": [[2, False]]}
    assert [s.passed for s in _score(["return x == 1", "return 2 - x"], truth)] == [True, False]
    ones: Json = {"tests": [[1, 1]], "examples": [[1, 1]]}
    assert [s.passed for s in _score(["return True", "return 1"], ones)] == [False, True]


@pytest.mark.parametrize("target", [None, "x", {}, {"tests": []}, {"tests": [[1]]}, {"tests": 3}])
def test_a_target_without_tests_is_missing(target: Json) -> None:
    assert all(score.is_missing for score in _score(["return 1", ""], target))


def test_no_process_is_missing_not_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    scores = _score(["return x*2", "return 1", "#" * 30_000])
    assert [score.is_missing for score in scores] == [True, True, False]
    assert "could not be started" in (scores[0].missing_reason or "")


def test_votes_go_by_behaviour_not_by_spelling_or_verdict() -> None:
    spelled = [
        "return x*2",
        "y=x\nreturn x+y",
        "return x*3",
        "return 3*x",
        "return z",
        "return x/0",
    ]
    answers = [score.answer for score in _score(spelled)]
    assert answers[0] == answers[1] == "2 6 4 10 0 8 18"
    assert answers[2] == answers[3] != answers[0]
    assert answers[4] is None
    assert answers[5] is None


def test_probes_tell_apart_what_the_examples_do_not() -> None:
    target: Json = {"tests": [[[3, 1, 2], [1, 2, 3]]], "examples": [[[1, 2, 3], [1, 2, 3]]]}
    right, lazy = _score(["return sorted(x)", "return x"], target)
    assert right.passed
    assert not lazy.passed
    assert right.answer != lazy.answer


def test_the_answer_does_not_look_at_hidden_tests() -> None:
    other: Json = {"tests": [[5, 99]], "examples": [[1, 2], [3, 6]]}
    assert _score(["return x*2"])[0].answer == _score(["return x*2"], other)[0].answer


@pytest.mark.slow
def test_a_probe_that_hangs_does_not_cost_the_verdict() -> None:
    target: Json = {"tests": [[1, 1]], "examples": [[6, 6]]}
    (score,) = _score(["while x > 6: pass\nreturn x"], target)
    assert score.passed
    assert score.answer == "6 ! ! !"


def test_long_behaviour_is_hashed_and_no_examples_give_no_answer() -> None:
    (long,) = _score(["return 'a' * 500"])
    assert long.answer is not None
    assert long.answer.startswith("sha256:")
    assert len(long.answer) < 100
    assert _score(["return 2"], {"tests": [[1, 2]]})[0] == Score.verdict(True, note="1 of 1 tests")


def test_another_entry_point() -> None:
    target: Json = {"tests": [[1, 2]], "entry": "double"}
    outputs = ["def double(x): return 2*x", "return 2*x", "def f(x): return 2*x"]
    assert [score.passed for score in _score(outputs, target)] == [True, True, False]


@given(
    st.recursive(
        st.integers() | st.text() | st.booleans() | st.floats() | st.none(),
        lambda i: st.lists(i) | st.dictionaries(st.text(), i),
        max_leaves=8,
    )
)
def test_same_is_reflexive_even_for_nan(value: Json) -> None:
    assert same(value, value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *((1, True), (0, False), (1, 1.0), ("1", 1), (None, 0)),
        *(([1], [1, 1]), ([1], [True]), ({"a": 1}, {"a": 1.0}), ({"a": 1}, {"b": 1})),
        *((float("nan"), 1.0), (1.0, float("nan"))),
    ],
)
def test_different_values_differ(one: Json, other: Json) -> None:
    assert not same(one, other)
    assert not same(other, one)


_inputs = st.integers(-99, 99) | st.text(max_size=5) | st.lists(st.integers(0, 9), max_size=4)


@given(st.lists(_inputs | st.none() | st.booleans() | st.floats(-9, 9), max_size=6))
def test_probes_are_new_distinct_and_few(shown: list[Json]) -> None:
    found = [repr(probe) for probe in probes(shown)]
    assert len(set(found)) == len(found) <= 12
    assert not {repr(value) for value in shown} & set(found)


def test_probes_of_every_kind() -> None:
    assert probes([[1, "a"], True, None, {"a": 1}, 2.5]) == [
        *(["a", 1], [1, "a", 1, "a"], [2, "a"], [1]),
        *(False, 3.5, 8.0, 1.0),
    ]


@given(st.text())
@settings(max_examples=50)
def test_spellings_of_any_text_are_texts(text: str) -> None:
    assert all(isinstance(source, str) for source in spellings(text))


def test_hostile_text_is_wrong_not_missing() -> None:
    outputs = ["\ud800", "\x00", "\u2028", "return '\ud800'", "```", "```python\n", "(" * 10_000]
    assert all(score.passed is False for score in _score(outputs))


@pytest.mark.slow
def test_every_family_is_solved_by_its_own_solution() -> None:
    rng = np.random.default_rng(3)
    drawn = {f.family: f for f in (tasks.draw(rng, frequencies="uniform") for _ in range(400))}
    assert len(drawn) == len(tasks.FAMILIES)
    for function in drawn.values():
        target: Json = {
            "tests": [test.as_json() for test in function.tests],
            "examples": [example.as_json() for example in function.examples],
        }
        right, wrong = _score([function.solution, "return None"], target)
        assert right.passed, (function, right.note)
        assert right.answer
        assert not wrong.passed


def test_literals_are_left_as_they_are() -> None:
    target: Json = {"tests": [[1, "a\tb"], [1, "a\tb"]]}
    block: Json = {"tests": [[1, "one\n  two\n\tthree"]]}
    raw = 'return "a\tb"'
    for output in (raw, "    " + raw, f"def f(x):\n\t{raw}", f"```\n{raw}\n```", f"if x:\n\t{raw}"):
        assert _score([output], target)[0].passed, output
    text = 'return """one\n  two\n\tthree"""'
    for output in (text, "    " + text, f"def f(x):\n    {text}", f"y = 1\n    {text}"):
        assert _score([output], block)[0].passed, output


def test_a_body_without_a_return_gives_none() -> None:
    assert _score(["x.append(1)"], {"tests": [[[0], None]]})[0].passed


@pytest.mark.slow
def test_the_same_verdicts_among_a_hundred_as_alone() -> None:
    (problem,) = load(problems=1).problems
    outputs = [f"return x*{i % 5}+{i % 4}" for i in range(100)]
    together = score_functions(problem, [Sample(problem.id, i, o) for i, o in enumerate(outputs)])
    alone = {o: score_functions(problem, [Sample(problem.id, 0, o)])[0] for o in outputs[:20]}
    assert together == [alone[output] for output in outputs]
