import math
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.winrate.made import Row, annotation, raw, rows_of

from topdraw.analysis.winrate.read_alpaca import read_annotations, shown_first
from topdraw.errors import FormatError
from topdraw.store.json_rows import json_rows


@pytest.mark.parametrize("name", ["annotations.json", "annotations.jsonl.gz"])
def test_the_folder_names_the_model_whatever_generator_2_says(tmp_path: Path, name: str) -> None:
    path = tmp_path / "real-name" / "weighted_alpaca_eval_gpt4_turbo" / name
    (found,) = read_annotations(rows_of(path, [annotation(0, 1.5, model="old-name")]))
    assert (found.model, found.baseline) == ("real-name", "gpt4_1106_preview")


def test_other_layouts_name_it_by_file_or_by_row(tmp_path: Path) -> None:
    row = annotation(0, 1.5, model="old-name")
    for name, model in (
        ("new/annotations.json", "new"),
        ("new.v1.annotations.json.gz", "new.v1"),
        ("x.json", "old-name"),
    ):
        assert read_annotations(rows_of(tmp_path / name, [row]))[0].model == model
    bare = {"instruction": "x", "preference": 1}
    assert read_annotations(rows_of(tmp_path / "y.json", [bare]))[0].model == "y"


def test_several_models_in_a_file_are_several(tmp_path: Path) -> None:
    rows = [annotation(at, 1.5, model="ab"[at % 2]) for at in range(6)]
    found = read_annotations(rows_of(tmp_path / "x.jsonl", rows))
    assert [(one.model, one.preference.size) for one in found] == [("a", 3), ("b", 3)]
    assert found[1].lines == (2, 4, 6)
    two = [annotation(0, 1, generator_1="x"), annotation(0, 2, generator_1="y")]
    both = read_annotations(rows_of(tmp_path / "n.annotations.json", two))
    assert [(one.model, one.baseline) for one in both] == [("n", "x"), ("n", "y")]


def test_fields_become_arrays(tmp_path: Path) -> None:
    rows: list[Row] = [
        annotation(0, None, index=5),
        annotation(1, 0, output_2=None, len_2=7),
        {"index": 3, "preference": 2.0, "len_1": 10, "len_2": 4},
    ]
    (found,) = read_annotations(rows_of(tmp_path / "x.json", [rows[0], rows[1]]))
    assert np.isnan(found.preference[0])
    assert found.preference[1] == 0
    assert found.length.tolist() == [11, 7]
    assert found.baseline_length.tolist() == [9, 18]
    assert found.instructions == ("Do 0.", "Do 1.")
    (compact,) = read_annotations(rows_of(tmp_path / "y.json", [rows[2]]))
    assert (compact.instructions, compact.index.tolist()) == (("3",), [3])


def test_a_constant_output_is_noticed(tmp_path: Path) -> None:
    same = [annotation(at, 2, out="same") for at in range(3)]
    assert read_annotations(rows_of(tmp_path / "x.json", same))[0].constant
    other = [annotation(at, 2, out=str(at)) for at in range(3)]
    assert not read_annotations(rows_of(tmp_path / "y.json", other))[0].constant


@pytest.mark.parametrize("q", [0.0, 0.1, 0.7, 1.0])
def test_who_was_first_follows_from_preference_and_log_probabilities(q: float) -> None:
    assert shown_first(1 + q, raw(q)) == 1
    assert shown_first(2 - q, raw(q)) == 0
    assert math.isnan(shown_first(1.5, raw(0.5)))
    assert math.isnan(shown_first(1.33, raw(q)))
    assert math.isnan(shown_first(math.nan, raw(q)))


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "m",
        {},
        {"logprobs": None},
        {"logprobs": {"content": []}},
        {"logprobs": {"content": [3]}},
        {"logprobs": {"content": [{"top_logprobs": [1, {"token": "m", "logprob": "x"}]}]}},
        {"logprobs": {"content": [{"top_logprobs": [{"token": "m", "logprob": 5}]}]}},
    ],
)
def test_odd_completions_tell_nothing(odd: object) -> None:
    assert math.isnan(shown_first(1.2, odd))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"instruction": "x", "preference": "1"}, "line 2: 'preference' is '1', not a number"),
        ({"preference": 1}, "line 2 has no 'instruction'"),
        ({"instruction": "x", "preference": 1, "output_2": 5}, "line 2 has 5 as 'output_2'"),
        ({"instruction": "x", "preference": 1, "generator_2": []}, "as 'generator_2'"),
    ],
)
def test_a_broken_row_is_one_sentence(tmp_path: Path, row: dict[str, object], said: str) -> None:
    with pytest.raises(FormatError, match=said):
        read_annotations(
            rows_of(tmp_path / "x.jsonl", [{"instruction": "a", "preference": 1}, row])
        )


def test_the_real_files_have_known_orders(shared_data: Path) -> None:
    path = shared_data / "alpaca_eval2" / "claude-2.annotations.first5_verbatim.json"
    (found,) = read_annotations(json_rows(path))
    assert found.model == "claude-2"
    assert not np.isnan(found.model_first).any()
    whole = shared_data / "alpaca_eval2" / "claude-2.annotations.json.gz"
    assert read_annotations(json_rows(whole))[0].model == "claude-2"
