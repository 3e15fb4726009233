from pathlib import Path

import numpy as np
import pytest
from tests.studies.greedy.made import made_drawn, sure

from topdraw.studies.greedy.drawn import ORACLE
from topdraw.studies.greedy.passing import passing

PROBLEMS, N = 80, 16


def test_many_samples_of_the_weaker_pass_one_of_the_stronger(tmp_path: Path) -> None:
    weak, strong = sure(PROBLEMS, 0.2, N), sure(PROBLEMS, 0.5, N, seed=1)
    sets = [
        made_drawn(tmp_path / "strong", strong, greedy=strong[:, 0]),
        made_drawn(tmp_path / "weak", weak),
    ]
    (found,) = passing("made", sets, ["strong", "weak"])
    assert (found.weaker, found.stronger, found.problems, found.n) == (
        "weak",
        "strong",
        PROBLEMS,
        N,
    )
    assert found.gap.value == pytest.approx(strong.mean() - weak.mean())
    assert found.greedy.value == pytest.approx(strong[:, 0].mean())
    oracle = next(one for one in found.chases if one.strategy == ORACLE)
    assert oracle.last.value == pytest.approx(weak.any(axis=1).mean() - strong.mean())
    assert oracle.passes_at in (4, 8)
    assert all(oracle.differences[k].low > 0 for k in oracle.differences if k >= oracle.passes_at)
    assert not oracle.differences[oracle.passes_at // 2].low > 0
    assert np.isfinite(oracle.greedy_difference.value)


def test_who_never_passes_says_so(tmp_path: Path) -> None:
    sets = [
        made_drawn(tmp_path / "weak", sure(PROBLEMS, 0.01, 4)),
        made_drawn(tmp_path / "strong", sure(PROBLEMS, 0.9, 4)),
    ]
    (found,) = passing("made", sets, ["weak", "strong"])
    assert all(one.passes_at == 0 for one in found.chases)
    assert np.isnan(found.greedy.value)


def test_a_single_sample_and_strangers_are_no_pair(tmp_path: Path) -> None:
    single = made_drawn(tmp_path / "single", sure(9, 0.1, 1))
    strong = made_drawn(tmp_path / "strong", sure(9, 0.9, 4))
    other = made_drawn(tmp_path / "other", sure(9, 0.9, 4), first=100)
    assert passing("made", [single, strong], ["a", "b"]) == []
    assert passing("made", [strong, other], ["a", "b"]) == []


def test_pairs_furthest_apart_come_first(tmp_path: Path) -> None:
    sets = [
        made_drawn(tmp_path / name, sure(PROBLEMS, share, 2))
        for name, share in (("a", 0.1), ("b", 0.2), ("c", 0.9))
    ]
    found = passing("made", sets, ["a", "b", "c"], most=2)
    assert [(one.weaker, one.stronger) for one in found] == [("a", "c"), ("b", "c")]
