import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given
from tests.selection.made import any_candidates, made

from topdraw.core.records import Candidates
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.contracts import check_selector
from topdraw.selection.resolve import resolve_selector
from topdraw.selection.vote import ballots, majority, relative, weighted_majority

NAN = float("nan")
SPECS = [
    "majority",
    "weighted_majority",
    "weighted_majority(weight=exp)",
    "weighted_majority(pool=mean)",
    "weighted_majority(weight=exp, pool=max)",
    "weighted_majority(weight=exp, value=logprob)",
    "weighted_majority(weight=exp, value=mean_logprob, pool=mean)",
]


@pytest.mark.parametrize("spec", SPECS)
def test_every_vote_keeps_the_contract(spec: str) -> None:
    check_selector(spec, rng=2)


def test_the_commonest_answer_wins_and_its_samples_share() -> None:
    assert majority(made(answer=[0, 1, 1, 2])).tolist() == [0, 0.5, 0.5, 0]


def test_tied_answers_share_equally_whatever_their_samples() -> None:
    votes = made(answer=[0, 0, 1, 1, 2])
    assert majority(votes).tolist() == [0.25, 0.25, 0.25, 0.25, 0]


def test_no_answer_never_wins_unless_nobody_answered() -> None:
    assert majority(made(answer=[-1, -1, -1, 4])).tolist() == [0, 0, 0, 1]
    assert majority(made(answer=[-1, -1])).tolist() == [0.5, 0.5]


def test_missing_samples_do_not_vote() -> None:
    votes = made(answer=[0, 0, 1], missing=[True, True, False])
    assert majority(votes).tolist() == [0, 0, 1]


@given(any_candidates(most=1, missing=False))
def test_a_majority_of_one_is_the_sample(one: Candidates) -> None:
    assert majority(one).tolist() == [1]


def test_weight_can_beat_number() -> None:
    # sigmoid(3) = 0.95 against 2 sigmoid(-1) = 0.54.
    assert weighted_majority(made(answer=[0, 1, 1], value=[3, -1, -1])).tolist() == [1, 0, 0]


@given(any_candidates())
def test_equal_weights_are_a_majority(among: Candidates) -> None:
    flat = made(value=[0.5] * among.n, answer=among.answer.tolist(), missing=among.missing.tolist())
    for weight in ("sigmoid", "exp", "identity"):
        weights = weighted_majority(flat, weight=weight)
        assert weights.tolist() == majority(flat).tolist()


def test_sums_equal_but_for_rounding_are_ties() -> None:
    # 0.1 + 0.2 + 0.3 differs from 0.3 + 0.2 + 0.1 in the last bit.
    votes = made(answer=[0, 0, 0, 1, 1, 1], value=[0.1, 0.2, 0.3, 0.3, 0.2, 0.1])
    assert weighted_majority(votes, weight="identity") == pytest.approx([1 / 6] * 6, abs=1e-15)


def test_log_probabilities_far_below_zero_still_weigh() -> None:
    votes = made(answer=[0, 1, 1], value=[-1000.0, -1000.5, -1000.5])
    # exp: 1 against 2 exp(-0.5) = 1.21
    assert weighted_majority(votes, weight="exp").tolist() == [0, 0.5, 0.5]
    assert weighted_majority(votes).tolist() == [0, 0.5, 0.5]


def test_an_output_without_an_answer_does_not_set_the_scale() -> None:
    votes = made(answer=[-1, 0, 1], value=[1e6, -2000.0, -2001.0])
    assert weighted_majority(votes, weight="exp").tolist() == [0, 1, 0]


def test_samples_without_a_value_do_not_vote() -> None:
    assert weighted_majority(made(answer=[0, 0, 1], value=[NAN, NAN, -9])).tolist() == [0, 0, 1]
    assert weighted_majority(made(answer=[0, 1], value=[NAN, NAN])).tolist() == [0, 0]


def test_identity_refuses_negative_values_and_unknown_weights_are_named() -> None:
    with pytest.raises(DomainError, match=r"one is -1.0.*weight=sigmoid"):
        weighted_majority(made(answer=[0], value=[-1]), weight="identity")
    with pytest.raises(ConfigError, match="'linear'; there are sigmoid, exp, identity"):
        weighted_majority(made(answer=[0], value=[1]), weight="linear")  # type: ignore[arg-type]  # wrong


def test_relative_weights_survive_infinities() -> None:
    assert relative(np.array([-np.inf, 0.0, -1e308])).tolist() == [0, 1, 0]
    assert relative(np.array([np.inf, 0.0])).tolist() == [1, 0]
    assert relative(np.array([-np.inf, -np.inf])).tolist() == [1, 1]


def test_an_answer_weighs_the_sum_the_mean_or_the_largest_of_its_samples() -> None:
    votes = made(answer=[0, 0, 0, 1, 1, 2], value=[0.4, 0.4, 0.4, 0.9, 0.1, 0.8])

    def winner(pool: str) -> int:
        return int(weighted_majority(votes, weight="identity", pool=pool).argmax())  # type: ignore[arg-type]  # listed

    assert [winner("sum"), winner("mean"), winner("max")] == [0, 5, 3]


def with_logprobs(answer: list[int], logprob: list[float], tokens: list[int]) -> Candidates:
    return dataclasses.replace(
        made(answer=answer), logprob=np.array(logprob), length_tokens=np.array(tokens)
    )


def test_the_models_own_probability_can_weigh_by_output_or_by_token() -> None:
    # exp(-4) > 2 exp(-5), and by token exp(-2) < 2 exp(-1).
    votes = with_logprobs([0, 1, 1], [-4.0, -5.0, -5.0], [2, 5, 5])
    assert weighted_majority(votes, weight="exp", value="logprob").tolist() == [1, 0, 0]
    assert weighted_majority(votes, weight="exp", value="mean_logprob").tolist() == [0, 0.5, 0.5]


def test_outputs_without_log_probability_or_length_do_not_vote() -> None:
    votes = with_logprobs([0, 0, 1], [NAN, -1.0, -9.0], [3, 0, 3])
    assert weighted_majority(votes, weight="exp", value="mean_logprob").tolist() == [0, 0, 1]
    assert ballots(votes, weight="exp", value="logprob").voters.tolist() == [False, True, True]


def test_what_it_needs_follows_what_it_weighs_by() -> None:
    assert resolve_selector("weighted_majority").needs == ("answer", "value")
    assert resolve_selector("weighted_majority(value=logprob)").needs == ("answer", "logprob")
    bound = functools.partial(weighted_majority, value="mean_logprob")
    assert resolve_selector(bound).needs == ("answer", "logprob", "length_tokens")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("weighted_majority(pool=median)", "pool is 'median'; it must be one of sum, mean, max"),
        ("weighted_majority(value=length)", "one of value, logprob, mean_logprob"),
    ],
)
def test_unknown_options_are_refused_by_name(spec: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve_selector(spec)
    with pytest.raises(ConfigError, match="There is no pool of weights 'median'"):
        weighted_majority(made(answer=[0], value=[1]), pool="median")  # type: ignore[arg-type]  # wrong
