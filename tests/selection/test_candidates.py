import numpy as np
import pytest
from tests.conftest import TinyRun

from topdraw.core.records import Score
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.scoring.engine import score
from topdraw.selection.candidates import candidates, scores_of
from topdraw.store.run import Run


def _scored(tiny_run: TinyRun, scores: dict[str, list[Score]], scorer: str = "judge") -> Run:
    run = tiny_run({key: ["x"] * len(each) for key, each in scores.items()})
    pairs = [(s, scores[s.problem_id][s.index]) for s in run.samples()]
    run.add_scores(scorer, pairs)
    return run


YES, NO = Score.verdict(True, answer="4"), Score.verdict(False, answer="5")
SILENT, FAILED = Score.verdict(False), Score.missing("sandbox crash")


def test_columns_come_from_the_scorers_named(tiny_run: TinyRun) -> None:
    run = _scored(tiny_run, {"a": [NO, YES, SILENT, FAILED, YES], "b": []})
    rewards = [Score(value=v) for v in (1.0, 2.0, float("nan"), 4.0)] + [FAILED]
    run.add_scores("reward", zip(run.samples(), rewards, strict=True))
    found = candidates(run, by="judge", value="reward")
    assert list(found) == ["a", "b"]
    one = found["a"]
    assert one.passed.tolist() == [False, True, False, False, True]
    assert one.missing.tolist() == [False, False, False, True, False]
    assert one.answer.tolist() == [0, 1, -1, -1, 1]
    np.testing.assert_array_equal(one.value, [1.0, 2.0, np.nan, 4.0, np.nan])
    assert one.length_tokens.tolist() == [1] * 5
    assert found["b"].n == 0


def test_without_a_verifier_the_value_score_says_what_is_missing(tiny_run: TinyRun) -> None:
    run = _scored(tiny_run, {"a": [Score(value=1.0), FAILED]}, "reward")
    one = candidates(run, value="reward")["a"]
    assert one.missing.tolist() == [False, True]
    assert not one.passed.any()
    assert (one.answer == -1).all()


def test_samples_nobody_scored_yet_are_missing(tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["x", "y"]})
    run.add_scores("judge", [(run.samples()[0], YES)])
    assert candidates(run, by="judge")["a"].missing.tolist() == [False, True]


def test_another_scorer_may_make_the_answers(tiny_run: TinyRun) -> None:
    run = _scored(tiny_run, {"a": [NO, YES]})
    answers = [Score(answer="same"), Score(answer="same")]
    run.add_scores("number", zip(run.samples(), answers, strict=True))
    assert candidates(run, by="judge", answer="number")["a"].answer.tolist() == [0, 0]


def test_logprob_falls_back_on_what_the_samples_carry(tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["x", "yyyy", ""]})
    one = candidates(run, value="logprob")["a"]
    np.testing.assert_array_equal(one.value, [-1.0, -0.25, np.nan])
    assert not one.missing.any()


def test_greedy_samples_are_a_role_of_their_own(tiny_run: TinyRun) -> None:
    run = tiny_run({"a": ["x", "y"]}, greedy={"a": "z"})
    assert candidates(run)["a"].greedy.tolist() == [False, False]
    assert candidates(run, role="greedy")["a"].greedy.tolist() == [True]


def test_a_scorer_the_run_lacks_is_named_with_those_it_has(tiny_run: TinyRun) -> None:
    run = _scored(tiny_run, {"a": [YES]})
    with pytest.raises(UnknownNameError, match=r"no scores by 'rm'; it has judge.*topdraw score"):
        candidates(run, value="rm")
    with pytest.raises(UnknownNameError, match=r"no scores by 'logprob'; it has judge"):
        scores_of(run, "logprob")
    assert scores_of(run, "judge") == run.scores("judge")


def test_a_scorer_without_a_verdict_cannot_judge(tiny_run: TinyRun) -> None:
    run = _scored(tiny_run, {"a": [Score(value=0.3), FAILED]}, "reward")
    with pytest.raises(ConfigError, match="'reward' gives values but no verdict"):
        candidates(run, by="reward")


def test_several_scorers_rank_as_one(tiny_run: TinyRun) -> None:
    run = _scored(tiny_run, {"a": [NO, YES, YES], "b": [YES, NO]})
    for name, values in (("one", [1.0, 2.0, 4.0, 3.0, 5.0]), ("two", [4.0, 1.0, 0.0, 2.0, 3.0])):
        run.add_scores(
            name, zip(run.samples(), [Score(value=value) for value in values], strict=True)
        )
    worst = candidates(run, by="judge", value="worst(one,two,scale=none)")
    assert [one.value.tolist() for one in worst.values()] == [[1.0, 1.0, 0.0], [2.0, 3.0]]
    mean = candidates(run, by="judge", value="mean(one, two, scale=none)")
    assert [one.value.tolist() for one in mean.values()] == [[2.5, 1.5, 2.0], [2.5, 4.0]]
    # The common scale is over the whole run: sums of z-scores, not of each problem's own.
    first, second = np.array([1.0, 2, 4, 3, 5]), np.array([4.0, 1, 0, 2, 3])
    z = ((first - 3) / first.std() + (second - 2) / second.std()) / 2
    scaled = candidates(run, value="mean(one,two)")
    np.testing.assert_allclose(np.concatenate([one.value for one in scaled.values()]), z)
    with pytest.raises(UnknownNameError, match="no scores by 'three'"):
        candidates(run, value="mean(one,three)")
    with pytest.raises(ConfigError, match="'best' is no way to combine"):
        candidates(run, value="best(one,two)")


def test_what_a_scorer_of_an_ensemble_misses_has_no_value(tiny_run: TinyRun) -> None:
    run = _scored(tiny_run, {"a": [NO, YES]})
    run.add_scores("one", zip(run.samples(), [Score(value=1.0), FAILED], strict=True))
    found = candidates(run, by="judge", value="worst(one,logprob)")["a"]
    assert not found.missing.any()
    assert np.isnan(found.value).tolist() == [False, True]
    assert candidates(run, value="worst(one,logprob)")["a"].missing.tolist() == [False, True]


@pytest.mark.slow
def test_answers_vote_by_the_equivalence_of_their_scorer(tiny_run: TinyRun) -> None:
    outputs = [
        "\\boxed{x^2-1}",
        "\\boxed{(x-1)(x+1)}",
        "\\boxed{\\frac{x^4-1}{x^2+1}}",
        "I do not know",
        "\\boxed{2}",
    ]
    run = tiny_run({"p": outputs}, targets={"p": "x^2-1"})
    score(run, "math")
    found = candidates(run, by="math")["p"]
    assert found.answer.tolist() == [0, 0, 0, -1, 1]
    assert found.passed.tolist() == [True, True, True, False, False]
