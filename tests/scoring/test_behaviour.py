"""Behaviour as an answer: which inputs a prompt shows, one text per behaviour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.behaviour import MOST_PROBES, MOST_SHOWN, answer, shown_inputs
from topdraw.scoring.sandbox.outcome import Case, Outcome, Verdict


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("def f(x):\n  '''\n  >>> f([1, 2])\n  3\n  '''", [([1, 2],)]),
        (2 * "assert f('a)', {'b': (1,)}) == 1\n", [("a)", {"b": (1,)})]),
        ("f(1) == 2 and self.f(3) and half(4)", [(1,)]),
        ("def f(x): return f(x - 1)", []),
        ("f(x=1), f(), f(", []),
        ("f(__import__('os'))", []),
    ],
)  # fmt: skip
def test_calls_with_literals_are_found(prompt: str, shown: list[object]) -> None:
    found = shown_inputs(prompt, "f")
    assert list(found[: len(shown)]) == shown
    if not shown:
        assert found == ()


def test_neighbours_change_one_argument_at_a_time() -> None:
    found = shown_inputs(">>> f(6, 'ab')", "f")
    assert found[0] == (6, "ab")
    assert (7, "ab") in found
    assert (6, "ba") in found
    assert len(set(map(repr, found))) == len(found)


@given(st.text(alphabet="f(1,)[]'\n \\"))
def test_any_prompt_shows_a_few_inputs_or_none(prompt: str) -> None:
    found = shown_inputs(prompt, "f")
    assert len(found) <= MOST_SHOWN + MOST_PROBES
    assert all(isinstance(arguments, tuple) and arguments for arguments in found)


def _outcome(*values: object) -> Outcome:
    cases = [Case(Verdict.ERROR if v is ... else Verdict.RAN, v) for v in values]
    return Outcome(Verdict.RAN, tuple(cases))


def test_one_text_per_behaviour() -> None:
    assert answer(_outcome(1, "a", ..., [1, (2,)])) == "1 'a' ! [1,(2,)]"
    assert answer(_outcome({2, 1})) == answer(_outcome({1, 2})) == "{1,2}"
    assert answer(_outcome({"b": 1, "a": 2})) == answer(_outcome({"a": 2, "b": 1}))
    assert answer(_outcome(1)) != answer(_outcome(True)) != answer(_outcome(1.0))
    assert answer(_outcome([1])) != answer(_outcome((1,)))


def test_no_behaviour_and_a_long_one() -> None:
    assert answer(_outcome(..., ...)) is None
    assert answer(_outcome()) is None
    assert answer(Outcome(Verdict.CRASH, (), "broke")) is None
    long = answer(_outcome("x" * 1000))
    assert long is not None
    assert long.startswith("sha256:")
