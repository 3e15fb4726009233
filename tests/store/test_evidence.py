from pathlib import Path

import pytest
from tests.conftest import TinyRun

from topdraw.errors import ConfigError, StoreError, UnknownNameError
from topdraw.store.evidence import open_evidence
from topdraw.store.plain import PlainTable
from topdraw.store.run import Run

TWO = "problem,n,c,model\na,5,1,P\na,7,3,Q\n"


def test_a_directory_is_a_run_and_a_file_a_table(tiny_run: TinyRun, tmp_path: Path) -> None:
    run = tiny_run({"a": ["1"]})
    assert isinstance(open_evidence(run.path), Run)
    path = tmp_path / "t.csv"
    path.write_text(TWO)
    assert isinstance(open_evidence(str(path)), PlainTable)
    with pytest.raises(StoreError, match="is not a run"):
        open_evidence(tmp_path)
    with pytest.raises(ConfigError, match=r"There is no run and no table at '.*nothing'"):
        open_evidence(tmp_path / "nothing")


def test_what_is_open_stays_as_it_is(tiny_run: TinyRun, tmp_path: Path) -> None:
    run = tiny_run({"a": ["1"]})
    assert open_evidence(run) is run
    path = tmp_path / "t.csv"
    path.write_text(TWO)
    table = open_evidence(path)
    assert open_evidence(table) is table


def test_a_model_of_a_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TWO)
    one = open_evidence(path, model="Q")
    assert one.manifest.model == {"name": "Q"}
    assert open_evidence(open_evidence(path), model="Q").manifest == one.manifest
    with pytest.raises(UnknownNameError, match="no model 'R'"):
        open_evidence(path, model="R")


def test_a_run_has_neither_models_nor_columns_to_name(tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["1"]})
    with pytest.raises(ConfigError, match=r"is a run.*Leave out --model and --map"):
        open_evidence(run, model="P")
    with pytest.raises(ConfigError, match=r"is a run.*Leave out --model and --map"):
        open_evidence(run, columns={"problem": "q"})


def test_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("what,n,c\na,5,1\n")
    assert list(open_evidence(path, columns={"problem": "what"}).problems) == ["a"]
