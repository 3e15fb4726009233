"""Tests of the Countdown task: every worked solution wins, test games are held out.

Not here: the verifier (`tests/scoring/test_countdown.py`).
Try it: `python -m pytest tests/tasks/test_countdown.py`.
"""

from __future__ import annotations

import ast
import functools
import operator
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.errors import DomainError
from topdraw.tasks import countdown
from topdraw.tasks.heldout import is_held_out, training_draw

_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def value(node: ast.expr) -> int:
    """The value of an expression whose every intermediate result is a positive integer."""
    if isinstance(node, ast.Constant):
        assert isinstance(node.value, int)
        return node.value
    assert isinstance(node, ast.BinOp)
    left, right = value(node.left), value(node.right)
    if isinstance(node.op, ast.Div):
        assert left % right == 0
        return left // right
    result: int = _OPERATIONS[type(node.op)](left, right)
    return result


@given(st.integers(0, 2**32), st.sampled_from([(2,), (3,), (4,), (3, 4), (5,)]))
def test_every_worked_solution_wins(seed: int, numbers: tuple[int, ...]) -> None:
    game = countdown.draw(np.random.default_rng(seed), numbers=numbers)
    assert sorted(map(int, re.findall(r"\d+", game.solution))) == sorted(game.numbers)
    assert value(ast.parse(game.solution, mode="eval").body) == game.target
    assert 1 <= game.target <= countdown.LARGEST_TARGET
    assert len(game.numbers) in numbers


@functools.cache
def shown_prompts(seed: int) -> frozenset[str]:
    return frozenset(problem.prompt for problem in countdown.load(problems=30, seed=seed).problems)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_training_never_meets_the_test_games(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tested = shown_prompts(seed % 5)
    for _ in range(20):
        game = training_draw(countdown.draw, rng)
        assert not is_held_out(game.key)
        assert game.prompt not in tested


def test_the_key_forgets_the_order() -> None:
    first = countdown.Countdown((3, 5, 8), 24, "8*(5-2)")
    assert first.key == countdown.Countdown((8, 3, 5), 24, "").key


def test_the_prompt() -> None:
    prompt = countdown.Countdown((3, 5, 8), 24, "").prompt
    assert prompt == (
        "Make 24 from the numbers 3, 5, 8. Use each once with + - * / and parentheses."
    )


def test_loading_is_deterministic_and_extends() -> None:
    task = countdown.load(problems=20, seed=3)
    assert task == countdown.load(problems=20, seed=3)
    assert countdown.load(problems=40, seed=3).problems[:20] == task.problems
    assert countdown.load(problems=20, seed=4).problems != task.problems
    assert (task.name, task.scorer, task.version) == ("countdown", "countdown", "1")
    assert len({problem.id for problem in task.problems}) == 20


def test_difficulty_settings() -> None:
    task = countdown.load(problems=10, numbers=(3,), largest=9)
    for problem in task.problems:
        assert isinstance(problem.target, dict)
        numbers = problem.target["numbers"]
        assert isinstance(numbers, list)
        assert len(numbers) == 3
        assert all(isinstance(n, int) and 1 <= n <= 9 for n in numbers)


@pytest.mark.parametrize(("numbers", "largest"), [((), 12), ((1, 3), 12), ((3,), 1)])
def test_settings_that_make_no_sense(numbers: tuple[int, ...], largest: int) -> None:
    with pytest.raises(DomainError, match=">= 2"):
        countdown.draw(np.random.default_rng(0), numbers=numbers, largest=largest)
