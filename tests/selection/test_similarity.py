import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import ConfigError
from topdraw.selection.similarity import SIMILARITIES, chrf, pairwise, similarity, token_f1

TEXTS = st.lists(st.text("ab \n'é", max_size=6), max_size=5)


@given(TEXTS)
def test_similarities_are_shares_and_a_text_is_like_itself(texts: list[str]) -> None:
    for name in ("f1", "chrf"):
        table = SIMILARITIES[name](texts)
        assert table.shape == (len(texts), len(texts))
        assert ((table >= 0) & (table <= 1 + 1e-12)).all()
        assert np.diag(table) == pytest.approx(np.ones(len(texts)))
    assert token_f1(texts) == pytest.approx(token_f1(texts).T)


def test_words_are_counted_with_repeats() -> None:
    assert token_f1(["a a b", "a c"])[0, 1] == pytest.approx(2 * 1 / 5)
    assert token_f1(["x = 4.", "X=4 ."])[0, 1] == 1
    assert token_f1(["", "", "a"])[0].tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("one", "other", "forth", "back"),
    [
        ("the cat sat on the mat", "the cat is on the mat", 0.645779420625287, 0.619251512899325),
        ("Hello world", "hello, World!", 0.3175097437353252, 0.3590324905160062),
        ("ab", "abc", 0.6363636363636362, 0.875),
        ("naïve café 5+3", "naive cafe 5 + 3", 0.369486531986532, 0.369486531986532),
        ("to be or not to be", "to be", 0.5704713932712412, 0.24926807998172798),
        ("a", "b", 0, 0),
    ],
)
def test_chrf_is_that_of_sacrebleu(one: str, other: str, forth: float, back: float) -> None:
    # sacrebleu 2.6, CHRF().sentence_score(hypothesis, [reference]).score / 100.
    table = chrf([one, other])
    assert table[0, 1] == pytest.approx(forth, abs=1e-9)
    assert table[1, 0] == pytest.approx(back, abs=1e-9)


def test_long_and_empty_texts() -> None:
    assert chrf(["", " ", "a"]).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert chrf(["a" * 4000 + "b" * 9000, "a" * 4000])[0, 1] == 1


def test_a_function_of_two_texts_compares_equal_pairs_once() -> None:
    asked = []

    def same_start(one: str, other: str) -> float:
        asked.append((one, other))
        return float(one[:1] == other[:1])

    assert pairwise(["ab", "ac", "ab"], same_start).tolist() == [[1, 1, 1]] * 3
    assert len(asked) == 4


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ConfigError, match="similarity name 'f1' is already taken"):
        similarity("f1")(lambda texts: np.eye(len(texts)))
    assert SIMILARITIES["f1"] is token_f1
