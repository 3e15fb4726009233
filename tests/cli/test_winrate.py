import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.analysis.winrate.made import annotation, judgment, raw, wild_pair, wild_score, write
from tests.cli.conftest import Topdraw

from topdraw.cli.__main__ import cli


def _said(*arguments: object) -> str:
    done = CliRunner().invoke(cli, ["winrate", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, high in (("a", 1.8), ("b", 1.3)):
        rows = [
            annotation(at, high if at % 3 else 1.1, out="x" * (at + 3), raw_completion=raw(0.8))
            for at in range(30)
        ]
        write(tmp_path / f"{name}.annotations.json", rows)
    write(tmp_path / "arena.jsonl", [judgment(at, "B>A", "A=B") for at in range(5)])
    write(tmp_path / "wild.json", [wild_score(at, 5 + at % 3) for at in range(5)])
    return tmp_path


def test_a_table_by_their_convention_and_ours_with_differences(folder: Path) -> None:
    said = _said(folder / "a.annotations.json", folder / "b.annotations.json")
    head, columns, *rows = said.splitlines()
    assert head == "AlpacaEval 2, win rate against gpt4_1106_preview"
    assert columns.split()[:4] == ["model", "ours", "win_rate", "standard_error"]
    assert "LC without official table" in columns
    assert [row.split()[0] for row in rows[:2]] == ["a", "b"]
    assert "first answer wins" in said
    assert "less baseline" in said
    assert "adjusted p" in said
    assert sum("LC without official table  " in line for line in said.splitlines()[2:]) == 1
    assert "not the leaderboard's LC" in said


def test_json_has_all_digits_and_both_intervals(folder: Path) -> None:
    found = json.loads(_said(folder / "a.annotations.json", folder / "arena.jsonl", "--json"))
    a, arena = found["results"]
    assert a["published"]["win_rate"] == pytest.approx(100 * (20 * 0.8 + 10 * 0.1) / 30, abs=1e-9)
    assert a["ours"]["value"] == pytest.approx(a["published"]["win_rate"])
    assert a["lengths"]["chosen"]["value"] == pytest.approx(17.5)
    assert a["position"]["unknown"] == 10  # 1.1 does not fit the log-probabilities
    assert arena["part"] == "hard_prompt"
    assert arena["ours"]["low"] < 75 < arena["ours"]["high"]
    assert found["differences"] == []


def test_csv_and_latex(folder: Path) -> None:
    both = (folder / "a.annotations.json", folder / "b.annotations.json")
    assert _said(*both, "--csv").startswith("model,ours,ours low,ours high,win_rate,")
    assert r"\toprule" in _said(*both, "--latex")
    rows = list(csv.DictReader(io.StringIO(_said(*both, "--csv", "--table", "scores"))))
    assert {row["model"] for row in rows} == {"a", "b"}
    for table in ("differences", "lengths", "position"):
        assert len(_said(*both, "--csv", "--table", table).splitlines()) >= 2
    alone = CliRunner().invoke(cli, ["winrate", str(both[0]), "--csv", "--table", "differences"])
    assert "no table 'differences' here" in str(alone.exception)


def test_options_reach_their_benchmarks(folder: Path) -> None:
    tasks = [{"id": f"s{at}", "primary_tag": "Math", "secondary_tags": []} for at in range(5)]
    tags = write(folder / "tasks.json", tasks)
    assert "No task-macro" in _said(folder / "wild.json")
    assert "No task-macro" not in _said(folder / "wild.json", "--tags", tags)
    assert "count 2 times" in _said(folder / "arena.jsonl", "--strong", "2")
    pairs = write(folder / "m.json", [wild_pair(at, "m", 1) for at in range(4)])
    assert "K=100" in _said(pairs, "--length-penalty", "100", "--reference", "Llama-2-70b-chat-hf")
    outputs = [{"instruction": f"Do {at}.", "output": ["x", "xxx"]} for at in range(30)]
    samples = write(folder / "outputs.json", outputs)
    said = _said(folder / "a.annotations.json", "--samples", samples)
    assert "chosen less mean sample" in said
    hard = folder / "hard.csv"
    lines = [f"{at},{at % 3}" for at in range(30)]
    hard.write_text("\n".join(["index,instruction_difficulty", *lines]))
    assert "Read " in _said(folder / "a.annotations.json", "--difficulty", hard)
    answers = write(folder / "answers.jsonl", [{"uid": "q", "model": "m"}])
    refused = CliRunner().invoke(
        cli, ["winrate", str(folder / "arena.jsonl"), "--answers", str(answers)]
    )
    assert "no 'metadata'" in str(refused.exception)


def test_a_broken_file_is_one_line_on_stderr(topdraw: Topdraw, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[{"preference": 1},\n {"preference"')
    done = topdraw("winrate", "x.json")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("Error: x.json, line 2 is not JSON")
    assert len(done.err.splitlines()) == 1
    (tmp_path / "y.json").write_text('{"hello": 1}')
    unknown = topdraw("winrate", "y.json")
    assert unknown.code == 3
    assert "no judgments that topdraw knows" in unknown.err
    assert "Hint: Known are alpaca_eval" in unknown.err


def test_misuse_is_a_usage_error(folder: Path) -> None:
    runner = CliRunner()
    for arguments in ([], ["nowhere.json"], [str(folder / "wild.json"), "--json", "--csv"]):
        assert runner.invoke(cli, ["winrate", *arguments]).exit_code == 2


def test_a_hostile_name_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    rows = [annotation(at, 1.5, model="\x1b[2Jred\u202e") for at in range(6)]
    said = _said(write(tmp_path / "x.json", rows))
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_a_page_is_written_where_asked(folder: Path) -> None:
    page = folder / "page.html"
    said = _said(folder / "a.annotations.json", "--out", page)
    assert said.endswith(f"Page: {page}\n")
    assert "AlpacaEval 2" in page.read_text(encoding="utf-8")
    found = json.loads(_said(folder / "a.annotations.json", "--json", "--out", page))
    assert found["page"] == str(page)
