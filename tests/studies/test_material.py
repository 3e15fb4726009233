from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run
from tests.conftest import TinyRun

from topdraw.core.records import Decoding
from topdraw.errors import StoreError
from topdraw.sampling.grid import checked_axes
from topdraw.sampling.sweep import Sweep, make_sweep
from topdraw.studies.folder import make_study
from topdraw.studies.material import RECORDED, Material, material_of
from topdraw.studies.plan import Leg, Plan, Recorded

VERDICTS = {"p": [YES, NO, NO], "q": [NO, NO, NO]}


def _recorded(folder: Path, *paths: str) -> list[Material]:
    made = make_study(folder / "s", Plan("monkeys", (), tuple(map(Recorded, paths))))
    return material_of(made)


def test_runs_of_a_study_come_first_and_those_not_begun_are_left_out(tmp_path: Path) -> None:
    legs = [Leg(name, "coverage", "my task", "my model", 3) for name in ("a", "b")]
    (tmp_path / "x.csv").write_text("problem,n,c\np,5,1\n")
    made = make_study(
        tmp_path / "s", Plan("monkeys", tuple(legs), (Recorded(f"{tmp_path / 'x.csv'}"),))
    )
    made_run(tmp_path / "s" / "runs" / "a", VERDICTS)
    found = material_of(made)
    assert [(one.name, one.part, one.task, one.model) for one in found] == [
        ("a", "coverage", "my task", "my model"),
        ("x.csv", RECORDED, "x.csv", "x"),
    ]
    assert found[0].decoding == Decoding()
    assert found[1].decoding is None


def test_a_table_of_several_models_is_several_sets(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("problem,n,c,model\np,5,1,one\np,5,2,two\n")
    found = _recorded(tmp_path, f"{tmp_path / 'x.csv'}")
    assert [(one.name, one.model) for one in found] == [("one", "one"), ("two", "two")]


def test_recorded_runs_and_sweeps_are_read(tmp_path: Path) -> None:
    made_run(tmp_path / "run", VERDICTS)
    axes = checked_axes({"temperature": [0.5, 1.0]})
    grid = make_sweep(Sweep(tmp_path / "grid", "made", axes, Decoding(), 3))
    made_run(grid.path / grid.cells[0].name, VERDICTS)
    found = _recorded(tmp_path, f"{tmp_path / 'run'}", f"{grid.path}")
    assert [one.name for one in found] == ["run", "t0.5"]
    assert [one.task for one in found] == ["made", "made"]


def test_a_run_without_scores_says_what_to_do(tmp_path: Path, tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1", "2"]})
    with pytest.raises(StoreError, match="has no scores") as refused:
        _recorded(tmp_path, f"{run.path}")
    assert "topdraw score" in str(refused.value.hint)
