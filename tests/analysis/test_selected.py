import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.selection.made import any_candidates

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.curves import at_all
from topdraw.analysis.selected import (
    best_of_k,
    best_of_k_weights,
    expected_of_best,
    worst_of_k,
)
from topdraw.core.records import Candidates
from topdraw.errors import DomainError
from topdraw.selection.pick import best_of_n, worst

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/coverage.json").read_text())


@given(st.integers(1, 60), st.data())
def test_the_ith_best_carries_its_share_of_subsets(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n))
    expected = [Fraction(math.comb(n - i, k - 1), math.comb(n, k)) for i in range(1, n + 1)]
    assert best_of_k_weights(n, k) == pytest.approx([float(w) for w in expected], rel=1e-12)


def test_weights_of_ten_thousand_neither_overflow_nor_lose_mass() -> None:
    assert best_of_k_weights(10_000, 500).sum() == pytest.approx(1, abs=1e-12)


@settings(max_examples=40)
@given(any_candidates(missing=False))
def test_it_equals_the_selector_over_all_subsets(one: Candidates) -> None:
    ks = range(1, one.n + 1)
    for selector, closed in ((best_of_n, best_of_k), (worst, worst_of_k)):
        got = closed(one.value, one.passed, ks)
        for k in ks:
            subsets = [one.take(np.array(s)) for s in itertools.combinations(range(one.n), k)]
            picks = at_all(selector, subsets)
            picks = picks[~np.isnan(picks)]
            expected = picks.mean() if picks.size else np.nan
            assert got[k - 1] == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_ranked_by_the_verdict_itself_it_is_pass_at_k(passed: list[bool]) -> None:
    right = np.array(passed)
    ks = list(range(1, right.size + 1))
    got = best_of_k(right.astype(float), right, ks)
    assert got == pytest.approx(coverage_curve([right.size], [right.sum()], ks)[0], abs=1e-12)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.data())
def test_the_order_of_the_samples_is_nothing(values: list[int], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(values))))
    value, right = np.array(values, dtype=float), np.arange(len(values)) % 2 == 0
    ks = range(1, len(values) + 1)
    expected = best_of_k(value, right, ks)
    assert best_of_k(value[list(order)], right[list(order)], ks) == pytest.approx(expected)


def test_a_perfect_scorers_best_of_four_beats_one_in_four_fifths() -> None:
    golden = GOLDEN["perfect_scorer_best_of_4_beats_one"]
    wins = 0
    orders = list(itertools.permutations(range(5)))
    for order in orders:
        value = np.array(order[:4], dtype=float)
        wins += best_of_k(value, value > order[4], [4])[0]
    assert wins / len(orders) == pytest.approx(float(golden["value"]), abs=golden["tolerance"])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-9, 9)), min_size=1, max_size=8), st.booleans()
)
def test_graded_gold_of_the_best_equals_enumeration(
    rows: list[tuple[int, float]], itself: bool
) -> None:
    value = np.array([row[0] for row in rows], dtype=float)
    gold = value if itself else np.array([row[1] for row in rows])
    ks = range(1, value.size + 1)
    got = expected_of_best(value, gold, ks)
    for k in ks:
        picked = []
        for subset in itertools.combinations(range(value.size), k):
            chosen = list(subset)
            at_top = value[chosen] == value[chosen].max()
            picked.append(gold[chosen][at_top].mean())
        assert got[k - 1] == pytest.approx(np.mean(picked), abs=1e-12)


def test_the_plug_in_maximum_is_biased_and_ours_is_not() -> None:
    golden = json.loads((Path(__file__).parents[1] / "golden/bayes.json").read_text())
    known = golden["plug_in_maximum"]
    rewards = np.random.default_rng(5).normal(size=(4000, known["N"]))
    ours = [expected_of_best(r, r, [known["n"]])[0] for r in rewards]
    error = np.std(ours) / math.sqrt(len(ours))
    assert np.mean(ours) == pytest.approx(known["true"], abs=4 * error)
    share = (np.arange(1, known["N"] + 1) / known["N"]) ** known["n"]
    plug = np.sort(rewards) @ np.diff(share, prepend=0.0)
    assert np.mean(plug) < known["true"] - 10 * error


def test_infinite_gold_counts_where_it_can_win() -> None:
    value, gold = np.array([1.0, 2.0, 3.0]), np.array([-np.inf, 1.0, 4.0])
    assert expected_of_best(value, gold, [1, 2, 3]).tolist() == [-np.inf, 3.0, 4.0]
    assert np.isnan(expected_of_best(value, np.array([np.nan, 0.0, 0.0]), [1, 2]))[0]
    assert expected_of_best(value, np.array([np.nan, 0.0, 0.0]), [2, 3]).tolist() == [0, 0]


def test_one_sample_is_the_mean_and_nan_never_wins() -> None:
    right = np.array([True, False, True])
    assert best_of_k(np.array([1.0, 2.0, 3.0]), right, [1])[0] == pytest.approx(2 / 3)
    assert best_of_k(np.array([np.nan, 2.0, np.nan]), right, [1, 2, 3]).tolist() == [0, 0, 0]
    assert np.isnan(best_of_k(np.full(3, np.nan), right, [1, 3])).all()


@pytest.mark.parametrize("k", [0, 4])
def test_k_outside_the_samples_is_refused(k: int) -> None:
    with pytest.raises(DomainError, match="1 <= k <= 3"):
        best_of_k_weights(3, k)


def test_real_rewards_of_math(shared_data: Path) -> None:
    path = shared_data / "math_rm/math_cot_8samples_first40.jsonl"
    golden = GOLDEN["math_rm_first_40"]
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    right = np.array([row["score"] for row in rows], dtype=bool)
    reward = np.array([row["pred_score"] for row in rows], dtype=float)[:, :, 0]
    best = np.mean([best_of_k(v, p, [8])[0] for v, p in zip(reward, right, strict=True)])
    assert best == pytest.approx(golden["best_of_8"], abs=golden["tolerance"])
    ks = [int(k) for k in golden["pass_at_k"]]
    curve = coverage_curve(np.full(40, 8), right.sum(axis=1), ks).mean(axis=0)
    assert curve == pytest.approx(list(golden["pass_at_k"].values()), abs=golden["tolerance"])
