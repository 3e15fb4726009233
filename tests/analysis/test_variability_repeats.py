import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.variability_repeats import (
    determinism,
    diverging,
    first_difference,
    repeats_of,
)
from topdraw.core.records import Decoding, Problem, Sample, Score, Task, sampler_hash
from topdraw.errors import ConfigError, DomainError
from topdraw.store.run import Run, Sampler

texts = st.lists(st.text("ab", max_size=3), min_size=2, max_size=5)


@given(texts)
def test_the_first_difference_is_where_some_pair_parts(outputs: list[str]) -> None:
    found = first_difference(outputs)
    pairs = [
        next(
            (at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
        )
        for a in outputs
        for b in outputs
        if a != b
    ]
    assert found == (min(pairs) if pairs else None)


@given(st.dictionaries(st.text("xyz", max_size=3), texts, min_size=1, max_size=6))
def test_counts_are_those_of_sets_and_pairs(outputs: dict[str, list[str]]) -> None:
    found = determinism(outputs)
    assert [row.distinct for row in found.rows] == [len(set(each)) for each in outputs.values()]
    assert found.is_deterministic == (found.changed.value == 0)
    shares = [
        sum(a != b for i, a in enumerate(each) for b in each[i + 1 :]) / math.comb(len(each), 2)
        for each in outputs.values()
    ]
    assert found.differing.value == pytest.approx(sum(shares) / len(shares))
    assert found.changed.low <= found.changed.value <= found.changed.high
    changed = diverging(found)
    assert len(changed) == sum(row.distinct > 1 for row in found.rows)
    assert [row.distinct for row in changed] == sorted((r.distinct for r in changed), reverse=True)


# The exact bound solves (1 - p)^n = 0.05; 3 / n is the rule of three.
@pytest.mark.parametrize(("problems", "bound"), [(1, 0.95), (20, 0.1391), (100, 0.0295)])
def test_nothing_changed_leaves_the_exact_bound(problems: int, bound: float) -> None:
    found = determinism({str(at): ["x"] * 4 for at in range(problems)})
    assert found.changed.high == pytest.approx(bound, abs=5e-5)
    assert (1 - found.changed.high) ** problems == pytest.approx(0.05)


def test_the_interval_of_a_share_is_that_of_scipy() -> None:
    from scipy.stats import binomtest

    outputs = {str(at): ["x", "y" if at < 3 else "x"] for at in range(40)}
    found = determinism(outputs).changed
    exact = binomtest(3, 40).proportion_ci(0.95, "exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert determinism({"a": ["x", "y"]}).changed.high == 1.0


def test_what_changed_is_said_in_a_sentence() -> None:
    outputs = {"a": ["one", "one", "one"], "b": ["on", "off", "oh"], "c": ["single"]}
    verdicts: dict[str, list[bool | None]] = {
        "a": [True, True, None],
        "b": [True, False, None],
        "c": [True],
    }
    found = determinism(outputs, verdicts)
    assert str(found) == (
        "Not deterministic in 3 repeats of 2 problems: 1 problem (50%) has up to 3 distinct "
        "outputs, the earliest apart from character 1; the verdict flips in 1."
    )
    assert found.flipped.value == 0.5
    same = determinism({"a": ["x"] * 8, "b": ["y"] * 9})
    assert str(same).startswith("No output changed in 8 to 9 repeats of 2 problems; with so few")
    assert math.isnan(same.flipped.value)


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(DomainError, match="two outputs"):
        determinism({"a": ["x"]})
    with pytest.raises(DomainError, match="level"):
        determinism({"a": ["x", "x"]}, level=1.5)
    with pytest.raises(DomainError, match="verdicts"):
        determinism({"a": ["x", "x"]}, {"a": [True]})


def _run(folder: Path, outputs: dict[str, Sequence[str]], temperature: float, n: int) -> Run:
    decoding = Decoding(temperature=temperature)
    sampler = Sampler(sampler_hash({}, decoding), "sampled", decoding, n)
    task = Task("t", "1", tuple(Problem(key, key) for key in outputs), "judge")
    run = Run.create(folder, task=task, model={}, samplers=[sampler], seed=0)
    drawn = [
        Sample(key, at, text, sampler=sampler.hash)
        for key, each in outputs.items()
        for at, text in enumerate(each)
    ]
    with run.writer() as writer:
        for sample in drawn:
            writer.append(sample)
    run.add_scores("judge", [(s, Score.verdict(s.output == "4")) for s in drawn[:-1]])
    return run


def test_a_run_at_temperature_0_is_read(tmp_path: Path) -> None:
    run = _run(tmp_path / "run", {"a": ["4", "4", "5"], "b": ["7", "7", "7"]}, 0.0, 3)
    found = repeats_of(run)
    assert found is not None
    assert [(row.distinct, row.verdicts) for row in found.rows] == [(2, 2), (1, 1)]
    assert found.flipped.value == 0.5
    with pytest.raises(ConfigError, match="nobody"):
        repeats_of(run, by="nobody")


def test_other_runs_say_nothing_about_determinism(tmp_path: Path) -> None:
    assert repeats_of(_run(tmp_path / "warm", {"a": ["4", "5"]}, 0.7, 2)) is None
    assert repeats_of(_run(tmp_path / "once", {"a": ["4"]}, 0.0, 1)) is None
