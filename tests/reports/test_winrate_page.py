from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
from tests.analysis.winrate.made import annotation, judgment, write
from tests.reports.accessible import violations
from tests.reports.conftest import Chromium
from tests.reports.hostile import EVERYTHING
from tests.reports.outline import Outline
from tests.reports.seen import FLOWS_OVER, OPEN_ALL

from topdraw.analysis.winrate.of_files import win_rates
from topdraw.core.estimate import Estimate
from topdraw.reports.winrate_page import winrate_page


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, high in (("a", 1.8), ("b", 1.3)):
        rows = [annotation(at, high if at % 3 else 1.1, out="x" * (at + 3)) for at in range(30)]
        write(tmp_path / f"{name}.annotations.json", rows)
    write(tmp_path / "arena.jsonl", [judgment(at, "B>A", "A=B") for at in range(5)])
    return [
        str(tmp_path / name) for name in ("a.annotations.json", "b.annotations.json", "arena.jsonl")
    ]


def test_a_panel_for_each_benchmark_with_its_tables(files: list[str]) -> None:
    page = winrate_page(win_rates(files), files, command="topdraw winrate a b")
    outline = Outline(page)
    text = " ".join("".join(outline.text).split())
    assert outline.crossed == []
    assert "AlpacaEval 2, win rate against gpt4_1106_preview: a has" in text
    assert "Arena-Hard" in text
    assert "a less b" in text
    assert "topdraw winrate a b" in text
    assert "sha256:" in text
    assert outline.count("table") >= 4


def test_nothing_scored_is_said(files: list[str]) -> None:
    found = win_rates(files[:1])
    bare = dataclasses.replace(found.results[0], estimate=Estimate(math.nan))
    page = winrate_page(dataclasses.replace(found, results=(bare,), differences=()), files[:1])
    assert "Nothing could be scored." in page


def test_hostile_names_are_harmless(files: list[str]) -> None:
    page = winrate_page(win_rates(files[:1]), files[:1], command=EVERYTHING)
    assert page.count("<script") == 1
    assert "\u202e" not in page


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_is_accessible_and_fits(
    chromium: Chromium, files: list[str], width: int, dark: bool
) -> None:
    visit = chromium.visit(winrate_page(win_rates(files), files), width=width, dark=dark)
    visit.page.evaluate(OPEN_ALL)
    assert violations(visit.page) == []
    assert not visit.page.evaluate(FLOWS_OVER)
    assert visit.complaints == []
