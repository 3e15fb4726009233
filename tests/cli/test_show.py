"""`topdraw show`: what a run holds and what it cost, for people and as JSON."""

import dataclasses
import json
from pathlib import Path

import pytest
from tests.cli.conftest import Topdraw
from tests.conftest import TinyRun

from topdraw.core.billing import Answered, Asked
from topdraw.core.until import Until
from topdraw.store.run import Run

PRICES = """
[[price]]
models = ["tiny"]
input_usd = 2.0
output_usd = 10.0
date = 2026-11-20
"""


def _billed(run: Run) -> Run:
    with run.bill_writer() as bill:
        for index, answered in enumerate(
            [
                Answered("delivered", 8, 1000, 500, status=200),
                Answered("unused", 0, 1000, 100, estimated=True, status=200),
                Answered("refused", status=429),
            ]
        ):
            endpoint = "a:8000" if index else "b:8000"
            bill.end(bill.begin(Asked("a", index, 8, endpoint)), answered)
        bill.begin(Asked("b", 0, 4, "a:8000"))
    return run


def test_counts_repeats_endings_scores_and_bill(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = _billed(tiny_run({"a": ["x", "x", "y", ""], "b": ["z", "z", "z"]}, greedy={"a": "x"}))
    data = json.loads(topdraw("show", str(run.path), "--json").out)
    sampled = data["samples"][0]
    assert (sampled["drawn"], sampled["wanted"], sampled["short"]) == (7, 8, 1)
    assert (sampled["repeated"], sampled["uniform"], sampled["empty"]) == (3, 1, 1)
    assert sampled["repeated_share"] == pytest.approx(3 / 7)
    assert sampled["finish_reasons"] == {"stop": 7}
    assert data["samples"][1]["drawn"] == 1
    bill = data["bill"]
    assert [bill[fate] for fate in ("delivered", "unused", "refused", "unknown")] == [1, 1, 1, 1]
    assert bill["requests"] == 4
    assert (bill["paid_samples"], bill["kept_samples"], bill["paid_unused"]) == (16, 8, 8)
    assert data["cost_usd"] is None
    assert set(data["endpoints"]) == {"a:8000", "b:8000"}
    for one in data["endpoints"].values():
        assert "paid_samples" in one
        assert not one.keys() & {"kept_samples", "paid_unused"}, "nobody knows by endpoint"


def test_the_words_for_people(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = _billed(tiny_run({"a": ["x", "x"], "b": ["z"]}))
    out = topdraw("show", str(run.path)).out
    for words in (
        "task      tiny version 1, 2 problems",
        "sampled  3 of 4; 1 not drawn, of 1 problem (1 to 2 a problem)",
        "33.3% of the texts repeat an earlier one",
        "requests   4: 1 delivered, 1 paid and unused, 1 refused, 1 of unknown fate",
        "unknown: no price table has 'tiny'; name one with --prices FILE",
        "of prompts (once per sample)",
        "2,000 of prompts (once per request)",
        "at a:8000",
        "at b:8000",
    ):
        assert words in out, out


def test_a_price_makes_a_cost_and_shows_its_date(
    topdraw: Topdraw, tiny_run: TinyRun, tmp_path: Path
) -> None:
    run = _billed(tiny_run({"a": ["x", "x"], "b": ["z"]}))
    (tmp_path / "p.toml").write_text(PRICES)
    given = ("show", str(run.path), "--prices", "p.toml")
    data = json.loads(topdraw(*given, "--json").out)
    bill = run.bill()
    assert data["cost_usd"] == pytest.approx(
        (bill.prompt_tokens * 2 + bill.output_tokens * 10) / 1e6
    )
    assert data["price"]["date"] == "2026-11-20"
    assert "(price of 2026-11-20)" in topdraw(*given).out


def test_a_price_table_is_named_once_and_for_all(
    topdraw: Topdraw, tiny_run: TinyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _billed(tiny_run({"a": ["x", "x"], "b": ["z"]}))
    (tmp_path / "p.toml").write_text(PRICES)
    monkeypatch.setenv("TOPDRAW_PRICES", "p.toml")
    assert "(price of 2026-11-20)" in topdraw("show", str(run.path)).out


def test_a_run_without_a_bill_says_nothing_of_cost(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    out = topdraw("show", str(tiny_run({"a": ["x"]}).path)).out
    assert "Bill" not in out
    assert "cost" not in out


def test_hostile_text_stays_on_its_line(topdraw: Topdraw, tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["x"]})
    sample = dataclasses.replace(run.samples()[0], index=5, finish_reason="\x1b[2J\nboom\u202e")
    with run.writer() as writer:
        writer.append(sample)
    done = topdraw("show", str(run.path))
    assert done.code == 0, done.err
    assert "\x1b[2J" not in done.out
    assert "\u202e" not in done.out
    assert "␛[2J boom[U+202E] 1 (50.0%)" in done.out


def test_the_stopping_rule_is_shown(topdraw: Topdraw, tmp_path: Path) -> None:
    draw = ("sample", "countdown", "--problems", "3", "-n", "6", "--no-greedy", "--out", "x")
    done = topdraw(*draw, "--until", "pass", "--batch", "2")
    assert done.code == 0, done.err
    assert Run.open(tmp_path / "x").manifest.until == Until("pass", "countdown", 2)
    assert "until the first pass by countdown, looking after every 2" in topdraw("show", "x").out
    assert json.loads(topdraw("show", "x", "--json").out)["until"]["rule"] == "pass"
