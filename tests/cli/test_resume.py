"""`topdraw sample --resume`: a run's own settings unless others are given, and no contradiction."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw
from tests.models.scripted_server import ScriptedServer

from topdraw.store.run import Run

SMALL = ("--problems", "2", "-n", "4", "--concurrency", "1", "--no-greedy")


def test_without_n_a_run_gets_its_own_n(topdraw: Topdraw, tmp_path: Path) -> None:
    capped = topdraw("sample", "countdown", *SMALL, "--out", "x", "--max-samples", "3")
    assert capped.code == 5
    done = topdraw("sample", "--resume", "x", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["samples"] == 8
    assert json.loads(topdraw("sample", "--resume", "x", "-n", "5", "--json").out)["samples"] == 10
    assert Run.open(tmp_path / "x").manifest.samplers[0].n == 5


@pytest.mark.parametrize(
    ("given", "difference"),
    [
        (("-t", "0.5"), "temperature: run has 1.0, asked 0.5"),
        (("--top-p", "0.9"), "top_p: run has 1.0, asked 0.9"),
        (("--max-output-tokens", "7"), "max_tokens: run has "),
        (("--stop", "END"), "stop: run has "),
        (("--presence-penalty", "0.5"), "presence_penalty: run has none, asked 0.5"),
        (("--extra-body", '{"min_p": 0.1}'), "extra_body: run has none, asked {'min_p': 0.1}"),
        (("--seed", "9"), "seed: run has 0, asked 9"),
        (("--model", "builtin:small"), "model name: run has 'builtin', asked 'builtin:small'"),
        (("--until", "pass"), "until: run has none, asked until the first pass by countdown"),
    ],
)
def test_what_contradicts_the_run_is_refused_by_name(
    topdraw: Topdraw, given: tuple[str, ...], difference: str
) -> None:
    assert topdraw("sample", "countdown", *SMALL, "--out", "x").code == 0
    done = topdraw("sample", "--resume", "x", *given)
    assert done.code == 3
    assert difference in done.err


def test_what_says_the_same_as_the_run_is_no_contradiction(topdraw: Topdraw) -> None:
    assert topdraw("sample", "countdown", *SMALL, "-t", "0.5", "--out", "x").code == 0
    done = topdraw("sample", "--resume", "x", "-t", "0.5", "--seed", "0", "--model", "builtin")
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (("--batch", "3"), "looking after every 3 samples"),
        (("--by", "number"), "asked until the first pass by number"),
        (("--until", "settled"), "asked until the vote is settled by countdown"),
    ],
)
def test_another_stopping_rule_is_refused(
    topdraw: Topdraw, given: tuple[str, ...], asked: str
) -> None:
    draw = ("sample", "countdown", *SMALL, "--until", "pass", "--batch", "2", "--out", "x")
    assert topdraw(*draw).code == 0
    assert topdraw("sample", "--resume", "x", "--until", "pass", "--batch", "2").code == 0
    done = topdraw("sample", "--resume", "x", *given)
    assert done.code == 3
    assert "until: run has until the first pass by countdown, looking after every 2" in done.err
    assert asked in done.err


def test_another_model_at_an_endpoint_is_refused_before_it_is_asked(topdraw: Topdraw) -> None:
    with ScriptedServer(models=("tiny", "other")) as server:
        draw = ("sample", "countdown", *SMALL, "--api", "completions", "--endpoint", server.url)
        assert topdraw(*draw, "--model", "tiny", "--out", "x").code == 0
        asked = server.counts.requests
        again = ("sample", "--resume", "x", "--endpoint", server.url)
        done = topdraw(*again, "--model", "other")
        assert (done.code, server.counts.requests) == (3, asked)
        assert "model model: run has 'tiny', asked 'other'" in done.err
        assert topdraw(*again, "-n", "5").code == 0, "the run says which API it uses"
        assert (
            "model api: run has 'completions', asked 'chat'" in topdraw(*again, "--api", "chat").err
        )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("countdown",), "not both"),
        (("--out", "y"), "--out"),
        (("--problems", "3"), "--problems"),
        (("-o", "steps=4"), "--option"),
    ],
)
def test_what_a_run_says_itself_is_a_usage_error(
    topdraw: Topdraw, given: tuple[str, ...], words: str
) -> None:
    assert topdraw("sample", "countdown", *SMALL, "--out", "x").code == 0
    done = topdraw("sample", *given, "--resume", "x")
    assert done.code == 2
    assert words in done.err
