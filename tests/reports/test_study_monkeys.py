from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.analysis.made_run import LOST, NO, YES, made_run
from tests.studies.monkeys.made import counts_file, law_counts

from topdraw.core.records import Decoding
from topdraw.errors import FormatError
from topdraw.reports.panel import Panel
from topdraw.reports.study_files import StudyPage, table_json, write_study
from topdraw.reports.study_monkeys import monkeys_page, tables_in
from topdraw.store.evidence import open_evidence
from topdraw.store.plain import PlainTable
from topdraw.studies.material import RECORDED, Material

TWO = {
    "strong": law_counts(-1.5, -0.35, n=100, problems=12),
    "weak": law_counts(-4.5, -0.35, n=100, problems=12),
}


def _counts(folder: Path, name: str = "counts.csv") -> list[Material]:
    table = open_evidence(counts_file(folder, TWO, n=100, name=name))
    assert isinstance(table, PlainTable)
    return [Material(model, RECORDED, name, model, table.of(model)) for model in TWO]


def _drawn(folder: Path, name: str, right: int) -> Material:
    verdicts = {f"p{at}": [YES] * (right + at % 2) + [NO] * (19 - right) for at in range(8)}
    verdicts["p0"] = [LOST, *verdicts["p0"][1:]]
    rewards = {key: [float(at) for at in range(len(each))] for key, each in verdicts.items()}
    run = made_run(folder / "runs" / name, verdicts, rewards=rewards, model={"name": name})
    return Material(name, "coverage", "made", name, run, Decoding())


def _panels(page: StudyPage) -> dict[str, Panel]:
    return {panel.key: panel for panel in page.panels}


def test_counts_alone_give_coverage_fits_shifts_and_claims(tmp_path: Path) -> None:
    page = monkeys_page(_counts(tmp_path))
    panels = _panels(page)
    assert list(panels) == [
        "coverage-counts-csv",
        "claims",
        "fits",
        "family",
        "passing",
        "verifier",
        "published",
    ]
    assert "100 samples of strong solve" in page.claim
    fits = panels["fits"].table
    assert fits is not None
    assert [row["model"] for row in table_json(fits)] == ["strong", "weak"]
    assert "no verifier was asked twice" in panels["verifier"].claim.lower()
    assert "answers are unknown" in panels["verifier"].claim
    assert "None of the published numbers" in panels["published"].claim
    assert all(panel.claim.endswith(".") for panel in page.panels)


def test_runs_give_selection_and_budgets_too(tmp_path: Path) -> None:
    page = monkeys_page([_drawn(tmp_path, "a", 9), _drawn(tmp_path, "b", 2)])
    panels = _panels(page)
    assert {"selection-made", "budgets"} <= panels.keys()
    assert len(panels["selection-made"].figures) == 4
    chosen = panels["selection-made"].tables[0][1]
    assert {row["selector"] for row in table_json(chosen)} == {
        "majority vote",
        "best of k by reward",
        "weighted vote by reward",
    }
    # Nobody knows their architecture: output tokens are what there is.
    assert "output tokens" in panels["budgets"].claim
    assert any("1 sample without a score" in note for note in page.notes)
    assert any("only 8 problems" in note for note in page.notes)
    assert dict(page.facts)["made, a"].endswith("verifier judge, temperature 1")


def test_prices_and_architectures_of_a_folder_are_used(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(
        '[[price]]\nmodels = ["a", "b"]\ninput_usd = 1\noutput_usd = 1\ndate = 2026-01-01\n'
    )
    (tmp_path / "architectures.toml").write_text(
        '[[architecture]]\nmodels = ["a", "b"]\nparameters = 10\nlayers = 1\nwidth = 2\n'
        "date = 2026-01-01\n"
    )
    found = [_drawn(tmp_path, "a", 9), _drawn(tmp_path, "b", 2)]
    panels = _panels(monkeys_page(found, folder=tmp_path))
    table = panels["budgets"].table
    assert table is not None
    assert {row["unit"] for row in table_json(table)} == {"FLOPs", "USD", "output tokens"}
    assert len(panels["budgets"].figures) == 4
    assert "$" in panels["passing"].claim
    (tmp_path / "prices.toml").write_text("no table")
    with pytest.raises(FormatError):
        tables_in(tmp_path)


def test_one_model_alone_is_a_study(tmp_path: Path) -> None:
    panels = _panels(monkeys_page([_drawn(tmp_path, "a", 9)]))
    assert not panels.keys() & {"family", "passing"}
    assert panels["budgets"].claim == "What samples cost is known, of one model alone."
    assert panels["budgets"].table is None


def test_sets_that_say_nothing_are_named_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("problem,n,c\na,2,1\n")
    few = Material("few", RECORDED, "few", "few", open_evidence(tmp_path / "few.csv"))
    page = monkeys_page([few])
    assert page.panels == ()
    assert "few is left out" in page.notes[0]
    both = monkeys_page([few, *_counts(tmp_path)])
    assert "few is left out" in both.notes[0]
    assert "claims" in _panels(both)


def test_coverage_that_never_moves_is_told(tmp_path: Path) -> None:
    (tmp_path / "flat.csv").write_text("problem,n,c\na,9,0\nb,9,9\n")
    flat = Material("flat", RECORDED, "flat", "flat", open_evidence(tmp_path / "flat.csv"))
    panels = _panels(monkeys_page([flat]))
    assert panels["fits"].claim == "Coverage is the same at every k, so that no law fits."


def test_a_settled_wrong_answer_is_a_table_of_its_own(tmp_path: Path) -> None:
    run = made_run(tmp_path / "r", {"p": [NO] * 20, "q": [YES, NO] * 10})
    panel = _panels(monkeys_page([Material("r", "coverage", "made", "m", run)]))["verifier"]
    assert "1 answer keys look wrong" in panel.claim
    ((_, table),) = panel.tables
    (row,) = table_json(table)
    assert (row["problem"], row["on"]) == ("p", "wrong")


def test_numbers_of_a_model_of_the_paper_stand_beside_ours(tmp_path: Path) -> None:
    c = law_counts(-7.59, -0.18, n=10_000, problems=128)
    path = counts_file(tmp_path, {"Pythia-70M": c}, n=10_000, name="math.csv")
    one = Material("math", RECORDED, "math.csv", "Pythia-70M", open_evidence(path))
    panel = _panels(monkeys_page([one]))["published"]
    assert "3 of 3 published numbers" in panel.claim


def test_published_coverage_is_drawn_hollow(tmp_path: Path) -> None:
    path = counts_file(tmp_path, {"GPT-4": [0] * 60 + [22] * 40}, n=100, name="game24.csv")
    one = Material("game24", RECORDED, "game24.csv", "GPT-4", open_evidence(path))
    panel = _panels(monkeys_page([one]))["coverage-game24-csv"]
    assert "published" in panel.figures[0]


def test_tasks_whose_names_look_alike_have_keys_of_their_own(tmp_path: Path) -> None:
    first = _counts(tmp_path, "a b.csv")
    second = [dataclasses.replace(one, task="a-b.csv") for one in first]
    keys = list(_panels(monkeys_page([*first, *second])))
    assert keys[:2] == ["coverage-a-b-csv", "coverage-a-b-csv-2"]


def test_hostile_names_are_escaped_on_the_page(tmp_path: Path) -> None:
    bad = [
        dataclasses.replace(one, task="<script>alert(1)</script>", model=f"{one.model}<img>")
        for one in _counts(tmp_path)
    ]
    text = write_study(tmp_path, monkeys_page(bad), command="x").read_text()
    assert "<script>alert" not in text
    assert "<img>" not in text
