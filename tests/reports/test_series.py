import math

from topdraw.core.estimate import Estimate
from topdraw.reports.series import (
    MOST_NUMBERED,
    Series,
    numbered,
    numbered_series,
    selector_series,
)
from topdraw.reports.strategies import look


def test_what_is_not_finite_is_left_out_and_places_rise() -> None:
    one = Series("a", {10: 0.5, 1: Estimate(0.2, 0.1, 0.3), 5: math.nan})
    assert list(one.known()) == [1, 10]
    assert one.known()[10] == Estimate(0.5)
    assert list(one.edges()) == [1]


def test_a_band_of_its_own_comes_before_the_intervals() -> None:
    one = Series("a", {1: Estimate(0.2, 0.1, 0.3)}, band={1: Estimate(0.2, 0.0, 0.4)})
    assert one.edges()[1].high == 0.4


def test_a_name_says_what_kind_of_number_it_is_once() -> None:
    assert Series("law", {}, kind="model").called == "law, model"
    assert Series("model of the paper", {}, kind="model").called == "model of the paper"
    assert Series("paper", {}, kind="published").called == "paper, published"
    assert Series("vote", {}).called == "vote"
    assert Series("", {}, kind="model").called == ", model"


def test_selectors_keep_their_colour_and_references_are_level() -> None:
    assert selector_series("majority", {}).look == look("majority")
    assert selector_series("best_of_n", {}).name == "best of n"
    assert selector_series("greedy", {}).kind == "level"
    assert selector_series("oracle", {}, "coverage").name == "coverage"


def test_numbered_looks_differ_until_they_run_out() -> None:
    keys = [numbered(at).key for at in range(MOST_NUMBERED + 1)]
    assert len(set(keys)) == MOST_NUMBERED
    assert keys[0] == keys[-1]
    assert [one.look.key for one in numbered_series([("a", {}), ("b", {})])] == keys[:2]
