import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import ResumeConflict, StoreError
from topdraw.studies.plan import FILE, Leg, Plan, Recorded, joined, leg_name, read_plan, write_plan

LEG = Leg("a-b", "coverage", "a", "b", 4, {"problems": 3}, {"temperature": 0.6}, True, ("reward",))
PLAN = Plan("monkeys", (LEG,), (Recorded("x.csv", "by", "value"),), 7)


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_plan(tmp_path, PLAN)
    assert read_plan(tmp_path) == PLAN
    assert json.loads((tmp_path / FILE).read_text())["schema"] == 1


@given(st.lists(st.text(max_size=90), max_size=3))
def test_a_name_made_of_words_stays_the_same_when_it_is_made_again(words: list[str]) -> None:
    name = leg_name(*words)
    assert name == leg_name(name) or len(name) > 60
    assert "/" not in name
    assert name.strip(".") == name


def test_what_is_no_plan_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is no study"):
        read_plan(tmp_path)
    write_plan(tmp_path, PLAN)
    values: dict[str, Any] = json.loads((tmp_path / FILE).read_text())
    later = {**values, "schema": 2}
    for bad, said in (
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        (json.dumps(later), "schema 2; this topdraw reads up to 1"),
        (json.dumps({**values, "legs": [{**values["legs"][0], "name": "../up"}]}), "no run can be"),
        (json.dumps({**values, "legs": [{**values["legs"][0], "n": 0}]}), "no run can be"),
        (json.dumps({**values, "legs": [{**values["legs"][0], "n": True}]}), "no run can be"),
        (json.dumps({**values, "recorded": [{"nowhere": 1}]}), "cannot be read"),
    ):
        (tmp_path / FILE).write_text(bad)
        with pytest.raises(StoreError, match=said):
            read_plan(tmp_path)


def test_a_plan_grows_in_samples_legs_and_recorded_sets() -> None:
    more = Leg("a-b", "coverage", "a", "b", 9, {"problems": 3}, {"temperature": 0.6})
    other = Leg("c", "coverage", "c", "b", 4)
    whole = joined(PLAN, Plan("monkeys", (more, other), (Recorded("y.csv"),), 7))
    assert whole.legs == (more, other)
    assert [one.path for one in whole.recorded] == ["x.csv", "y.csv"]
    assert joined(whole, Plan("monkeys", (), (), 7)).legs == (more, other)


def test_another_study_is_refused_by_what_differs() -> None:
    warmer = Leg("a-b", "coverage", "a", "b", 4, {"problems": 3}, {"temperature": 1.0})
    with pytest.raises(ResumeConflict) as refused:
        joined(PLAN, Plan("good-bad-greedy", (warmer,), (), 8))
    said = str(refused.value)
    assert "study: the study has 'monkeys', asked 'good-bad-greedy'" in said
    assert "seed: the study has 7, asked 8" in said
    assert "a-b: decoding" in said
    assert "--out" in str(refused.value.hint)
