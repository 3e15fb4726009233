from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run

from topdraw.errors import ResumeConflict, StoreError
from topdraw.studies.folder import Study, is_study, make_study, open_study
from topdraw.studies.plan import Leg, Plan

LEG = Leg("a", "coverage", "a", "m", 4)


def test_a_folder_is_made_once_and_joined_after(tmp_path: Path) -> None:
    asked = Plan("monkeys", (LEG,))
    made = make_study(tmp_path / "s", asked)
    assert is_study(tmp_path / "s")
    assert not is_study(tmp_path)
    assert open_study(tmp_path / "s") == made == Study(tmp_path / "s", asked)
    other = Leg("b", "coverage", "b", "m", 4)
    assert make_study(tmp_path / "s", Plan("monkeys", (other,))).plan.legs == (LEG, other)
    with pytest.raises(ResumeConflict):
        make_study(tmp_path / "s", Plan("monkeys", (LEG,), seed=1))


def test_a_leg_knows_its_run(tmp_path: Path) -> None:
    made = make_study(tmp_path / "s", Plan("monkeys", (LEG,)))
    assert made.part(LEG).run is None
    made_run(tmp_path / "s" / "runs" / "a", {"p": [YES, NO, NO]})
    assert made.part(LEG).missing == 1


def test_what_a_killed_study_left_is_joined(tmp_path: Path) -> None:
    (tmp_path / "s" / "runs").mkdir(parents=True)
    (tmp_path / "s" / ".study.json.12ab.tmp").touch()
    (tmp_path / "s" / "prices.toml").touch()
    assert make_study(tmp_path / "s", Plan("monkeys")).plan == Plan("monkeys")


def test_strangers_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    with pytest.raises(StoreError, match=r"thesis\.tex"):
        make_study(tmp_path / "full", Plan("monkeys"))
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="a file, not a folder"):
        make_study(tmp_path / "file", Plan("monkeys"))
    made_run(tmp_path / "run", {"p": [YES]})
    with pytest.raises(StoreError, match="is a run, not a folder"):
        make_study(tmp_path / "run", Plan("monkeys"))
    with pytest.raises(StoreError, match="No study can be made"):
        make_study(tmp_path / "file" / "below", Plan("monkeys"))
