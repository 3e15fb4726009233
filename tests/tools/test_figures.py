"""Tests of the model card's arithmetic against counting by hand.

Not here: the library's own analysis (`tests/analysis`).
Try it: `python -m pytest tests/tools/test_figures.py`.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools.builtin.figures import Drawn, best_of_k, figure, majority, pass_at_k, within_auc

CASES = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=7)


def drawn(case: list[tuple[bool, int]]) -> Drawn:
    correct = np.array([right for right, _ in case])
    values = np.array([float(value) for _, value in case])
    answers = tuple("right" if right else f"wrong {i % 2}" for i, (right, _) in enumerate(case))
    return Drawn(correct, answers, {"x": values}, greedy=True)


@given(CASES, st.integers(1, 7))
def test_curves_equal_enumeration(case: list[tuple[bool, int]], k: int) -> None:
    k = min(k, len(case))
    problem = drawn(case)
    subsets = list(itertools.combinations(case, k))
    hit = np.mean([any(right for right, _ in subset) for subset in subsets])
    assert pass_at_k(problem, k) == pytest.approx(hit)
    best = []
    for subset in subsets:
        top = max(value for _, value in subset)
        best.append(np.mean([right for right, value in subset if value == top]))
    # Ties across the whole set are shared by all their members, not by those of a subset.
    whole = {v: np.mean([r for r, value in case if value == v]) for _, v in case}
    expected = np.mean([whole[max(value for _, value in subset)] for subset in subsets])
    assert best_of_k(problem, "x", k) == pytest.approx(expected)
    assert np.mean(best) == pytest.approx(expected)


def test_majority() -> None:
    problem = drawn([(True, 0), (True, 0), (False, 0)])
    assert majority(problem, 3) == 1.0
    assert majority(problem, 1) == pytest.approx(2 / 3, abs=0.1)
    tied = drawn([(True, 0), (False, 0)])
    assert majority(tied, 2) == 0.5


def test_within_auc() -> None:
    assert within_auc(drawn([(True, 2), (False, 1), (False, 2)]), "x") == 0.75
    assert within_auc(drawn([(True, 2), (True, 1)]), "x") is None


def test_figure() -> None:
    assert str(figure([0.0, 1.0])) == "0.500 ± 0.500"
