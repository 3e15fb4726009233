"""`topdraw ask`: candidates as they arrive, the best one, why, what it took; faults cost little."""

import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Topdraw
from tests.models.scripted_server import Fault, ScriptedServer, always

from topdraw.store.run import Run

PRICES = """[[price]]
models = ["tiny"]
input_usd = 1.0
output_usd = 2.0
date = 2026-11-20
"""


class Answers(ScriptedServer):
    """Answers with these texts in turn, by seed."""

    texts: tuple[str, ...] = ("#### 7", "#### 8", "It is #### 7", "\x1b[2Jno idea of it\u202e")

    def _choice(self, body: dict[str, Any], i: int) -> dict[str, Any]:
        choice = super()._choice(body, i)
        at = (int(body["seed"]) + i) % len(self.texts)
        choice["message"]["content"] = self.texts[at]
        return choice


@pytest.fixture
def own(tmp_path: Path) -> str:
    (tmp_path / "own.py").write_text(
        "def longer(problem, samples):\n    return [float(len(s.output)) for s in samples]\n"
    )
    return "own.py:longer"


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_each_candidate_is_a_line_and_the_answer_alone_is_on_stdout(
    topdraw: Topdraw, own: str
) -> None:
    with Answers() as server:
        done = topdraw("ask", "3+4?", "--endpoint", server.url, "-n", "8", "--with", own)
    assert done.code == 0, done.err
    assert done.out.startswith("\x1b[2Jno idea"), "best_of_n by the first --with"
    lines = [line for line in done.err.splitlines() if "tokens  " in line and "longer" in line]
    assert len(lines) == 8
    assert sorted(int(line.split()[0]) for line in lines) == list(range(8))
    assert "best_of_n chose candidate" in done.err
    assert "Chance chose among it and" in done.err
    assert "24 output tokens" in done.err
    assert "cost unknown" in done.err
    assert not {"\x1b", "\u202e"} & set(done.err)


def test_all_lists_every_candidate_and_marks_the_chosen_one(topdraw: Topdraw, own: str) -> None:
    with Answers() as server:
        asked = ("ask", "3+4?", "--endpoint", server.url, "-n", "4", "--with", own)
        topdraw(*asked)
        done = topdraw(*asked, "--show", "all")
    listed = [line for line in done.err.splitlines() if "longer" in line and "token" in line]
    assert len([line for line in listed if line.startswith("*")]) == 1
    assert [int(line[1:4]) for line in listed] == [0, 1, 2, 3]
    assert "answer 7" in done.err
    assert "\n       It is #### 7\n" in done.err
    assert "\x1b" not in done.err


def test_json_is_complete_and_costs_are_those_of_the_bill(
    topdraw: Topdraw, own: str, tmp_path: Path
) -> None:
    (tmp_path / "prices.toml").write_text(PRICES)
    priced = ("--prices", "prices.toml", "--json")
    with Answers() as server:
        asked = ("ask", "3+4?", "--endpoint", server.url, "-n", "4", "--with", own, *priced)
        done = topdraw(*asked, "--select", "majority")
        assert server.counts.bodies[0]["messages"] == [{"role": "user", "content": "3+4?"}]
    data = json.loads(done.out)
    assert set(data) == {
        *("question", "answer", "index", "probability", "selector", "why", "candidates"),
        *("usage", "seconds", "run", "incomplete"),
    }
    assert data["selector"] == "majority"
    assert data["why"]["votes"]["count"] == 2
    assert data["why"]["words"].startswith("majority chose candidate")
    chosen = [one for one in data["candidates"] if one["chosen"]]
    assert [one["index"] for one in chosen] == [data["index"]]
    assert data["answer"] == chosen[0]["output"]
    for one in data["candidates"]:
        assert one["scores"]["longer"]["value"] == one["value"] == len(one["output"])
        assert one["output_tokens"] == 3
        assert one["logprob"] == -1.5
    assert data["usage"] == {
        "prompt_tokens": 7,
        "output_tokens": 12,
        "requests": 1,
        "estimated": False,
        "cost_usd": pytest.approx((7 * 1 + 12 * 2) / 1e6),
    }
    assert data["incomplete"] is None
    assert Run.open(data["run"]).scorers()
    assert "longer" not in done.err.partition("Drawing")[0], "no lines beside --json"


def test_the_question_comes_from_standard_input_too(
    topdraw: Topdraw, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Answers() as server:
        for dash in ((), ("-",)):
            stdin(monkeypatch, "\ufeff 3+4? ½\n".encode())
            done = topdraw("ask", *dash, "--endpoint", server.url, "-n", "1", "--json")
            assert json.loads(done.out)["question"] == "3+4? ½"


@pytest.mark.parametrize(("data", "words"), [(b" \n", "no question"), (b"\xff\xfe?", "not UTF-8")])
def test_no_question_is_a_usage_error(
    topdraw: Topdraw, monkeypatch: pytest.MonkeyPatch, data: bytes, words: str
) -> None:
    stdin(monkeypatch, data)
    done = topdraw("ask")
    assert done.code == 2
    assert words in done.err


def test_a_terminal_is_not_waited_for(topdraw: Topdraw, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b"")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert topdraw("ask").code == 2


def test_a_system_prompt_goes_before_the_question_and_makes_another_run(topdraw: Topdraw) -> None:
    with Answers() as server:
        asked = ("ask", "3+4?", "--endpoint", server.url, "-n", "2", "--json")
        plain = json.loads(topdraw(*asked).out)
        told = json.loads(topdraw(*asked, "--system", "Be brief.").out)
        assert server.counts.bodies[1]["messages"] == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "3+4?"},
        ]
        refused = topdraw(*asked, "--system", "Be brief.", "--api", "completions")
    assert plain["run"] != told["run"]
    assert refused.code == 3
    assert "take no system prompt" in refused.err
    assert "reads no system prompt" in topdraw("ask", "1+1?", "--system", "x", "-n", "1").err


def test_where_no_output_has_an_answer_the_most_typical_text_wins(topdraw: Topdraw) -> None:
    class Prose(Answers):
        texts = ("the sea is blue", "the sea is blue and wide", "none of it", "the sea is blue")

    with Prose() as server:
        done = topdraw("ask", "The sea?", "--endpoint", server.url, "-n", "4")
    assert done.out.startswith("the sea is blue")
    assert "chose candidate" in done.err
    assert "mbr(" in done.err


def test_a_larger_n_tops_up(topdraw: Topdraw) -> None:
    with Answers() as server:
        asked = ("ask", "3+4?", "--endpoint", server.url, "--json")
        topdraw(*asked, "-n", "3")
        data = json.loads(topdraw(*asked, "-n", "5").out)
        assert server.counts.paid == 5
    assert [one["index"] for one in data["candidates"]] == [0, 1, 2, 3, 4]


def test_failed_candidates_cost_none_of_the_others(topdraw: Topdraw) -> None:
    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        refuse = Fault("status", 400, {"error": {"message": "no such luck"}})
        return refuse if int(body["seed"]) % 2 else None

    few = ("-n", "4", "--chunk", "1", "--concurrency", "1")
    with Answers(script) as server:
        done = topdraw("ask", "3+4?", "--endpoint", server.url, *few)
        again = topdraw("ask", "3+4?", "--endpoint", server.url, *few, "--json")
    assert done.code == again.code == 4
    assert done.out.strip(), "the best of what came"
    assert "majority chose candidate" in done.err
    assert "2 of 4 samples could not be drawn" in done.err
    assert "2 of 4 samples" in json.loads(again.out)["incomplete"]


def test_a_dead_server_is_one_sentence(topdraw: Topdraw) -> None:
    with ScriptedServer(always(Fault("status", 500, "down"))) as server:
        done = topdraw("ask", "3+4?", "--endpoint", server.url, "-n", "2", "--retries", "0")
    assert done.code == 4
    assert done.out == ""
    assert "Traceback" not in done.err


def test_nothing_to_choose_by_is_an_error_that_says_what_to_do(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text("def broken(problem, samples):\n    raise ValueError('oh')\n")
    with Answers() as server:
        asked = ("ask", "3+4?", "--endpoint", server.url, "-n", "2", "--with", "own.py:broken")
        done, data = topdraw(*asked), topdraw(*asked, "--json")
    assert (done.code, done.out) == (3, "")
    assert "could choose none of 2 candidates" in done.err
    assert "2 answers could not be read by broken, so they have no score: ValueError: oh" in (
        done.err
    )
    assert data.code == 0
    assert json.loads(data.out)["answer"] is None


def test_a_selector_of_scorers_has_them_applied(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "def seven(problem, samples):\n    return ['7' in s.output for s in samples]\n"
    )
    with Answers() as server:
        asked = ("ask", "3+4?", "--endpoint", server.url, "-n", "4", "--json")
        own = topdraw(*asked, "--with", "own.py:seven", "--select", "filter(seven, best_of_n)")
        named = topdraw(*asked, "--select", "filter(logprob, best_of_n)", "--out", "y")
        before = server.counts.paid
        unknown = topdraw(*asked, "--select", "filter(nosuch, best_of_n)", "--out", "z")
        assert server.counts.paid == before, "refused before anything is paid for"
    assert "7" in json.loads(own.out)["answer"]
    assert set(json.loads(named.out)["candidates"][0]["scores"]) == {"number", "logprob"}
    assert unknown.code == 3
    assert "nosuch" in unknown.err


def test_until_best_looks_at_the_scorer_that_ranks(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "far.py").write_text(
        "def far(problem, samples):\n"
        "    return [100.0 if s.index == 3 else s.index % 3 for s in samples]\n"
    )
    until = ("--until", "best", "--confidence", "0.9", "--json")
    with Answers() as server:
        asked = ("ask", "3+4?", "--endpoint", server.url, "-n", "40", *until)
        done = topdraw(*asked, "--with", "far.py:far")
        nameless = topdraw(*asked)
    data = json.loads(done.out)
    assert len(data["candidates"]) == 16
    assert data["index"] == 3
    rule = Run.open(data["run"]).manifest.until
    assert rule is not None
    assert (rule.rule, rule.by, rule.confidence) == ("best", "far", 0.9)
    assert nameless.code == 3
    assert "--until best needs a scorer whose values rank" in nameless.err
    assert topdraw("ask", "1?", "--gain", "1").code == 2


@pytest.mark.slow
def test_an_interrupt_keeps_what_came_and_the_same_command_goes_on(tmp_path: Path) -> None:
    hanging = threading.Event()

    def script(body: Mapping[str, Any], attempt: int) -> Fault | None:
        if int(body["seed"]) % 8 < 3 and not hanging.is_set():
            return None
        hanging.set()
        return Fault("hang", seconds=60)

    command = [sys.executable, "-m", "topdraw.cli", "ask", "3+4?", "-n", "6", "--chunk", "1"]
    with Answers(script) as server:
        asked = [*command, "--endpoint", server.url, "--concurrency", "1", "--out", "x"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(asked, cwd=tmp_path, text=True, **pipes) as process:  # type: ignore[call-overload]  # loose options
            assert hanging.wait(60)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert "the same command goes on" in err
    assert "terminate called" not in err
    kept = len(Run.open(tmp_path / "x").samples())
    assert kept >= 1
    with Answers() as server:
        command += ["--endpoint", server.url, "--out", "x", "--json"]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        assert server.counts.paid == 6 - kept
    assert len(json.loads(done.stdout)["candidates"]) == 6
