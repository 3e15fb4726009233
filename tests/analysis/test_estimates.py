from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, YES, made_run

import topdraw
from topdraw.analysis import coverage
from topdraw.analysis.estimates import count, count_scored, pass_at_k, pass_hat_k
from topdraw.core.records import Score
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.selection.candidates import candidates
from topdraw.store.evidence import open_evidence

VERDICTS = {"a": [YES, NO, NO, NO], "b": [NO] * 4, "c": [YES, LOST, YES, NO], "d": [LOST] * 4}


def test_it_is_the_mean_over_answered_problems_and_says_who_is_left_out(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", VERDICTS)
    got = topdraw.pass_at_k(run, 2)
    assert got.value == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert (got.n, got.missing) == (3, 5)
    assert got.method.startswith("pass@2, exact and unbiased, 1 unanswered problems left out")
    assert got == pass_at_k(run, k=2, by="judge")
    assert pass_hat_k(run, 2).value == pytest.approx((0 + 0 + 1 / 3) / 3)
    assert pass_at_k(run, 1, level=0.5).high < pass_at_k(run, 1).high


def test_counts_take_the_same_name(tmp_path: Path) -> None:
    assert pass_at_k(np.array([5]), np.array([2]), 3) == coverage.pass_at_k(5, 2, 3)
    assert pass_hat_k(5, 3, 2) == coverage.pass_hat_k(5, 3, 2)
    run = made_run(tmp_path / "run", VERDICTS)
    counts = count_scored(run, candidates(run, by="judge"))
    assert counts.problem_ids == ("a", "b", "c")
    assert (counts.n.tolist(), counts.c.tolist()) == ([4, 4, 3], [1, 0, 2])
    assert (counts.missing, counts.unanswered) == (5, ("d",))


def test_too_large_a_k_names_the_poorest_problem_and_the_command(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", VERDICTS)
    message = (
        r"pass@4 needs at least 4 scored samples per problem; 'c' has 3\. 1 of its 4 samples has no"
    )
    with pytest.raises(DomainError, match=message):
        pass_at_k(run, 4)
    with pytest.raises(DomainError, match="k >= 1"):
        pass_at_k(run, 0)


def test_arguments_that_fit_neither_form_are_refused(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", VERDICTS)
    with pytest.raises(TypeError, match=r"\(run, k\) or \(n, c, k\)"):
        pass_at_k(5, 2)  # type: ignore[call-overload]  # on purpose
    for arguments in ((run,), (run, 2, 2)):
        with pytest.raises(TypeError, match="one k"):
            pass_at_k(*arguments)


def test_a_verifier_is_needed_and_must_have_scored(tmp_path: Path) -> None:
    nobody = made_run(tmp_path / "nobody", VERDICTS, scorer="")
    with pytest.raises(ConfigError, match=r"names no verifier.*--by"):
        pass_at_k(nobody, 1)
    with pytest.raises(UnknownNameError, match="'other'"):
        pass_at_k(nobody, 1, by="other")
    lost = made_run(tmp_path / "lost", {"a": [LOST]})
    with pytest.raises(ConfigError, match="no scored sample"):
        pass_at_k(lost, 1)


def test_a_missing_score_is_not_a_wrong_one(tmp_path: Path) -> None:
    wrong = made_run(tmp_path / "wrong", {"a": [YES, Score.verdict(False)]})
    missing = made_run(tmp_path / "missing", {"a": [YES, LOST]})
    assert pass_at_k(wrong, 1).value == 0.5
    assert pass_at_k(missing, 1).value == 1.0
    assert count(candidates(missing, by="judge")).missing == 1


def test_tables_and_paths_are_taken_where_a_run_is(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", VERDICTS)
    path = tmp_path / "counts.csv"
    path.write_text("problem,n,c\na,4,1\nb,4,0\nc,3,2\n")
    expected = pass_at_k(run, 2)
    for source in (path, str(path), open_evidence(path), run.path):
        got = topdraw.pass_at_k(source, 2)
        assert (got.value, got.low, got.high) == (expected.value, expected.low, expected.high)
    assert pass_hat_k(path, k=2).value == pass_hat_k(run, 2).value
    with pytest.raises(DomainError, match=r"pass@4 needs .* 'c' has 3\. Ask for k <= 3: .*counts"):
        pass_at_k(path, 4)
    with pytest.raises(ConfigError, match="There is no run and no table"):
        pass_at_k(tmp_path / "none.csv", 1)


def test_empty_verdicts_of_a_table_are_missing_and_not_wrong(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("problem,correct\na,1\na,\na,0\nb,\n")
    got = pass_at_k(path, 1)
    assert (got.value, got.n, got.missing) == (0.5, 1, 2)
    assert "1 unanswered problems left out" in got.method


def test_a_table_that_nothing_in_is_judged_has_no_number(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("problem,correct,reward\na,,1\n")
    with pytest.raises(ConfigError, match="has no scored sample"):
        pass_at_k(path, 1)
    path.write_text("problem,reward\na,1\n")
    with pytest.raises(
        ConfigError, match=r"no column of verdicts; it has 'problem', 'reward'.*correct=COL"
    ):
        pass_at_k(path, 1)
