from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from topdraw.store.merging import FAN, LARGE_BYTES, crowded, size_class

sizes = st.lists(st.integers(0, 3 * LARGE_BYTES), max_size=30)


@given(sizes)
def test_what_is_merged_is_of_one_class_and_not_too_large(some: list[int]) -> None:
    chosen = crowded(some)
    assert chosen == sorted(set(chosen))
    if chosen:
        assert len(chosen) >= FAN
        assert len({size_class(some[at]) for at in chosen}) == 1
        assert sum(some[at] for at in chosen) <= LARGE_BYTES


@given(st.integers(0, 2**40))
def test_a_class_is_as_many_times_the_one_before(size: int) -> None:
    assert size_class(FAN * size) - size_class(size) in ({1} if size >= 64 << 10 else {0, 1})


@given(st.lists(st.integers(1, 1 << 20), min_size=1, max_size=300))
def test_many_parts_become_few_and_each_byte_is_rewritten_seldom(added: list[int]) -> None:
    parts: list[int] = []
    written = 0
    for size in added:
        parts.append(size)
        while chosen := crowded(parts):
            merged = sum(parts[at] for at in chosen)
            written += merged
            parts = [one for at, one in enumerate(parts) if at not in chosen] + [merged]
    assert sum(parts) == sum(added)
    classes = size_class(max(parts)) + 1
    large = sum(added) / (LARGE_BYTES / FAN)  # these are merged no further
    assert len(parts) <= (FAN - 1) * classes + large
    # Within the smallest class a part may be rewritten more often, but it is small.
    small = len(added) * (FAN << 16)
    assert written <= sum(added) * (math.ceil(classes) + 1) + small
