from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.store.strategies import texts

from topdraw.store.folders import scorer_folder

names = st.one_of(texts, st.text("ab.:/~AB_-", max_size=6), st.text("a", min_size=95, max_size=105))


@given(names)
def test_a_scorer_folder_is_a_safe_name(name: str) -> None:
    folder = scorer_folder(name)
    assert 0 < len(folder) <= 100
    assert set(folder) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-~")
    assert folder[0] != "."
    assert folder == folder.lower()


@given(st.lists(names, unique=True, max_size=10))
def test_different_scorers_have_different_folders(many: list[str]) -> None:
    assert len({scorer_folder(name) for name in many}) == len(many)


def test_a_marked_name_cannot_be_reached_by_a_plain_one() -> None:
    folder = scorer_folder("file.py:name")
    assert folder.startswith("file.py_name~")
    assert scorer_folder(folder) != folder
