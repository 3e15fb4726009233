"""Preference pairs: right against wrong, distinct, seeded, never from missing scores."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topdraw.core.records import Score
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.scoring.engine import score
from topdraw.store.run import Run
from topdraw.training.pairs import preference_pairs

TinyRun = Callable[..., Run]

_OUTPUTS = {
    "mixed": ["4", "5", "4", "6", "#### 4", "5"],
    "all right": ["1", "1.0"],
    "all wrong": ["2", "3"],
    "none": [],
}
_TARGETS = {"mixed": "4", "all right": "1", "all wrong": "1", "none": "1"}


@pytest.fixture
def run(tiny_run: TinyRun) -> Run:
    return score(tiny_run(_OUTPUTS, targets=_TARGETS, scorer="number"), "number")


def test_right_against_wrong_of_the_same_problem(run: Run) -> None:
    (pair,) = preference_pairs(run)
    assert pair.problem_id == "mixed"
    assert pair.prompt == "Solve mixed."
    assert (pair.chosen, pair.chosen_index) in (("4", 0), ("#### 4", 4))
    assert (pair.rejected, pair.rejected_index) in (("5", 1), ("6", 3))
    assert preference_pairs(run, by="number") == [pair]


def test_every_combination_once_and_no_more(run: Run) -> None:
    pairs = preference_pairs(run, per_problem=100)
    texts = [(pair.chosen, pair.rejected) for pair in pairs]
    assert sorted(texts) == sorted(itertools.product(["4", "#### 4"], ["5", "6"]))


def test_outputs_are_not_repeated_while_there_are_others(run: Run) -> None:
    for seed in range(10):
        one, other = preference_pairs(run, per_problem=2, rng=seed)
        assert one.chosen != other.chosen
        assert one.rejected != other.rejected


@pytest.mark.slow
def test_the_seed_decides(run: Run) -> None:
    found = {preference_pairs(run, rng=seed)[0] for seed in range(20)}
    assert len(found) == 4
    assert preference_pairs(run, rng=5) == preference_pairs(run, rng=5)
    rng = np.random.default_rng(1)
    assert preference_pairs(run, rng=rng) == preference_pairs(run, rng=np.random.default_rng(1))


def test_missing_scores_and_contradictions_make_no_pair(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["a", "a", "b", "c", "d"]})
    verdicts = [
        Score.verdict(True),
        Score.verdict(False),
        Score.verdict(True),
        Score.missing("judge is down"),
        Score(value=0.0),
    ]
    run.add_scores("judge", zip(run.samples(), verdicts, strict=True))
    assert preference_pairs(run, by="judge") == []


def test_greedy_samples_are_left_out(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["4"]}, targets={"p": "4"}, greedy={"p": "5"})
    assert preference_pairs(score(run, "number"), by="number") == []


def test_bad_calls_are_refused(run: Run, tiny_run: TinyRun) -> None:
    with pytest.raises(DomainError, match="per_problem=0"):
        preference_pairs(run, per_problem=0)
    with pytest.raises(UnknownNameError, match="no scores by 'judge'; it has number"):
        preference_pairs(run, by="judge")
    with pytest.raises(ConfigError, match="has no scorer"):
        preference_pairs(tiny_run({"p": ["1"]}, name="other"))


@pytest.mark.slow
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 40), st.integers(0, 99))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_pairs_are_distinct_and_as_many_as_possible(
    tiny_run: TinyRun, right: int, wrong: int, most: int, seed: int
) -> None:
    outputs = ["#" * i + "#### 1" for i in range(right)] + [str(i + 2) for i in range(wrong)]
    name = f"run-{right}-{wrong}"
    run = score(tiny_run({"p": outputs}, targets={"p": "1"}, name=name), "number")
    pairs = preference_pairs(run, by="number", per_problem=most, rng=seed)
    assert len(set(pairs)) == len(pairs) == min(most, right * wrong)
    few = min(right, wrong, most)
    assert len({p.chosen for p in pairs[:few]}) == len({p.rejected for p in pairs[:few]}) == few


def test_a_table_of_outputs_gives_pairs_and_one_without_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,prompt,correct,output\na,1+1?,1,two\na,,0,three\na,,,four\nb,,0,five\n")
    (pair,) = preference_pairs(path, per_problem=9)
    assert (pair.prompt, pair.chosen, pair.rejected) == ("1+1?", "two", "three")
    assert (pair.chosen_index, pair.rejected_index) == (0, 1)
    for text in ("id,n,c\na,2,1\n", "id,correct,answer\na,1,2\na,0,3\n"):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"holds no outputs.*--map output="):
            preference_pairs(path)
