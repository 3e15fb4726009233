from pathlib import Path

import pytest
from tests.store.formats.made import Values, document, imported, lines

from topdraw.errors import FormatError


def row(doc_id: int = 0, resps: object = None, **more: object) -> Values:
    return {
        "doc_id": doc_id,
        "doc": {"q": doc_id},
        "target": "2",
        "arguments": {"gen_args_0": {"arg_0": f"q{doc_id}?", "arg_1": {}}},
        "resps": [["2", "3"]] if resps is None else resps,
        "filtered_resps": ["2"],
        "filter": "none",
        "metrics": ["exact_match"],
        "doc_hash": f"h{doc_id}",
        "exact_match": 1.0,
    } | more


def test_filters_are_merged_and_metrics_go_to_the_text_that_was_left(tmp_path: Path) -> None:
    both = [row(filter="first"), row(1, filter="first"), row(filter="last", filtered_resps=["3"],
            exact_match=0.0)]  # fmt: skip
    report, run = made = imported(lines(tmp_path / "x.jsonl", both))
    assert made.outputs == [("0", 0, "2"), ("0", 1, "3"), ("1", 0, "2"), ("1", 1, "3")]
    assert report.filters == ("first", "last")
    assert report.extractor == "lm-eval's filters: first, last"
    first, second, *_ = made.scores("lm-eval:exact_match,first")
    assert first is not None
    assert first.passed is True
    assert second is None
    _, last, *_ = made.scores("lm-eval:exact_match,last")
    assert last is not None
    assert last.passed is False
    assert run.manifest.scorer == ""  # half of the samples have no verdict


def test_one_response_takes_its_metrics_whatever_the_filter_left(tmp_path: Path) -> None:
    one = row(resps=[["so 2"]], metrics=["exact_match", "bleu"], bleu=1.0)
    made = imported(lines(tmp_path / "x.jsonl", [one]))
    assert made.report.by == "lm-eval:exact_match"
    (score,) = made.scores("lm-eval:bleu")
    assert score is not None
    assert score.value == 1.0
    assert score.passed is None  # a BLEU of 1 is no verdict
    assert made.run.problems["0"].prompt == "q0?"


def test_files_of_several_seeds_are_further_samples(tmp_path: Path) -> None:
    paths = [
        lines(tmp_path / f"samples_t_2026-01-0{at}T00-00-00.jsonl",
              [row(resps=[[f"{at}"]], filter="a"), row(resps=[[f"{at}"]], filter="b")])
        for at in (1, 2)
    ]  # fmt: skip
    made = imported(paths)
    assert made.outputs == [("0", 0, "1"), ("0", 1, "2")]
    assert made.run.manifest.task["name"] == "t"
    assert [one is not None for one in made.scores("lm-eval:exact_match,b")] == [True, True]


def test_two_tasks_with_the_same_numbers_stay_two(tmp_path: Path) -> None:
    first = lines(tmp_path / "a.jsonl", [row()])
    second = lines(tmp_path / "b.jsonl", [row(doc_hash="another")])
    made = imported([first, second])
    assert list(made.run.problems) == ["0", "0#another"]


def test_multiple_choice_gives_the_likeliest_choice(tmp_path: Path) -> None:
    asked = {f"gen_args_{at}": {"arg_0": "q?", "arg_1": f" {letter}"} for at, letter in
             enumerate("ABC")}  # fmt: skip
    one = row(
        arguments=asked,
        resps=[[["-12.5", "False"]], [["-1.25", "True"]], [["nan", "False"]]],
        metrics=["acc"],
        acc=1.0,
    )
    made = imported(lines(tmp_path / "x.jsonl", [one]))
    assert made.outputs == [("0", 0, " B")]
    assert made.report.by == "lm-eval:acc"


def test_old_files_without_filters_and_hashes_are_read(tmp_path: Path) -> None:
    old = {"doc_id": 7, "doc": {}, "target": "2", "arguments": [["q?", {"until": []}]],
           "resps": [["2"]], "filtered_resps": ["2"], "acc": 1.0}  # fmt: skip
    made = imported(lines(tmp_path / "x.jsonl", [old]))
    assert made.outputs == [("7", 0, "2")]
    assert made.run.problems["7"].prompt == "q?"
    assert made.report.scorers == {}


def test_results_give_the_model_and_nothing_else(tmp_path: Path) -> None:
    results = document(tmp_path / "results.json", {
        "results": {"t": {"exact_match,none": 0.99}}, "lm_eval_version": "0.4.13",
        "model_name": "m",
    })  # fmt: skip
    made = imported([results, lines(tmp_path / "x.jsonl", [row()])])
    assert made.run.manifest.model["model"] == "m"
    assert dict(made.report.dropped) == {"file of averages, which are not believed": 1}


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"resps": "2"}, "line 2: 'resps' must be"),
        ({"doc_id": None}, "line 2: 'doc_id' must be"),
    ],
)
def test_what_is_no_row_names_its_line(tmp_path: Path, broken: Values, told: str) -> None:
    with pytest.raises(FormatError, match=told):
        imported(lines(tmp_path / "x.jsonl", [row(), row(1) | broken]))


def test_a_document_without_responses_gives_nothing(tmp_path: Path) -> None:
    made = imported(lines(tmp_path / "x.jsonl", [row(), row(1, resps=[])]))
    assert list(made.run.problems) == ["0"]
