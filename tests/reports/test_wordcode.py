from hypothesis import given
from hypothesis import strategies as st
from tests.reports.long_answers import answers

from topdraw.reports.wordcode import decoded, encoded

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8)


@given(TEXTS)
def test_texts_come_back(texts: list[str]) -> None:
    assert decoded(encoded(texts)) == texts


def test_numbers_of_one_two_and_four_bytes_come_back() -> None:
    words = [chr(0x4E00 + at) + "." for at in range(9000)]
    texts = ["".join(words), words[-1], "", "a\n\nb  c", words[0]]
    made = encoded(texts)
    assert len(made.words) > 8160
    assert max(made.code) == 255
    assert decoded(made) == texts


def test_frequent_words_come_first_and_nothing_is_lost_between_words() -> None:
    made = encoded(["a, b", "a  b\tb", "a"])
    assert made.words[0] == "a"
    assert decoded(made) == ["a, b", "a  b\tb", "a"]


def test_the_code_is_a_third_of_the_letters_of_long_answers() -> None:
    texts = answers(1, 200)
    assert len(encoded(texts).code) < sum(map(len, texts)) / 2
