from pathlib import Path

import numpy as np
import pytest
from tests.studies.greedy.made import made_drawn, sure

from topdraw.studies.greedy.drawn import Drawn
from topdraw.studies.greedy.groups import Varied
from topdraw.studies.greedy.settings import SettingCurve, setting_curve

N = 4


def _curve(sets: dict[float, Drawn], axis: str = "temperature") -> SettingCurve:
    curve = setting_curve(Varied(axis, tuple(sorted(sets.items()))), "made")
    assert curve is not None
    return curve


def _set(folder: Path, value: float, share: float, **options: object) -> Drawn:
    table = sure(60, share, N, seed=int(value * 100))
    return made_drawn(folder / f"t{value:g}", table, temperature=value, **options)


def test_an_optimum_inside_is_lower_at_both_ends(tmp_path: Path) -> None:
    shares = {0.5: 0.2, 1.0: 0.8, 1.5: 0.2}
    curve = _curve({value: _set(tmp_path, value, share) for value, share in shares.items()})
    one = curve.optima[0]
    assert (one.measure, one.best, one.tied) == ("one sample", 1.0, (1.0,))
    assert one.is_inside
    assert not one.falls
    assert not one.is_flat
    assert {each.measure for each in curve.optima} == {
        "one sample",
        "pass@4",
        "majority of 4",
        "best of 4 by logprob",
    }
    assert all(one.against[end].difference.high < 0 for end in (0.5, 1.5))


def test_what_cannot_be_told_apart_is_flat(tmp_path: Path) -> None:
    same = sure(60, 0.5, N)
    curve = _curve({x: made_drawn(tmp_path / f"{x}", same, temperature=x) for x in (0.5, 1.0)})
    assert curve.optima[0].is_flat
    assert not curve.optima[0].is_inside


def test_a_curve_that_falls_ends_below(tmp_path: Path) -> None:
    shares = {0.5: 0.8, 1.0: 0.8, 1.5: 0.2}
    curve = _curve({value: _set(tmp_path, value, share) for value, share in shares.items()})
    assert curve.optima[0].falls


def test_greedy_answers_beside_samples_are_the_point_at_zero(tmp_path: Path) -> None:
    greedy = np.arange(60) < 45
    sets = {0.5: _set(tmp_path, 0.5, 0.3), 1.0: _set(tmp_path, 1.0, 0.3, greedy=greedy)}
    curve = _curve(sets)
    assert curve.greedy
    assert curve.optima[0].points[0.0].value == pytest.approx(0.75)
    assert set(curve.optima[1].points) == {0.5, 1.0}
    assert set(curve.tokens) == {0.5, 1.0}


def test_a_set_at_temperature_zero_has_no_several_samples(tmp_path: Path) -> None:
    cold = made_drawn(tmp_path / "cold", sure(60, 0.5, 1), temperature=0.0)
    curve = _curve({0.0: cold, 0.5: _set(tmp_path, 0.5, 0.3), 1.0: _set(tmp_path, 1.0, 0.3)})
    assert set(curve.optima[0].points) == {0.0, 0.5, 1.0}
    assert set(curve.optima[1].points) == {0.5, 1.0}
    assert curve.k == N


def test_penalties_have_no_greedy_point(tmp_path: Path) -> None:
    sets = {1.0: _set(tmp_path, 1.0, 0.3, greedy=np.ones(60)), 1.2: _set(tmp_path, 1.2, 0.3)}
    curve = _curve(sets, "repetition_penalty")
    assert set(curve.optima[0].points) == {1.0, 1.2}
    assert not curve.greedy


def test_k_is_what_all_sets_have(tmp_path: Path) -> None:
    few = made_drawn(tmp_path / "few", sure(60, 0.5, 2), temperature=0.5)
    assert _curve({0.5: few, 1.0: _set(tmp_path, 1.0, 0.5)}).k == 2


def test_sets_without_a_problem_in_common_make_no_curve(tmp_path: Path) -> None:
    other = made_drawn(tmp_path / "other", sure(6, 0.5, 2), first=500)
    one = made_drawn(tmp_path / "one", sure(6, 0.5, 2))
    assert setting_curve(Varied("temperature", ((0.5, one), (1.0, other))), "made") is None


def test_a_single_sample_has_no_numbers_of_several(tmp_path: Path) -> None:
    sets = {x: made_drawn(tmp_path / f"{x}", sure(9, 0.5, 1), temperature=x) for x in (0.5, 1.0)}
    assert [each.measure for each in _curve(sets).optima] == ["one sample"]


def test_a_set_that_is_hardly_drawn_does_not_shrink_the_curve(tmp_path: Path) -> None:
    few = made_drawn(tmp_path / "few", sure(9, 0.5, N), temperature=1.5)
    sets = {0.5: _set(tmp_path, 0.5, 0.3), 1.0: _set(tmp_path, 1.0, 0.3)}
    curve = _curve({**sets, 1.5: few})
    assert curve.problems == 60
    assert set(curve.optima[0].points) == {0.5, 1.0}
    alone = Varied("temperature", ((1.0, sets[1.0]), (1.5, few)))
    assert setting_curve(alone, "made") is None
