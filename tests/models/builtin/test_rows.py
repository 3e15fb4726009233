"""Batch heights: what is promised holds, and a BLAS that breaks it is found out."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.models.builtin.rows import Plan, find_plan, holds
from topdraw.models.builtin.weights import Float32Array

MATRIX = np.random.default_rng(0).standard_normal((48, 32)).astype(np.float32)


class Whimsical:
    """A matrix whose products depend on the place of a row modulo a period, or on the height."""

    __array_ufunc__ = None
    shape = MATRIX.shape

    def __init__(self, period: int, by_height: bool) -> None:
        self.period, self.by_height = period, by_height

    def __rmatmul__(self, rows: np.ndarray) -> np.ndarray:
        kind = np.arange(len(rows)) % self.period + self.by_height * len(rows)
        product: np.ndarray = np.einsum("ij,jk->ik", rows, MATRIX) + kind[:, None]
        return product


def whimsical(period: int, *, by_height: bool = False) -> Float32Array:
    return cast(Float32Array, Whimsical(period, by_height))


def test_a_plan_is_found_on_this_machine() -> None:
    plan = find_plan([MATRIX])
    assert plan.tile % plan.period == 0
    assert plan.width % plan.tile == 0
    assert holds(plan, MATRIX)


@pytest.mark.parametrize(
    ("period", "expected"),
    [(2, Plan(12, 12, 120)), (12, Plan(12, 12, 120)), (16, Plan(16, 16, 128))],
)
def test_rows_that_depend_on_their_place_are_kept_in_their_class(
    period: int, expected: Plan
) -> None:
    assert find_plan([whimsical(period)]) == expected


def test_products_that_depend_on_the_height_leave_one_height() -> None:
    assert find_plan([whimsical(1, by_height=True)]) == Plan(128, 128, 128)


def test_one_height_needs_no_check() -> None:
    assert holds(Plan(128, 128, 128), whimsical(7, by_height=True))


def test_several_rows_of_one_sample_may_differ() -> None:
    plan = Plan(1, 8, 128)
    assert not holds(plan, whimsical(2))
    assert holds(plan, whimsical(2), rows_each=2)


@given(st.integers(1, 128))
def test_height_is_the_next_multiple(rows: int) -> None:
    height = Plan(1, 8, 128).height(rows)
    assert height % 8 == 0
    assert rows <= height < rows + 8
