import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.ensemble import Absent, How, Scale, ValueSource, ensemble, resolve_value

HOWS: list[How] = ["mean", "worst", "mean-var"]
SCALES: list[Scale] = ["run", "problem", "rank", "none"]
TABLES = st.tuples(st.integers(2, 4), st.integers(2, 12)).flatmap(
    lambda shape: arrays.arrays(float, shape, elements=st.integers(-5, 5).map(float))
)


def _by_hand(
    values: FloatArray, problem: IntArray, how: How, scale: Scale, penalty: float
) -> FloatArray:
    """The definition, one sample at a time."""
    out = []
    for at in range(values.shape[1]):
        numbers = []
        for row in values:
            peers = row if scale == "run" else row[problem == problem[at]]
            if scale == "rank":
                below, ties = (peers < row[at]).sum(), (peers == row[at]).sum()
                numbers.append((below + ties / 2) / peers.size)
            elif scale == "none":
                numbers.append(row[at])
            else:
                spread = peers.std()
                numbers.append((row[at] - peers.mean()) / spread if spread > 1e-9 else 0.0)
        mean = np.mean(numbers)
        out.append({"mean": mean, "worst": min(numbers)}.get(how, mean - penalty * np.var(numbers)))
    return np.array(out)


@given(TABLES, st.sampled_from(HOWS), st.sampled_from(SCALES), st.data())
def test_it_is_the_definition_sample_by_sample(
    values: FloatArray, how: How, scale: Scale, data: st.DataObject
) -> None:
    size = values.shape[1]
    problem = np.array(data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)))
    got = ensemble(values, how, problem=problem, scale=scale, penalty=0.7)
    assert got == pytest.approx(_by_hand(values, problem, how, scale, 0.7), abs=1e-9)


@given(TABLES, st.sampled_from(HOWS), st.sampled_from(["run", "problem", "rank"]))
def test_the_unit_and_the_zero_of_a_scorer_are_nothing(
    values: FloatArray, how: How, scale: Scale
) -> None:
    moved = values * np.linspace(0.5, 7, len(values))[:, None] + 3
    assert ensemble(moved, how, scale=scale) == pytest.approx(
        ensemble(values, how, scale=scale), abs=1e-9
    )


@given(TABLES)
def test_the_worst_case_is_at_most_the_mean_and_the_penalty_only_lowers(values: FloatArray) -> None:
    mean = ensemble(values, "mean")
    assert (ensemble(values, "worst") <= mean + 1e-12).all()
    assert (ensemble(values, "mean-var") <= mean + 1e-12).all()
    assert ensemble(values, "mean-var", penalty=0.0) == pytest.approx(mean)


def test_a_value_that_is_lacking() -> None:
    values = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]])
    assert ensemble(values, scale="none").tolist()[0] == 2
    assert np.isnan(ensemble(values, scale="none")[1:]).all()
    others = ensemble(values, scale="none", absent="others")
    assert others.tolist()[:2] == [2, 5]
    assert math.isnan(others[2])
    worst = ensemble(values, "worst", scale="none", absent="others")
    assert worst.tolist()[:2] == [1, 5]
    lonely = ensemble(values, "mean-var", scale="none", absent="others", penalty=1.0)
    assert lonely.tolist()[:2] == [1, 5]


def test_infinite_and_huge_values_harm_nobody_else() -> None:
    values = np.array([[np.inf, 1.0, 2.0, -1e308], [-np.inf, 1.0, 2.0, 1e308]])
    mean = ensemble(values, scale="run")
    assert math.isnan(mean[0])
    assert np.isfinite(mean[1:]).all()
    assert ensemble(values, "worst")[0] == -np.inf
    assert math.isnan(ensemble(values, "mean-var", scale="none")[0])
    assert np.isnan(ensemble(np.full((2, 3), np.nan))).all()


def test_a_scorer_without_spread_decides_nothing() -> None:
    values = np.array([[0.1, 0.1, 0.1], [1.0, 2.0, 3.0]])
    assert ensemble(values).argmax() == 2
    assert ensemble(values)[1] == pytest.approx(0, abs=1e-12)
    assert ensemble(np.array([[np.inf, 4.0], [1.0, 1.0]])).tolist() == [math.inf, 0.0]


@pytest.mark.parametrize(
    ("spec", "how", "penalty", "scale", "absent"),
    [
        ("mean(a,b)", "mean", 0.5, "run", "none"),
        (" worst( a , b ) ", "worst", 0.5, "run", "none"),
        ("mean-var(a,b,lambda=2)", "mean-var", 2.0, "run", "none"),
        ("mean(a,b,scale=rank, absent=others)", "mean", 0.5, "rank", "others"),
    ],
)
def test_a_spec_becomes_a_source(
    spec: str, how: How, penalty: float, scale: Scale, absent: Absent
) -> None:
    source = resolve_value(spec)
    assert source.members == ("a", "b")
    assert (source.how, source.penalty) == (how, penalty)
    assert (source.scale, source.absent) == (scale, absent)
    assert resolve_value(source.name) == source


def test_a_scorers_name_is_itself() -> None:
    values = np.array([[3.0, np.nan]])
    for spec, known in (("reward", ()), ("my file.py:judge", ()), ("mean(a,b)", ("mean(a,b)",))):
        source = resolve_value(spec, known=known)
        assert source == ValueSource(spec, (spec,))
        assert source(values, np.zeros(2, np.int64)) == pytest.approx(values[0], nan_ok=True)


def test_a_source_combines_a_whole_run() -> None:
    values, problem = np.array([[1.0, 2.0, 9.0], [0.0, 1.0, 7.0]]), np.array([0, 0, 1])
    got = resolve_value("mean-var(a,b,lambda=1,scale=problem)")(values, problem)
    assert got == pytest.approx(
        ensemble(values, "mean-var", problem=problem, penalty=1.0, scale="problem")
    )


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("means(a,b)", "Did you mean 'mean'"),
        ("median(a,b)", "no way to combine"),
        ("zzz(a,b)", "there are mean, worst, mean-var"),
        ("mean(a)", "two or more different scorers; it names a"),
        ("mean()", "it names none"),
        ("worst(a,a)", "two or more different"),
        ("mean(a,b,weight=2)", "'weight' is no option"),
        ("mean(a,b,scale=log)", "scale is 'log'"),
        ("mean(a,b,scale=run,scale=run)", "scale twice"),
        ("mean(a,b,lambda=1)", "only mean-var takes lambda"),
        ("mean-var(a,b,lambda=-1)", "finite number >= 0"),
        ("mean-var(a,b,lambda=much)", "lambda is 'much'"),
    ],
)
def test_what_cannot_be_read_is_refused(spec: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        resolve_value(spec)


def test_what_cannot_be_combined_is_refused() -> None:
    good = np.ones((2, 3))
    with pytest.raises(DomainError, match="shape"):
        ensemble(np.ones(3))
    with pytest.raises(DomainError, match="shape"):
        ensemble(good, problem=np.zeros(2, np.int64))
    with pytest.raises(DomainError, match="lambda"):
        ensemble(good, penalty=-1.0)
    with pytest.raises(DomainError, match="scale is 'x'"):
        ensemble(good, scale="x")  # type: ignore[arg-type]  # what a caller without a checker does
