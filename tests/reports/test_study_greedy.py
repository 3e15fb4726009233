import json
from pathlib import Path

from tests.analysis.made_run import LOST, YES, made_run
from tests.reports.hostile import EVERYTHING
from tests.reports.made_greedy import made_materials
from tests.reports.outline import Outline
from tests.studies.greedy.made import made_material, sure

from topdraw.reports.study_files import StudyPage, write_study
from topdraw.reports.study_greedy import greedy_page
from topdraw.store.evidence import open_evidence
from topdraw.studies.material import Material


def test_every_part_of_the_paper_has_a_panel(two_models: StudyPage) -> None:
    keys = [panel.key for panel in two_models.panels]
    assert keys == [
        "greedy",
        "claims",
        "temperature",
        "temperature-several",
        "repetition-penalty",
        "repetition-penalty-several",
        "best-of-n-1",
        "best-of-n-2",
        "passing",
        "shares",
        "lengths",
        "family",
        "orders",
        "published",
    ]


def test_every_claim_has_an_interval(two_models: StudyPage) -> None:
    told = {panel.key: panel.claim for panel in two_models.panels}
    without = {key for key, claim in told.items() if "[" not in claim}
    assert without == {"claims", "orders", "published"}
    assert "[" in two_models.claim


def test_the_finding_names_the_largest_difference_and_who_loses(two_models: StudyPage) -> None:
    assert two_models.claim.startswith(
        "Greedy decoding beats the mean sample in 1 of 2 sets and loses in 1, most on gsm8k, "
    )


def test_figures_come_in_two_widths(two_models: StudyPage) -> None:
    drawn = {panel.key: len(panel.figures) for panel in two_models.panels}
    for key in ("greedy", "temperature", "temperature-several", "best-of-n-1", "passing"):
        assert drawn[key] == 2


def test_the_page_and_its_tables_are_the_same_again(two_models: StudyPage, tmp_path: Path) -> None:
    one, two = (tmp_path / name for name in ("one", "two"))
    for folder in (one, two):
        folder.mkdir()
        write_study(folder, two_models, command="topdraw study good-bad-greedy")
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(files) > 40
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in files)
    rows = json.loads((one / "tables" / "claims.json").read_text())
    assert {row["these samples"] for row in rows} <= {"supported", "contradicted", "cannot tell"}
    outline = Outline((one / "study.html").read_text())
    assert not outline.crossed


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    page = greedy_page(made_materials(tmp_path / "x", model=EVERYTHING, task=EVERYTHING))
    (tmp_path / "out").mkdir()
    html = write_study(tmp_path / "out", page, command="topdraw").read_text()
    assert "<script>window.broken" not in html
    assert "<img src=x" not in html


def test_counts_alone_make_a_page(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("problem,model,n,c\na,m,10,3\nb,m,10,0\na,k,10,9\nb,k,10,8\n")
    table = open_evidence(path)
    sets = [
        Material(name, "recorded", "counts.csv", name, table.of(name))  # type: ignore[union-attr]  # a table
        for name in ("m", "k")
    ]
    page = greedy_page(sets)
    assert page.claim.startswith("One sample of counts.csv, k is right on 0.85")
    assert "no two full runs" in page.claim
    assert any("counts" in note for note in page.notes)
    assert "order under sampling alone" in page.panels[-2].claim


def test_one_sample_of_each_problem_makes_a_page(tmp_path: Path) -> None:
    page = greedy_page([made_material(tmp_path / "run", sure(5, 0.5, 1))])
    assert [panel.key for panel in page.panels] == ["greedy", "claims", "lengths", "published"]


def test_what_is_missing_and_left_out_is_noted(tmp_path: Path) -> None:
    part = made_run(tmp_path / "part", {"a": [YES, LOST], "b": [YES, YES]})
    none = made_run(tmp_path / "none", {"a": [LOST]})
    sets = [Material(run.path.name, "main", "made", run.path.name, run) for run in (part, none)]
    notes = greedy_page(sets).notes
    assert any(note.startswith("Left out: none: ") for note in notes)
    assert "Samples without a score, which are in no number: 1." in notes
