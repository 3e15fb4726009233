"""The study's numbers against plain NumPy on the same table of right and wrong."""

import json
import math
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.analysis.made_run import LOST, NO, YES, made_run
from tests.studies.greedy.made import made_material, sure

from topdraw.core.records import Decoding
from topdraw.errors import ConfigError
from topdraw.store.evidence import open_evidence
from topdraw.studies.folder import Study
from topdraw.studies.greedy.reading import GreedyReading, greedy_reading
from topdraw.studies.material import Material, material_of
from topdraw.studies.plan import Plan, Recorded


def _recorded(*files: Path) -> GreedyReading:
    plan = Plan("good-bad-greedy", (), tuple(Recorded(str(path)) for path in files))
    return greedy_reading(material_of(Study(files[0].parent, plan)))


def _written(path: Path, table: np.ndarray, **more: object) -> Path:
    rows = (
        {"problem": f"p{at}", "correct": row.astype(int).tolist(), **more}
        for at, row in enumerate(table)
    )
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def _assert_direct(found: GreedyReading, table: np.ndarray, at: int = 0) -> None:
    """Mean, std, gap and what chance alone makes, from the table itself."""
    problems, runs = table.shape
    scores = table.mean(axis=0)
    one = found.sets[at]
    assert one.variability is not None
    spread = one.variability.overall.spread
    assert spread is not None
    assert one.sampled.value == pytest.approx(table.mean(), abs=1e-12)
    assert spread.runs == runs
    assert spread.std.value == pytest.approx(np.std(scores), abs=1e-12)
    assert spread.std_unbiased.value == pytest.approx(np.std(scores, ddof=1), abs=1e-12)
    assert spread.gap.value == pytest.approx(scores.max() - scores.min(), abs=1e-12)
    within = table.var(axis=1, ddof=1).sum()
    assert spread.chance_std.value == pytest.approx(math.sqrt(within) / problems, abs=1e-12)


@given(
    st.tuples(st.integers(1, 8), st.integers(2, 7)).flatmap(
        lambda shape: arrays(np.int64, shape, elements=st.integers(0, 1))
    )
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_std_of_a_recorded_table_is_the_direct_computation(
    tmp_path: Path, table: np.ndarray
) -> None:
    _assert_direct(_recorded(_written(tmp_path / "table.jsonl", table)), table)


def test_std_of_humaneval_samples_is_the_direct_computation(
    shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "humaneval" / "codegen16b_100samples_tasks0_39.jsonl.gz"
    rows = [
        json.loads(line)
        for line in zlib.decompress(path.read_bytes(), wbits=47).decode().splitlines()
    ]
    table = np.array([[one == "passed" for one in row["results"]] for row in rows], float)
    found = _recorded(_written(tmp_path / "humaneval.jsonl", table, model="codegen-16B"))
    assert found.sets[0].sampled.value == pytest.approx(0.41275)
    _assert_direct(found, table)


def test_std_of_gsm8k_solutions_is_the_direct_computation(
    shared_data: Path, tmp_path: Path
) -> None:
    """Two solvers of one size as two full runs of it: the file holds one solution of each."""
    path = shared_data / "gsm8k" / "example_model_solutions_even.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    sizes = ("6b", "175b")
    kinds = ("finetuning", "verification")
    tables = [
        np.array([[row[f"{size}_{kind}"]["is_correct"] for kind in kinds] for row in rows], float)
        for size in sizes
    ]
    files = [
        _written(tmp_path / f"gsm8k-{size}.jsonl", table, model=size)
        for size, table in zip(sizes, tables, strict=True)
    ]
    found = _recorded(*files)
    assert [one.name for one in found.sets] == list(sizes)
    for at, table in enumerate(tables):
        _assert_direct(found, table, at)
    assert found.sets[0].variability is not None
    assert found.families[0].orders.shared == len(rows)


def test_greedy_less_sampled_is_the_direct_computation(tmp_path: Path) -> None:
    table, greedy = sure(30, 0.4, 8), sure(30, 0.7, 1, seed=5)[:, 0]
    found = greedy_reading([made_material(tmp_path / "run", table, greedy=greedy)])
    assert found.sets[0].difference.value == pytest.approx(greedy.mean() - table.mean())
    shares = found.sets[0].shares
    assert shares is not None
    assert shares.one.greedy.value == pytest.approx((greedy * (1 - table.mean(axis=1))).mean())


def test_counts_have_a_mean_and_coverage_alone(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("problem,n,c\na,10,3\nb,10,0\n")
    (one,) = _recorded(path).sets
    assert one.variability is None
    assert one.shares is None
    assert one.sampled.value == pytest.approx(0.15)
    assert [each.strategy for each in one.best] == ["oracle"]
    assert math.isnan(one.difference.value)


def test_models_of_one_task_are_a_family(tmp_path: Path) -> None:
    strong, weak = sure(40, 0.8, 4), sure(40, 0.2, 4)
    found = greedy_reading(
        [
            made_material(tmp_path / "a", strong, greedy=weak[:, 0], model="a"),
            made_material(tmp_path / "b", weak, greedy=strong[:, 0], model="b"),
        ]
    )
    orders = found.families[0].orders
    assert orders.mean_rank == (1.0, 2.0)
    assert orders.greedy_rank == (2.0, 1.0)
    assert orders.reversed[0].reversal > 0.9
    assert [(one.weaker, one.stronger) for one in found.passings] == [("b", "a")]


def test_models_of_one_name_are_told_apart(tmp_path: Path) -> None:
    table = sure(6, 0.5, 2)
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        _written(tmp_path / name / "t.jsonl", table, model="m")
    _written(tmp_path / "u.jsonl", table, model="m")
    found = _recorded(*(tmp_path / name for name in ("x/t.jsonl", "y/t.jsonl", "u.jsonl")))
    assert [one.name for one in found.sets] == ["m (t.jsonl) #1", "m (t.jsonl) #2", "m (u.jsonl)"]


def test_models_that_share_no_problem_are_no_family(tmp_path: Path) -> None:
    found = greedy_reading(
        [
            made_material(tmp_path / "a", sure(4, 0.5, 2), model="a"),
            made_material(tmp_path / "b", sure(4, 0.5, 2), model="b", first=50),
        ]
    )
    assert found.families == ()
    assert found.passings == ()


def test_a_lost_greedy_answer_leaves_its_problem_out_of_the_order(tmp_path: Path) -> None:
    whole = made_run(tmp_path / "a", {"p": [YES], "q": [NO]}, greedy={"p": [YES], "q": [NO]})
    lacks = made_run(tmp_path / "b", {"p": [YES], "q": [NO]}, greedy={"p": [YES], "q": [LOST]})
    sets = [Material(run.path.name, "main", "made", run.path.name, run) for run in (whole, lacks)]
    assert greedy_reading(sets).families[0].orders.shared == 1
    none = made_run(tmp_path / "c", {"p": [YES], "q": [NO]}, greedy={"p": [LOST], "q": [LOST]})
    sets[1] = Material("c", "main", "made", "c", none)
    family = greedy_reading(sets).families[0]
    assert family.orders.shared == 2
    assert not family.orders.greedy


def test_the_set_at_temperature_zero_stands_for_greedy_answers(tmp_path: Path) -> None:
    table, cold = sure(20, 0.4, 4), sure(20, 0.6, 1, seed=3)
    found = greedy_reading(
        [
            made_material(tmp_path / "cold", cold, temperature=0.0, part="recorded"),
            made_material(tmp_path / "warm", table, temperature=1.0, part="recorded"),
        ]
    )
    (one,) = found.sets
    assert one.drawn.material.name == "warm"
    assert one.difference.value == pytest.approx(cold.mean() - table.mean())
    assert one.variability is not None
    assert one.variability.lengths.greedy_less_sampled.value == 0.0
    assert one.best[0].greedy_difference.n == 20


def test_what_says_nothing_is_left_out_with_its_reason(tmp_path: Path) -> None:
    run = made_run(tmp_path / "lost", {"a": [LOST]})
    lost = Material("lost", "main", "made", "made", run, Decoding())
    found = greedy_reading([lost, made_material(tmp_path / "run", sure(3, 0.5, 2))])
    assert len(found.sets) == 1
    assert "no sample scored" in found.left_out[0]
    with pytest.raises(ConfigError, match="says anything"):
        greedy_reading([lost])


def test_categories_are_those_of_the_key_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    rows = ({"problem": f"p{at}", "correct": [1, 0]} for at in range(4))
    path.write_text("\n".join(json.dumps(row) for row in rows))
    material = Material("t", "recorded", "t", "m", open_evidence(path))
    with pytest.raises(ConfigError, match="metadata"):
        greedy_reading([material], category_of=lambda evidence: "level")
