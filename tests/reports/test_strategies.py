from __future__ import annotations

import pytest

from topdraw.analysis.summary import Curve
from topdraw.reports.strategies import ORDER, in_order, is_real, look, phrase


def curve(strategy: str, chooser: str = "", label: str = "") -> Curve:
    return Curve(strategy, label or strategy, chooser, (), (), "")


def test_each_strategy_looks_like_no_other() -> None:
    looks = [look(name) for name in ORDER]
    assert len({each.key for each in looks}) == len(ORDER)
    assert len({(each.dash, each.mark) for each in looks}) == len(ORDER)


def test_an_unknown_strategy_has_a_look_and_a_place_before_the_oracle() -> None:
    assert look("mine").key == "other"
    mixed = [curve(name) for name in ("oracle", "mine", "majority", "greedy")]
    assert [c.strategy for c in in_order(mixed)] == ["greedy", "majority", "mine", "oracle"]


@pytest.mark.parametrize(
    ("drawn", "told"),
    [
        (curve("majority"), "chosen by vote"),
        (curve("weighted_majority", "reward"), "chosen by vote weighted by reward"),
        (curve("best_of_n", "reward"), "chosen by reward"),
        (curve("logprob", "logprob", "best of k by logprob"), "chosen by logprob"),
        (curve("mine", label="my way"), "chosen by my way"),
    ],
)
def test_choosing_is_told_in_words(drawn: Curve, told: str) -> None:
    assert phrase(drawn) == told


def test_bounds_and_references_are_not_real() -> None:
    assert not any(is_real(curve(name), "") for name in ("oracle", "worst", "random", "greedy"))
    assert is_real(curve("majority"), "judge")
    assert is_real(curve("best_of_n", "reward"), "judge")
    assert not is_real(curve("best_of_n", "judge"), "judge")
