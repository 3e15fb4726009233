"""Ids that differ and stay, and what a task says of itself."""

import pytest

from topdraw.core.origin import Origin
from topdraw.core.records import Problem
from topdraw.errors import DomainError, FormatError
from topdraw.tasks.benchmark import benchmark, known_style, row_id, sizes
from topdraw.tasks.files import Row

ORIGIN = Origin("quiz", "Questions.", "", "", problems=9, scorer="number", packaged="f")


def _row(at: int, **values: str | int | bool) -> Row:
    return Row(f"q:{at}", at, "q", values)


def test_an_index_of_its_own_wins_over_the_position() -> None:
    rows = [_row(1, index=7), _row(2, idx="8"), _row(3), _row(4, index=True), _row(5, idx="x")]
    task = benchmark(ORIGIN, "3", rows, lambda name, row: Problem(name, row.place))
    ids = [problem.id for problem in task.problems]
    assert ids == ["quiz/0007", "quiz/0008", "quiz/0002", "quiz/0003", "quiz/0004"]
    assert (task.name, task.version, task.scorer, task.decoding) == ("quiz", "3", "number", {})
    assert task.description == "Questions."
    assert row_id("t", 12_345, _row(1)) == "t/12345"


def test_an_id_that_comes_twice_names_both_places() -> None:
    with pytest.raises(FormatError, match=r"q:2: the id 'quiz/0007' comes twice.*q:1"):
        benchmark(ORIGIN, "1", [_row(1, index=7), _row(2, index=7)], lambda n, r: Problem(n, "p"))


def test_what_is_packaged_is_said() -> None:
    task = benchmark(ORIGIN, "1", [], lambda n, r: Problem(n, "p"), packaged=True)
    assert task.description == "Questions. The packaged 0 of 9; for all: -o path=FILE."
    assert sizes(Origin("t", "", "", "", problems=9)) == ""
    whole = Origin("t", "", "", "", problems=9, packaged="f", packaged_problems=9)
    assert sizes(whole) == ""


def test_unknown_styles() -> None:
    with pytest.raises(DomainError, match="style='x': known are a, b"):
        known_style("x", ["a", "b"])
