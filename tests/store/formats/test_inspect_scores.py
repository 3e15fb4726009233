import json
import math

import pytest

from topdraw.core.records import Score
from topdraw.store.formats.inspect_scores import accuracies, scores_of, written_scores
from topdraw.store.formats.protocol import Notes

JUDGES = frozenset({"exact"})


def one(value: object, name: str = "exact") -> Score | None:
    values = {"scores": {name: {"value": value}}}
    return scores_of(values, JUDGES, Notes()).get(f"inspect:{name}")  # type: ignore[arg-type]  # any


@pytest.mark.parametrize(
    ("value", "number", "passed"),
    [
        ("C", 1.0, True),
        ("I", 0.0, False),
        ("P", 0.5, False),
        ("N", 0.0, False),
        (True, 1.0, True),
        (1, 1.0, True),
        (0.0, 0.0, False),
        (0.25, 0.25, None),
        ("0.25", 0.25, None),
    ],
)
def test_values_as_inspect_reads_them(value: object, number: float, passed: bool | None) -> None:
    score = one(value)
    assert score is not None
    assert (score.value, score.passed) == (number, passed)


def test_a_mark_of_one_is_no_verdict_without_a_metric_of_accuracy() -> None:
    score = one(1, "judge")
    assert score is not None
    assert (score.value, score.passed) == (1.0, None)


def test_nan_and_null_are_missing_and_a_word_is_a_note() -> None:
    for value in (math.nan, None):
        score = one(value)
        assert score is not None
        assert score.missing_reason == "unscored"
    word = one("mostly")
    assert word is not None
    assert (word.is_missing, word.note, math.isnan(word.value)) == (False, "mostly", True)


def test_objects_are_several_scorers_and_lists_are_not_kept() -> None:
    notes = Notes()
    values = {
        "scores": {"rubric": {"value": {"a": 1, "b": 0.5}}, "many": {"value": [1, 2]}, "x": 3}
    }
    found = scores_of(values, JUDGES, notes)  # type: ignore[arg-type]  # JSON
    assert sorted(found) == ["inspect:rubric.a", "inspect:rubric.b", "inspect:x"]
    assert sum(notes.counts.values()) == 1


def test_scorers_of_accuracy_are_found_by_name() -> None:
    text = """{"eval": {"scorers": [
        {"name": "a", "metrics": [{"name": "inspect_ai/accuracy"}]},
        {"name": "b", "metrics": ["accuracy"]}, {"name": "c", "metrics": [{"name": "mean"}]}]}}"""
    assert accuracies(json.loads(text)) == {"a", "b"}
    assert accuracies({}) == frozenset()


@pytest.mark.parametrize("value", ["C", "I", "P", 0.25])
def test_written_scores_are_read_as_they_were(value: object) -> None:
    score = one(value)
    written = written_scores("inspect:exact", score)
    assert scores_of({"scores": written}, JUDGES, Notes()) == {"inspect:exact": score}
    assert written_scores("", score) == written_scores("x", None) == {}
