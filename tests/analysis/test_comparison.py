import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.made_run import LOST, NO, ODD, YES, made_run

from topdraw.analysis.comparison import Comparison, compare, compare_measures, holm
from topdraw.analysis.intervals import paired_difference
from topdraw.core.records import FloatArray
from topdraw.core.until import Until
from topdraw.errors import ConfigError, DomainError
from topdraw.store.run import Run


def _made(
    folder: Path,
    seed: int,
    *,
    ids: range = range(30),
    n: int = 12,
    skill: float = 0.5,
    rewards: bool = True,
    greedy: bool = True,
) -> Run:
    rng = np.random.default_rng(seed)
    verdicts = {
        f"p{i}": [
            YES if x < skill else NO if x < (1 + skill) / 2 else ODD for x in rng.random(n) ** 2
        ]
        for i in ids
    }
    values = {key: rng.normal(size=n).tolist() for key in verdicts}
    first = {key: [YES if rng.random() < skill else NO] for key in verdicts}
    return made_run(
        folder, verdicts, rewards=values if rewards else None, greedy=first if greedy else None
    )


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Run, Run]:
    return _made(tmp_path / "a", 0, skill=0.3), _made(
        tmp_path / "b", 1, ids=range(5, 40), n=20, skill=0.2
    )


def _line(found: Comparison, measure: str) -> int:
    return [line.measure_a for line in found.lines].index(measure)


def test_two_runs_are_paired_over_the_problems_they_share(pair: tuple[Run, Run]) -> None:
    found = compare(*pair)
    assert (found.a, found.b) == ("a", "b")
    assert len(found.shared) == 25
    assert found.only_a == ("p0", "p1", "p2", "p3", "p4")
    assert len(found.only_b) == 10
    assert (found.reach_a, found.reach_b) == (12, 20)
    assert [line.measure_a for line in found.lines] == [
        "greedy", "pass@1", "pass@10", "pass@12", "pass^10", "pass^12",
        "majority@10", "majority@12", "best_of_n@10", "best_of_n@12",
    ]  # fmt: skip
    for line in found.lines:
        assert line.difference.value == pytest.approx(line.a.value - line.b.value)
        assert line.difference.n == line.a.n == 25
        assert line.adjusted_p >= line.difference.p_value


def test_pass_at_1_is_the_difference_of_shares_by_hand(pair: tuple[Run, Run]) -> None:
    found = compare(*pair, ks=[1])
    a, b = (_shares(run, found.shared) for run in pair)
    line = found.lines[_line(found, "pass@1")]
    assert line.difference.value == pytest.approx(float(np.mean(a - b)))
    by_hand = paired_difference(a, b)
    assert (line.difference.low, line.difference.high) == pytest.approx((by_hand.low, by_hand.high))


def _shares(run: Run, keys: tuple[str, ...]) -> FloatArray:
    scores = run.scores("judge")
    drawn = run.samples()
    return np.array([
        np.mean([
            bool(scores[(s.sampler, s.problem_id, s.index)].passed)
            for s in drawn
            if s.problem_id == key
        ])
        for key in keys
    ])  # fmt: skip


def test_the_other_way_round_is_the_negative(pair: tuple[Run, Run]) -> None:
    there, back = compare(*pair, ks=[1, 5]), compare(*pair[::-1], ks=[1, 5])
    for one, other in zip(there.lines, back.lines, strict=True):
        assert one.difference.value == pytest.approx(-other.difference.value)
        assert one.difference.low == pytest.approx(-other.difference.high)


def test_k_beyond_one_run_is_refused_by_name(pair: tuple[Run, Run]) -> None:
    with pytest.raises(DomainError, match=r"pass@13 of a needs at least 13"):
        compare(*pair, ks=[13])
    with pytest.raises(DomainError, match="no k to compare"):
        compare(*pair, ks=[])


def test_runs_without_a_shared_problem_are_refused(tmp_path: Path) -> None:
    a, b = _made(tmp_path / "a", 0, ids=range(3)), _made(tmp_path / "b", 0, ids=range(3, 6))
    with pytest.raises(ConfigError, match=r"a and b share no problem .*'p0', .* 'p3'"):
        compare(a, b)


def test_what_only_one_run_can_do_is_left_out_unless_it_is_asked_for(tmp_path: Path) -> None:
    a = _made(tmp_path / "a", 0)
    b = _made(tmp_path / "b", 1, rewards=False, greedy=False)
    names = [line.measure_a for line in compare(a, b, ks=[4]).lines]
    assert names == ["pass@4", "pass^4", "majority@4"]
    with pytest.raises(ConfigError, match="b has nothing that best_of_n goes by"):
        compare(a, b, ks=[4], selectors=["best_of_n"])


def test_a_run_equals_itself(tmp_path: Path) -> None:
    run = _made(tmp_path / "same", 0)
    found = compare(run, run, ks=[5])
    assert found.a == found.b == str(run.path)
    for line in found.lines:
        assert (line.difference.value, line.difference.p_value) == (0, 1)


def test_strategies_of_one_run_are_compared_and_the_oracle_is_never_worse(tmp_path: Path) -> None:
    run = _made(tmp_path / "one", 3)
    pairs = [("pass@10", "pass@1"), ("pass@10", "majority@10"), ("majority@10", "best_of_n@5")]
    found = compare_measures(run, pairs)
    assert [(line.measure_a, line.measure_b) for line in found.lines] == pairs
    assert len(found.shared) == 30
    for line in found.lines[:2]:
        assert line.difference.low > 0
        assert "Wilson" in line.difference.method
    assert "stretched Student" in found.lines[2].difference.method


def test_clusters_come_from_metadata_or_by_id_and_must_be_complete(
    pair: tuple[Run, Run],
) -> None:
    where = {f"p{i}": i // 5 for i in range(40)}
    found = compare(*pair, ks=[1], clusters=where)
    assert "in 5 clusters" in found.lines[1].difference.method
    with pytest.raises(ConfigError, match="'passage' does not say where the problem 'p5'"):
        compare(*pair, clusters="passage")
    with pytest.raises(ConfigError, match="The clusters do not say"):
        compare(*pair, clusters={"p5": 1})


@given(st.lists(st.floats(0, 1) | st.just(math.nan), max_size=12))
def test_holm_is_its_definition(p_values: list[float]) -> None:
    found = holm(p_values)
    given_ = [p for p in p_values if not math.isnan(p)]
    for p, adjusted in zip(p_values, found, strict=True):
        if math.isnan(p):
            assert math.isnan(adjusted)
            continue
        # Reject the i-th smallest when all smaller ones pass their own bar.
        steps = [(len(given_) - i) * q for i, q in enumerate(sorted(given_)) if q <= p]
        assert adjusted == pytest.approx(min(max(steps), 1.0)) or sorted(given_).count(p) > 1
        assert p - 1e-12 <= adjusted <= 1


def test_single_samples_of_real_models_are_mcnemars_test(shared_data: Path, tmp_path: Path) -> None:
    from scipy.stats import binomtest

    solvers = ("175b_verification", "6b_verification")
    path = shared_data / "gsm8k" / "example_model_solutions_even.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    runs = [
        made_run(
            tmp_path / name, {str(r["index"]): [YES if r[name]["is_correct"] else NO] for r in rows}
        )
        for name in solvers
    ]
    line = compare(*runs, ks=[1], selectors=[]).lines[0]
    right = np.array([[r[name]["is_correct"] for name in solvers] for r in rows])
    gains, losses = (
        int((right[:, 0] & ~right[:, 1]).sum()),
        int((~right[:, 0] & right[:, 1]).sum()),
    )
    assert line.difference.value == pytest.approx((gains - losses) / len(rows))
    exact = binomtest(gains, gains + losses).pvalue
    assert line.difference.p_value == pytest.approx(max(exact, 1 / 10_001), abs=0.002)
    # Agresti & Min 2005, section 3: Wald after adding 1/2 to each cell of the 2 x 2 table.
    n, b, c = len(rows) + 2, gains + 0.5, losses + 0.5
    half = 1.96 * math.sqrt(b + c - (b - c) ** 2 / n) / n
    assert (line.difference.low, line.difference.high) == pytest.approx(
        ((b - c) / n - half, (b - c) / n + half), abs=0.003
    )


def test_each_number_says_how_it_was_made_and_what_is_missing(tmp_path: Path) -> None:
    verdicts = {f"p{i}": [YES, NO, NO, LOST] for i in range(6)}
    a = made_run(tmp_path / "a", verdicts, rewards={key: [2, 1, 0, 0] for key in verdicts})
    b = made_run(tmp_path / "b", {f"p{i}": [NO, YES, NO] for i in range(6)})
    line = compare(a, b, ks=[2]).lines[0]
    assert (line.a.missing, line.b.missing, line.difference.missing) == (6, 0, 6)
    assert line.a.method.startswith("pass@2 (exact); ")
    assert line.difference.method.startswith("pass@2 (exact) less pass@2 (exact); ")


def test_of_a_stopped_run_it_says_which_samples_count(tmp_path: Path) -> None:
    until = Until("pass", by="judge")
    a, b = (
        made_run(
            tmp_path / name,
            {"p": [NO, YES], "q": [YES], "r": [NO] * 4},
            until=until,
            cap=4,
        )
        for name in "ab"
    )
    methods = {line.measure_a: line.a.method for line in compare(a, b, ks=[1]).lines}
    assert "corrected for samples drawn until" in methods["pass@1"]
    assert "over the first sample alone" in methods["majority@1"]


def test_a_simulated_number_says_its_draws_and_its_error(tmp_path: Path) -> None:
    one = compare_measures(_made(tmp_path / "run", 0), [("posterior(0.5)@6", "pass@1")]).lines[0]
    assert "simulated, 400 subsets, s.e. <= 0.0" in one.a.method
