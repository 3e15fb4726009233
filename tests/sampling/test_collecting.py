"""The collector looks rarely while anything is drawn, and as before afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from topdraw.sampling.collecting import rare_collection


@pytest.fixture(autouse=True)
def _threshold() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_it_is_rare_within_and_as_before_after() -> None:
    with rare_collection():
        assert gc.get_threshold() == (10_000, 10, 10)
    assert gc.get_threshold() == (700, 10, 10)


def test_draws_that_overlap_end_in_any_order() -> None:
    first, second = rare_collection(), rare_collection()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold()[0] == 10_000
    second.__exit__(None, None, None)
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("young", [0, 50_000])
def test_what_is_off_or_rarer_stays_so(young: int) -> None:
    gc.set_threshold(young, 10, 10)
    with rare_collection():
        assert gc.get_threshold()[0] == young
    assert gc.get_threshold()[0] == young


def test_a_draw_that_fails_leaves_it_as_before() -> None:
    with pytest.raises(RuntimeError), rare_collection():
        raise RuntimeError
    assert gc.get_threshold() == (700, 10, 10)
