from pathlib import Path

import numpy as np
import pytest
from tests.analysis.winrate.made import rows_of, wild_pair, wild_score, write

from topdraw.analysis.winrate.read_wildbench import read_comparisons, read_scores, read_tags
from topdraw.analysis.winrate.wildbench import EMPTY
from topdraw.errors import ConfigError, FormatError


def test_scores_are_numbers_and_failures_are_missing(tmp_path: Path) -> None:
    bare = {"session_id": "s3", "parsed_result": {"score": "4"}, "model_output": ["listed"]}
    rows = [
        wild_score(0, "7"),
        wild_score(1, "N/A", ""),
        wild_score(2, None, "cut... (truncated)"),
        bare,
    ]
    found = read_scores(rows_of(tmp_path / "my-model.json", rows))
    assert found.model == "my-model"
    assert found.score[[0, 3]].tolist() == [7, 4]
    assert np.isnan(found.score[1:3]).all()
    assert found.whole.tolist() == [True, False, False, True]
    assert found.length.tolist() == [4, 0, 18, 6]


def test_tags_come_from_the_rows_or_from_the_benchmark(tmp_path: Path) -> None:
    rows = [wild_score(0, 7, primary_tag="Math", secondary_tags=["Editing"]), wild_score(1, 7)]
    read = rows_of(tmp_path / "m.json", rows)
    assert read_scores(read).groups == (("Math & Data Analysis", "Creative Tasks"), ())
    tasks = [{"id": "s1", "session_id": "x", "primary_tag": "Planning", "secondary_tags": []}]
    tags = read_tags(str(write(tmp_path / "wildbench.jsonl", tasks)))
    assert read_scores(read, tags).groups == ((), ("Planning & Reasoning",))
    with pytest.raises(FormatError, match="line 1 has no 'primary_tag'"):
        read_tags(str(write(tmp_path / "w.jsonl", [{"id": "s1"}])))


def test_comparisons_know_sides_extents_and_orders(tmp_path: Path) -> None:
    rows = [
        wild_pair(0, "m", 2, "a" * 5, assignment={"A": "m", "B": "Llama-2-70b-chat-hf"}),
        wild_pair(1, "Llama-2-70b-chat-hf", "1", assignment={"B": "m", "A": "Llama-2-70b-chat-hf"}),
        wild_pair(2, "tie", 0, EMPTY),
        wild_pair(3, None, None),
    ]
    found = read_comparisons(rows_of(tmp_path / "m.json", rows))
    assert (found.model, found.reference) == ("m", "Llama-2-70b-chat-hf")
    assert found.side[:3].tolist() == [1, -1, 0]
    assert np.isnan(found.side[3])
    assert found.extent[:3].tolist() == [2, 1, 0]
    assert found.whole.tolist() == [True, True, False, True]
    assert found.model_first[:2].tolist() == [1, 0]
    assert np.isnan(found.model_first[2:]).all()
    assert found.length[0] == 5


def _pair(a: str, b: str) -> dict[str, object]:
    return {
        "session_id": "s", "model_outputs": {a: "x", b: "y"}, "winner": a, "extent": 1,
    }  # fmt: skip


def test_the_reference_is_found_by_option_folder_list_or_file_name(tmp_path: Path) -> None:
    def read(path: str, a: str, b: str, reference: str | None = None) -> tuple[str, str, float]:
        found = read_comparisons(rows_of(tmp_path / path, [_pair(a, b)]), reference=reference)
        return found.model, found.reference, float(found.side[0])

    assert read("f.json", "a", "b", "a") == ("f", "a", -1)
    assert read("ref=b/f.json", "a", "b") == ("f", "b", 1)
    assert read("g.json", "org/claude-3-haiku-20240307", "b")[1] == "org/claude-3-haiku-20240307"
    assert read("a.json", "b", "org/a") == ("a", "b", -1)
    assert read("b.json", "a", "b", "b") == ("a", "b", 1)
    with pytest.raises(ConfigError, match="nothing says which is the reference") as caught:
        read("x.json", "a", "b")
    assert "--reference" in caught.value.hint
    with pytest.raises(ConfigError, match="nothing says"):
        read("a.json", "a", "b", "c")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (wild_score(1, "11"), "score 11 is not between 1 and 10"),
        (wild_score(1, "5", 7), "output that is not a text"),
        ({"score": "5"}, "the task is unknown"),
    ],
)
def test_a_broken_score_is_one_sentence(tmp_path: Path, row: dict[str, object], said: str) -> None:
    with pytest.raises(FormatError, match=rf"line 2.*{said}"):
        read_scores(rows_of(tmp_path / "m.jsonl", [wild_score(0, "5"), row]))


def test_a_broken_comparison_is_one_sentence(tmp_path: Path) -> None:
    one = {"session_id": "s", "model_outputs": {"m": "x"}, "winner": "m"}
    with pytest.raises(FormatError, match="compares 1 outputs"):
        read_comparisons(rows_of(tmp_path / "a.jsonl", [one]))
    with pytest.raises(FormatError, match="line 2 lacks the output of 'm'"):
        read_comparisons(rows_of(tmp_path / "b.jsonl", [wild_pair(0, "m", 1), one]))
