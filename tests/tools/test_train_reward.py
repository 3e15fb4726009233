"""Tests of the heads' training: it learns what it should, and inference computes the same number.

Not here: the shipped heads (`tests/scoring/test_reward.py`).
Try it: `python -m pytest tests/tools/test_train_reward.py`.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from tools.builtin.heads import Group, PairHead, auc, fit_naive, fit_reward
from tools.train_reward import _MAKERS, training_problems

from topdraw.scoring.reward_head import (
    Reading,
    global_features,
    naive_reward,
    reward,
    token_features,
)
from topdraw.tasks import arithmetic, countdown, functions

WIDTH = 6


def reading(rng: np.random.Generator, *, right: bool) -> Reading:
    """Right outputs have a larger first coordinate in one state."""
    size = int(rng.integers(2, 8))
    hidden = rng.normal(size=(size, WIDTH))
    hidden[rng.integers(size), 0] += 6.0 * right
    return Reading(-rng.random(size), rng.random(size), hidden)


def group(rng: np.random.Generator) -> Group:
    correct = np.arange(8) % 3 == 0
    readings = tuple(reading(rng, right=bool(right)) for right in correct)
    return Group("toy", rng.integers(1, 4, size=8), correct, readings)


@pytest.mark.slow
def test_the_pairwise_head_learns_within_problems() -> None:
    rng = np.random.default_rng(0)
    groups = [group(rng) for _ in range(150)]
    head = {
        name: array.astype(np.float64)
        for name, array in fit_reward(groups[:120], seed=0, epochs=12).items()
    }
    areas = [auc(np.array([reward(head, r) for r in g.readings]), g) for g in groups[120:]]
    assert np.mean(areas) > 0.9


def test_training_repeats_from_its_seed() -> None:
    groups = [group(np.random.default_rng(i)) for i in range(10)]
    for fit in (fit_reward, fit_naive):
        first, second = (fit(groups, seed=1, epochs=1) for _ in range(2))
        assert first.keys() == second.keys()
        assert all(np.array_equal(first[name], second[name]) for name in first)


def test_inference_computes_what_training_did() -> None:
    rng = np.random.default_rng(0)
    readings = [reading(rng, right=i % 2 == 0) for i in range(5)]
    tokens = [torch.tensor(token_features(r), dtype=torch.float32) for r in readings]
    owner = torch.cat([torch.full((len(t),), i) for i, t in enumerate(tokens)])
    features = torch.tensor(np.stack([global_features(r) for r in readings]), dtype=torch.float32)
    head = PairHead(torch.cat(tokens), features).eval()
    expected = head(torch.cat(tokens), owner, features).detach().numpy()
    arrays = {name: array.astype(np.float64) for name, array in head.arrays().items()}
    assert np.allclose([reward(arrays, r) for r in readings], expected, atol=1e-4)


def test_the_naive_head_is_finite_anywhere() -> None:
    rng = np.random.default_rng(0)
    arrays = fit_naive([group(rng)], seed=0, epochs=1)
    head = {name: array.astype(np.float64) for name, array in arrays.items()}
    assert np.isfinite(naive_reward(head, reading(rng, right=True)))


def test_auc_weighs_by_count_and_halves_ties() -> None:
    rng = np.random.default_rng(0)
    readings = tuple(reading(rng, right=False) for _ in range(3))
    judged = Group("toy", np.array([1, 3, 1]), np.array([True, False, False]), readings)
    assert auc(np.array([1.0, 0.0, 1.0]), judged) == pytest.approx((3 + 0.5) / 4)


@pytest.mark.parametrize("family", list(_MAKERS))
def test_training_problems_are_not_test_problems(family: str) -> None:
    loaders = (countdown.load, arithmetic.load, functions.load)
    tested = {p.prompt for load in loaders for p in load(problems=100).problems}
    drawn = list(training_problems(family, problems=60, seed=0))
    assert not tested & {problem.prompt for problem in drawn}
    assert len({problem.id for problem in drawn}) == 60
    assert drawn == list(training_problems(family, problems=60, seed=0))
