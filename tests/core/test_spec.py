"""Names with options."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.spec import Read, Spec, read_options, read_spec
from topdraw.errors import ConfigError


def _function(
    *, beta: float = 1, kind: Literal["a", "b"] = "a", on: bool = True, text: str = "", n: int = 1
) -> None:
    """Takes options."""


@pytest.mark.parametrize("spec", ["f(a=1)", "f:a=1", " f ( a=1 )"])
def test_three_spellings(spec: str) -> None:
    found = read_spec(spec)
    assert found is not None
    assert found == Spec("f", found.text)
    assert found.text.strip() == "a=1"


@pytest.mark.parametrize("spec", ["", "f(", "a b", "(a)"])
def test_what_is_no_spec(spec: str) -> None:
    assert read_spec(spec) is None


@given(st.text(alphabet=st.characters(exclude_characters="'\"\\", exclude_categories=["C", "Z"])))
def test_quotes_keep_any_text_together(text: str) -> None:
    assert read_options("f", _function, f"text='{text}', n=2") == {"text": text, "n": 2}


def test_values_keep_an_equals_sign() -> None:
    assert read_options("f", _function, "text=http://h/?a=b") == {"text": "http://h/?a=b"}


def test_a_value_in_order_may_hold_an_equals_sign() -> None:
    assert read_options("f", _function, "2, b, text=x") == {"beta": 2, "kind": "b", "text": "x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on=1", "on is 1; it must be True or False"),
        ("kind=c", "kind is 'c'; it must be one of a, b"),
        ("n=1.5", "n is 1.5; it must be a whole number"),
        ("n=None", "n is None; it must be a whole number"),
        ("beta=1, beta=2", "F is given beta twice"),
        ("what=1", "'what=1' is no option of f, which takes beta, kind, on, text, n"),
    ],
)
def test_bad_options(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_options("f", _function, text)


def test_a_reader_comes_first() -> None:
    def read(kind: object, value: object) -> Read | None:
        return Read("mine") if kind is float else None

    assert read_options("f", _function, "beta=x, n=3", read=read) == {"beta": "mine", "n": 3}
