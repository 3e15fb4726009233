from pathlib import Path

import numpy as np
import pytest
from tests.conftest import TinyRun

from topdraw.errors import ConfigError, FormatError
from topdraw.store.comparisons import (
    Comparison,
    Comparisons,
    add_comparisons,
    comparison_names,
    comparisons,
)
from topdraw.store.run import Run

ROWS = [Comparison("p é\n", "s", 0, 1, 1.0), Comparison("p é\n", "s", 1, 0, 0.25)]


@pytest.fixture
def run(tiny_run: TinyRun) -> Run:
    return tiny_run({"p é\n": ["a", "b", "c"]})


def test_what_was_stored_comes_back_and_more_can_follow(run: Run) -> None:
    assert comparison_names(run) == []
    add_comparisons(run, "judge-1", ROWS[:1])
    add_comparisons(run, "judge-1", ROWS[1:])
    assert comparison_names(run) == ["judge-1"]
    assert comparisons(run, "judge-1") == Comparisons(tuple(ROWS))


def test_a_table_has_the_mean_of_each_order_and_nan_elsewhere() -> None:
    rows = (*ROWS, Comparison("p é\n", "s", 0, 1, 0.5), Comparison("other", "s", 0, 1, 0.0),
            Comparison("p é\n", "s", 0, 7, 0.0), Comparison("p é\n", "t", 0, 1, 0.0))  # fmt: skip
    table = Comparisons(rows).table("p é\n", [("s", 0), ("s", 1)])
    assert np.array_equal(table, [[np.nan, 0.75], [0.25, np.nan]], equal_nan=True)


def test_a_torn_last_line_is_left_out(run: Run) -> None:
    add_comparisons(run, "j", ROWS)
    path = Path(run.path) / "comparisons" / "j.jsonl"
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert comparisons(run, "j").rows == tuple(ROWS[: whole[:cut].count(b"\n")])


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b", "x" * 101])
def test_a_name_is_no_path(run: Run, name: str) -> None:
    with pytest.raises(ConfigError, match="no name for comparisons"):
        add_comparisons(run, name, ROWS)


@pytest.mark.parametrize(
    "row", [Comparison("p", "s", 1, 1, 0.5), Comparison("p", "s", 0, 1, float("nan")),
            Comparison("p", "s", 0, 1, 1.5)],
)  # fmt: skip
def test_what_is_no_comparison_is_not_stored(run: Run, row: Comparison) -> None:
    with pytest.raises(ConfigError, match="is no comparison: it needs two samples"):
        add_comparisons(run, "j", [row])
    assert comparison_names(run) == []


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "null", "{}", "[" * 100_000,
     '{"problem_id": "p", "sampler": "s", "first": 0, "second": true, "first_better": 1}',
     '{"problem_id": "p", "sampler": "s", "first": 0, "second": 1, "first_better": "1"}',
     '{"problem_id": "p", "sampler": "s", "first": 0, "second": 1, "first_better": NaN}',
     '{"problem_id": 3, "sampler": "s", "first": 0, "second": 1, "first_better": 1}'],
)  # fmt: skip
def test_a_damaged_line_is_named(run: Run, line: str) -> None:
    add_comparisons(run, "j", ROWS)
    with (Path(run.path) / "comparisons" / "j.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(FormatError, match=r"Line 3 of .*j\.jsonl is no comparison"):
        comparisons(run, "j")
