"""Right or wrong by evalplus' rules, on plain values."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import DomainError
from topdraw.scoring.arguments import shaped
from topdraw.scoring.oracles import agrees

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(_values)
def test_a_value_agrees_with_itself(value: object) -> None:
    assert agrees(value, value)


@pytest.mark.parametrize(
    ("output", "expected", "atol", "right"),
    [
        (0.30000000000000004, 0.3, 0, True),
        (0.3001, 0.3, 0, False),
        (0.3001, 0.3, 0.01, True),
        (3, 3.0, 0, True),
        (3, 3.0000001, 0, False),
        ([1.0, 2.0000001], [1.0, 2.0], 0, True),
        ([1.0], [1.0, 2.0], 0, False),
        ((1.0, 2.0), [1.0, 2.0], 0, False),
        ([1, "a"], [1.0, 2.0], 0.1, False),
        ([[1.0]], [[1.0000001]], 0, False),
        ([[1.0]], [[1.0000001]], 1e-3, True),
        (["a"], ["b"], 0.1, False),
        ([[0.5], [0.5]], [0.5, 0.5], 0, False),
        ([[[[1.0]]]], [1.0], 0, False),
        ([0.5], [[0.5, 0.5]], 0.1, False),
        ([[0.5], [0.5, 0.25]], [[0.5], [0.5, 0.2500001]], 0.1, False),
        ([[0.5], (0.25,)], [[0.5], (0.2500001,)], 0.1, True),
        ([1e308], [-1e308], 0, False),
        ([range(10**12)], [1.5], 0.1, False),
        (1j, 1.0000001j, 1e-3, True),
        (10**400, 1.5, 0.1, False),
        (True, 1, 0, True),
        (None, 0, 0, False),
        ("1", 1, 0.1, False),
        ([], [1.0], 0, False),
        (math.nan, math.nan, 0, False),
    ],
)
def test_the_rule(output: object, expected: object, atol: float, right: bool) -> None:
    assert agrees(output, expected, atol=atol) is right


@pytest.mark.parametrize(
    ("oracle", "output", "expected", "arguments", "right"),
    [
        ("set", [3, 4, 4], (4, 3), [], True),
        ("set", [3], (4, 3), [], False),
        ("set", [[3]], [[3]], [], False),
        ("set", 7, 7, [], False),
        ("set", [4], (4, 3), [], False),
        ("set", [{1}], [frozenset({1})], [], False),
        ("set", range(10**12), (0, 1, 2), [], False),
        ("set", range(3), (2, 1, 0), [], True),
        ("anything", "x", 1, [], True),
        ("zero too", 0, 7, [], True),
        ("zero too", 7, 7, [], True),
        ("zero too", 6, 7, [], False),
        ("surface", 33, 33, [3, 4], True),
        ("surface", round(9 + 6 * math.sqrt(1.5**2 + 16)), 33, [3, 4], True),
        ("surface", 34.5, 33, [3, 4], False),
        ("surface", "x", 33, [3, 4], False),
        ("digits", 7, 7, [23, 56], True),
        ("digits", 6, 0, [1, 256], False),
        ("digits", 12, 0, [1, 256], True),
        ("root", 2.0, None, [[-4, 2]], True),
        ("root", 2.1, None, [[-4, 2]], False),
        ("root", "2", None, [[-4, 2]], False),
        ("root", 1e200, None, [[1, 2, 3]], False),
        ("root", 1.0, None, [3], False),
    ],
)
def test_oracles(
    oracle: str, output: object, expected: object, arguments: list[object], right: bool
) -> None:
    assert agrees(output, expected, arguments, atol=1e-4, oracle=oracle) is right


def test_an_unknown_oracle_says_which_there_are() -> None:
    with pytest.raises(DomainError, match="known are set, "):
        agrees(1, 1, oracle="delphi")


@pytest.mark.parametrize(
    ("arguments", "shape", "made"),
    [
        ([[1], [2]], ["t"], ((1,), (2,))),
        ([[1], 5], ["t", "-"], ((1,), 5)),
        ([[1]], ["t", "-"], ((1,),)),
        ([[[1], [2]]], ["[t"], ([(1,), (2,)],)),
        ([[[1], 2]], ["tt"], (((1,), 2),)),
        ([["a"], [1, 1]], ["-", "[s"], None),
        ([[[1, 1], []]], ["[s"], ([{1}, {}],)),
        (["1", "2+3j"], ["f", "c"], (1.0, 2 + 3j)),
        ([{"a": [1]}, 2], ["{t", "-"], ({"a": (1,)}, 2)),
        ([[[1, [2]]], 3], ["T"], (((1, (2,)),), 3)),
        ([[1]], [], ([1],)),
        ([], ["t"], ()),
        ([1], ["t"], None),
        ([[1]], ["?"], None),
        (["x"], ["c"], None),
        ([[1]], ["{t"], None),
        ([[[[1]]]], ["[s"], None),
    ],
)
def test_shapes(arguments: list[object], shape: list[str], made: object) -> None:
    if made is None:
        with pytest.raises(DomainError, match="does not fit"):
            shaped(arguments, shape)  # type: ignore[arg-type]  # JSON all the same
    else:
        assert shaped(arguments, shape) == made  # type: ignore[arg-type]  # JSON all the same
