from pathlib import Path

from tests.analysis.made_run import NO, YES, made_run

from topdraw.store.evidence import Evidence, open_evidence
from topdraw.studies.kept import KeptRun, forget, kept
from topdraw.studies.material import RECORDED, Material

VERDICTS = {"p": [YES, NO, NO], "q": [NO, NO, NO]}


def test_a_kept_run_reads_once_and_forgets(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", VERDICTS)
    material = kept(Material("run", RECORDED, "made", "m", run))
    evidence: Evidence = material.evidence
    assert isinstance(evidence, KeptRun)
    assert evidence.samples() == run.samples()
    assert evidence.samples() is evidence.samples()
    assert evidence.scores("judge") is evidence.scores("judge")
    assert evidence.scores("judge") == run.scores("judge")
    before = evidence.samples()
    forget(material)
    assert evidence.samples() is not before


def test_a_table_is_kept_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("problem,n,c\np,5,1\n")
    one = Material("x", RECORDED, "x", "m", open_evidence(tmp_path / "x.csv"))
    assert kept(one) is one
    forget(one)
