"""The last well-formed line is the verdict; anything else is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.judges.verdicts import read_letter, read_number


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Rating: 7", "7"),
        ("rating : 7", "7"),
        ("**Rating:** 7", "7"),
        ("**Rating: 7**", "7"),
        ("Rating: [[7]]", "7"),
        ("> Rating: 7/9.", "7"),
        ("Rating = 7.5", "7.5"),
        ("Rating: 3\nOn reflection:\nRating: 8\n", "8"),
        ("The answer says 'Rating: 9' itself.\nRating: 2", "2"),
        ("Rating: 2\nThe answer says Rating: 9 itself.", "2"),
        ("7", "7"),
        (" **7**\n", "7"),
        ("Rating: 7\r\nthanks", "7"),
        ("Rating: 7 or 8", None),
        ("Rating: seven", None),
        ("Rating: -7", None),
        ("Rating: 7.5.2", None),
        ("I would rate it 7", None),
        ("7 8", None),
        ("", None),
        ("Rating:", None),
        ("Overrating: 7", None),
    ],
)
def test_a_number_is_read(reply: str, said: str | None) -> None:
    found = read_number(reply, "Rating")
    assert (found and found.text) == said
    if found is not None:
        assert reply[found.at :].startswith(found.text)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Winner: A", "A"), ("winner: **B**", "B"), ("Winner: Tie", "Tie"), ("B", "B"),
        ("Winner: Answer A", "A"), ("Winner: A\nWinner: B\n", "B"), ("Winner: A or B", None),
        ("Winner: a", None), ("A better answer", None), ("Winner: C", None),
    ],
)  # fmt: skip
def test_a_letter_is_read(reply: str, said: str | None) -> None:
    found = read_letter(reply, "Winner")
    assert (found and found.text) == said


def test_whether_the_line_ends_is_told() -> None:
    unended, ended = read_number("Rating: 1", "Rating"), read_number("Rating: 1\nfor", "Rating")
    assert unended is not None
    assert ended is not None
    assert (unended.ended, ended.ended) == (False, True)


@given(st.text(max_size=200), st.integers(0, 99))
def test_the_last_line_wins_whatever_stands_before_it(before: str, value: int) -> None:
    found = read_number(f"{before}\nRating: {value}", "Rating")
    assert found is not None
    assert found.text == str(value)


@given(st.text('Rating: 7*_`[]\n#>/.=" ', max_size=400))
def test_no_reply_breaks_the_reader(reply: str) -> None:
    found = read_number(reply, "Rating")
    assert found is None or float(found.text) >= 0


def test_a_huge_reply_is_read_at_its_end_alone() -> None:
    reply = "Rating: 3\n" + "[" * 1_000_000 + "\nRating: 8"
    found = read_number(reply, "Rating")
    assert found is not None
    assert (found.text, reply[found.at]) == ("8", "8")
    assert read_number("Rating: 3\n" + "x" * 200_000, "Rating") is None
