"""Tests of the function task: every worked body passes its tests, frequencies are Zipf's.

Not here: running untrusted code (`tests/scoring/test_functions.py`).
Try it: `python -m pytest tests/tasks/test_functions.py`.
"""

from __future__ import annotations

import ast
import functools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.errors import DomainError
from topdraw.tasks import functions
from topdraw.tasks.heldout import is_held_out, training_draw


def run_body(body: str, x: object) -> object:
    """The value of our own one-line body at x."""
    expression = body.removeprefix("return ")
    return eval(expression, {"x": x})  # noqa: S307 - text of this repository


@given(st.integers(0, 2**32), st.integers(1, 4), st.sampled_from(["zipf", "uniform"]))
def test_every_worked_body_passes(
    seed: int, examples: int, frequencies: functions.Frequencies
) -> None:
    rng = np.random.default_rng(seed)
    function = functions.draw(rng, examples=examples, tests=9, frequencies=frequencies)
    assert (len(function.examples), len(function.tests)) == (examples, 9)
    for example in (*function.examples, *function.tests):
        assert run_body(function.solution, example.x) == example.y
    shown = [repr(example.x) for example in function.examples]
    assert not {repr(example.x) for example in function.tests} & set(shown)


@pytest.mark.parametrize("family", functions.FAMILIES, ids=lambda family: family.name)
def test_each_family_does_what_its_body_says(family: functions.Family) -> None:
    rng = np.random.default_rng(0)
    for x in functions._inputs(rng, family, 10):
        assert run_body(family.body.format(a=3, b=7), x) == family.function(x, 3, 7)


@functools.cache
def shown_prompts(seed: int) -> frozenset[str]:
    return frozenset(problem.prompt for problem in functions.load(problems=20, seed=seed).problems)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32))
def test_training_never_meets_the_test_problems(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tested = shown_prompts(seed % 5)
    for _ in range(10):
        function = training_draw(functions.draw, rng)
        assert not is_held_out(function.key)
        assert function.prompt not in tested


def test_the_key_forgets_the_order_of_the_examples() -> None:
    one, two = functions.Example(1, 2), functions.Example([3], [4, 5])
    first = functions.Function("add", (one, two), (), "")
    assert first.key == functions.Function("add", (two, one), (), "").key
    assert first.prompt == "Write the body of def f(x): f(1)=2 f([3])=[4,5]"


def test_loading_is_deterministic_and_extends() -> None:
    task = functions.load(problems=20, seed=3)
    assert task == functions.load(problems=20, seed=3)
    assert functions.load(problems=40, seed=3).problems[:20] == task.problems
    assert (task.name, task.scorer, task.version) == ("functions", "functions", "1")
    assert len({problem.id for problem in task.problems}) == 20


def test_the_prompt_shows_the_examples_of_the_target() -> None:
    for problem in functions.load(problems=10, examples=3).problems:
        assert isinstance(problem.target, dict)
        examples = problem.target["examples"]
        assert isinstance(examples, list)
        assert len(examples) == 3
        for pair in examples:
            assert isinstance(pair, list)
            shown = f"f({pair[0]!r})={pair[1]!r}".replace(" ", "")
            assert shown in problem.prompt
            assert ast.literal_eval(repr(pair[0])) == pair[0]


def test_frequencies() -> None:
    zipf = functions.probabilities()
    assert abs(sum(zipf) - 1) < 1e-12
    assert sorted(zipf, reverse=True) == zipf
    assert abs(zipf[0] / zipf[9] - 10**functions.ZIPF_EXPONENT) < 1e-9
    assert len(set(functions.probabilities("uniform"))) == 1


def test_drawn_families_follow_the_frequencies() -> None:
    rng = np.random.default_rng(0)
    counts = Counter(functions.draw(rng, tests=1).family for _ in range(3000))
    for family, probability in zip(functions.FAMILIES, functions.probabilities(), strict=True):
        error = (probability * (1 - probability) / 3000) ** 0.5
        assert abs(counts[family.name] / 3000 - probability) < 4.5 * error


@pytest.mark.parametrize(("examples", "tests"), [(0, 5), (2, 0), (20, 11)])
def test_settings_that_make_no_sense(examples: int, tests: int) -> None:
    with pytest.raises(DomainError, match="examples="):
        functions.draw(np.random.default_rng(0), examples=examples, tests=tests)


def test_unknown_frequencies() -> None:
    with pytest.raises(DomainError, match="zipf, uniform"):
        functions.load(frequencies="flat")  # type: ignore[arg-type]  # what a user may type
