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


def test_one_table_is_picked_by_name(folder: Path) -> None:
    runs = (folder / "a", folder / "b")
    lines = _said(*runs, "--csv", "--table", "differences").splitlines()
    assert lines[0].startswith("first run,second run,first,second,a,a low,a high,b,")
    assert "" not in lines
    assert {line.split(",")[1] for line in lines[1:]} == {"b"}
    assert _said(*runs, "--csv", "--table", "ranks").startswith("run,one sample (mean)")
    assert r"\toprule" in _said(*runs, "--latex", "--table", "orders")
    with pytest.raises(ConfigError, match="no table 'equal' here"):
        _said(*runs, "--csv", "--table", "equal")
    bare = CliRunner().invoke(cli, ["compare", *map(str, runs), "--table", "ranks"])
    assert (bare.exit_code, "--csv or --latex" in bare.output) == (2, True)


def test_a_cluster_that_is_not_there_names_those_that_are(folder: Path) -> None:
    with pytest.raises(ConfigError, match="No key of the problems' metadata"):
        _said(folder / "a", folder / "b", "--cluster", "nope")


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
        (["a", "--equal", "usd"], "--equal compares two RUNs"),
        (["a", "b", "--equal", "euro"], "'tokens', 'usd', 'flops', 'samples'"),
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


PRICES = """[[price]]
models = ["made"]
input_usd = 1
output_usd = 4
date = 2026-11-20
"""
ARCHITECTURES = """[[architecture]]
models = ["made"]
parameters = 1_000_000
layers = 4
width = 64
date = 2026-11-20
"""


def test_equal_budgets_join_the_table_the_page_and_the_data(folder: Path) -> None:
    (folder / "p.toml").write_text(PRICES)
    (folder / "a.toml").write_text(ARCHITECTURES)
    both = [folder / "a", folder / "b", "--k", "1"]
    tables = ["--prices", folder / "p.toml", "--architectures", folder / "a.toml"]
    said = _said(*both, "--equal", "tokens", "--equal", "tokens")
    assert said.count("a less b, coverage at equal output tokens") == 1
    assert "a less b, majority at equal output tokens" in said
    assert "In majority at equal output tokens, " in said
    page = folder / "page.html"
    given = [*both, "-s", "majority", "--equal", "usd", "--equal", "flops", *tables]
    found = json.loads(_said(*given, "--out", page, "--json"))["equal"]
    assert [(one["unit"], one["strategy"]) for one in found] == [
        ("usd", "oracle"),
        ("usd", "majority"),
        ("flops", "oracle"),
        ("flops", "majority"),
    ]
    assert found[0]["budgets"][0]["budget"] == pytest.approx((2 + 5 * 4) / 1e6)
    assert found[0]["budgets"][-1]["a"]["value"]["value"] == 1.0
    assert 'id="equal-4"' in page.read_text()
    assert 'USD per problem,k of a,"a, coverage"' in _said(*given, "--csv")
    assert r"\toprule" in _said(*given, "--latex")


def test_counts_are_compared_at_equal_samples_and_several_runs_with_the_first(
    tmp_path: Path,
) -> None:
    table = tmp_path / "counts.csv"
    rows = [f"{m},p{i},20,{c}" for m, c in (("x", 15), ("y", 5), ("z", 1)) for i in range(9)]
    table.write_text("\n".join(["model,problem,n,c", *rows]))
    found = json.loads(_said(table, "--equal", "samples", "--json"))["equal"]
    assert [(one["a"], one["b"], one["strategy"]) for one in found] == [
        ("x", "y", "oracle"),
        ("x", "z", "oracle"),
    ]
    budgets = [at for at in found[0]["budgets"] if at["budget"] < 16]
    assert [at["b"]["k"] for at in budgets] == [at["budget"] for at in budgets] != []
    lines = [f"{m},p{i},right,1,9" for m in "xy" for i in range(3)]
    samples = tmp_path / "samples.csv"
    samples.write_text("\n".join(["model,problem,answer,correct,tokens", *lines]))
    assert "at equal output tokens" in _said(samples, "--equal", "tokens")
    with pytest.raises(ConfigError) as caught:
        _said(samples, "--equal", "usd")
    assert "a prompt whose tokens nobody counted" in caught.value.hint
    with pytest.raises(ConfigError, match=r"The output tokens of .* are unknown"):
        _said(table, "--equal", "tokens")


@pytest.mark.parametrize(
    ("unit", "option"), [("usd", "--prices FILE"), ("flops", "--architectures FILE")]
)
def test_what_is_unknown_is_refused_and_how_to_give_it_is_said(
    folder: Path, unit: str, option: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _said(folder / "a", folder / "b", "--equal", unit)
    assert f"No table has {'a price' if unit == 'usd' else 'the architecture'}" in caught.value.hint
    assert option in caught.value.hint
    assert "'made'" in caught.value.hint


def test_names_from_a_file_do_nothing_to_the_terminal(tmp_path: Path) -> None:
    rows = "".join(f"{m},p{i},4,{i % 5}\n" for m in ("\x1b[2Jred", "a\u202eb") for i in range(9))
    (tmp_path / "counts.csv").write_text("model,problem,n,c\n" + rows, encoding="utf-8")
    for command, *more in (("compare", "--equal", "samples"), ("fit",)):
        done = CliRunner().invoke(cli, [command, str(tmp_path / "counts.csv"), *more])
        assert done.exit_code == 0, done.output
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout
