"""Runs one after another under caps that they share; the same of sweeps is in test_sweep.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.analysis.made_run import NO, YES, made_run

from topdraw.errors import BudgetExhausted
from topdraw.sampling.budget import Budget
from topdraw.sampling.turns import Part, draw_in_turn, spent_of
from topdraw.store.run import Run

FIVE = {f"p{at}": [YES] for at in range(5)}


def _parts(folder: Path, *names: str, wanted: int = 1) -> list[Part]:
    return [Part(name, folder / name, wanted) for name in names]


def _draw(part: Part, _: Budget | None) -> None:
    if not part.is_begun:
        made_run(part.path, FIVE)


def test_a_part_knows_what_is_missing(tmp_path: Path) -> None:
    (part,) = _parts(tmp_path, "a", wanted=3)
    assert (part.is_begun, part.run, part.missing) == (False, None, -1)
    made_run(part.path, {"p": [YES, NO], "q": [NO]}, cap=3)
    assert part.is_begun
    assert isinstance(part.run, Run)
    assert part.missing == 3
    # Samples beyond what is wanted now are no credit for another problem.
    assert Part("a", part.path, 1).missing == 0


def test_runs_already_begun_come_first(tmp_path: Path) -> None:
    parts = _parts(tmp_path, "a", "b", "c")
    _draw(parts[2], None)
    order: list[str] = []
    draw_in_turn(parts, lambda part, _: order.append(part.name), whole="study")
    assert order == ["c", "a", "b"]


def test_each_gets_what_the_others_left(tmp_path: Path) -> None:
    left: list[int | None] = []

    def draw(part: Part, budget: Budget | None) -> None:
        assert budget is not None
        left.append(budget.samples)
        _draw(part, budget)

    parts = _parts(tmp_path, "a", "b", "c")
    draw_in_turn(parts, draw, whole="study", budget=Budget(samples=15))
    assert left == [15, 10, 5]
    # Each may keep what it has itself.
    left.clear()
    draw_in_turn(parts, draw, whole="study", budget=Budget(samples=15))
    assert left == [5, 5, 5]


def test_runs_beside_count_and_are_not_drawn(tmp_path: Path) -> None:
    beside, part = _parts(tmp_path, "old", "new")
    _draw(beside, None)
    with pytest.raises(BudgetExhausted, match="cap of the study is reached after 0 of 1 runs"):
        draw_in_turn([part], _draw, whole="study", beside=[beside], budget=Budget(samples=5))
    assert not part.is_begun


def test_no_cap_is_no_accounting(tmp_path: Path) -> None:
    got: list[Budget | None] = []
    draw_in_turn(
        _parts(tmp_path, "a"), lambda _, left: got.append(left), whole="x", budget=Budget()
    )
    assert got == [None]


def test_a_run_without_a_bill_is_reckoned_by_the_usage_of_its_samples(tmp_path: Path) -> None:
    spent = spent_of(made_run(tmp_path / "a", FIVE, greedy=FIVE))
    assert (spent.samples, spent.prompt_tokens, spent.output_tokens) == (10, 20, 50)
    assert (spent.known_samples, spent.known_output_tokens) == (10, 50)
