"""Per-test marks: every verdict has one; a note says them and gives them back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.marks import ONLY, first_failed, mark, marks_of, note
from topdraw.scoring.sandbox.outcome import Verdict

_groups = st.dictionaries(
    st.sampled_from(["public", "private", "generated", "base"]),
    st.text(alphabet="+-etmo.", min_size=1, max_size=30),
    min_size=1,
)


@pytest.mark.parametrize("verdict", [*Verdict, None])
def test_every_verdict_has_a_mark(verdict: Verdict | None) -> None:
    assert mark(verdict) in "+-etmo."
    if verdict is not None and not verdict.ours:
        assert (mark(verdict) == "+") == (verdict in ("passed", "ran"))


@given(_groups, st.text(), st.text(alphabet=st.characters(exclude_characters=";"), max_size=9))
def test_marks_survive_the_note(groups: dict[str, str], reason: str, rule: str) -> None:
    assert marks_of(note(groups, rule=rule, reason=reason)) == groups


@given(st.text(alphabet="+-etmo.", min_size=1))
def test_the_only_group_survives_too(marks: str) -> None:
    assert marks_of(note({ONLY: marks})) == {ONLY: marks}


@given(st.text())
def test_any_text_has_marks_or_none(text: str) -> None:
    assert isinstance(marks_of(text), dict)


@given(_groups, st.text())
def test_a_note_is_one_line(groups: dict[str, str], reason: str) -> None:
    assert len(note(groups, reason=reason).splitlines()) == 1


@pytest.mark.parametrize(
    ("groups", "rule", "reason", "text"),
    [
        ({ONLY: "++"}, "fence", "", "2 of 2 tests (+2); fence"),
        ({}, "fence", "SyntaxError: no", "fence; SyntaxError: no"),
        ({"base": "", "plus": "+"}, "", "", "plus 1 of 1 (+1)"),
        ({ONLY: "+e."}, "", "a\nb\x1b[2J " + "c" * 200, None),
    ],
)
def test_notes(groups: dict[str, str], rule: str, reason: str, text: str | None) -> None:
    said = note(groups, rule=rule, reason=reason)
    assert said == text if text is not None else said.startswith("1 of 3 tests (+1e1.1); first")
    assert len(said) < 300


def test_a_note_whose_counts_do_not_add_up_has_no_marks() -> None:
    assert marks_of("2 of 3 tests (+2)") == {}
    assert first_failed({ONLY: ""}) == ""
