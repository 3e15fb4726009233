from pathlib import Path

import pytest
from tests.studies.greedy.made import made_material, sure

from topdraw.studies.greedy.beside import Beside, beside
from topdraw.studies.greedy.published import greedy_numbers
from topdraw.studies.greedy.reading import greedy_reading

MODEL = "meta-llama/Meta-Llama-3-8B-Instruct"


def _beside(folder: Path, problems: int, share: float, n: int = 8) -> dict[str, Beside]:
    table = sure(problems, share, n)
    material = made_material(
        folder, table, greedy=sure(problems, share, 1)[:, 0], model=MODEL, task="humaneval"
    )
    found = beside(greedy_reading([material]).sets, greedy_numbers().rows)
    return {one.what: one for one in found}


def test_each_printed_number_gets_a_verdict(tmp_path: Path) -> None:
    found = _beside(tmp_path / "run", 164, 0.318)
    assert set(found) == {"greedy", "mean", "std", "gap"}
    assert found["mean"].verdict == "the published value lies inside ours"
    assert found["greedy"].verdict.startswith("the published value lies above ours")
    assert found["gap"].verdict == "no interval to decide by"


def test_a_value_below_ours_says_by_how_much(tmp_path: Path) -> None:
    mean = _beside(tmp_path / "run", 164, 0.9)["mean"]
    assert mean.verdict == (
        f"the published value lies below ours, {mean.own.low - 0.318:.3f} beyond it"
    )


def test_other_numbers_of_problems_cannot_compare_spreads(tmp_path: Path) -> None:
    found = _beside(tmp_path / "run", 40, 0.3)
    assert found["std"].verdict == "not comparable: ours is over 40 problems, theirs over 164"
    assert found["mean"].verdict.endswith("(over 40 of 164 problems)")


def test_strangers_have_nothing_beside(tmp_path: Path) -> None:
    material = made_material(tmp_path / "run", sure(4, 0.5, 2), task="humaneval")
    assert beside(greedy_reading([material]).sets, greedy_numbers().rows) == []


def test_a_number_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    material = made_material(tmp_path / "run", sure(20, 0.5, 1), model=MODEL, task="gsm8k")
    (one,) = beside(greedy_reading([material]).sets, greedy_numbers().rows)
    assert one.what == "mean"
    assert one.published == pytest.approx(0.644)
