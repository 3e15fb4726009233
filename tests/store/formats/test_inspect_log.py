import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.store.formats.made import Values, document, exported, imported

from topdraw.errors import FormatError


def sample(key: object = "p", epoch: int = 1, text: str = "4", **more: object) -> Values:
    message = {"role": "assistant", "content": text}
    return {
        "id": key,
        "epoch": epoch,
        "input": "2+2?",
        "target": "4",
        "output": {
            "model": "m",
            "choices": [{"message": message, "stop_reason": "stop"}],
            "completion": text,
            "usage": {"input_tokens": 3, "output_tokens": 1},
        },
        "scores": {"exact": {"value": "C", "answer": "4", "explanation": "it is"}},
    } | more


def log(*samples: Values, **more: object) -> Values:
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "task": "sums",
            "model": "m",
            "model_generate_config": {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7},
            "scorers": [{"name": "exact", "metrics": [{"name": "inspect_ai/accuracy"}]}],
        },
        "samples": list(samples),
    } | more


def zipped(path: Path, members: Mapping[str, object]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, value in members.items():
            file.writestr(name, value if isinstance(value, str) else json.dumps(value))
    return path


def test_a_log_says_how_it_was_drawn(tmp_path: Path) -> None:
    report, run = made = imported(document(tmp_path / "x.json", log(sample(), sample(epoch=2))))
    assert made.outputs == [("p", 0, "4"), ("p", 1, "4")]
    sampled = run.manifest.sampler("sampled")
    assert sampled is not None
    decoding = sampled.decoding
    assert (decoding.temperature, decoding.top_p, decoding.max_tokens) == (0.5, 0.9, 7)
    assert run.manifest.task["name"] == "sums"
    (score, _) = made.scores("inspect:exact")
    assert score is not None
    assert (score.passed, score.answer, score.note) == (True, "4", "it is")
    assert report.repeated == 1


def test_members_come_in_the_order_of_their_epochs(tmp_path: Path) -> None:
    members = {
        "samples/b_epoch_2.json": sample("b/../x", 2, "later"),
        "samples/../../b_epoch_1.json": sample("b/../x", 1, "first"),
        "header.json": {key: value for key, value in log().items() if key != "samples"},
        "summaries.json": [],
    }
    made = imported(zipped(tmp_path / "x.eval", members))
    assert made.outputs == [("b/../x", 0, "first"), ("b/../x", 1, "later")]


def test_a_log_of_a_killed_writer_gives_what_it_has(tmp_path: Path) -> None:
    start = {"version": 2, "eval": log()["eval"], "plan": {}}
    members = {"_journal/start.json": start, "samples/p_epoch_1.json": sample()}
    made = imported(zipped(tmp_path / "x.eval", members))
    assert made.report.samples == 1
    assert "never finished" in made.report.warnings[0]


def test_two_logs_are_more_epochs(tmp_path: Path) -> None:
    paths = [document(tmp_path / f"{at}.json", log(sample(text=f"{at}"))) for at in (1, 2)]
    made = imported(paths)
    assert made.outputs == [("p", 0, "1"), ("p", 1, "2")]
    assert any("numbered anew" in warning for warning in made.report.warnings)


def test_long_texts_stand_among_the_attachments(tmp_path: Path) -> None:
    one = sample(input="attachment://ab", attachments={"ab": "long?", "cd": "long!"})
    one["output"]["completion"] = "attachment://cd"
    made = imported(document(tmp_path / "x.json", log(one)))
    assert made.outputs == [("p", 0, "long!")]
    assert made.run.problems["p"].prompt == "long?"


def test_conversations_and_parts_become_text(tmp_path: Path) -> None:
    asked = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "2+2?"}, {"type": "image"}]},
    ]
    one = sample(7, input=asked, choices=["3", "4"], metadata={"level": 2})
    one["output"] |= {"completion": ""}
    one["output"]["choices"][0]["message"]["content"] = [
        {"type": "reasoning", "reasoning": "hm"},
        {"type": "text", "text": "4"},
    ]
    made = imported(document(tmp_path / "x.json", log(one)))
    assert made.outputs == [("7", 0, "4")]
    assert made.run.problems["7"].prompt == "system: Be brief.\n\nuser: 2+2?"
    (back,) = exported(made.run, "inspect")["samples"]
    assert (back["id"], back["input"], back["choices"]) == (7, asked, ["3", "4"])
    assert back["metadata"] == {"level": 2}


def test_samples_that_ended_in_an_error_are_dropped_and_counted(tmp_path: Path) -> None:
    failed = sample("q", output={}, error={"message": "rate limit"})
    empty = sample("r", output={"choices": []})
    made = imported(document(tmp_path / "x.json", log(sample(), failed, empty, status="error")))
    assert list(made.run.problems) == ["p"]
    assert dict(made.report.dropped) == {
        "samples that ended in an error": 1,
        "samples without output": 1,
    }
    assert "status is 'error'" in made.report.warnings[0]


def test_a_zip_is_no_file_of_another_format(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"header.json": {}})
    with pytest.raises(FormatError, match="is a zip that is no log of inspect"):
        imported(path, format_name="humaneval")


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"a": "x"}, "no log of inspect"),
        ({"header.json": "{", "samples/p_epoch_1.json": "{}"}, "header.json, line 1 is not JSON"),
        ({"header.json": {}, "samples/p_epoch_1.json": "[]"}, "is no sample"),
        ({"header.json": {}, "samples/p_epoch_1.json": {"id": [1]}}, "'id' must be"),
        ({"header.json": {}}, "holds no sample"),
    ],
)
def test_a_zip_that_is_no_log_is_one_sentence(
    tmp_path: Path, members: dict[str, object], told: str
) -> None:
    with pytest.raises(FormatError, match=told):
        imported(zipped(tmp_path / "x.eval", members))
    assert [path.name for path in tmp_path.iterdir()] == ["x.eval"]
