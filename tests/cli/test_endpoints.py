"""Draws from servers that go wrong, through the command line: messages, budgets, exit codes."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw
from tests.models.scripted_server import Fault, ScriptedServer, always, first, mixed

from topdraw.cli.display import DrawDisplay
from topdraw.sampling.progress import Progress
from topdraw.store.run import Run

DRAW = ("sample", "countdown", "--problems", "4", "--no-greedy", "--model", "tiny", "--out", "x")
PRICES = (
    '[[price]]\nmodels = ["tiny"]\ninput_usd = 1000.0\noutput_usd = 1000.0\ndate = 2026-11-20\n'
)


def test_a_draw_through_faults_keeps_stdout_for_data_and_shows_its_bill(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    faults = [Fault("status", 503), Fault("cut_json"), Fault("reset")]
    with ScriptedServer(mixed(3, faults, 0.3)) as server:
        done = topdraw(*DRAW, "-n", "4", "--chunk", "2", "--endpoint", server.url)
        counts = server.counts
    assert done.code == 0, done.err
    assert done.out == "x\n"
    assert "cost unknown" in done.err
    data = json.loads(topdraw("show", "x", "--json").out)
    assert data["bill"]["requests"] == counts.requests
    assert data["bill"]["paid_samples"] == counts.paid
    assert data["bill"]["kept_samples"] == 16
    assert len(Run.open(tmp_path / "x").samples()) == 16


def test_a_wrong_key_is_one_sentence_and_exit_code_4(
    topdraw: Topdraw, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    refusal = Fault("status", 401, body={"error": {"message": "Incorrect key sk-very-secret"}})
    with ScriptedServer(always(refusal)) as server:
        done = topdraw(*DRAW, "-n", "4", "--endpoint", server.url)
        assert server.counts.requests < 8
    assert done.code == 4
    assert "401" in done.err
    assert "sk-very-secret" not in done.err
    files = [path.read_bytes() for path in (tmp_path / "x").rglob("*") if path.is_file()]
    assert all(b"sk-very-secret" not in data for data in files)


def test_a_key_from_a_file_is_sent_without_its_newline(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-from-file\n")
    with ScriptedServer() as server:
        done = topdraw(
            *DRAW, "-n", "1", "--endpoint", server.url, "--api-key-file", str(tmp_path / "key")
        )
        keys = set(server.counts.keys)
    assert done.code == 0, done.err
    assert keys == {"Bearer sk-from-file"}


@pytest.mark.parametrize(
    ("cap", "most"), [(("--max-samples", "5"), 5), (("--max-tokens", "60"), 16)]
)
def test_a_cap_is_exit_code_5_and_the_same_command_goes_on(
    topdraw: Topdraw, tmp_path: Path, cap: tuple[str, str], most: int
) -> None:
    with ScriptedServer() as server:
        draw = (*DRAW, "-n", "8", "--chunk", "1", "--endpoint", server.url)
        done = topdraw(*draw, *cap)
        assert (done.code, done.out) == (5, "")
        assert "Traceback" not in done.err
        assert 0 < len(Run.open(tmp_path / "x").samples()) <= most
        assert topdraw(*draw).code == 0
        assert server.counts.delivered == 32
    assert len(Run.open(tmp_path / "x").samples()) == 32


def test_a_cap_below_one_sample_a_problem_names_the_other_option(topdraw: Topdraw) -> None:
    with ScriptedServer() as server:
        draw = (*DRAW, "-n", "8", "--chunk", "1", "--endpoint", server.url)
        meant_otherwise = topdraw(*draw, "--max-tokens", "10")
        assert meant_otherwise.code == 5
        assert "--max-output-tokens" in meant_otherwise.err
        meant_so = topdraw(*draw, "--max-tokens", "200")
        assert meant_so.code == 5
        assert "--max-output-tokens" not in meant_so.err


def test_usd_need_a_price_and_then_cap(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(PRICES)
    with ScriptedServer() as server:
        draw = (*DRAW, "-n", "8", "--chunk", "1", "--endpoint", server.url, "--max-usd", "0.1")
        unknown = topdraw(*draw)
        assert (unknown.code, server.counts.requests) == (3, 0)
        assert "--prices" in unknown.err
        capped = topdraw(*draw, "--prices", "p.toml")
        assert capped.code == 5
        assert "$0." in capped.err
        assert "cap of 0.1 USD" in capped.err
    data = json.loads(topdraw("show", "x", "--prices", "p.toml", "--json").out)
    assert 0 < data["cost_usd"] <= 0.13


def test_every_decoding_option_reaches_the_server_and_the_manifest(
    topdraw: Topdraw, tmp_path: Path
) -> None:
    given = (
        "-t", "0.7", "--top-p", "0.9", "--top-k", "40", "--repetition-penalty", "1.1",
        "--presence-penalty", "0.5", "--frequency-penalty", "0.25", "--max-output-tokens", "64",
        "--stop", "END", "--extra-body", '{"min_p": 0.1}', "--seed", "3",
    )  # fmt: skip
    with ScriptedServer() as server:
        done = topdraw(*DRAW, "-n", "1", "--endpoint", server.url, *given)
        body = server.counts.bodies[0]
    assert done.code == 0, done.err
    sent = {
        "temperature": 0.7, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.1,
        "presence_penalty": 0.5, "frequency_penalty": 0.25, "max_tokens": 64, "stop": ["END"],
        "min_p": 0.1,
    }  # fmt: skip
    assert {name: body[name] for name in sent} == sent
    decoding = json.loads(topdraw("show", "x", "--json").out)["samples"][0]["decoding"]
    assert decoding["extra_body"] == {"min_p": 0.1}
    assert decoding["max_tokens"] == 64
    with ScriptedServer() as server:
        again = topdraw("sample", "--resume", "x", "-n", "2", "--endpoint", server.url)
        assert again.code == 0, again.err
        assert {name: server.counts.bodies[0][name] for name in sent} == sent


def test_each_difference_of_a_changed_draw_is_shown(topdraw: Topdraw) -> None:
    with ScriptedServer(models=("tiny", "other")) as server:
        given = (*DRAW, "-n", "1", "--endpoint", server.url)
        assert topdraw(*given).code == 0
        done = topdraw(
            *given, "--model", "other", "-t", "0.5", "--presence-penalty", "0.5",
            "--extra-body", '{"min_p": 0.1}', "--until", "pass",
        )  # fmt: skip
    assert done.code == 3
    for difference in (
        "model model: run has 'tiny', asked 'other'",
        "temperature: run has 1.0, asked 0.5",
        "presence_penalty: run has none, asked 0.5",
        "extra_body: run has none, asked {'min_p': 0.1}",
        "until: run has none, asked until the first pass by countdown",
    ):
        assert difference in done.err, done.err


def test_a_changed_prompt_is_shown_where_it_changes(topdraw: Topdraw, tmp_path: Path) -> None:
    rows = [{"question": f"Once upon a time, {i}+1=?", "answer": i + 1} for i in range(3)]
    draw = ("sample", "q.jsonl", "--no-greedy", "-n", "1", "--model", "tiny", "--out", "x")
    with ScriptedServer() as server:
        for question in ("Once upon a time, 1+1=?", "Once upon a time, 1+2=?"):
            rows[1]["question"] = question
            (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
            done = topdraw(*draw, "--endpoint", server.url)
    assert done.code == 3
    assert "1 of 3 problems differ" in done.err
    assert "1+1=?" in done.err
    assert "1+2=?" in done.err


def test_several_endpoints_share_the_work_and_the_bill_names_each(topdraw: Topdraw) -> None:
    with ScriptedServer(seconds=0.02) as one, ScriptedServer(seconds=0.02) as two:
        done = topdraw(
            *DRAW, "-n", "16", "--chunk", "1", "--endpoint", one.url, "--endpoint", two.url
        )
        assert done.code == 0, done.err
        assert one.counts.delivered + two.counts.delivered == 64
        assert min(one.counts.delivered, two.counts.delivered) > 0
    endpoints = json.loads(topdraw("show", "x", "--json").out)["endpoints"]
    assert sorted(bill["requests"] for bill in endpoints.values()) == sorted(
        server.counts.requests for server in (one, two)
    )
    assert topdraw("show", "x").out.count("  at ") == 2


def test_a_second_process_on_a_run_is_warned_of(topdraw: Topdraw, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        draw = (*DRAW, "-n", "2", "--endpoint", server.url)
        assert "Another process" not in topdraw(*draw).err
        with Run.open(tmp_path / "x").writer() as writer:
            writer.append(Run.open(tmp_path / "x").samples()[0])
            done = topdraw(*draw, "-n", "3")
    assert done.code == 0, done.err
    assert "Another process is drawing into x: what both draw is paid twice." in done.err


def test_retries_says_how_often_a_request_is_asked_again(topdraw: Topdraw) -> None:
    with ScriptedServer(first(Fault("status", 503), Fault("status", 503))) as server:
        given = (*DRAW, "--problems", "1", "-n", "1", "--endpoint", server.url)
        assert topdraw(*given, "--retries", "1").code == 4
        assert server.counts.requests == 2
        assert topdraw(*given, "--retries", "1").code == 0


def test_patience_says_when_a_server_is_given_up(topdraw: Topdraw) -> None:
    with ScriptedServer(always(Fault("status", 500))) as server:
        given = (*DRAW, "-n", "8", "--chunk", "1", "--endpoint", server.url)
        done = topdraw(*given, "--patience", "0.001")
    assert done.code == 4
    assert "has not given" in done.err


def test_hints_speak_the_language_of_the_command_line(topdraw: Topdraw) -> None:
    with ScriptedServer(models=("tiny", "other")) as server:
        done = topdraw("sample", "countdown", "--endpoint", server.url, "--out", "x")
    assert done.code == 3
    assert "--model (model=... in Python)" in done.err


def test_hints_on_keys_name_the_options(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    keys = ("--api-key-env", "K", "--api-key-file", "key")
    both = topdraw(*DRAW, "--endpoint", "http://localhost:9/v1", *keys)
    assert both.code == 3
    assert "--api-key-env or --api-key-file" in both.err
    inside = topdraw(*DRAW, "--endpoint", "http://me:secret@localhost:9/v1")
    assert inside.code == 3
    assert "--api-key-file" in inside.err
    assert "secret" not in inside.err


@pytest.mark.parametrize(
    ("fault", "throttled"),
    [(Fault("status", 429, headers={"Retry-After": "1"}), True), (Fault("reset"), False)],
)
def test_only_a_server_that_throttles_is_said_to_throttle(
    topdraw: Topdraw, monkeypatch: pytest.MonkeyPatch, fault: Fault, throttled: bool
) -> None:
    told: list[float] = []
    real = DrawDisplay.progress

    def progress(self: DrawDisplay, state: Progress) -> None:
        told.append(state.throttled_seconds)
        real(self, state)

    monkeypatch.setattr(DrawDisplay, "progress", progress)
    with ScriptedServer(first(fault)) as server:
        done = topdraw(*DRAW, "--problems", "2", "-n", "1", "--endpoint", server.url)
    assert done.code == 0, done.err
    assert any(told) == throttled


def test_a_total_deadline_ends_a_hang(topdraw: Topdraw) -> None:
    with ScriptedServer(always(Fault("hang", seconds=30))) as server:
        done = topdraw(
            *DRAW, "--problems", "1", "-n", "1", "--endpoint", server.url, "--retries", "0",
            "--timeout", "0.2",
        )  # fmt: skip
    assert done.code == 4
    assert "0.2 s" in done.err


@pytest.mark.parametrize(
    "option", [("--stream",), ("--chunk", "2"), ("--timeout", "3"), ("--api", "completions")]
)
def test_an_option_of_a_server_without_a_server_is_refused(
    topdraw: Topdraw, tmp_path: Path, option: tuple[str, ...]
) -> None:
    done = topdraw("sample", "countdown", "--problems", "1", "-n", "1", *option, "--out", "x")
    assert done.code == 3
    assert option[0] in done.err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("body", ["[1]", "{", '"x"'])
def test_an_extra_body_that_is_no_object_is_a_usage_error(topdraw: Topdraw, body: str) -> None:
    done = topdraw(*DRAW, "--extra-body", body)
    assert done.code == 2
    assert "--extra-body" in done.err


def test_until_needs_a_scorer_and_stops_by_it(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "def third(problem, samples):\n    return [s.index == 2 for s in samples]\n"
    )
    with ScriptedServer() as server:
        draw = (*DRAW, "-n", "9", "--endpoint", server.url, "--until", "pass")
        done = topdraw(*draw, "--by", "own.py:third")
        assert done.code == 0, done.err
        run = Run.open(tmp_path / "x")
        assert [sample.index for sample in run.samples()] == [0, 1, 2] * 4
        topped = ("sample", "--resume", "x", "-n", "12", "--endpoint", server.url)
        lost = topdraw(*topped)
        assert lost.code == 3
        assert "--by FILE.py:NAME" in lost.err
        assert topdraw(*topped, "--by", "own.py:third").code == 0
        assert server.counts.delivered == 12


def test_the_report_of_a_run_is_priced_by_its_table(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(PRICES)
    with ScriptedServer() as server:
        given = ("arithmetic", "--problems", "2", "-n", "4", "--endpoint", server.url, "--out", "x")
        done = topdraw("run", *given, "--model", "tiny", "--prices", "p.toml")
    assert done.code == 0, done.err
    assert 'id="axis-usd"' in (tmp_path / "x" / "report.html").read_text(encoding="utf-8")
