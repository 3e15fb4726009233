import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tests.analysis.made_run import NO, YES, made_run

from topdraw.cli.__main__ import cli
from topdraw.core.records import Decoding
from topdraw.errors import ConfigError


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    rows = [
        f"{model},p{i},100,{min(round(100 * chance * factor), 100)}\n"
        for model, factor in (("large", 1.0), ("small", 0.2))
        for i, chance in enumerate(np.geomspace(0.004, 0.9, 20))
    ]
    path = tmp_path / "counts.csv"
    path.write_text("model,problem,n,c\n" + "".join(rows))
    return path


def _said(*arguments: object) -> str:
    done = CliRunner().invoke(cli, ["fit", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.slow
def test_a_table_of_models_gives_laws_forecasts_and_shifts(counts: Path) -> None:
    said = _said(counts, "--extrapolate", 10_000, "--extrapolate", 50)
    assert "large: coverage" in said
    assert "at k = 10,000 a model average says" in said
    assert "k = 50 lies within the samples" in said
    for head in (
        "Law c = exp(a k^b)",
        "Beyond the samples (a model)",
        "Shifts along k",
        "Residuals",
    ):
        assert f"\n{head}" in said


@pytest.mark.slow
def test_json_holds_the_law_each_method_and_the_shifts(counts: Path) -> None:
    found = json.loads(_said(counts, "--extrapolate", 10_000, "--json", "--level", 0.8))
    large, small = found["models"]
    assert (large["model"], small["model"]) == ("large", "small")
    assert large["law"]["b"]["level"] == 0.8
    assert len(large["law"]["residuals"]) == len(large["k"]) == len(large["coverage"])
    value = large["forecasts"][0]
    assert value["label"].startswith("model average")
    assert {"log-log line", "beta", "logit-normal"} <= set(value["methods"])
    assert value["counts_allow"][0] <= value["value"] <= value["counts_allow"][1]
    assert found["shifts"]["log10_shift"]["small"]["value"] > 0
    assert found["page"] is None


def test_one_model_of_a_table_has_no_shift(counts: Path) -> None:
    found = json.loads(_said(counts, "--model", "small", "--json"))
    assert [one["model"] for one in found["models"]] == ["small"]
    assert found["shifts"] is None
    assert found["models"][0]["forecasts"][0]["k"] == 1_000


def test_a_run_says_where_its_selectors_are_flat(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {f"p{i}": [YES] * i + [NO] * (9 - i) for i in range(10)})
    said = _said(run.path, "--selector", "majority", "--tolerance", 0.2)
    assert "Where selectors are flat" in said
    saturation = json.loads(_said(run.path, "--json"))["models"][0]["saturation"]["majority"]
    assert saturation["last_k"] == 9


@pytest.mark.slow
def test_csv_latex_and_a_page(counts: Path, tmp_path: Path) -> None:
    assert _said(counts, "--csv").startswith("model,a,a low,a high,b,b low,b high,mean error")
    assert r"\toprule" in _said(counts, "--latex")
    page = tmp_path / "fit.html"
    assert _said(counts, "--out", page).rstrip().endswith(f"Page: {page}")
    assert "How coverage scales" in page.read_text()


def test_where_nothing_was_solved_there_is_a_forecast_and_no_law(tmp_path: Path) -> None:
    (tmp_path / "hard.csv").write_text("problem,n,c\na,50,0\nb,50,0\n")
    found = json.loads(_said(tmp_path / "hard.csv", "--json"))["models"][0]
    assert found["law"] is None
    assert found["forecasts"][0]["low"] < 0.05
    assert "Law c" in _said(tmp_path / "hard.csv")


def test_two_forms_at_once_and_too_few_samples_are_refused(counts: Path, tmp_path: Path) -> None:
    twice = CliRunner().invoke(cli, ["fit", str(counts), "--csv", "--json"])
    assert (twice.exit_code, "name one" in twice.output) == (2, True)
    (tmp_path / "few.csv").write_text("problem,n,c\na,2,1\nb,2,0\n")
    few = CliRunner().invoke(cli, ["fit", str(tmp_path / "few.csv")])
    assert "at least 3 samples" in str(few.exception)


def test_one_table_is_picked_by_name(counts: Path) -> None:
    small = (counts, "--model", "small", "--csv", "--table")
    law = _said(*small, "law").splitlines()
    assert len(law) == 2
    assert law[1].startswith("small,")
    assert _said(*small, "forecast").splitlines()[0].split(",")[7] == "at least by counts alone"
    with pytest.raises(ConfigError, match="no table 'shifts' here"):
        _said(*small, "shifts")
    bare = CliRunner().invoke(cli, ["fit", str(counts), "--table", "law"])
    assert (bare.exit_code, "--csv or --latex" in bare.output) == (2, True)


def test_greedy_repeats_have_no_forecast_and_one_problem_no_interval(tmp_path: Path) -> None:
    repeats = {f"p{i}": [YES if i < 3 else NO] * 5 for i in range(10)}
    run = made_run(tmp_path / "run", repeats, sampled=Decoding(temperature=0.0))
    said = _said(run.path)
    assert "made: coverage 0.30" in said
    assert "there is no forecast" in said
    assert "Beyond the samples" not in said
    (tmp_path / "one.csv").write_text("problem,n,c\na,100,3\n")
    law = json.loads(_said(tmp_path / "one.csv", "--json"))["models"][0]["law"]
    assert law["a"]["low"] is None
    assert "no interval: 1 of at least 5 problems" in law["a"]["method"]
