import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.studies.published import NAMES, published, same_model, same_task


def test_every_row_is_of_something_and_every_number_is_one() -> None:
    tables = published("monkeys")
    assert len({table.key for table in tables}) == len(tables)
    for table in tables:
        assert table.paper
        assert table.where in table.source
        for row in table.rows:
            assert row["task"]
            assert all(isinstance(row[name], int | float) for name in table.numbers)
            assert not set(table.numbers) & set(NAMES)
    assert published("no such study") == ()


def test_published_prices_add_up() -> None:
    """Table 1: 300 problems; .0072 * 5 * 300 = 10.8, .13 * 300 = 39, .17 * 300 = 51."""
    (table,) = [table for table in published("monkeys") if table.key == "price"]
    for row in table.rows:
        paid = float(row["USD per attempt"]) * float(row["k"]) * 300
        assert math.isclose(paid, float(row["USD in all"]))


def test_the_published_law_passes_through_published_coverage() -> None:
    """Llama-3-8B-Instruct on MATH: exp(-1.33 * 100^-0.43) is the 82.9 % printed elsewhere."""
    fits = {(row["task"], row["model"]): row for row in published("monkeys")[0].rows}
    row = fits["MATH", "Llama-3-8B-Instruct"]
    assert math.exp(float(row["a"]) * 100 ** float(row["b"])) == pytest.approx(0.829, abs=0.01)


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("pythia_70m", "Pythia-70M", True),
        ("EleutherAI/pythia-70m", "Pythia-70M", True),
        ("Pythia 12B", "Pythia-12B", True),
        ("pythia-1.2b", "Pythia-12B", False),
        ("", "", False),
    ],
)
def test_models_are_the_same_whatever_the_marks(ours: str, theirs: str, same: bool) -> None:
    assert same_model(ours, theirs) is same


@pytest.mark.parametrize(
    ("ours", "same"),
    [
        ("math", True),
        ("MATH_counts.csv", True),
        ("pythia-math.jsonl.gz", True),
        ("math500", False),
        ("aftermath", False),
        ("", False),
    ],
)
def test_a_file_may_say_its_task(ours: str, same: bool) -> None:
    assert same_task(ours, "MATH") is same


@given(st.text(), st.text())
def test_same_model_is_symmetric(one: str, other: str) -> None:
    assert same_model(one, other) == same_model(other, one)
