from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Decoding
from topdraw.core.until import Until
from topdraw.reports.recipe import facts_of, run_command

BUILTIN = {"kind": "builtin", "name": "builtin", "digest": "ab12"}


def command(decoding: Decoding | None = None, task: str = "countdown") -> str:
    return run_command(task, {}, BUILTIN, decoding or Decoding(), 10, seed=3, greedy=True)


def test_defaults_are_left_out() -> None:
    assert command() == "topdraw run countdown --model builtin -n 10 --seed 3"


def test_settings_options_and_scorers_are_named() -> None:
    told = run_command(
        "arithmetic",
        {"problems": 50, "seed": 2, "style": "direct", "steps": [2, 3]},
        {"kind": "endpoint", "model": "llama", "api": "chat"},
        Decoding(temperature=0.7, top_p=0.9, top_k=40, repetition_penalty=1.1, max_tokens=64),
        100,
        seed=0,
        greedy=False,
        by="number",
        value="logprob",
    )
    assert told == (
        "topdraw run arithmetic --endpoint URL --model llama -n 100 --temperature 0.7 "
        "--top-p 0.9 --top-k 40 --repetition-penalty 1.1 --max-output-tokens 64 --seed 0 "
        "--problems 50 --task-seed 2 -o style=direct -o 'steps=[2, 3]' "
        "--no-greedy --by number --value logprob"
    )


def test_the_rule_that_stopped_the_drawing_is_named() -> None:
    told = run_command(
        "t",
        {},
        BUILTIN,
        Decoding(presence_penalty=0.5, extra_body={"min_p": 0}),
        8,
        seed=0,
        greedy=True,
        by="number",
        until=Until("settled", by="number", batch=4),
    )
    assert told == (
        "topdraw run t --model builtin -n 8 --presence-penalty 0.5 --extra-body "
        """'{"min_p": 0}' --seed 0 --until settled --batch 4 --confidence 0.95 --by number"""
    )


WORDS = st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF), max_size=12)


@given(WORDS)
def test_printable_words_survive_a_shell(word: str) -> None:
    told = command(task=word)
    if word.isprintable():
        assert shlex.split(told)[2] == word


@pytest.mark.parametrize("stop", ["\n", "a\tb", "Q: ", "it's", "$HOME", "\\n"])
def test_stops_survive_bash(stop: str) -> None:
    words = command(Decoding(stop=(stop,))).split("--stop ")[1].rsplit(" --seed", 1)[0]
    told = subprocess.run(["bash", "-c", f"printf %s {words}"], capture_output=True, check=True)
    assert told.stdout.decode() == stop


def test_facts_leave_out_what_is_unknown() -> None:
    facts = dict(
        facts_of(
            version="0.1.0",
            task={"name": "t", "version": "2", "options": {}, "digest": "ff"},
            model=BUILTIN,
            decoding=Decoding(),
            seed=0,
            created="",
            by="t",
            value="",
        )
    )
    assert facts["task digest"] == "ff"
    assert facts["run seed"] == "0"
    assert facts["model"] == '{"digest": "ab12", "kind": "builtin", "name": "builtin"}'
    assert not {"created", "ranked by", "task options"} & set(facts)


@pytest.mark.parametrize("path", ["runs/try", "my runs/it's", "a;rm -rf b", "$HOME/x\ty"])
def test_the_command_goes_on_where_the_run_lies(path: str) -> None:
    told = run_command("t", {}, BUILTIN, Decoding(), 2, seed=0, greedy=True, out=path)
    words = told.split("--out ")[1]
    done = subprocess.run(["bash", "-c", f"printf %s {words}"], capture_output=True, check=True)
    assert done.stdout.decode() == path
