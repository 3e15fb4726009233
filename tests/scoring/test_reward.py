"""Tests of the reward scorers: independent of the batch, hostile text, better than chance.

Not here: how the heads are trained (`tools/train_reward.py`) and their figures (model card).
Try it: `python -m pytest tests/scoring/test_reward.py`.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.core.protocols import Scorer
from topdraw.core.records import Problem, Sample
from topdraw.scoring.reward import (
    LONGEST_OUTPUT,
    read_outputs,
    score_reward,
    score_reward_naive,
)
from topdraw.scoring.reward_head import (
    GLOBAL_FEATURES,
    Reading,
    global_features,
    token_features,
)
from topdraw.tasks import arithmetic

PROBLEM = Problem("1", "Make 24 from the numbers 3, 5, 8. Use each once with + - * /.")
OUTPUTS = ["8*(5-2)", "3*8", "", "#### 24", "8*(5-2)", "return x", "3+5+8\n\n\n"]
BOTH = pytest.mark.parametrize("scorer", [score_reward, score_reward_naive])


def values(scorer: Scorer, outputs: list[str], problem: Problem = PROBLEM) -> list[float]:
    samples = [Sample("1", index, output) for index, output in enumerate(outputs)]
    scores = scorer(problem, samples)
    assert all(score.passed is None and not score.is_missing for score in scores)
    return [score.value for score in scores]


@BOTH
def test_equal_outputs_get_equal_values(scorer: Scorer) -> None:
    found = values(scorer, OUTPUTS)
    assert found[0] == found[4]
    assert len(set(found)) == len(set(OUTPUTS))
    assert all(math.isfinite(value) for value in found)


@BOTH
def test_a_value_does_not_depend_on_its_neighbours(scorer: Scorer) -> None:
    together = values(scorer, OUTPUTS)
    alone = [values(scorer, [output])[0] for output in OUTPUTS]
    backwards = values(scorer, OUTPUTS[::-1])[::-1]
    assert np.allclose(together, alone, atol=1e-6, rtol=0)
    assert np.allclose(together, backwards, atol=1e-6, rtol=0)


@BOTH
@settings(deadline=None, max_examples=15)
@given(st.text(), st.text())
def test_any_text_has_a_finite_value(scorer: Scorer, prompt: str, output: str) -> None:
    assert math.isfinite(values(scorer, [output], Problem("1", prompt))[0])


@BOTH
@pytest.mark.parametrize("output", ["\ud800", "\x00", "\u2028", "<|end|>", "<|user|>", "😀" * 99])
def test_hostile_text(scorer: Scorer, output: str) -> None:
    assert math.isfinite(values(scorer, [output])[0])


@BOTH
def test_a_huge_output_is_read_up_to_a_limit(scorer: Scorer) -> None:
    long = "1" * (LONGEST_OUTPUT + 1)
    found = values(scorer, [long, long + "2" * 10**6])
    assert found[0] == found[1]


@BOTH
def test_a_prompt_that_is_too_long_is_missing(scorer: Scorer) -> None:
    scores = scorer(Problem("1", "7" * 2000), [Sample("1", 0, "1"), Sample("1", 1, "2")])
    assert [score.is_missing for score in scores] == [True, True]
    assert scores[0].missing_reason is not None
    assert "2003 tokens" in scores[0].missing_reason


@BOTH
def test_no_samples(scorer: Scorer) -> None:
    assert list(scorer(PROBLEM, [])) == []


def test_a_reading_has_one_row_per_token_and_the_end() -> None:
    (reading,) = read_outputs("1+1=", ["12"])
    assert reading.logprobs.shape == reading.entropies.shape == (3,)
    assert reading.hidden.shape[0] == 3
    assert not reading.hidden[0].any()
    assert (reading.logprobs <= 0).all()
    assert (reading.entropies >= 0).all()


@given(st.lists(st.floats(-100, 0), min_size=1, max_size=20), st.integers(0, 2**32))
def test_features_are_finite_and_named(logprobs: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = len(logprobs)
    reading = Reading(np.array(logprobs), rng.random(size), rng.normal(size=(size, 4)))
    features = global_features(reading)
    assert features.shape == (len(GLOBAL_FEATURES),)
    assert np.isfinite(features).all()
    assert features[2] == pytest.approx(max(min(logprobs), -30))
    assert token_features(reading).shape == (size, 7)


@pytest.mark.slow
def test_right_working_beats_spoilt_working() -> None:
    rng = np.random.default_rng(0)
    wins = []
    for _ in range(40):
        story = arithmetic.draw(rng)
        step, _, result = story.lines[0].partition("=")
        spoilt = "\n".join([f"{step}={int(result) + 10}", *story.lines[1:]])
        outputs = [story.solution(), f"{spoilt}\n#### {story.answer + 10}"]
        right, wrong = values(score_reward, outputs, Problem("1", story.prompt()))
        wins.append(right > wrong)
    assert np.mean(wins) > 0.8
