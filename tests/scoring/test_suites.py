"""Suites and cases in targets: what is read, what is refused in one line, known solutions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json, Problem
from topdraw.scoring.cases import Cases, read_cases
from topdraw.scoring.suites import Suite, known_solutions, read_suite

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def _suite(target: Json) -> Suite | str:
    return read_suite(Problem("p", "", target))


def test_the_three_kinds() -> None:
    human = _suite({"entry": "f", "head": "def f():\n", "test": "def check(c): c()"})
    assert isinstance(human, Suite)
    assert human.head == "def f():\n"
    assert human.setup == "def f():\n    pass\n"
    mbpp = _suite({"entry": "f", "setup": "x = 1", "asserts": ["assert f(x)", "assert f(2)"]})
    assert isinstance(mbpp, Suite)
    assert (mbpp.test, mbpp.setup) == ("assert f(x)\nassert f(2)\n", "x = 1")
    plus = _suite({"entry": "f", "inputs": {"base": [[1]], "bad": [1]}, "solution": "def f(): 1"})
    assert isinstance(plus, Suite)
    assert plus.inputs == {"base": ([1],)}
    assert not plus.test


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (None, "no tests"),
        ({}, "no function's name"),
        ({"entry": "f"}, "no tests"),
        ({"entry": "a b", "test": "x"}, "no function's name"),
        ({"entry": "f", "inputs": {"base": [[1]]}}, "no solution to compare with"),
    ],
)
def test_what_is_no_suite(target: Json, said: str) -> None:
    found = _suite(target)
    assert isinstance(found, str)
    assert said in found


@given(_json | st.dictionaries(st.sampled_from(["entry", "test", "tests", "inputs"]), _json))
def test_any_target_is_a_suite_or_a_sentence(target: Json) -> None:
    assert isinstance(_suite(target), Suite | str)
    assert isinstance(read_cases(Problem("p", "", target)), Cases | str)
    assert isinstance(known_solutions(Problem("p", "", target)), list)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("x", "no input/output tests"),
        ({"tests": {"public": [["1"]]}}, "no input/output tests"),
        ({"tests": {"public": [["1", 2]]}}, "a public test has no texts"),
        ({"tests": {"hidden": [["1", 2]]}, "entry": "f"}, "has no list of arguments"),
    ],
)
def test_what_are_no_cases(target: Json, said: str) -> None:
    found = read_cases(Problem("p", "", target))
    assert isinstance(found, str)
    assert said in found


def test_settings_of_cases_and_their_defaults() -> None:
    tests: Json = {"private": [["1", "2"]]}
    plain = read_cases(Problem("p", "", {"tests": tests, "rule": "?", "tolerance": "x"}))
    assert isinstance(plain, Cases)
    assert (plain.rule, plain.tolerance, plain.cpu_seconds, plain.language) == (
        "tokens", None, 0, "python",
    )  # fmt: skip
    target: Json = {
        "tests": tests, "rule": "lines", "tolerance": 0.5, "cpu_seconds": 9, "language": "cpp",
    }  # fmt: skip
    said = read_cases(Problem("p", "", target))
    assert isinstance(said, Cases)
    assert (said.rule, said.tolerance, said.cpu_seconds, said.language) == ("lines", 0.5, 9, "cpp")
