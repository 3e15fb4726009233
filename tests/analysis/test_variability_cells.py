import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.sampling.models_for_tests import Echo

from topdraw.analysis.estimates import pass_at_k
from topdraw.analysis.variability_cells import against_best, sweep_reading
from topdraw.core.records import Problem, Score, Task
from topdraw.errors import BudgetExhausted, ConfigError, DomainError
from topdraw.sampling.budget import Budget
from topdraw.sampling.sweep import Sweep, open_sweep, sweep

TASK = Task("echoes", "1", tuple(Problem(str(at), f"Say {at}.") for at in range(8)), "judge")
AXES = {"temperature": [0.0, 0.5, 1.0], "repetition_penalty": [1.0, 1.1]}
#: How many of its first problems each temperature gets right.
RIGHT = {0.0: 4, 0.5: 8, 1.0: 0}


@given(
    arrays(float, st.tuples(st.integers(1, 12), st.integers(1, 5)), elements=st.floats(0, 1)),
)
def test_the_best_is_compared_with_all_others(table: np.ndarray) -> None:
    found = against_best(table)
    (best,) = [at for at, one in enumerate(found) if one.is_best]
    means = table.mean(axis=0)
    assert means[best] == means.max()
    assert found[best].is_tied
    assert found[best].difference.value == 0
    for one, mean in zip(found, means, strict=True):
        assert one.difference.value == pytest.approx(mean - means[best], abs=1e-9)
        assert one.is_tied == (one.p_value > 0.05 or one.is_best)


def test_problems_that_lack_a_column_are_left_out_for_all() -> None:
    found = against_best([[1.0, 0.0], [math.nan, 1.0], [1.0, 0.0]])
    assert [one.is_best for one in found] == [True, False]
    assert {one.difference.n for one in found} == {2}


@pytest.mark.parametrize("table", [[[math.nan, 1.0]], [1.0], np.zeros((2, 0))])
def test_a_table_without_a_common_problem_is_refused(table: list[float]) -> None:
    with pytest.raises(DomainError):
        against_best(table)


@pytest.mark.slow
def test_the_set_holds_the_truly_best_cell() -> None:
    # Twelve cells: three equally best, the others a little worse; 60 problems of 8 samples.
    truth = np.repeat([0.0, -0.03, -0.06, -0.1], 3)
    held, sizes = 0, []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        difficulty = rng.beta(0.6, 0.6, size=60)
        p = np.clip(difficulty[:, None] + truth + rng.normal(0, 0.1, (60, 12)), 0, 1)
        expected = p.mean(axis=0)
        found = against_best(rng.binomial(8, p) / 8, rng=seed)
        held += found[int(expected[:3].argmax())].is_tied
        sizes.append(sum(one.is_tied for one in found))
    assert held >= 190
    assert 2 < np.mean(sizes) < 12


def _score(made: Sweep, *, but: str = "") -> None:
    for cell in made.cells:
        run = made.run(cell)
        if run is None or cell.name == but:
            continue
        right = RIGHT[cell.settings["temperature"]]
        run.add_scores(
            "judge",
            [(s, Score.verdict(int(s.problem_id) < right, answer="x")) for s in run.samples()],
        )


def _sweep(folder: Path) -> Sweep:
    made = sweep(TASK, Echo(), 4, axes=AXES, out=folder)
    _score(made)
    return made


def test_every_cell_has_its_numbers_and_the_best_its_equals(tmp_path: Path) -> None:
    made = _sweep(tmp_path / "s")
    found = sweep_reading(made, ks=[1, 4])
    assert [one.mean.value for one in found.cells] == [0.5, 0.5, 1.0, 1.0, 0.0, 0.0]
    assert found.best is not None
    assert found.best.cell.name == "t0.5-r1"
    assert [one.cell.name for one in found.tied] == ["t0-r1", "t0-r1.1", "t0.5-r1", "t0.5-r1.1"]
    told = {name: (one.value, one.low, one.high) for name, one in found.settings.items()}
    assert told == {"temperature": (0.5, 0.0, 0.5), "repetition_penalty": (1.0, 1.0, 1.1)}
    cell = found.cells[2]
    run = made.run(cell.cell)
    assert run is not None
    ours, exact = cell.coverage[1], pass_at_k(run, 4)
    assert (ours.value, ours.low, ours.high) == (exact.value, exact.low, exact.high)
    assert cell.majority[1].value == 1.0
    assert (cell.n, cell.problems, cell.state, cell.tokens.value) == (4, 8, "complete", 4.0)
    assert math.isnan(found.cells[0].coverage[1].value)
    assert found.cells[0].coverage[0].value == 0.5
    assert sweep_reading(made).ks == (4,)


def test_what_is_not_complete_is_not_compared(tmp_path: Path) -> None:
    with pytest.raises(BudgetExhausted):
        sweep(TASK, Echo(), 4, axes=AXES, out=tmp_path / "s", budget=Budget(samples=60))
    made = open_sweep(tmp_path / "s")
    _score(made, but="t0-r1.1")
    found = sweep_reading(made)
    assert [one.state for one in found.cells] == [
        "complete",
        "not scored in full",
        "complete",
        "not drawn in full",
        "not begun",
        "not begun",
    ]
    assert [one.against is not None for one in found.cells] == [True, False, True] + [False] * 3
    assert math.isnan(found.cells[1].mean.value)
    assert math.isnan(found.cells[5].tokens.value)


def test_a_sweep_without_scores_has_no_best(tmp_path: Path) -> None:
    made = sweep(TASK, Echo(), 1, axes={"temperature": [1.0]}, out=tmp_path / "s")
    found = sweep_reading(made)
    assert (found.best, found.settings, found.tied) == (None, {}, ())


def test_missing_scores_are_counted_and_leave_the_problem_out(tmp_path: Path) -> None:
    made = sweep(TASK, Echo(), 1, axes={"temperature": [0.5, 1.0]}, out=tmp_path / "s")
    for cell in made.cells:
        run = made.run(cell)
        assert run is not None
        lost = Score.missing("down")
        verdicts = [lost if s.problem_id == "0" else Score.verdict(True) for s in run.samples()]
        run.add_scores("judge", zip(run.samples(), verdicts, strict=True))
    found = sweep_reading(made)
    assert found.problems == 7
    assert [one.missing for one in found.cells] == [1, 1]
    assert all(math.isnan(one.majority[0].value) for one in found.cells)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    made = _sweep(tmp_path / "s")
    with pytest.raises(DomainError, match="k is 0"):
        sweep_reading(made, ks=[0])
    with pytest.raises(BudgetExhausted):
        sweep(TASK, Echo(), 1, axes=AXES, out=tmp_path / "x", budget=Budget(seconds=1e-9))
    with pytest.raises(ConfigError, match="no cell"):
        sweep_reading(open_sweep(tmp_path / "x"))
