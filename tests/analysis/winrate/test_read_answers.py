from pathlib import Path

import pytest
from tests.analysis.winrate.made import write

from topdraw.analysis.winrate.read_answers import read_answers
from topdraw.errors import FormatError

META = {
    "token_len": 100,
    "header_count": {"h1": 1, "h2": 2},
    "list_count": {"ordered": 3, "unordered": 4},
    "bold_count": {"**": 5, "__": 0},
}


def test_counts_are_summed_by_model_and_question(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", [{"uid": "q", "model": "org/m", "metadata": META}])
    old = {"question_id": "p", "model_id": "n", "conv_metadata": META | {"header_count": 9}}
    two = write(tmp_path / "b.jsonl", [old, {"uid": "q", "model": "m", "metadata": META}])
    found = read_answers([str(one), str(two)])
    assert found == {("m", "q"): (100, 3, 7, 5), ("n", "p"): (100, 9, 7, 5)}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"uid": "q", "model": "m"}, "line 1 has no 'metadata'"),
        ({"uid": "q", "model": "m", "metadata": {"token_len": "x"}}, "'token_len' in 'metadata'"),
        ({"uid": "q", "model": "m", "metadata": {"token_len": 1}}, "'header_count' in 'metadata'"),
        ({"model": "m", "metadata": META}, "the question is unknown"),
    ],
)
def test_a_broken_row_is_one_sentence(tmp_path: Path, row: dict[str, object], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        read_answers([str(write(tmp_path / "a.jsonl", [row]))])


def test_real_answers_without_counts_say_who_adds_them(shared_data: Path) -> None:
    with pytest.raises(FormatError, match="line 1 has no 'metadata'") as caught:
        read_answers([str(shared_data / "arena_hard" / "model_answer_first5.jsonl")])
    assert "add_markdown_info.py" in caught.value.hint
