from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import NO, YES, made_run
from tests.reports.made_reading import made_reading

from topdraw.analysis.bayes.of_run import Reading
from topdraw.analysis.summary import summarize
from topdraw.core.estimate import Estimate
from topdraw.reports.panels import render_panels
from topdraw.reports.posterior_panel import panel_of, posterior_panel, table_of
from topdraw.reports.tabular import csv_text, latex_text


@pytest.fixture(scope="module")
def hacked() -> Reading:
    random = np.random.default_rng(1)
    quality, flawed = random.normal(size=(30, 40)), random.random((30, 40)) < 0.08
    gold = (quality > 0) & ~flawed
    return made_reading((quality + 6 * flawed).tolist(), gold.astype(float).tolist())


def test_it_says_where_choosing_harder_stops_paying(hacked: Reading) -> None:
    panel = panel_of(hacked)
    assert panel.key == "posterior"
    assert panel.claim.startswith("Choosing harder by reward stops paying: best of ")
    assert str(hacked.loss) in panel.claim
    assert str(hacked.best[-1].gold) in panel.claim
    assert panel.notes == hacked.warnings
    assert "model d (alpha - beta d)" in panel.how
    assert [svg.split('"')[1] for svg in panel.figures] == ["figure wide", "figure narrow"]


def test_where_more_choice_is_better_it_says_so() -> None:
    random = np.random.default_rng(1)
    reading = made_reading(random.normal(size=(10, 20)).tolist())
    claim = panel_of(reading).claim
    assert claim.startswith(f"Best of 20 by reward is {reading.best[-1].gold} correct")
    assert "no n below does better for certain" in claim
    random = np.random.default_rng(0)
    noise = [made_reading(random.normal(size=(12, 9)).tolist(), _coins(random)) for _ in range(9)]
    lower = [reading for reading in noise if reading.loss.value < 0 < reading.loss.high]
    assert lower
    assert all("for certain" in panel_of(reading).claim for reading in lower)


def _coins(random: np.random.Generator) -> list[list[float]]:
    coins: list[list[float]] = (random.random((12, 9)) < 0.5).astype(float).tolist()
    return coins


def test_the_table_goes_from_one_draw_to_the_hardest_choice(hacked: Reading) -> None:
    table = table_of(hacked)
    assert len(table.rows) == len(hacked.best) + len(hacked.posterior)
    distances = [cell.value for row in table.rows if isinstance(cell := row[1], Estimate)]
    assert distances == sorted(distances)
    assert table.rows[0][0] == "best of 1"
    assert table.columns[3] == "correct"
    graded = made_reading([[0, 1, 3]], [[0.0, 0.5, 7.0]], gold="grade")
    assert table_of(graded).columns[3] == "gold"
    assert "gold by grade" in panel_of(graded).claim
    assert "beta = " in csv_text(table)
    assert latex_text(table).startswith("\\begin{tabular}{lrrrrrr}")


def test_a_page_holds_it_and_hostile_names_are_text(hacked: Reading) -> None:
    panel = panel_of(made_reading([[0, 1, 2]], value='<img src=x onerror="1">'))
    assert "<img" not in render_panels("Rewards", panel.claim, [panel])
    assert 'id="posterior"' in render_panels("Rewards", "a claim", [panel_of(hacked)])


def test_of_a_run(tmp_path: Path) -> None:
    verdicts = {"a": [YES, NO, NO, YES], "b": [NO, NO, YES, NO]}
    rewards = {"a": [0.5, 2.0, -1.0, 1.0], "b": [0.0, 0.5, 3.0, 1.0]}
    run = made_run(tmp_path / "run", verdicts, rewards=rewards)
    panel = posterior_panel(run, summarize(run))
    assert panel is not None
    assert panel.table is not None
    assert [row[0] for row in panel.table.rows if str(row[0]).startswith("best")] == [
        "best of 1", "best of 2", "best of 3", "best of 4"
    ]  # fmt: skip


@pytest.mark.parametrize("rewards", [None, {"a": [1.0, 1.0], "b": [2.0, 2.0]}])
def test_a_run_without_a_reward_that_tells_has_no_panel(
    tmp_path: Path, rewards: dict[str, list[float]] | None
) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, NO], "b": [NO, NO]}, rewards=rewards)
    assert posterior_panel(run, summarize(run)) is None
