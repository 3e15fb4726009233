import itertools

import numpy as np
import pytest
from tests.selection.made import made

from topdraw.analysis.curves import at_ks
from topdraw.analysis.tournament_curve import knockout_of_k, swiss_of_k
from topdraw.core.records import Candidates
from topdraw.errors import DomainError
from topdraw.selection.resolve import resolve_selector
from topdraw.selection.tournament import knockout

NAN = float("nan")


def among(n: int, *, blank: int = 0) -> Candidates:
    rng = np.random.default_rng(n)
    value = rng.normal(size=n)
    value[:blank] = NAN
    return made(value=value.tolist(), passed=(rng.random(n) < 0.4).tolist())


def test_few_subsets_are_all_taken() -> None:
    one = among(6)
    found = knockout_of_k(one, [1, 3, 6], rng=np.random.default_rng(0))
    rows = [np.array(each) for each in itertools.combinations(range(6), 3)]
    mean = np.mean([knockout(one.take(row)) @ one.passed[row] for row in rows])
    whole = knockout(one) @ one.passed
    assert found.expected == pytest.approx([one.passed.mean(), mean, whole])
    assert not found.error.any()


@pytest.mark.slow
def test_many_are_drawn_with_their_brackets_and_say_their_error() -> None:
    one = among(14)
    found = knockout_of_k(one, [5, 14], rng=np.random.default_rng(0), subsets=500)
    rows = [np.array(each) for each in itertools.combinations(range(14), 5)]
    mean = np.mean([knockout(one.take(row)) @ one.passed[row] for row in rows])
    assert 0 < found.error[0] < 0.03
    assert abs(found.expected[0] - mean) < 4 * found.error[0]
    assert found.expected[1] == pytest.approx(knockout(one) @ one.passed)
    assert found.error[1] == 0


def test_those_without_a_value_are_left_to_the_general_way() -> None:
    found = knockout_of_k(among(5, blank=2), [2], rng=np.random.default_rng(0))
    assert 0 <= found.expected[0] <= 1
    swissed = swiss_of_k(among(4, blank=2), [2], rng=np.random.default_rng(0), subsets=20)
    assert 0 <= swissed.expected[0] <= 1


def test_a_swiss_tournament_of_a_clear_order_is_best_of_k() -> None:
    one = made(value=[0, 1e6, 2e6, 3e6], passed=[False, False, True, True])
    found = swiss_of_k(one, [1, 4], rng=np.random.default_rng(0), subsets=300, calls=6)
    assert found.expected[1] == 1
    assert found.expected[0] == pytest.approx(0.5, abs=4 * found.error[0])


def test_curves_take_both_and_say_that_they_are_simulated() -> None:
    problems = [among(12), among(13)]
    for spec in ("knockout", "swiss(calls=4)"):
        made_at = at_ks(resolve_selector(spec), problems, [6], subsets=50)
        assert "simulated, 50 subsets" in made_at.method
        assert made_at.values.shape == (2, 1)
    assert at_ks(resolve_selector("round_robin"), problems, [6]).method == "exact"
    assert at_ks(resolve_selector("mbr"), [made(answer=[0, 1, 1])], [2]).method == "exact"


@pytest.mark.parametrize("k", [0, 5])
def test_a_k_out_of_range_is_refused(k: int) -> None:
    for curve in (knockout_of_k, swiss_of_k):
        with pytest.raises(DomainError, match="needs 1 <= k <= 4"):
            curve(among(4), [k], rng=np.random.default_rng(0))
