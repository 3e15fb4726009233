import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.sampling.models_for_tests import Echo

from topdraw.core.records import Decoding, Json, Problem, Task
from topdraw.errors import (
    BudgetExhausted,
    ConfigError,
    DomainError,
    ResumeConflict,
    StoreError,
)
from topdraw.sampling.budget import Budget
from topdraw.sampling.grid import checked_axes
from topdraw.sampling.prices import read_prices
from topdraw.sampling.sweep import (
    FILE,
    Sweep,
    draw_cells,
    is_sweep,
    make_sweep,
    open_sweep,
    sweep,
)
from topdraw.sampling.turns import Part, spent_of
from topdraw.store.run import Run

TASK = Task("echoes", "1", tuple(Problem(str(at), f"Say {at}.") for at in range(3)), "number")
AXES = {"temperature": (0.0, 0.5, 1.0), "repetition_penalty": (1.0, 1.1)}


def _asked(path: Path, **changed: object) -> Sweep:
    made = Sweep(path, "echoes", checked_axes(AXES), Decoding(), 4)
    return dataclasses.replace(made, **changed)  # type: ignore[arg-type]  # of tests


def _drawn(made: Sweep) -> dict[str, int]:
    runs = {cell.name: made.run(cell) for cell in made.cells}
    return {name: len(run.samples()) for name, run in runs.items() if run is not None}


def test_each_cell_is_a_run_and_the_folder_opens_again(tmp_path: Path) -> None:
    made = sweep(TASK, Echo(), 4, axes=AXES, out=tmp_path / "s", n_at_zero=2, seed=7)
    assert open_sweep(tmp_path / "s") == made
    assert _drawn(made) == {
        "t0-r1": 6,
        "t0-r1.1": 6,
        "t0.5-r1": 12,
        "t0.5-r1.1": 12,
        "t1-r1": 12,
        "t1-r1.1": 12,
    }
    run = Run.open(tmp_path / "s" / "t0.5-r1.1")
    sampler = run.manifest.sampler("sampled")
    assert sampler is not None
    assert (sampler.decoding, run.manifest.seed) == (Decoding(0.5, repetition_penalty=1.1), 7)
    assert [made.part(cell).missing for cell in made.cells] == [0] * 6


def test_the_same_call_draws_only_what_is_missing(tmp_path: Path) -> None:
    out, model = tmp_path / "s", Echo()
    with pytest.raises(BudgetExhausted):
        sweep(TASK, model, 4, axes=AXES, out=out, budget=Budget(samples=20))
    first = len(model.drawn)
    assert first == 20
    kept = open_sweep(out)
    assert [kept.part(cell).missing for cell in kept.cells] == [0, 0, 0, 10, -1, -1]
    made = sweep(TASK, model, 4, axes=AXES, out=out)
    assert len(model.drawn) == sum(_drawn(made).values()) == 2 * 3 + 4 * 12
    sweep(TASK, model, 4, axes=AXES, out=out)
    assert len(model.drawn) == 54


@pytest.mark.slow
def test_a_cap_is_that_of_the_whole_sweep(tmp_path: Path) -> None:
    for cap in (1, 6, 30, 53):
        out = tmp_path / str(cap)
        with pytest.raises(BudgetExhausted):
            sweep(TASK, Echo(), 4, axes=AXES, out=out, budget=Budget(samples=cap))
        assert sum(_drawn(open_sweep(out)).values()) == cap
    sweep(TASK, Echo(), 4, axes=AXES, out=tmp_path / "all", budget=Budget(samples=54))
    # Complete, and nothing is left of the cap: nothing to complain about.
    sweep(TASK, Echo(), 4, axes=AXES, out=tmp_path / "all", budget=Budget(samples=54))


def test_a_cap_in_usd_counts_all_cells(tmp_path: Path) -> None:
    table = tmp_path / "prices.toml"
    table.write_text(
        '[[price]]\nmodels = ["org/Echo 1"]\ninput_usd = 1000000\noutput_usd = 0\n'
        "date = 2026-01-01\n"
    )
    prices = read_prices(table)
    made = sweep(TASK, Echo(), 1, axes={"temperature": [0.5, 1.0]}, out=tmp_path / "free")
    run = made.run(made.cells[0])
    assert run is not None
    each = spent_of(run).prompt_tokens
    assert each > 0
    with pytest.raises(BudgetExhausted):
        sweep(
            TASK,
            Echo(),
            1,
            axes={"temperature": [0.5, 1.0, 1.5]},
            out=tmp_path / "paid",
            budget=Budget(usd=2 * each),
            prices=prices,
        )
    assert sum(_drawn(open_sweep(tmp_path / "paid")).values()) == 6


def test_complete_cells_ask_nothing_of_a_cap_that_is_used_up(tmp_path: Path) -> None:
    axes = {"temperature": [0.5, 1.0]}
    sweep(TASK, Echo(), 1, axes=axes, out=tmp_path / "s")
    model = Echo()
    sweep(TASK, model, 1, axes=axes, out=tmp_path / "s", budget=Budget(samples=1))
    assert not model.drawn


def test_time_is_that_of_the_call(tmp_path: Path) -> None:
    made = make_sweep(_asked(tmp_path / "s"))
    seconds = iter([0.0, 4.0, 8.0, 12.0])
    got: list[float | None] = []

    def draw(_: Part, left: Budget | None) -> None:
        got.append(left.seconds if left else None)

    with pytest.raises(BudgetExhausted, match="2 of 6 runs"):
        draw_cells(made, made.cells, draw, budget=Budget(seconds=10), clock=lambda: next(seconds))
    assert got == [6.0, 2.0]


def test_cells_with_a_run_are_asked_first(tmp_path: Path) -> None:
    sweep(TASK, Echo(), 1, axes={"temperature": [1.0]}, out=tmp_path / "s")
    model = Echo()

    class Other(Echo):
        @property
        def identity(self) -> Mapping[str, Json]:
            return {"kind": "other"}

    other = Other()
    with pytest.raises(ResumeConflict, match="model"):
        sweep(TASK, other, 1, axes={"temperature": [0.5, 1.0]}, out=tmp_path / "s")
    assert not other.drawn
    made = sweep(TASK, model, 1, axes={"temperature": [0.5, 1.0]}, out=tmp_path / "s")
    assert len(model.drawn) == 3
    assert [cell.name for cell in made.cells] == ["t0.5", "t1"]


def test_a_grid_may_grow_and_keeps_what_was_left_out(tmp_path: Path) -> None:
    make_sweep(_asked(tmp_path / "s"))
    grown = make_sweep(
        _asked(
            tmp_path / "s",
            axes=checked_axes({"temperature": [0.7], "repetition_penalty": [1.0]}),
            n=9,
            n_at_zero=3,
        )
    )
    assert grown.axes == {"temperature": (0.0, 0.5, 0.7, 1.0), "repetition_penalty": (1.0, 1.1)}
    assert (grown.n, grown.n_at_zero) == (9, 3)
    assert open_sweep(tmp_path / "s") == grown


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"task": "other"}, "task: the sweep has 'echoes', asked 'other'"),
        ({"seed": 1}, "seed"),
        ({"by": "mine"}, "verifier"),
        ({"base": Decoding(top_p=0.5)}, "top_p"),
        ({"base": Decoding(stop=("x",))}, "stop"),
        ({"axes": {"temperature": (1.0,)}}, "axes"),
    ],
)
def test_another_sweep_is_refused_by_what_differs(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    make_sweep(_asked(tmp_path / "s"))
    with pytest.raises(ResumeConflict, match=said):
        make_sweep(_asked(tmp_path / "s", **changed))


def test_the_base_may_differ_in_what_varies(tmp_path: Path) -> None:
    make_sweep(_asked(tmp_path / "s"))
    assert make_sweep(_asked(tmp_path / "s", base=Decoding(temperature=0.3)))


def test_folders_that_are_no_sweep_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    with pytest.raises(StoreError, match=r"thesis\.tex"):
        make_sweep(_asked(tmp_path / "full"))
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="it is a file"):
        make_sweep(_asked(tmp_path / "file"))
    made = sweep(TASK, Echo(), 1, axes={"temperature": [1.0]}, out=tmp_path / "s")
    with pytest.raises(StoreError, match="is a run"):
        make_sweep(_asked(made.path / "t1"))
    with pytest.raises(StoreError, match="No sweep can be made"):
        make_sweep(_asked(tmp_path / "file" / "below"))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"schema": 1}', '{"schema": 1, "axes": [], "decoding": {"stop": 0}}']
)
def test_a_damaged_record_is_said_to_be_so(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert is_sweep(tmp_path)
    with pytest.raises(StoreError, match="cannot be read"):
        open_sweep(tmp_path)


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    assert not is_sweep(tmp_path)
    with pytest.raises(StoreError, match="no sweep"):
        open_sweep(tmp_path)
    (tmp_path / FILE).write_text('{"schema": 99}')
    with pytest.raises(StoreError, match="schema 99"):
        open_sweep(tmp_path)


def test_numbers_outside_their_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="n is 0"):
        make_sweep(_asked(tmp_path / "s", n=0))
    with pytest.raises(DomainError, match="n_at_zero is 0"):
        make_sweep(_asked(tmp_path / "s", n_at_zero=0))
    with pytest.raises(ConfigError, match="vary"):
        sweep(TASK, Echo(), 1, axes={"max_tokens": [3]}, out=tmp_path / "s")
    assert not (tmp_path / "s").exists()
