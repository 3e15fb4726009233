from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, YES, made_run

from topdraw.analysis.accuracy import accuracy
from topdraw.analysis.estimates import pass_at_k, pass_hat_k
from topdraw.analysis.measures import can_choose, contender, measure, measured
from topdraw.core.until import Until
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.store.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    rng = np.random.default_rng(0)
    verdicts = {f"p{i}": [YES if x else NO for x in rng.random(6) < i / 5] for i in range(6)} | {
        "short": [YES, NO, LOST, LOST, LOST, LOST],
        "lost": [LOST] * 6,
    }
    rewards = {key: rng.normal(size=6).tolist() for key in verdicts}
    greedy = {key: [YES if key < "p3" else NO] for key in verdicts}
    return made_run(tmp_path / "run", verdicts, rewards=rewards, greedy=greedy)


@pytest.mark.parametrize(
    ("spec", "name", "k"),
    [
        ("pass@10", "pass@10", 10),
        ("oracle@3", "pass@3", 3),
        (" pass^4 ", "pass^4", 4),
        ("greedy", "greedy", 1),
        ("mean@1", "random@1", 1),
        ("posterior(0.5)@4", "posterior(beta=0.5)@4", 4),
    ],
)
def test_a_measure_is_a_strategy_with_its_samples(spec: str, name: str, k: int) -> None:
    found = measure(spec)
    assert (found.name, found.k) == (name, k)


@pytest.mark.parametrize("spec", ["majority", "pass^", "@3", "", "majority@x"])
def test_what_is_no_measure_is_refused(spec: str) -> None:
    with pytest.raises(ConfigError, match="nothing to compare"):
        measure(spec)
    with pytest.raises(UnknownNameError):
        measure("majorty@3")


def test_measures_are_the_numbers_that_a_run_has_under_their_names(run: Run) -> None:
    one = contender(run)
    keys = one.answered
    assert "lost" not in keys
    assert measured(one, measure("pass@2"), keys).mean() == pytest.approx(pass_at_k(run, 2).value)
    assert measured(one, measure("pass^2"), keys).mean() == pytest.approx(pass_hat_k(run, 2).value)
    assert measured(one, measure("majority@2"), keys).mean() == pytest.approx(
        accuracy(run, "majority", k=2).value
    )
    assert np.nanmean(measured(one, measure("greedy"), keys)) == pytest.approx(
        np.mean([key < "p3" for key in keys])
    )


def test_k_beyond_the_samples_names_run_and_problem_unless_that_is_left_out(run: Run) -> None:
    one = contender(run, name="mine")
    assert one.reach(one.answered) == 2
    with pytest.raises(DomainError, match=r"pass@3 of mine needs .*'short' has 2"):
        measured(one, measure("pass@3"), one.answered)
    rest = [key for key in one.answered if key != "short"]
    assert one.reach(rest) == 6
    assert measured(one, measure("pass@3"), rest).shape == (6,)


def test_what_a_run_lacks_is_said(tmp_path: Path) -> None:
    plain = made_run(tmp_path / "plain", {"p": [YES, NO]})
    one = contender(plain)
    assert can_choose(one, "majority")
    assert not can_choose(one, "best_of_n")
    with pytest.raises(ConfigError, match="no greedy samples"):
        measured(one, measure("greedy"), one.answered)
    lost = made_run(tmp_path / "lost", {"p": [LOST]})
    with pytest.raises(ConfigError, match="no sample scored by 'judge'"):
        contender(lost)


def test_a_stopped_run_gives_what_its_rule_allows(tmp_path: Path) -> None:
    until = Until("pass", by="judge")
    run = made_run(
        tmp_path / "stopped",
        {"a": [NO, YES], "b": [YES], "c": [NO, NO, NO, NO]},
        until=until,
        cap=4,
    )
    one = contender(run)
    assert one.reach(one.answered) == 1
    assert measured(one, measure("pass@4"), one.answered) == pytest.approx([1, 1, 0])
    with pytest.raises(DomainError, match="majority@2 cannot be had"):
        measured(one, measure("majority@2"), one.answered)
