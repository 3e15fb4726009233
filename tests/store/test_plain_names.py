import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import ConfigError, FormatError
from topdraw.store.plain_names import LISTED, NAMES, check_map, is_counts, is_listed, plan


@pytest.mark.parametrize("ours", NAMES)
def test_every_name_of_a_column_is_found_whatever_its_case_and_marks(ours: str) -> None:
    for name in NAMES[ours]:
        theirs = f" {name.replace('_', '. ').title()}"
        header = [theirs] if ours == "problem" else ["The Problem", theirs]
        columns = {} if ours == "problem" else {"problem": "The Problem"}
        assert plan(header, columns)[ours] == theirs


def test_no_name_stands_for_two_columns() -> None:
    names = [name for names in NAMES.values() for name in names]
    assert len(names) == len(set(names))


def test_the_likeliest_name_wins_and_the_other_is_left_over() -> None:
    found = plan(["id", "task_id", "passed", "correct"], {})
    assert found == {"problem": "task_id", "correct": "correct"}


def test_a_map_goes_before_every_name() -> None:
    found = plan(["problem", "question", "correct"], {"problem": "question"})
    assert found == {"problem": "question", "correct": "correct"}
    found = plan(["problem", "correct", "n", "c"], {"correct": "correct"})
    assert (found["correct"], "n" in found and "c" in found) == ("correct", True)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["problem", "n", "c"], True),
        (["problem", "n", "correct"], True),
        (["prompt_idx", "Num. Samples", "Num. Samples Correct", "k"], True),
        (["problem", "index", "n", "correct"], False),
        (["problem", "correct"], False),
        (["problem", "c"], False),
        (["problem", "n"], False),
    ],
)
def test_a_table_of_counts_has_n_and_c_and_no_index(header: list[str], expected: bool) -> None:
    assert is_counts(header, {}) is expected


def test_who_maps_a_column_of_samples_has_no_counts() -> None:
    assert not is_counts(["problem", "n", "c"], {"correct": "c"})
    assert is_counts(["what", "n", "c"], {"problem": "what"})


def test_columns_that_are_not_there_are_refused_with_those_that_are() -> None:
    with pytest.raises(FormatError, match=r"t.csv has no column 'q'.*problem; it has 'a', 'b'"):
        plan(["a", "b"], {"problem": "q"}, "t.csv")
    with pytest.raises(FormatError, match=r"no column of problem ids; it has 'a'.*--map problem="):
        plan(["a"], {})
    with pytest.raises(FormatError, match=r"it has none"):
        plan([], {})
    with pytest.raises(FormatError, match=r"'29', \.\.\."):
        plan([f"{at}" for at in range(31)], {})


def test_a_map_to_no_column_of_ours_is_refused_with_ours() -> None:
    check_map({"problem": "q", "correct": "x"})
    with pytest.raises(ConfigError, match=r"'gold_label' is no column.*problem, model, n, c"):
        check_map({"gold_label": "q"})


def test_lists_are_of_samples_by_name_or_by_map() -> None:
    assert is_listed("Responses", {})
    assert not is_listed("tags", {})
    assert is_listed("tags", {"answer": "tags"})
    assert not is_listed("responses", {"prompt": "responses"})


@given(st.lists(st.text(max_size=12), unique=True, max_size=8))
def test_any_header_has_a_plan_of_its_own_columns_or_is_refused(header: list[str]) -> None:
    try:
        found = plan(header, {})
    except FormatError:
        return
    assert set(found.values()) <= set(header)
    assert len(set(found.values())) == len(found)
    assert LISTED <= NAMES.keys()
