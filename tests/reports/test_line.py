from __future__ import annotations

import dataclasses
import math

import pytest
from tests.reports.fake import fake_summary

from topdraw.analysis.summary import Curve
from topdraw.core.estimate import Estimate
from topdraw.reports.line import best_of, lines_of


def curve(strategy: str, *values: float, chooser: str = "") -> Curve:
    ks = tuple(range(1, len(values) + 1))
    return Curve(strategy, strategy, chooser, ks, tuple(map(Estimate, values)), "exact")


def test_points_without_a_value_and_the_worst_pick_are_left_out() -> None:
    lines = lines_of([curve("majority", 0.1, math.nan, 0.3), curve("worst", 0.1)])
    assert [(line.name, sorted(line.points)) for line in lines] == [("majority", [1, 3])]


def test_the_best_line_is_real_and_measured_at_the_end() -> None:
    drawn = [curve("majority", 0.1, 0.3), curve("mine", 0.1, 0.5), curve("oracle", 0.1, 0.9)]
    best = best_of(lines_of([*drawn, curve("random", 0.7), curve("best_of_n", 0.99)]))
    assert best is not None
    assert best.name == "mine"


def test_who_chooses_by_the_verdict_is_not_real() -> None:
    drawn = [curve("best_of_n", 0.9, chooser="judge"), curve("oracle", 0.9, chooser="judge")]
    assert best_of(lines_of(drawn)) is None
    assert best_of([]) is None


def test_a_reference_holds_at_every_k() -> None:
    greedy, vote = lines_of([curve("greedy", 0.4), curve("majority", 0.1, 0.2)])
    assert greedy.at(64) == Estimate(0.4)
    assert vote.at(64) is None


def test_every_curve_needs_one_estimate_per_k() -> None:
    broken = dataclasses.replace(fake_summary().curves[2], k=(1,))
    with pytest.raises(ValueError, match="argument 2 is longer"):
        lines_of([broken])
