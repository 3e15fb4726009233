import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.analysis.made_run import LOST, NO, ODD, SILENT, YES, made_run

import topdraw
from topdraw.analysis.accuracy import accuracy, default_value
from topdraw.core.records import Candidates, FloatArray
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.store.evidence import open_evidence

VERDICTS = {
    "a": [YES, YES, NO, SILENT],
    "b": [NO, ODD, YES, YES],
    "c": [NO, NO, NO, YES],
    "d": [LOST] * 4,
}
REWARDS = {"a": [3, 1, 2, 9], "b": [1, 2, 2, 0], "c": [0, 0, 0, 5], "d": [1, 2, 3, 4]}


@pytest.fixture
def run(tmp_path: Path) -> topdraw.Run:
    greedy = {"a": [YES], "b": [NO], "c": [YES], "d": [YES]}
    return made_run(tmp_path / "run", VERDICTS, rewards=REWARDS, greedy=greedy)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("first", [1, 0, 0]),
        ("random", [0.5, 0.5, 0.25]),
        ("majority", [1, 1, 0]),
        ("best_of_n", [0, 0.5, 1]),
        ("worst", [1, 1, 0]),
        ("weighted_majority", [1, 1, 0]),
        ("oracle", [1, 1, 1]),
    ],
)
def test_it_is_the_mean_of_weights_times_verdicts(
    run: topdraw.Run, selector: str, expected: list[float]
) -> None:
    got = topdraw.accuracy(run, selector)
    assert got.value == pytest.approx(np.mean(expected))
    assert (got.n, got.missing) == (3, 4)
    assert "1 unanswered problems left out" in got.method


def test_greedy_looks_at_greedy_samples(run: topdraw.Run) -> None:
    got = accuracy(run, "greedy")
    assert (got.value, got.n, got.missing) == (0.75, 4, 0)
    assert accuracy(run, "greedy", k=3) == got


def test_at_k_it_is_the_mean_over_all_subsets(run: topdraw.Run) -> None:
    assert accuracy(run, "best_of_n", k=1).value == pytest.approx(1.25 / 3)
    assert accuracy(run, "oracle", k=2).value == pytest.approx(topdraw.pass_at_k(run, 2).value)
    assert "k = 2, exact" in accuracy(run, "posterior(0.1)", k=2).method
    with pytest.raises(DomainError, match=r"majority of 5 needs at least 5.*'a' has 4"):
        accuracy(run, "majority", k=5)


def test_any_function_is_a_selector(run: topdraw.Run) -> None:
    def last(candidates: Candidates) -> FloatArray:
        return np.where(np.arange(candidates.n) == candidates.n - 1, 1.0, 0.0)

    assert accuracy(run, last).value == pytest.approx(2 / 3)


def test_a_chooser_that_is_its_own_judge_is_labelled_loudly(run: topdraw.Run) -> None:
    assert accuracy(run, "best_of_n", value="judge").method.startswith("CHOOSER = JUDGE")
    assert "CHOOSER" not in accuracy(run, "best_of_n").method
    assert "CHOOSER" not in accuracy(run, "majority", value="judge").method


def test_what_the_run_lacks_is_named(run: topdraw.Run, tmp_path: Path) -> None:
    bare = made_run(tmp_path / "bare", {"a": [SILENT, SILENT]})
    with pytest.raises(ConfigError, match="best_of_n needs the value of the samples; no scorer"):
        accuracy(bare, "best_of_n")
    with pytest.raises(ConfigError, match="majority needs the answer of the samples; 'judge'"):
        accuracy(bare, "majority")
    with pytest.raises(ConfigError, match=r"has no greedy samples.*--greedy"):
        accuracy(bare, "greedy")
    with pytest.raises(UnknownNameError, match="'nobody'"):
        accuracy(run, "best_of_n", value="nobody")
    with pytest.raises(UnknownNameError, match="no selector named 'best'"):
        accuracy(run, "best")


def test_a_selector_that_chooses_nobody_leaves_the_problem_out(tmp_path: Path) -> None:
    rewards = {"a": [math.nan, math.nan], "b": [1.0, math.nan]}
    verdicts = {"a": [YES, YES], "b": [NO, YES]}
    got = accuracy(made_run(tmp_path / "run", verdicts, rewards=rewards), "best_of_n")
    assert (got.value, got.n) == (0, 1)
    assert "1 problems without a number left out" in got.method


def test_the_default_ranking_is_the_reward_then_the_logprob(
    run: topdraw.Run, tmp_path: Path
) -> None:
    assert default_value(run, "judge") == "reward"
    assert default_value(run, "reward") is None
    drawn = made_run(tmp_path / "logprobs", {"a": [NO, YES]}, logprobs=True)
    assert default_value(drawn) == "logprob"
    assert accuracy(drawn, "best_of_n").value == 0
    drawn.add_scores("logprob", [(s, YES) for s in drawn.samples()])
    assert default_value(drawn, "judge") == "logprob"


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.sampled_from([YES, NO, SILENT]), min_size=1, max_size=4), min_size=1, max_size=4
    )
)
def test_the_oracles_accuracy_is_pass_at_n(
    tmp_path_factory: pytest.TempPathFactory, verdicts: list[list[object]]
) -> None:
    n = min(map(len, verdicts))
    table = {f"p{i}": each[:n] for i, each in enumerate(verdicts)}
    run = made_run(tmp_path_factory.mktemp("x") / "run", table)  # type: ignore[arg-type]  # as sampled
    expected = topdraw.pass_at_k(run, n)
    got = accuracy(run, "oracle")
    assert (got.value, got.low, got.high) == pytest.approx(
        (expected.value, expected.low, expected.high), abs=1e-12
    )


def test_of_counts_no_number_depends_on_an_order_that_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("problem,n,c\na,4,1\nb,4,4\n")
    table = open_evidence(path)
    assert accuracy(path, "random").value == pytest.approx((1 / 4 + 1) / 2)
    assert accuracy(table, "oracle", k=2).value == pytest.approx((1 / 2 + 1) / 2)
    with pytest.raises(
        ConfigError, match=r"first needs the samples in their order; .*counts alone"
    ):
        accuracy(table, "first")
    with pytest.raises(ConfigError, match="majority needs the answer"):
        accuracy(table, "majority")
    with pytest.raises(ConfigError, match="best_of_n needs the value"):
        accuracy(table, "best_of_n")
    with pytest.raises(ConfigError, match=r"has no greedy samples\.$"):
        accuracy(table, "greedy")


def test_an_ensemble_with_the_judge_in_it_judges_itself(run: topdraw.Run) -> None:
    got = accuracy(run, "best_of_n", value="worst(judge,reward)")
    assert got.method.startswith("CHOOSER = JUDGE")
    assert "CHOOSER" not in accuracy(run, "best_of_n", value="reward").method


def _published(shared_data: Path) -> tuple[Path, list[dict[str, Any]]]:
    path = shared_data / "math_rm" / "math_cot_8samples_first40.jsonl"
    return path, [json.loads(line) for line in path.read_text().splitlines()]


def test_published_samples_give_what_counting_by_hand_gives(shared_data: Path) -> None:
    path, rows = _published(shared_data)
    table = open_evidence(path)
    best, votes = [], []
    for row in rows:
        score = np.array(row["score"], float)
        reward = np.array([value[0] for value in row["pred_score"]])
        best.append(score[reward == reward.max()].mean())
        tally = Counter(answer for answer in row["pred"] if answer)
        top = [answer for answer in tally if tally[answer] == max(tally.values())]
        votes.append(np.mean([score[np.array(row["pred"]) == answer].mean() for answer in top]))
    assert accuracy(table, "best_of_n").value == pytest.approx(np.mean(best), abs=1e-12)
    assert accuracy(table, "majority").value == pytest.approx(np.mean(votes), abs=1e-12)
    c = np.array([sum(row["score"]) for row in rows])
    for k in (1, 3, 8):
        missed = [math.comb(8 - one, k) / math.comb(8, k) for one in c]
        got = accuracy(table, "oracle", k=k).value
        assert got == pytest.approx(1 - np.mean(missed), abs=1e-12)
