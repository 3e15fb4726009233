import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.analysis.made_run import NO, YES, made_run

from topdraw.cli.__main__ import cli
from topdraw.errors import ConfigError

A = {f"p{i}": [YES, NO, YES, NO] for i in range(12)}
B = {f"p{i}": [NO, NO, NO, YES if i % 2 else NO] for i in range(2, 14)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    first = {key: [YES] for key in A}
    made_run(tmp_path / "a", A, greedy=first)
    made_run(tmp_path / "b", B, greedy={key: [NO] for key in B})
    return tmp_path


def _said(*arguments: object) -> str:
    done = CliRunner().invoke(cli, ["compare", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_two_runs_give_a_table_and_a_sentence(folder: Path) -> None:
    said = _said(folder / "a", folder / "b", "--k", "1,2")
    assert "a less b, 10 problems" in said
    assert "a beats b" in said
    assert "Left out: 2 problems that a alone has (p0, p1)." in said
    assert "P(order reverses)" in said
    for row in ("greedy", "pass@1", "pass@2", "pass^2", "majority@2"):
        assert f"\n{row} " in said


def test_json_holds_what_the_table_says(folder: Path) -> None:
    found = json.loads(_said(folder / "a", folder / "b", "--k", "1", "--json"))
    line = next(x for x in found["comparisons"][0]["lines"] if x["measure_a"] == "pass@1")
    assert line["difference"]["value"] == pytest.approx(0.5 - 1 / 8)
    assert found["orders"]["shared"] == 10
    assert found["page"] is None


def test_csv_and_latex_are_tables_alone(folder: Path) -> None:
    csv = _said(folder / "a", folder / "b", "--csv").splitlines()
    assert csv[0].startswith("measure,a,a low,a high,b,b low,b high,difference")
    assert r"\toprule" in _said(folder / "a", folder / "b", "--latex")


def test_a_page_is_written_and_named(folder: Path) -> None:
    page = folder / "page.html"
    said = _said(folder / "a", folder / "b", "--out", page)
    assert said.rstrip().endswith(f"Page: {page}")
    assert "Runs compared" in page.read_text()


def test_one_run_compares_its_strategies(folder: Path) -> None:
    said = _said(folder / "a", "--k", "1,2")
    assert "12 problems" in said
    assert "majority@2" in said
    pair = _said(folder / "a", "--pair", "pass@4,majority@2", "--csv")
    assert pair.splitlines()[1].startswith("pass@4,majority@2,1.0,")


def test_the_models_of_a_table_are_compared(tmp_path: Path) -> None:
    table = tmp_path / "counts.csv"
    rows = [f"{m},p{i},20,{c}" for m, c in (("x", 15), ("y", 5), ("z", 1)) for i in range(9)]
    table.write_text("\n".join(["model,problem,n,c", *rows]))
    said = _said(table, "--k", "1")
    assert "x less y, 9 problems" in said
    assert "x less z, 9 problems" in said
    assert "P(first ahead)" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "b", "--pair", "pass@2,pass@1"], "--pair compares strategies of one RUN"),
        (["a", "--pair", "pass@2"], "--pair takes A,B"),
        (["a", "b", "--csv", "--json"], "name one"),
        (["a", "b", "--k", "0"], "--k takes whole numbers"),
        (["a", "b", "--level", "95"], "0<x<1"),
    ],
)
def test_misuse_is_a_usage_error(folder: Path, arguments: list[str], said: str) -> None:
    paths = [str(folder / one) if one in ("a", "b") else one for one in arguments]
    done = CliRunner().invoke(cli, ["compare", *paths])
    assert done.exit_code == 2
    assert said in done.stderr


def test_runs_without_a_shared_problem_are_refused(folder: Path) -> None:
    made_run(folder / "c", {"q": [YES]})
    with pytest.raises(ConfigError, match="share no problem"):
        _said(folder / "a", folder / "c")


def test_names_from_a_file_do_nothing_to_the_terminal(tmp_path: Path) -> None:
    rows = "".join(f"{m},p{i},4,{i % 5}\n" for m in ("\x1b[2Jred", "a\u202eb") for i in range(9))
    (tmp_path / "counts.csv").write_text("model,problem,n,c\n" + rows, encoding="utf-8")
    for command in ("compare", "fit"):
        done = CliRunner().invoke(cli, [command, str(tmp_path / "counts.csv")])
        assert done.exit_code == 0, done.output
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout
