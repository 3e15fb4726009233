"""One rule for k, met at every door: functions of counts, of arrays and of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.made_run import LOST, NO, YES, made_run

import topdraw
from topdraw.analysis import coverage
from topdraw.analysis.estimates import pass_hat_k
from topdraw.analysis.samples_used import require_samples, whole_k
from topdraw.analysis.selected import best_of_k, best_of_k_weights
from topdraw.analysis.simulated import simulated_of_k
from topdraw.analysis.summary import summarize
from topdraw.analysis.vote_curve import majority_of_k
from topdraw.core.records import Candidates
from topdraw.errors import DomainError
from topdraw.selection.pick import uniform

TRUE = np.array([True, False, True])
ZERO = np.zeros(3)
THREE = Candidates(ZERO, ZERO.astype(int), TRUE, ZERO.astype(int), ZERO, ZERO > 1, ZERO > 1)

ON_ARRAYS: dict[str, Callable[[int], object]] = {
    "pass@k": lambda k: coverage.pass_at_k(5, 2, k),
    "pass^k": lambda k: coverage.pass_hat_k(5, 2, k),
    "curve": lambda k: coverage.coverage_curve(5, 2, [1, k]),
    "public": lambda k: topdraw.pass_at_k(5, 2, k),
    "weights": lambda k: best_of_k_weights(3, k),
    "best": lambda k: best_of_k(ZERO, TRUE, [k]),
    "vote": lambda k: majority_of_k(np.array([0, 1, 0]), TRUE, [k]),
    "simulated": lambda k: simulated_of_k(THREE, uniform, [k], rng=np.random.default_rng(0)),
}
ON_RUNS: dict[str, Callable[[topdraw.Run, int], object]] = {
    "pass@k": lambda run, k: topdraw.pass_at_k(run, k),
    "pass^k": lambda run, k: pass_hat_k(run, k),
    "majority": lambda run, k: topdraw.accuracy(run, "majority", k=k),
    "best_of_n": lambda run, k: topdraw.accuracy(run, "best_of_n", k=k),
    "greedy": lambda run, k: topdraw.accuracy(run, "greedy", k=k),
    "posterior": lambda run, k: topdraw.accuracy(run, "posterior(1)", k=k),
    "summary": lambda run, k: summarize(run, ks=[k]),
}
NO_NUMBERS = [2.5, 2.0, True, np.True_, "3", np.nan, [2]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> topdraw.Run:
    folder = tmp_path_factory.mktemp("k") / "run"
    verdicts = {"a": [YES, NO, YES], "b": [NO, NO, YES]}
    return made_run(folder, verdicts, rewards={key: [1, 2, 3] for key in verdicts}, greedy=verdicts)


@pytest.mark.parametrize("k", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize("ask", ON_ARRAYS.values(), ids=ON_ARRAYS)
def test_what_is_no_whole_number_is_refused(ask: Callable[[object], object], k: object) -> None:
    with pytest.raises(DomainError, match=r"^k is .*; it must be a whole number\.$"):
        ask(k)


@pytest.mark.parametrize("k", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize("ask", ON_RUNS.values(), ids=ON_RUNS)
def test_of_a_run_too(
    run: topdraw.Run, ask: Callable[[topdraw.Run, object], object], k: object
) -> None:
    with pytest.raises(DomainError, match=r"^k is .*; it must be a whole number\.$"):
        ask(run, k)


def test_whole_numbers_of_numpy_are_fine(run: topdraw.Run) -> None:
    for ask in ON_ARRAYS.values():
        ask(np.int64(2))  # type: ignore[arg-type]  # on purpose
    for of_run in ON_RUNS.values():
        assert of_run(run, np.uint8(2)) == of_run(run, 2)  # type: ignore[arg-type]  # on purpose


@given(st.integers())
def test_any_whole_number_comes_back_as_a_plain_one(k: int) -> None:
    assert whole_k(k) == k
    assert type(whole_k(np.int32(k % 1000))) is int


def test_where_scores_are_missing_the_hint_is_to_score_again(tmp_path: Path) -> None:
    verdicts = {"a": [YES] * 6, "b": [YES, NO, NO, LOST, LOST, LOST]}
    run = made_run(tmp_path / "run", verdicts)
    hint = f"3 of its 6 samples have no score; try `topdraw score {run.path} judge`."
    asks: list[Callable[[], object]] = [
        lambda: topdraw.pass_at_k(run, 4),
        lambda: topdraw.accuracy(run, "majority", k=4),
        lambda: summarize(run, ks=[4]),
    ]
    for ask in asks:
        with pytest.raises(DomainError, match="'b' has 3") as caught:
            ask()
        assert caught.value.hint == hint


def test_where_too_few_were_drawn_the_hint_is_to_draw(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [YES] * 3 + [LOST] * 3})
    for ask in (topdraw.pass_at_k, lambda run, k: summarize(run, ks=[k])):
        with pytest.raises(DomainError) as caught:
            ask(run, 7)
        assert caught.value.hint == f"Draw more with `topdraw sample --resume {run.path} -n 7`."


def test_one_missing_score_is_not_several(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, LOST]})
    with pytest.raises(DomainError, match="1 of its 2 samples has no score"):
        topdraw.pass_at_k(run, 2)


def test_a_path_with_a_space_can_be_pasted(tmp_path: Path) -> None:
    run = made_run(tmp_path / "my run", {"a": [YES, LOST]})
    with pytest.raises(DomainError, match=r"topdraw score '.*/my run' judge"):
        topdraw.pass_at_k(run, 2)
    with pytest.raises(DomainError, match=r"--resume '.*/my run' -n 3"):
        topdraw.pass_at_k(run, 3)


def test_without_problems_none_has_too_few() -> None:
    require_samples([], np.array([], np.int64), 3, "x")
    with pytest.raises(DomainError, match="'poor' has 2"):
        require_samples(["poor"], np.array([2], np.int64), 3, "x")
