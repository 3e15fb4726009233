"""Tests of the word problems: worked steps are right and follow the story, test ones held out.

Not here: reading an answer (`tests/scoring/test_number.py`).
Try it: `python -m pytest tests/tasks/test_arithmetic.py`.
"""

from __future__ import annotations

import functools
import operator
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.errors import DomainError
from topdraw.tasks import arithmetic
from topdraw.tasks.heldout import is_held_out, training_draw

_OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.floordiv,
}


@given(st.integers(0, 2**32), st.integers(1, 8), st.sampled_from([10, 20, 99, 500]))
def test_every_worked_step_is_right(seed: int, steps: int, largest: int) -> None:
    story = arithmetic.draw(np.random.default_rng(seed), steps=(steps,), largest=largest)
    result = None
    for line in story.lines:
        match = re.fullmatch(r"(\d+)([-+*/])(\d+)=(\d+)", line)
        assert match is not None
        a, b, result = int(match[1]), int(match[3]), int(match[4])
        assert match[2] != "/" or a % b == 0
        assert _OPERATIONS[match[2]](a, b) == result
    assert result == story.answer
    assert 1 <= story.answer <= arithmetic.LARGEST_TOTAL * largest
    assert story.steps == steps
    assert story.solution().endswith(f"\n#### {story.answer}")
    assert story.solution("direct") == f"#### {story.answer}"


@given(st.integers(0, 2**32))
def test_the_story_tells_every_number_of_the_key(seed: int) -> None:
    story = arithmetic.draw(np.random.default_rng(seed))
    assert sorted(re.findall(r"\d+", story.text)) == sorted(re.findall(r"\d+", story.key))


@functools.cache
def shown_prompts(seed: int) -> frozenset[str]:
    return frozenset(problem.prompt for problem in arithmetic.load(problems=20, seed=seed).problems)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_training_never_meets_the_test_problems(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tested = shown_prompts(seed % 5)
    for _ in range(20):
        story = training_draw(arithmetic.draw, rng)
        assert not is_held_out(story.key)
        assert story.prompt() not in tested


def test_the_wording_does_not_change_the_key() -> None:
    keys = {
        arithmetic._tell(np.random.default_rng(i), 5, [])  # the same story told anew
        for i in range(20)
    }
    assert len(keys) > 5


def test_loading_is_deterministic_and_extends() -> None:
    task = arithmetic.load(problems=20, seed=3)
    assert task == arithmetic.load(problems=20, seed=3)
    assert arithmetic.load(problems=40, seed=3).problems[:20] == task.problems
    assert (task.name, task.scorer, task.version) == ("arithmetic", "number", "1")
    assert len({problem.id for problem in task.problems}) == 20
    assert all(str(problem.target).isdigit() for problem in task.problems)


def test_styles_ask_the_same_problems_differently() -> None:
    steps = arithmetic.load(problems=5)
    direct = arithmetic.load(problems=5, style="direct")
    assert [p.target for p in steps.problems] == [p.target for p in direct.problems]
    assert all(p.prompt.endswith(arithmetic.ASK["direct"]) for p in direct.problems)
    assert all(p.prompt.endswith(arithmetic.ASK["steps"]) for p in steps.problems)


def test_steps_setting() -> None:
    task = arithmetic.load(problems=10, steps=(2,), largest=20)
    assert {problem.metadata["steps"] for problem in task.problems} == {2}


@pytest.mark.parametrize(("steps", "largest"), [((), 99), ((0,), 99), ((3,), 9)])
def test_settings_that_make_no_sense(steps: tuple[int, ...], largest: int) -> None:
    with pytest.raises(DomainError, match="steps="):
        arithmetic.draw(np.random.default_rng(0), steps=steps, largest=largest)


def test_an_unknown_style() -> None:
    with pytest.raises(DomainError, match="'loud'"):
        arithmetic.load(style="loud")  # type: ignore[arg-type]  # what a user may type
