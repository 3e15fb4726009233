import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.made_run import LOST, YES, made_run
from tests.studies.greedy.made import made_drawn, made_material, sure

from topdraw.errors import ConfigError
from topdraw.studies.greedy.drawn import MAJORITY, ORACLE, SAMPLED, doubling, drawn
from topdraw.studies.material import Material


@given(st.integers(1, 10_000))
def test_doubling_rises_from_one_to_n(n: int) -> None:
    ks = doubling(n)
    assert ks[0] == 1
    assert ks[-1] == n
    assert all(a < b <= 2 * a for a, b in itertools.pairwise(ks))


def test_strategies_are_the_direct_numbers(tmp_path: Path) -> None:
    table = sure(12, 0.4, 8)
    one = made_drawn(tmp_path / "run", table, greedy=table[:, 0])
    oracle = one.values(ORACLE, 8, one.keys)
    assert one.n == 8
    assert oracle is not None
    assert oracle.tolist() == table.any(axis=1).tolist()
    assert one.single(one.keys) == pytest.approx(table.mean(axis=1))
    assert one.values("greedy", 5, one.keys) == pytest.approx(table[:, 0].astype(float))
    assert one.tokens.tolist() == [5.0] * 12


def test_what_is_not_there_is_none_and_problems_of_others_are_nan(tmp_path: Path) -> None:
    one = made_drawn(tmp_path / "run", sure(3, 0.5, 4))
    assert one.values(MAJORITY, 3, one.keys) is None
    assert one.values("reward", 1, one.keys) is None
    values = one.values(SAMPLED, 99, ["p001", "elsewhere"])
    assert values is not None
    assert np.isnan(values).tolist() == [False, True]


def test_samples_without_a_score_are_counted(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, LOST], "b": [LOST], "c": [YES, YES]})
    one = drawn(Material("run", "main", "made", "made", run))
    assert (one.keys, one.n, one.missing) == (("a", "c"), 1, 2)


def test_nothing_scored_is_refused(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [LOST]})
    with pytest.raises(ConfigError, match="no sample scored by 'judge'"):
        drawn(Material("run", "main", "made", "made", run))


def test_a_named_ranking_scorer_is_the_one_of_best_of_n(tmp_path: Path) -> None:
    table = sure(4, 0.5, 3)
    rewards = {f"p{at:03d}": row.astype(float).tolist() for at, row in enumerate(table)}
    one = made_drawn(tmp_path / "run", table, rewards=rewards)
    best = one.values("best_of_n", 3, one.keys)
    assert best is not None
    assert best.tolist() == table.any(axis=1).tolist()
    material = made_material(tmp_path / "again", table, rewards=rewards)
    assert one.strategy("logprob") is not None
    assert material.value is None
