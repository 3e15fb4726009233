"""Probabilities of the verdict's token: hand-computed means, and when there is none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Sample
from topdraw.scoring.judges.likelihood import (
    Token,
    expected_number,
    first_better,
    joined,
    tokens_of,
)


def one(text: str, chances: dict[str, float]) -> list[Token]:
    return [Token("Rating:", 0, {"Rating:": 1.0}), Token(text, 7, chances)]


def test_the_expected_rating_is_the_mean_over_the_scale() -> None:
    found = expected_number(one(" 7", {" 7": 0.6, "7": 0.1, " 8": 0.2, " x": 0.1}), 8, "7", 1, 9)
    assert found is not None
    assert found.value == pytest.approx((7 * 0.7 + 8 * 0.2) / 0.9)
    assert found.mass == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("text", "chances", "drawn", "high"),
    [
        (" 7", {" 7": 0.3, " x": 0.7}, "7", 9),  # most of it says no number
        (" 7", {" 7": 1.0}, "7.5", 9),  # the number is longer than its token
        ("1", {"1": 0.9, "9": 0.1}, "1", 10),  # 1, or the beginning of 10?
        ("7", {"1": 0.5, "7": 0.5}, "7", 10),
        ("x", {"x": 1.0}, "7", 9),
    ],
)
def test_where_it_cannot_be_told_there_is_no_expectation(
    text: str, chances: dict[str, float], drawn: str, high: int
) -> None:
    at = 7 + len(text) - len(text.lstrip())
    assert expected_number(one(text, chances), at, drawn, 1, high) is None


def test_a_tokenizer_with_whole_numbers_has_a_ten() -> None:
    found = expected_number(one(" 10", {" 10": 0.5, " 1": 0.25, " 9": 0.25}), 8, "10", 1, 10)
    assert found is not None
    assert found.value == pytest.approx(10 * 0.5 + 1 * 0.25 + 9 * 0.25)


def test_a_preference_counts_a_tie_half() -> None:
    found = first_better(one(" A", {" A": 0.5, " B": 0.2, " t": 0.2, " the": 0.1}), 8)
    assert found is not None
    assert found.value == pytest.approx((0.5 + 0.1) / 0.9)
    assert first_better(one(" A", {" the": 1.0}), 8) is None
    assert first_better([], 0) is None


@given(
    st.dictionaries(
        st.sampled_from([" A", "A", " B", "tie", " t", "x"]), st.floats(0.01, 1), min_size=1
    )
)
def test_exchanging_the_letters_exchanges_the_chances(chances: dict[str, float]) -> None:
    swapped = {
        word.translate(str.maketrans("AB", "BA")): chance for word, chance in chances.items()
    }
    total = sum(chances.values())
    a = first_better(one(" A", {w: c / total for w, c in chances.items()}), 8)
    b = first_better(one(" B", {w: c / total for w, c in swapped.items()}), 8)
    assert (a is None) == (b is None)
    if a is not None and b is not None:
        assert a.value == pytest.approx(1 - b.value)


@pytest.mark.parametrize(
    "logprobs",
    [None, [], {}, {"content": None}, {"content": [None]}, {"content": [{"token": 3}]}],
)
def test_a_server_without_probabilities_has_no_tokens(logprobs: object) -> None:
    sample = Sample("p", 0, "x", metadata={"choice": {"logprobs": logprobs}})  # type: ignore[dict-item]  # whatever a server says
    assert tokens_of(sample) == []
    assert tokens_of(Sample("p", 0, "x")) == []


def test_tokens_keep_their_places_and_drop_nonsense() -> None:
    content = [
        {"token": "Rating", "logprob": -0.1, "top_logprobs": None},
        {
            "token": " 7",
            "logprob": math.log(0.5),
            "top_logprobs": [
                {"token": " 8", "logprob": math.log(0.25)},
                {"token": " 9", "logprob": "x"},
                {"token": " 6", "logprob": math.nan},
                {"token": " 5", "logprob": -math.inf},
                {"token": " 4", "logprob": 3.0},
                "odd",
            ],
        },
    ]
    sample = Sample("p", 0, "Rating 7", metadata={"choice": {"logprobs": {"content": content}}})  # type: ignore[dict-item]  # likewise
    tokens = tokens_of(sample)
    assert joined(tokens) == "Rating 7"
    assert tokens[1].start == 6
    assert set(tokens[1].chances) == {" 7", " 8", " 5"}
    assert tokens[1].chances[" 8"] == pytest.approx(0.25)
