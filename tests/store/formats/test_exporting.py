import json
from pathlib import Path

import pytest
from tests.conftest import TinyRun
from tests.store.formats.made import imported, lines

from topdraw.core.records import Score
from topdraw.errors import ConfigError
from topdraw.store.formats.exporting import about, encode, held, write
from topdraw.store.formats.known import find
from topdraw.store.formats.protocol import About, Format


def test_problems_come_with_samples_scores_and_choices(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["4", "5"], "q": ["6"]}, greedy={"p": "g"})
    run.add_scores("v", [(one, Score.verdict(one.output == "5")) for one in run.samples()[:2]])
    first, second = held(
        run, scorers=["v"], picks={"p": run.samples()[1]}, worst={"p": run.samples()[0]}
    )
    assert [one.output for one in first.samples] == ["4", "5", "g"]
    assert [one and one.passed for one in first.scores["v"]] == [False, True, None]
    assert (first.picked, first.rejected) == (1, 0)
    assert (second.picked, second.scores["v"]) == (None, [None])


def test_one_each_leaves_out_what_was_not_chosen(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["4", "5"], "q": ["6", "7"]})
    (only,) = held(run, picks={"p": run.samples()[1]}, one_each=True)
    assert [one.output for one in only.samples] == ["5"]
    assert only.picked == 0


def test_an_only_sample_goes_without_a_choice_and_the_rest_is_counted(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["4"], "q": ["5", "6"], "r": ["7", "8"]})
    left_out: list[str] = []
    found = list(held(run, picks={"r": run.samples()[4]}, one_each=True, left_out=left_out))
    assert [one.samples[0].output for one in found] == ["4", "8"]
    assert left_out == ["q"]


def test_a_run_says_what_it_is(tmp_path: Path, tiny_run: TinyRun) -> None:
    facts = about(tiny_run({"p": ["4"]}), by="v")
    assert (facts.model, facts.task, facts.by, facts.hints) == ("tiny", "tiny", "v", {})
    path = lines(tmp_path / "x.jsonl", [{"task_id": "a", "completion": "x"}])
    assert about(imported(path).run).hints["format"] == "humaneval"


def test_an_empty_list_is_a_list() -> None:
    assert json.loads(b"".join(write(find("alpaca"), [], About()))) == []


def test_a_format_that_is_only_read_says_so() -> None:
    plain = find("plain")
    unwritten = Format("odd", "odd", plain.sniff, plain.read)
    with pytest.raises(ConfigError, match="does not write it"):
        write(unwritten, [], About())


def test_json_that_every_reader_takes() -> None:
    value = {"a": [float("inf"), {"b": float("nan")}], "c": "\ud800é"}
    assert json.loads(encode(value)) == {"a": [None, {"b": None}], "c": "\ud800é"}  # type: ignore[arg-type]  # JSON
    assert encode("é") == '"é"'.encode()
