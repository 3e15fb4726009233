from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Decoding
from topdraw.errors import ConfigError, DomainError
from topdraw.sampling.grid import cells, checked_axes, parse_values, written


@given(st.integers(0, 300), st.integers(0, 40), st.integers(1, 50))
def test_a_range_is_exact_in_decimals_and_holds_both_ends(
    start: int, count: int, step: int
) -> None:
    first, width = Decimal(start) / 100, Decimal(step) / 100
    last = first + count * width
    expected = tuple(float(first + at * width) for at in range(count + 1))
    assert parse_values(f"{first}:{last}:{width}") == expected


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8, unique=True))
def test_a_list_gives_back_what_was_written(values: list[float]) -> None:
    text = ",".join(written(value) for value in values)
    assert parse_values(text) == tuple(sorted(values))


def test_ranges_and_values_go_together() -> None:
    assert parse_values("2, 0:1:0.3 ,5") == (0.0, 0.3, 0.6, 0.9, 2.0, 5.0)
    assert parse_values("1:1:1") == (1.0,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no number"),
        ("hot", "'hot'"),
        ("0:1", "start:stop:step"),
        ("0:1:0", "leads nowhere"),
        ("1:0:0.5", "leads nowhere"),
        ("0:1:-0.5", "leads nowhere"),
        ("nan", "no number"),
        ("0:inf:1", "no number"),
        ("0.5,0.50", "0.5 twice"),
        ("0:1:0.0000001", "1,000 values"),
        ("0,,1", "no number"),
        ("1_0:2:x", "'x'"),
    ],
)
def test_what_is_no_axis_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_values(text)


def test_cells_are_all_combinations_the_first_axis_slowest() -> None:
    axes = checked_axes({"repetition_penalty": [1.1, 1], "temperature": [0.7, 0, 0.7]})
    found = cells(axes, Decoding(max_tokens=9))
    assert [one.name for one in found] == ["t0-r1", "t0-r1.1", "t0.7-r1", "t0.7-r1.1"]
    assert found[3].decoding == Decoding(0.7, repetition_penalty=1.1, max_tokens=9)
    assert found[3].settings == {"temperature": 0.7, "repetition_penalty": 1.1}


def test_every_axis_reaches_its_setting() -> None:
    axes: dict[str, list[float]] = {
        "temperature": [0.5],
        "top_p": [0.9],
        "top_k": [40],
        "repetition_penalty": [1.2],
        "presence_penalty": [-0.5],
        "frequency_penalty": [0.25],
    }
    (cell,) = cells(checked_axes(axes), Decoding())
    assert cell.name == "t0.5-p0.9-k40-r1.2-pp-0.5-fp0.25"
    assert cell.decoding == Decoding(
        0.5, 0.9, 40, 1.2, presence_penalty=-0.5, frequency_penalty=0.25
    )


def test_a_grid_of_nothing_or_of_something_else_is_refused() -> None:
    with pytest.raises(ConfigError, match="'seed'"):
        checked_axes({"seed": [1]})
    with pytest.raises(ConfigError, match="at least one axis"):
        checked_axes({})
    with pytest.raises(ConfigError, match="no values"):
        checked_axes({"temperature": []})
    with pytest.raises(DomainError, match="no number"):
        checked_axes({"temperature": [float("nan")]})


@pytest.mark.parametrize(
    "axes", [{"temperature": [-1.0]}, {"top_p": [1.5]}, {"top_k": [1.5]}, {"presence_penalty": [3]}]
)
def test_values_outside_their_range_are_refused(axes: dict[str, list[float]]) -> None:
    with pytest.raises(DomainError):
        cells(checked_axes(axes), Decoding())
