"""Tests of the split rule: stable, about a tenth, and never crossed.

Not here: the families' own tests.
Try it: `python -m pytest tests/tasks/test_heldout.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.errors import DomainError
from topdraw.tasks.heldout import held_out_draws, is_held_out, training_draw


@dataclass(frozen=True)
class Number:
    n: int

    @property
    def key(self) -> str:
        return f"number {self.n}"


def draw(rng: np.random.Generator) -> Number:
    return Number(int(rng.integers(1000)))


def test_about_a_tenth_is_held_out() -> None:
    share = np.mean([is_held_out(str(i)) for i in range(20_000)])
    assert abs(share - 0.1) < 0.01


def test_the_rule_is_frozen() -> None:
    assert [i for i in range(40) if is_held_out(f"number {i}")] == [0, 32]


@given(st.text())
def test_any_text_is_a_key(key: str) -> None:
    assert is_held_out(key) in (True, False)


@given(st.integers(0, 2**32))
def test_training_and_test_draws_never_meet(seed: int) -> None:
    rng = np.random.default_rng(seed)
    training = {training_draw(draw, rng).key for _ in range(30)}
    testing = {problem.key for problem in held_out_draws(draw, problems=10, seed=seed)}
    assert not training & testing
    assert all(is_held_out(key) for key in testing)


@given(st.integers(1, 20), st.integers(0, 20), st.integers(0, 100))
def test_more_problems_extend_the_list(few: int, more: int, seed: int) -> None:
    short = held_out_draws(draw, problems=few, seed=seed)
    long = held_out_draws(draw, problems=few + more, seed=seed)
    assert long[:few] == short
    assert len({problem.key for problem in long}) == few + more


@pytest.mark.parametrize(("problems", "seed"), [(0, 0), (1, -1)])
def test_numbers_outside_their_range(problems: int, seed: int) -> None:
    with pytest.raises(DomainError, match="problems >= 1"):
        held_out_draws(draw, problems=problems, seed=seed)


def test_too_few_distinct_problems() -> None:
    with pytest.raises(DomainError, match="distinct held-out"):
        held_out_draws(draw, problems=900, seed=0)


def test_nothing_left_to_train_on() -> None:
    held = next(n for n in range(1000) if is_held_out(Number(n).key))
    with pytest.raises(DomainError, match="held out"):
        training_draw(lambda rng: Number(held), np.random.default_rng(0))
