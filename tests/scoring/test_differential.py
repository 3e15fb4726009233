"""evalplus inputs in the sandbox: expected values from the reference, types, oracles, groups."""

import pytest

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.errors import SandboxUnavailable
from topdraw.scoring import differential, timed
from topdraw.scoring.marks import marks_of
from topdraw.scoring.unit_tests import score_unit_tests

_TARGET: dict[str, Json] = {
    "entry": "area",
    "head": "def area(r):\n",
    "inputs": {"base": [[1], [2]], "plus": [[0], [0.5], [10**20]]},
    "atol": 0,
    "solution": "    return 3.14159 * r * r\n",
}


@pytest.fixture(scope="module", autouse=True)
def _sandbox() -> None:
    """Skip where this machine cannot confine programs."""
    try:
        _score("    return 1")
    except SandboxUnavailable as error:
        pytest.skip(str(error))


def _score(*outputs: str, target: Json = _TARGET) -> list[Score]:
    samples = [Sample("p", i, output) for i, output in enumerate(outputs)]
    return score_unit_tests(Problem("p", "", target), samples)


def test_groups_tolerance_and_what_a_failure_says() -> None:
    right, close, base, plus = _score(
        "    return r * r * 3.14159",
        "    return 3.14159 * r ** 2 + 1e-8",
        "    return 3 * r * r",
        "    return 3.14159 * r * r if r else None",
    )
    assert right.note == "base 2 of 2 (+2), plus 3 of 3 (+3); completion"
    assert close.passed
    assert marks_of(base.note) == {"base": "--"}
    assert "base test 1: gave 3, not 3.14159" in base.note
    assert marks_of(plus.note) == {"base": "++", "plus": "-++"}
    assert plus.passed is False


@pytest.mark.parametrize(
    "output",
    [
        "    return type('E', (), {'__eq__': lambda s, o: True})()",
        "    class E(float):\n        __eq__ = lambda s, o: True\n    return E(3)",
        "    import sys; sys.exit(0)",
        "    import inspect; return inspect.currentframe().f_back.f_locals['expected']",
        "    return input()",
    ],
)
def test_fooling_programs_are_wrong(output: str) -> None:
    (score,) = _score(output)
    assert score.passed is False


def test_types_that_json_has_not_and_an_oracle() -> None:
    target: Json = {
        "entry": "shared",
        "inputs": {"base": [[[3, 4, 5], [5, 4]]], "plus": []},
        "shape": ["t"],
        "oracle": "set",
        "solution": "def shared(a, b):\n    assert type(a) is tuple\n    return (*{*a} & {*b},)",
    }
    as_list, wrong = _score(
        "def shared(a, b):\n    assert type(b) is tuple\n    return [5, 4, 5]",
        "def shared(a, b):\n    return [5]",
        target=target,
    )
    assert as_list.passed
    assert wrong.passed is False


def test_what_is_no_plain_value_counts_as_something() -> None:
    target: Json = {
        "entry": "found",
        "inputs": {"base": [["ab"], ["x"]]},
        "oracle": "something",
        "solution": "import re\ndef found(s):\n    return re.match('a', s)",
    }
    flag, match, wrong = _score(
        "def found(s):\n    return s.startswith('a')",
        "import re\ndef found(s):\n    return re.search('^a', s)",
        "def found(s):\n    return 0",
        target=target,
    )
    assert flag.passed
    assert match.passed
    assert marks_of(wrong.note) == {"base": "+-"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"solution": "    return 1 / r\n"}, "the reference solution fails plus test 1"),
        ({"solution": "    return ("}, "the reference solution"),
        ({"shape": ["t"]}, "does not fit"),
    ],
)
def test_a_reference_that_fails_leaves_the_problem_unscored(
    change: dict[str, Json], said: str
) -> None:
    scores = _score("    return 1", "    return 2", target={**_TARGET, **change})
    assert all(score.is_missing for score in scores)
    assert said in (scores[0].missing_reason or "")


def test_out_of_time_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed, "FLOOR_SECONDS", 0.5)
    (score,) = _score("    while r > 1: pass\n    return 3.14159 * r * r")
    assert marks_of(score.note) == {"base": "+t"}


def test_a_huge_number_is_wrong_and_its_siblings_are_judged() -> None:
    right, huge, nested, snan = _score(
        "    return 3.14159 * r * r",
        "    return 10**5000",
        "    return [{10**5000, 1}, (10**5000,)]",
        "    import decimal; return [decimal.Decimal('sNaN')]",
    )
    assert right.passed
    assert [score.passed for score in (huge, nested, snan)] == [False] * 3
    assert "base test 1: gave 0x31e2080103" in huge.note
    assert "gave [set(" in nested.note


def test_a_failure_of_ours_on_one_sample_leaves_its_siblings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def agrees(output: object, *_: object, **__: object) -> bool:
        if output == 7:
            raise LookupError("odd")
        return True

    monkeypatch.setattr(differential, "agrees", agrees)
    fine, odd = _score("    return 3", "    return 7")
    assert fine.passed
    assert (odd.passed, odd.missing_reason) == (None, "LookupError: odd")
