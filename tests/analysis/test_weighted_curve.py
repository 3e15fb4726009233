import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.made_run import NO, YES, made_run
from tests.selection.made import any_candidates, made

from topdraw.analysis.accuracy import accuracy
from topdraw.analysis.curves import at_all, at_ks
from topdraw.analysis.simulated import simulated_of_k, simulated_vote_of_k
from topdraw.analysis.vote_curve import majority_of_k
from topdraw.analysis.vote_states import finite_weights
from topdraw.analysis.weighted_curve import weighted_of_k
from topdraw.core.records import Candidates, FloatArray
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.resolve import NamedSelector, resolve_selector
from topdraw.selection.vote import ballots

POOLS = st.sampled_from(["sum", "mean", "max"])
WEIGHTS = st.sampled_from(["sigmoid", "exp"])


def every_subset(selector: NamedSelector, one: Candidates, ks: range) -> FloatArray:
    """The curve by asking the selector about every subset; where it chooses nobody, none."""
    rows = [
        at_all(selector, [one.take(np.array(s)) for s in itertools.combinations(range(one.n), k)])
        for k in ks
    ]
    return np.array([np.nan if np.isnan(row).all() else np.nanmean(row) for row in rows])


@settings(max_examples=60)
@given(any_candidates(most=8, missing=False), POOLS, WEIGHTS)
def test_it_equals_the_selector_over_all_subsets(one: Candidates, pool: str, weight: str) -> None:
    # Infinite and equal values, mixed verdicts in an answer, silent samples, and no value at all.
    selector = resolve_selector(f"weighted_majority(weight={weight}, pool={pool})")
    ks = range(1, one.n + 1)
    log = np.where(np.isnan(one.value), np.nan, ballots(one, weight=weight).log)  # type: ignore[arg-type]  # sampled
    got = weighted_of_k(one.answer, log, one.passed, ks, pool=pool)  # type: ignore[arg-type]  # sampled
    if got is None:
        assert finite_weights(log[~np.isnan(log) & (one.answer >= 0)]) is None
        return
    np.testing.assert_allclose(got, every_subset(selector, one, ks), atol=1e-12)


@settings(max_examples=5)
@given(st.integers(0, 10_000), POOLS)
def test_ten_samples_of_distinct_weights_equal_enumeration(seed: int, pool: str) -> None:
    rng = np.random.default_rng(seed)
    one = made(
        value=rng.normal(size=10).tolist(), answer=rng.integers(0, 4, size=10).tolist(),
        passed=(rng.random(10) < 0.5).tolist(),
    )  # fmt: skip
    selector = resolve_selector(f"weighted_majority(weight=exp, pool={pool})")
    got = weighted_of_k(one.answer, one.value, one.passed, range(1, 11), pool=pool)  # type: ignore[arg-type]  # sampled
    assert got is not None
    np.testing.assert_allclose(got, every_subset(selector, one, range(1, 11)), atol=1e-12)


def judged(seed: int, n: int = 100) -> Candidates:
    """Samples of a judge with six levels, as probabilities."""
    rng = np.random.default_rng(seed)
    answer = rng.choice(8, size=n, p=rng.dirichlet(np.full(8, 0.6)))
    value = np.clip(rng.binomial(5, np.where(answer == 2, 0.7, 0.5)), 0, 5) / 5
    return made(answer=answer.tolist(), value=value.tolist(), passed=(answer == 2).tolist())


@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
def test_six_levels_of_a_hundred_samples_agree_with_simulation(pool: str) -> None:
    one, ks = judged(4), [1, 3, 10, 30, 99, 100]
    log = ballots(one, weight="identity").log
    got = weighted_of_k(one.answer, log, one.passed, ks, pool=pool)  # type: ignore[arg-type]  # sampled
    assert got is not None
    simulated = simulated_vote_of_k(
        one, ks, rng=np.random.default_rng(0), weight="identity", pool=pool, subsets=4000  # type: ignore[arg-type]  # sampled
    )  # fmt: skip
    assert (np.abs(got - simulated.expected) <= 4 * simulated.error + 1e-12).all()
    assert (simulated.error[1:4] > 0).all()


@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
def test_simulated_pools_equal_the_selector_one_by_one(pool: str) -> None:
    one = judged(9, 9)
    selector = resolve_selector(f"weighted_majority(weight=identity, pool={pool})")
    rng = np.random.default_rng(0)
    at_once = simulated_vote_of_k(one, range(1, 10), rng=rng, weight="identity", pool=pool)  # type: ignore[arg-type]  # sampled
    singly = simulated_of_k(one, selector, range(1, 10), rng=rng)
    np.testing.assert_allclose(at_once.expected, singly.expected, atol=1e-12)


@given(st.lists(st.integers(-1, 4), min_size=1, max_size=40), st.data())
def test_equal_weights_are_a_plain_vote(answers: list[int], data: st.DataObject) -> None:
    n = len(answers)
    passed = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    answer, ks = np.array(answers), range(1, n + 1)
    got = weighted_of_k(answer, np.full(n, -3.0), passed, ks)
    assert got is not None
    np.testing.assert_allclose(got, majority_of_k(answer, passed, ks), atol=1e-12)


def test_sums_equal_but_for_rounding_are_ties() -> None:
    # 0.1 + 0.2 = 0.3 but for the last bit; only the subset of all three has the tie.
    answer, right = np.array([0, 0, 1]), np.array([True, True, False])
    got = weighted_of_k(answer, np.log([0.1, 0.2, 0.3]), right, [3])
    assert got == pytest.approx([0.5], abs=1e-15)


def test_what_is_too_much_work_is_left_to_simulation() -> None:
    rng = np.random.default_rng(0)
    answer, right = np.zeros(40, np.int64), np.ones(40, bool)
    assert weighted_of_k(answer, rng.normal(size=40), right, [5]) is None
    assert weighted_of_k(answer, np.zeros(40), right, [5], most_work=10) is None
    assert weighted_of_k(answer, np.linspace(-2000, 0, 40), right, [5]) is None
    crowd = np.zeros(1001, np.int64)
    assert weighted_of_k(crowd, np.zeros(1001), np.ones(1001, bool), [5]) is None
    # The largest of distinct weights has few states, whatever their number.
    got = weighted_of_k(answer, rng.normal(size=40), right, [5], pool="max")
    assert got == pytest.approx([1.0])


def test_k_outside_the_samples_is_refused() -> None:
    with pytest.raises(DomainError, match="1 <= k <= 3"):
        weighted_of_k(np.zeros(3, np.int64), np.zeros(3), np.zeros(3, bool), [4])


def test_a_curve_says_on_how_many_problems_it_is_exact() -> None:
    rng = np.random.default_rng(1)
    continuous = [
        made(value=rng.normal(size=40).tolist(), answer=rng.integers(0, 2, size=40).tolist(),
             passed=(rng.random(40) < 0.5).tolist())
        for _ in range(2)
    ]  # fmt: skip
    levels = [judged(seed, 40) for seed in range(3)]
    selector = resolve_selector("weighted_majority(weight=identity)")
    assert at_ks(selector, levels, [5, 40]).method == "exact"
    mixed = at_ks(resolve_selector("weighted_majority"), [*continuous, *levels], [5, 40])
    assert mixed.method.startswith("exact for 3 of 5 problems, the others simulated, 400 subsets")
    alone = at_ks(resolve_selector("weighted_majority"), levels, [5, 40])
    assert (mixed.values[2:] == alone.values).all()


def test_recorded_rewards_of_a_mathematics_model(shared_data: Path) -> None:
    """Problems of eight samples each: every curve equals enumeration of all subsets."""
    path = shared_data / "math_rm" / "math_cot_8samples_first40.jsonl"
    problems = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        seen: dict[str, int] = {}
        problems.append(
            made(
                value=[each[0] for each in row["pred_score"]],
                answer=[seen.setdefault(str(text), len(seen)) for text in row["pred"]],
                passed=[bool(each) for each in row["score"]],
            )
        )
    assert len(problems) == 40
    # Enumeration of the unanimous ones teaches nothing.
    split = [one for one in problems if 0 < one.passed.sum() < one.n]
    assert len(split) == 4
    for spec in ("majority", "weighted_majority", "weighted_majority(exp)", "best_of_n", "worst",
                 "weighted_majority(weight=exp, pool=mean)", "first", "random",
                 "oracle"):  # fmt: skip
        selector = resolve_selector(spec)
        got = at_ks(selector, split, range(1, 9))
        assert got.method == "exact"
        expected = np.array([every_subset(selector, one, range(1, 9)) for one in split])
        np.testing.assert_allclose(got.values, expected, atol=1e-12)


def test_a_run_can_be_weighed_by_its_own_log_probabilities(tmp_path: Path) -> None:
    # Outputs of five tokens with log-probabilities -1, -2, -3: the first outweighs both others.
    run = made_run(tmp_path / "run", {"p": [YES, NO, NO]}, logprobs=True)
    by_output = accuracy(run, "weighted_majority(weight=exp, value=logprob)", k=3)
    by_token = accuracy(run, "weighted_majority(weight=exp, value=mean_logprob)", k=3)
    assert (by_output.value, by_token.value) == (1.0, 0.0)
    assert "exact" in by_output.method
    without = made_run(tmp_path / "without", {"p": [YES, NO, NO]})
    with pytest.raises(ConfigError, match="needs the logprob of the samples"):
        accuracy(without, "weighted_majority(weight=exp, value=logprob)")
