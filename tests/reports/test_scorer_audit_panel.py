import dataclasses
from pathlib import Path

from tests.analysis.made_run import NO, YES, made_run

from topdraw.analysis.scorer_audit import audit
from topdraw.core.records import Score
from topdraw.reports.scorer_audit_panel import (
    audit_notes,
    curves_table,
    differences_table,
    measures_table,
)

VERDICTS = {f"p{i}": [NO, YES, YES, NO, NO, NO] for i in range(30)}


def test_tables_and_what_is_striking(tmp_path: Path) -> None:
    misled = {key: [5.0, 4.0, 3.0, 2.0, 1.0, 0.0] for key in VERDICTS}
    run = made_run(tmp_path / "r", VERDICTS, rewards=misled)
    good = [(s, Score(value=float(VERDICTS[s.problem_id][s.index] is YES))) for s in run.samples()]
    run.add_scores("good", good)
    run.add_scores("wiggle", [(s, Score(value=float(5 < s.index + 4 < 8))) for s in run.samples()])
    run.add_scores("flat", [(s, Score(value=0.0)) for s in run.samples()])
    found = audit(run, ["reward", "good", "flat", "wiggle"])
    measures = measures_table(found)
    assert measures.columns == ("measure", "reward", "good", "flat", "wiggle")
    assert {len(row) for row in measures.rows} == {5}
    assert [row[0] for row in curves_table(found).rows] == [1, 2, 3, 5, 6]
    assert len(differences_table(found).rows) == 6
    notes = audit_notes(found)
    assert "AUC and pairs on the 30 that have a right and a wrong sample (0 have not)" in notes[0]
    assert any(note.startswith("reward chooses worse than chance") for note in notes)
    assert any(note.startswith("flat is not shown to choose better") for note in notes)
    assert not any(note.startswith("good") for note in notes)


def test_over_optimisation_is_named_where_it_is_sure(tmp_path: Path) -> None:
    # Best by the scorer wrong in a third of the problems, the next right in all.
    verdicts = {f"p{i}": [NO if i % 2 else YES, YES, NO, NO, NO, NO] for i in range(60)}
    rewards = {key: [5.0, 4.0, 3.0, 2.0, 1.0, 0.0] for key in verdicts}
    found = audit(made_run(tmp_path / "r", verdicts, rewards=rewards), ["reward"])
    assert not any(note.startswith("All numbers are") for note in audit_notes(found))
    early = dataclasses.replace(found, basis="over the first 4 samples alone")
    assert "All numbers are over the first 4 samples alone." in audit_notes(early)
    assert any("reward is over-optimised: best of 6 less best of" in x for x in audit_notes(found))
