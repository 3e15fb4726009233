from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.reports.spread import spread

LABEL = st.tuples(st.floats(-50, 150), st.floats(0, 20))
LABELS = st.lists(LABEL, max_size=8)
# Labels wanted at one place keep the order they come in.
DISTINCT = st.lists(LABEL, max_size=8, unique_by=lambda label: label[0])


@given(LABELS)
def test_labels_stay_inside_in_order_and_apart(labels: list[tuple[float, float]]) -> None:
    wanted, sizes = [w for w, _ in labels], [s for _, s in labels]
    centres = spread(wanted, sizes, 0, 200)
    placed = sorted(zip(centres, sizes, strict=True))
    for centre, size in placed:
        assert -1e-6 <= centre - size / 2
        assert centre + size / 2 <= 200 + 1e-6
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for i, j in itertools.pairwise(order):
        assert centres[j] - centres[i] >= (sizes[i] + sizes[j]) / 2 - 1e-6


@given(LABELS)
def test_labels_with_room_do_not_move(labels: list[tuple[float, float]]) -> None:
    wanted = [100.0 * i + 50 for i in range(len(labels))]
    sizes = [size for _, size in labels]
    assert spread(wanted, sizes, 0, 1000) == pytest.approx(wanted)


@given(DISTINCT)
def test_the_order_given_does_not_matter(labels: list[tuple[float, float]]) -> None:
    shuffled = list(reversed(labels))
    there = spread([w for w, _ in labels], [s for _, s in labels], 0, 200)
    back = spread([w for w, _ in shuffled], [s for _, s in shuffled], 0, 200)
    assert sorted(there) == pytest.approx(sorted(back), abs=1e-6)


def test_two_on_one_place_share_the_push() -> None:
    assert spread([50, 50], [10, 10], 0, 100) == pytest.approx([45, 55])


def test_too_many_for_the_room_are_squeezed_evenly() -> None:
    assert spread([5, 5, 5, 5], [10, 10, 10, 10], 0, 20) == pytest.approx([2.5, 7.5, 12.5, 17.5])


def test_nothing_needs_no_place() -> None:
    assert spread([], [], 0, 10) == []
