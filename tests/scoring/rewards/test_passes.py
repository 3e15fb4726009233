"""Shapes of batches."""

from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.rewards.passes import padded_length, rows_of


@given(st.integers(1, 200_000), st.integers(2, 64))
def test_a_text_fits_and_little_is_padded(length: int, batch_size: int) -> None:
    width = padded_length(length, batch_size)
    assert length <= width <= max(length + 31, length * 9 // 8 + 1)
    assert padded_length(width, batch_size) == width
    assert padded_length(length, 1) == length


@given(st.integers(1, 200_000), st.integers(1, 64), st.integers(1, 10**6))
def test_rows_are_bounded(width: int, batch_size: int, most: int) -> None:
    rows = rows_of(width, batch_size, most)
    assert 1 <= rows <= batch_size
    assert rows == 1 or rows * width <= most
