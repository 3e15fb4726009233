from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run
from tests.cli.conftest import Topdraw

from topdraw.cli.draw import Draw, Server
from topdraw.cli.outlook import Share, model_of, outlook, require_price
from topdraw.core.records import Decoding, Problem, Task
from topdraw.errors import ConfigError
from topdraw.sampling.budget import Budget
from topdraw.sampling.prices import read_prices
from topdraw.sampling.turns import Part

PRICES = (
    '[[price]]\nmodels = ["m"]\ninput_usd = 0\noutput_usd = 1000000\ndate = 2026-01-01\n'
    '[[price]]\nmodels = ["n"]\ninput_usd = 0\noutput_usd = 2000000\ndate = 2026-02-02\n'
)
PAID = Draw(None, 4, Decoding(), server=Server(endpoint=("http://localhost:1/v1",)))
FREE = Draw(None, 4, Decoding())


def _share(folder: Path, name: str, *, problems: int = 2, model: str = "m") -> Share:
    task = Task("t", "1", tuple(Problem(f"p{at}", "x" * 40) for at in range(problems)))
    return Share(Part(name, folder / name, 4), task, model, longest=10)


def _priced(folder: Path) -> Draw:
    (folder / "prices.toml").write_text(PRICES)
    return dataclasses.replace(PAID, prices=str(folder / "prices.toml"))


def test_what_is_not_begun_is_guessed_from_its_longest_output(tmp_path: Path) -> None:
    told = outlook([_share(tmp_path, "a"), _share(tmp_path, "b")], FREE, what="runs")
    assert (told.runs, told.complete, told.samples, told.drawn) == (2, 0, 16, 0)
    # 40 characters are 10 tokens, read once for each request of up to 16 samples.
    assert (told.prompt_tokens, told.output_tokens) == (40, 160)
    assert told.basis == "at most 10 each"
    assert told.usd is None
    assert "this machine" in told.basis_usd
    lines = str(told).splitlines()
    assert lines[0] == "runs      2, 0 of them complete"
    assert lines[1] == "problems  2 in each"


def test_prices_are_those_of_each_model(tmp_path: Path) -> None:
    shares = [_share(tmp_path, "a"), _share(tmp_path, "b", model="n")]
    told = outlook(shares, _priced(tmp_path), what="runs")
    assert told.usd == 8 * 10 * 1 + 8 * 10 * 2
    assert told.basis_usd == "prices of 2026-01-01, 2026-02-02"
    unknown = outlook([*shares, _share(tmp_path, "c", model="x")], _priced(tmp_path), what="runs")
    assert unknown.usd is None
    assert "no table has the price of 'x'" in unknown.basis_usd
    assert outlook([_share(tmp_path, "a", model="")], PAID, what="runs").basis_usd == "no --model"


def test_what_is_drawn_says_how_long_outputs_are(tmp_path: Path) -> None:
    made_run(tmp_path / "a", {"p0": [YES, NO], "p1": [NO, NO]}, cap=4)
    told = outlook([_share(tmp_path, "a"), _share(tmp_path, "b")], FREE, what="runs")
    assert (told.samples, told.drawn) == (4 + 8, 4)
    assert told.basis == "5 each, as in those drawn"
    assert told.output_tokens == 5 * 12


def test_greedy_samples_count_once_per_problem(tmp_path: Path) -> None:
    share = dataclasses.replace(_share(tmp_path, "a"), greedy=True)
    assert outlook([share], FREE, what="runs").samples == 2 * 4 + 2
    made_run(tmp_path / "a", {"p0": [YES] * 4, "p1": [NO] * 4}, greedy={"p0": [YES]})
    assert outlook([share], FREE, what="runs").samples == 1


def test_a_complete_run_takes_nothing(tmp_path: Path) -> None:
    made_run(tmp_path / "a", {"p0": [YES] * 4, "p1": [NO] * 4})
    told = outlook([_share(tmp_path, "a"), _share(tmp_path, "b", problems=5)], FREE, what="cells")
    assert told.complete == 1
    assert told.problems == "2 to 5"


def test_nothing_to_draw_is_nothing_to_pay() -> None:
    told = outlook([], FREE, what="runs")
    assert (told.runs, told.samples, told.usd) == (0, 0, 0.0)


def test_a_guess_is_called_one(tmp_path: Path) -> None:
    share = dataclasses.replace(_share(tmp_path, "a"), longest=None)
    assert "a guess of 1,000 each" in outlook([share], FREE, what="runs").basis


def test_a_cap_in_usd_needs_a_price(tmp_path: Path) -> None:
    capped = dataclasses.replace(PAID, model="x", budget=Budget(usd=1))
    with pytest.raises(ConfigError, match="price of 'x' is unknown") as refused:
        require_price(capped, None)
    assert "--prices" in str(refused.value.hint)
    (tmp_path / "prices.toml").write_text(PRICES)
    prices = read_prices(tmp_path / "prices.toml")
    require_price(dataclasses.replace(capped, model="m"), prices)
    require_price(dataclasses.replace(PAID, model="x"), None)
    require_price(dataclasses.replace(PAID, model="x", budget=Budget(samples=1)), None)
    with pytest.raises(ConfigError, match="builtin"):
        require_price(dataclasses.replace(FREE, budget=Budget(usd=1)), None)


def test_a_server_may_have_one_model_without_a_name() -> None:
    assert model_of(PAID) == ""
    assert model_of(FREE) == "builtin"
    assert model_of(dataclasses.replace(PAID, model="m")) == "m"


def test_a_run_and_a_draw_tell_what_they_take(topdraw: Topdraw) -> None:
    words = ("countdown", "--problems", "3", "-n", "4", "--out", "r")
    told = topdraw("run", *words, "--plan")
    assert told.code == 0, told.err
    assert "samples   15 to draw, 0 drawn already" in told.out  # a greedy one each
    assert not Path("r").exists()
    assert topdraw("sample", *words, "--no-greedy").code == 0
    left = json.loads(topdraw("sample", *words, "--no-greedy", "--plan", "--json").out)
    assert (left["samples"], left["drawn"], left["complete"]) == (0, 12, 1)
    priced = (
        "--endpoint",
        "http://localhost:1/v1",
        "-m",
        "gpt-4o-mini",
        "--max-output-tokens",
        "9",
    )
    assert "cost      at most about $" in topdraw("sample", *words[:-2], *priced, "--plan").out
