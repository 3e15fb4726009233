from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, ODD, YES, made_run

import topdraw
from topdraw.analysis.accuracy import accuracy
from topdraw.analysis.estimates import pass_hat_k
from topdraw.analysis.stopped import stopped
from topdraw.analysis.stopping import guaranteed, outcome
from topdraw.core.estimate import Estimate
from topdraw.core.records import Score
from topdraw.core.until import Until
from topdraw.errors import DomainError, UnknownNameError

PASS = Until("pass", by="judge", batch=2)
SETTLED = Until("settled", by="judge", batch=1, confidence=0.9)


def _drawn(
    rng: np.random.Generator, until: Until, cap: int, p: Sequence[float]
) -> dict[str, list[Score]]:
    """Verdicts of problems that are solved with these probabilities, drawn by the rule."""
    verdicts = {}
    for at, each in enumerate(p):
        kinds = [YES, NO, ODD]
        law = [each, 0.6 * (1 - each), 0.4 * (1 - each)]
        every = [kinds[i] for i in rng.choice(3, size=cap, p=law)]
        verdicts[f"p{at}"] = every[: outcome(until, cap, every).drawn]
    return verdicts


PROBABILITIES = [0.05, 0.2, 0.4, 0.7]


PASS_RULES = [Until("pass", by="judge"), PASS, Until("pass", by="judge", batch=5)]


@pytest.mark.slow
@pytest.mark.parametrize("until", PASS_RULES, ids=str)
def test_coverage_of_a_run_is_unbiased(tmp_path: Path, until: Until) -> None:
    p = PROBABILITIES * 150
    verdicts = _drawn(np.random.default_rng(7), until, 7, p)
    run = made_run(tmp_path / "run", verdicts, until=until, cap=7)
    for k in (1, 2, 3, 7):
        got = topdraw.pass_at_k(run, k)
        assert got.n == len(p)
        assert _off(got, np.mean([1 - (1 - each) ** k for each in p])) < 3.5
        assert accuracy(run, "oracle", k=k).value == pytest.approx(got.value)
    assert accuracy(run, "oracle").value == pytest.approx(topdraw.pass_at_k(run, 7).value)
    mean = accuracy(run, "random")
    assert _off(mean, np.mean(p)) < 3.5
    if until.batch == 1:
        naive = np.mean([np.mean([bool(s.passed) for s in each]) for each in verdicts.values()])
        assert naive - mean.value > 6 * mean.standard_error


def _off(got: Estimate, true: float | np.floating) -> float:
    return abs(got.value - float(true)) / got.standard_error


@pytest.mark.slow
def test_votes_until_settled_are_worth_what_they_are_worth(tmp_path: Path) -> None:
    p = PROBABILITIES * 150
    one, other = (
        made_run(
            tmp_path / str(seed),
            _drawn(np.random.default_rng(seed), SETTLED, 9, p),
            until=SETTLED,
            cap=9,
        )
        for seed in (3, 4)
    )
    got, again = accuracy(one, "majority"), accuracy(other, "majority")
    error = math.hypot(got.standard_error, again.standard_error)
    assert abs(got.value - again.value) < 3.5 * error
    assert guaranteed(SETTLED, 9) == 3
    for k in (1, 2, 3):
        assert _off(topdraw.pass_at_k(one, k), np.mean([1 - (1 - x) ** k for x in p])) < 3.5
        assert _off(pass_hat_k(one, k), np.mean([x**k for x in p])) < 3.5


def _small(folder: Path, until: Until = PASS, cap: int = 8, scorer: str = "judge") -> topdraw.Run:
    """Solved at once, solved in the second batch, never solved."""
    verdicts = {"a": [YES, NO], "b": [NO, ODD, YES, YES], "c": [NO] * cap}
    return made_run(folder, verdicts, until=until, cap=cap, scorer=scorer)


def test_coverage_says_that_it_is_corrected(tmp_path: Path) -> None:
    run = _small(tmp_path / "run")
    assert [topdraw.pass_at_k(run, k).value for k in (1, 2, 3, 8)] == pytest.approx(
        [1 / 6, 1 / 3, 2 / 3, 2 / 3]
    )
    assert "corrected for samples drawn until the first pass by judge, looking after every 2" in (
        topdraw.pass_at_k(run, 3).method
    )
    assert accuracy(run, "random").value == pytest.approx(1 / 6)
    assert "over the first 2 samples alone" in accuracy(run, "random").method


def test_a_strategy_on_all_that_was_drawn_says_what_it_took(tmp_path: Path) -> None:
    run = _small(tmp_path / "run")
    got = accuracy(run, "majority")
    assert got.value == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert "all samples drawn until the first pass by judge" in got.method
    assert "4.7 per problem on average, at most 8" in got.method
    assert accuracy(run, "oracle").value == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "ask",
    [
        lambda run: pass_hat_k(run, 3),
        lambda run: accuracy(run, "majority", k=3),
        lambda run: accuracy(run, "random", k=3),
        lambda run: topdraw.pass_at_k(run, 3, by="second"),
        lambda run: accuracy(run, "oracle", k=3, by="second"),
        lambda run: topdraw.fit_coverage(run, by="second"),
    ],
)
def test_what_the_rule_leaves_no_number_for_is_refused(
    tmp_path: Path, ask: Callable[[topdraw.Run], object]
) -> None:
    run = _small(tmp_path / "run")
    run.add_scores("second", [(s, YES) for s in run.samples()])
    with pytest.raises(DomainError, match="drawn until the first pass by judge") as caught:
        ask(run)
    assert caught.value.hint == "Ask for k <= 2, or draw a run without --until."


def test_the_first_samples_serve_every_other_question(tmp_path: Path) -> None:
    run = _small(tmp_path / "run")
    assert pass_hat_k(run, 2).value == 0
    assert pass_hat_k(run, 1).value == pytest.approx(1 / 6)
    assert accuracy(run, "majority", k=2).value == pytest.approx(1 / 6)
    run.add_scores("second", [(s, YES if s.index == 1 else NO) for s in run.samples()])
    assert topdraw.pass_at_k(run, 2, by="second").value == 1
    assert topdraw.pass_at_k(run, 1, by="second").value == 0.5


def test_a_k_above_the_cap_needs_more_samples(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match=r"pass@9 is beyond this run.*at most 8") as caught:
        topdraw.pass_at_k(_small(tmp_path / "run"), 9)
    assert caught.value.hint.endswith("-n 9`.")
    with pytest.raises(DomainError, match="k >= 1"):
        topdraw.pass_at_k(_small(tmp_path / "run"), 0)


def test_an_unfinished_problem_is_named_where_it_stands_in_the_way(tmp_path: Path) -> None:
    verdicts = {"a": [YES, NO], "b": [NO] * 5, "c": [NO], "d": []}
    run = made_run(tmp_path / "run", verdicts, until=PASS, cap=8)
    rule = stopped(run)
    assert rule is not None
    assert rule.unfinished == ("b", "c")
    got = topdraw.pass_at_k(run, 4)
    assert (got.value, got.n) == (0.5, 2)
    assert "2 unfinished problems, 2 unanswered problems left out" in got.method
    with pytest.raises(DomainError, match=r"pass@5 waits for 'b': .*4 of at most 8") as caught:
        topdraw.pass_at_k(run, 5)
    assert "--resume" in caught.value.hint


def test_surplus_samples_and_changed_verdicts_do_not_mislead(tmp_path: Path) -> None:
    """Verdicts that would have ended the drawing earlier end it there."""
    verdicts = {"a": [NO, YES, NO, YES, YES, YES], "b": [NO] * 6}
    run = made_run(tmp_path / "run", verdicts, until=PASS, cap=6)
    assert topdraw.pass_at_k(run, 1).value == 0.25
    assert accuracy(run, "random").value == 0.25


def test_missing_scores_are_left_out_of_batches(tmp_path: Path) -> None:
    verdicts = {"a": [LOST, NO, YES, LOST], "b": [NO, NO, LOST, YES], "c": [YES, LOST]}
    run = made_run(tmp_path / "run", verdicts, until=PASS, cap=4)
    got = [topdraw.pass_at_k(run, k) for k in (1, 2, 3, 4)]
    assert [each.value for each in got] == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert got[0].missing == 4
    none = made_run(tmp_path / "none", {"a": [NO, LOST, NO, NO]}, until=PASS, cap=4)
    with pytest.raises(DomainError, match=r"pass@4 needs.*'a' has 3") as caught:
        topdraw.pass_at_k(none, 4)
    assert "no score; try `topdraw score" in caught.value.hint


def test_without_the_rules_own_scores_nothing_is_guessed(tmp_path: Path) -> None:
    run = _small(tmp_path / "run", Until("pass", by="other", batch=2))
    with pytest.raises(UnknownNameError, match="no scores by 'other'"):
        topdraw.pass_at_k(run, 1)


def test_the_coverage_law_is_fitted_to_corrected_coverage(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    p = rng.beta(0.6, 2, size=60).tolist()
    drawn = _drawn(rng, Until("pass", by="judge", batch=2), 12, p)
    run = made_run(tmp_path / "run", drawn, until=PASS, cap=12)
    law = topdraw.fit_coverage(run, draws=20)
    assert law.k_max == 12
    assert law.predict(12).value == pytest.approx(topdraw.pass_at_k(run, 12).value, abs=0.1)
    # The rule is no part of the likelihood of n and c: the beta law is that of the problems.
    assert law.beta.pass_at(1) == pytest.approx(np.mean(p), abs=0.05)
    assert np.mean([np.mean([bool(s.passed) for s in each]) for each in drawn.values()]) > (
        np.mean(p) + 0.05
    )
    few = _small(tmp_path / "few", Until("pass", by="judge"), cap=2)
    with pytest.raises(DomainError, match="at least 3"):
        topdraw.fit_coverage(few)


def test_greedy_samples_obey_no_rule(tmp_path: Path) -> None:
    verdicts = {"a": [YES], "b": [NO, NO]}
    greedy = {"a": [YES], "b": [NO]}
    run = made_run(
        tmp_path / "run", verdicts, greedy=greedy, until=Until("pass", by="judge"), cap=2
    )
    got = accuracy(run, "greedy")
    assert got.value == 0.5
    assert "until" not in got.method


def test_a_run_without_a_rule_is_as_ever(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, NO]})
    assert stopped(run) is None
    assert topdraw.pass_at_k(run, 1).method == "pass@1, exact and unbiased; Wilson over problems"
