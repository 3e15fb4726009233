from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, YES, made_run

import topdraw
from topdraw.core.records import Score
from topdraw.errors import ConfigError
from topdraw.store.evidence import open_evidence

VERDICTS = {"a": [NO, YES, NO], "b": [LOST] * 3, "c": [YES, NO, NO]}
REWARDS = {"a": [0, 5, 0], "b": [1, 2, 3], "c": [1, 0, 1]}


@pytest.fixture
def run(tmp_path: Path) -> topdraw.Run:
    greedy = {"a": [YES], "b": [NO], "c": [LOST]}
    return made_run(tmp_path / "run", VERDICTS, rewards=REWARDS, greedy=greedy)


def test_every_problem_gets_the_sample_its_weights_point_at(run: topdraw.Run) -> None:
    first, second, third = topdraw.select(run, "best_of_n")
    assert first.sample is not None
    assert (first.problem.id, first.sample.index, first.probability) == ("a", 1, 1.0)
    assert second.sample is None
    assert (second.probability, second.among) == (0.0, 3)
    assert third.sample is not None
    assert third.probability == 0.5


def test_ties_fall_by_the_weights_and_follow_the_seed(run: topdraw.Run) -> None:
    def picks(seed: int) -> list[int]:
        rng = np.random.default_rng(seed)
        choices = [topdraw.select(run, "best_of_n", rng=rng)[2] for _ in range(40)]
        return [choice.sample.index for choice in choices if choice.sample is not None]

    assert picks(1) == picks(1)
    assert set(picks(1)) == {0, 2}
    assert 8 < picks(1).count(0) < 32


def test_greedy_chooses_among_greedy_samples(run: topdraw.Run) -> None:
    chosen = topdraw.select(run, "greedy")
    assert [choice.among for choice in chosen] == [1, 1, 1]
    assert chosen[2].sample is None
    assert chosen[0].sample is not None
    assert chosen[0].sample.sampler != run.samples()[0].sampler


def test_without_samples_of_that_kind_it_says_how_to_draw_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no greedy samples.*--greedy"):
        topdraw.select(made_run(tmp_path / "run", VERDICTS), "greedy")


def test_of_counts_nothing_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("problem,n,c\na,4,1\n")
    with pytest.raises(ConfigError, match=r"holds counts alone: there is no sample to choose\.$"):
        topdraw.select(open_evidence(path), "majority")


def test_a_table_of_samples_is_chosen_from(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("problem,correct,reward,output\na,1,0.5,one\na,0,0.7,two\nb,1,,three\n")
    table = open_evidence(path)
    picked = [one.sample for one in topdraw.select(path, "best_of_n")]
    assert [one and one.output for one in picked] == ["two", None]
    with pytest.raises(ConfigError, match=r"has no greedy samples\.$"):
        topdraw.select(table, "greedy")


def test_a_scorer_without_verdicts_gives_the_votes(tmp_path: Path) -> None:
    seen = [Score(answer="7"), Score(answer="5"), Score(answer="7")]
    made = made_run(tmp_path / "run", {"a": seen}, rewards={"a": [0, 5, 0]})
    [voted] = topdraw.select(made, "majority")
    assert voted.sample is not None
    assert (voted.sample.index in {0, 2}, voted.probability) == (True, 0.5)
    [best] = topdraw.select(made, "best_of_n", value="reward")
    assert best.sample is not None
    assert best.sample.index == 1
    with pytest.raises(ConfigError, match="values but no verdict"):
        topdraw.select(made, "oracle")
