"""AlpacaEval, Arena-Hard and WildBench: sets that a judge grades, so without a scorer."""

import json
from pathlib import Path

import pytest
from tests.tasks.conftest import Rows

from topdraw.core.records import Json
from topdraw.errors import ConfigError, FormatError
from topdraw.tasks.alpaca_eval import instruction_id
from topdraw.tasks.alpaca_eval import load as load_alpaca
from topdraw.tasks.arena_hard import load as load_arena
from topdraw.tasks.wildbench import load as load_wild


def test_alpaca_evals_annotations_and_outputs_have_the_same_ids(shared_data: Path) -> None:
    folder = shared_data / "alpaca_eval2"
    outputs = load_alpaca(path=str(folder / "gpt4_1106_preview.model_outputs.first5.json"))
    every = load_alpaca(path=str(folder / "claude-2.annotations.json.gz"))
    assert len({problem.id for problem in every.problems}) == len(every.problems) == 805
    prompts = {problem.id: problem for problem in every.problems}
    for problem in outputs.problems:
        same = prompts[problem.id]
        assert same.prompt == problem.prompt
        assert same.metadata["reference"] == problem.metadata["reference"]
    assert (every.scorer, every.problems[0].target) == ("", None)
    assert every.problems[0].metadata["dataset"] == "helpful_base"


def test_an_instruction_that_comes_twice(rows: Rows) -> None:
    row: dict[str, Json] = {"instruction": "Say hi.", "output": "hi", "generator": "m"}
    task = load_alpaca(path=rows(row))
    assert task.problems[0].id == instruction_id("Say hi.")
    with pytest.raises(FormatError, match=r"test\.jsonl:2: the id .* comes twice"):
        load_alpaca(path=rows(row, row))
    with pytest.raises(FormatError, match=r"test\.jsonl:1: no column 'instruction'"):
        load_alpaca(path=rows({"prompt": "x"}))
    with pytest.raises(ConfigError, match="tatsu-lab/alpaca_eval"):
        load_alpaca()


def test_arena_hard_as_it_is_published(shared_data: Path) -> None:
    task = load_arena(path=str(shared_data / "arena_hard"))
    assert len(task.problems) == 5
    first = task.problems[0]
    assert first.id == "arena_hard/2edbb5f36f5b42be"
    assert first.prompt.startswith("Write me a zig program")
    assert first.metadata == {"category": "hard_prompt", "subcategory": "coding"}
    assert task.scorer == ""


def test_arena_hard_of_the_first_version(rows: Rows) -> None:
    # Layout of data/arena-hard-v0.1/question.jsonl of https://github.com/lmarena/arena-hard-auto
    row: dict[str, Json] = {
        "question_id": "0af", "category": "arena-hard-v0.1", "cluster": "C",
        "turns": [{"content": "Do it."}],
    }  # fmt: skip
    (problem,) = load_arena(path=rows(row)).problems
    assert (problem.id, problem.prompt, problem.metadata["cluster"]) == (
        "arena_hard/0af", "Do it.", "C",
    )  # fmt: skip
    for turns in ([], [{"content": "a"}, {"content": "b"}], ["a"], [{"content": ""}], "a"):
        with pytest.raises(FormatError, match=r"test\.jsonl:1: 'turns' must be"):
            load_arena(path=rows({"turns": turns}))
    with pytest.raises(ConfigError, match="arena-hard-auto"):
        load_arena()


def _turn(role: str, content: str) -> dict[str, Json]:
    return {"role": role, "content": content, "language": "English", "toxic": False}


def test_wildbench(rows: Rows) -> None:
    # Columns of https://huggingface.co/datasets/allenai/WildBench
    said = [_turn("user", "Hi"), _turn("assistant", "Hello."), _turn("user", "Write a poem.")]
    task = load_wild(
        path=rows(
            {"session_id": "s1", "conversation_input": said[:1], "checklist": ["polite?"],
             "primary_tag": "Creative Writing", "secondary_tags": ["Others"]},
            {"session_id": "s2", "conversation_input": said, "checklist": []},
        )
    )  # fmt: skip
    one, long = task.problems
    assert (one.id, one.prompt, task.scorer) == ("wildbench/s1", "Hi", "")
    assert one.metadata["checklist"] == ["polite?"]
    assert one.metadata["primary_tag"] == "Creative Writing"
    assert long.prompt == "User: Hi\n\nAssistant: Hello.\n\nUser: Write a poem.\n\nAssistant:"
    assert json.loads(json.dumps(long.metadata["conversation"]))[1] == {
        "role": "assistant",
        "content": "Hello.",
    }


@pytest.mark.parametrize(
    "turns",
    [
        None,
        "Hi",
        [],
        ["Hi"],
        [_turn("assistant", "x")],
        [_turn("robot", "x")],
        [_turn("user", " ")],
    ],
)
def test_conversations_that_do_not_end_with_the_user(rows: Rows, turns: Json) -> None:
    with pytest.raises(FormatError, match=r"test\.jsonl:1: 'conversation_input' must be"):
        load_wild(path=rows({"conversation_input": turns}))
    with pytest.raises(ConfigError, match="WildBench"):
        load_wild()
