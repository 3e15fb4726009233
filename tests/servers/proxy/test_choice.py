"""What is served is what the selector's weights say, and what offline selection says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from tests.conftest import TinyRun

from topdraw.core.records import Candidates, Json, Sample, Score
from topdraw.errors import ConfigError
from topdraw.selection.candidates import candidates
from topdraw.selection.resolve import resolve_selector
from topdraw.servers.proxy.choice import candidates_of, choose, reasons

SEEDS = 4_000


def sample(index: int, output: str = "", calls: Json = None) -> Sample:
    choice: dict[str, Json] = {"message": {"content": output, "tool_calls": calls}}
    return Sample("p", index, output, metadata={"choice": choice})


def seen(selector: str, values: list[float], answers: list[str | None]) -> Candidates:
    samples = [sample(at, str(answer)) for at, answer in enumerate(answers)]
    ranks = [Score.missing("x") if np.isnan(v) else Score(value=v) for v in values]
    votes = [Score(answer=answer) for answer in answers]
    return candidates_of(samples, resolve_selector(selector), values=ranks, answers=votes)


VALUES = [0.1, 0.9, np.nan, 0.9, -0.4, 0.3]
ANSWERS = ["4", "5", "5", "4", None, "7"]


@pytest.mark.parametrize(
    "spec",
    ["best_of_n", "majority", "weighted_majority", "posterior(0.5)", "posterior(3)", "random",
     "first"],
)  # fmt: skip
def test_served_choices_match_the_weights(spec: str) -> None:
    selector, given_to_it = resolve_selector(spec), seen(spec, VALUES, ANSWERS)
    weights = selector(given_to_it)
    counts = np.zeros(len(VALUES))
    for seed in range(SEEDS):
        counts[choose(given_to_it, selector, 1, seed).order[0]] += 1
    likely = weights > 0
    assert counts[~likely].sum() == 0
    if likely.sum() > 1:
        assert chisquare(counts[likely], weights[likely] * SEEDS).pvalue > 1e-3


def test_the_weights_are_those_of_offline_selection(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["4", "5", "5", "4", "x", "7"]})
    drawn = run.samples()
    ranks = [Score(value=value) for value in (0.1, 0.9, 0.2, 0.9, -0.4, 0.3)]
    votes = [Score(answer=answer) for answer in ANSWERS]
    run.add_scores("reward", zip(drawn, ranks, strict=True))
    run.add_scores("number", zip(drawn, votes, strict=True))
    for spec in ("best_of_n", "majority", "weighted_majority", "posterior(0.5)"):
        selector = resolve_selector(spec)
        offline = candidates(run, value="reward", answer="number")["p"]
        served = candidates_of(drawn, selector, values=ranks, answers=votes)
        assert selector(served).tolist() == selector(offline).tolist()


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12), st.integers(0, 2**40), st.data())
def test_n_best_are_distinct_and_in_order(
    values: list[float], seed: int, data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(values) + 2))
    given_to_it = seen("best_of_n", values, [None] * len(values))
    found = choose(given_to_it, resolve_selector("best_of_n"), k, seed)
    assert len(set(found.order)) == len(found.order) == min(k, len(values))
    ranked = [values[at] for at in found.order]
    assert ranked == sorted(values, reverse=True)[:k]


def test_two_of_the_most_voted_are_two_answers() -> None:
    given_to_it = seen("majority", [0.0] * 6, ["4", "4", "4", "7", "7", None])
    for seed in range(20):
        order = choose(given_to_it, resolve_selector("majority"), 6, seed).order
        assert order[0] in (0, 1, 2)
        assert order[1] in (3, 4)
        assert sorted(order) == list(range(6))


def test_without_a_number_to_go_by_chance_chooses_and_says_so() -> None:
    given_to_it = seen("best_of_n", [np.nan] * 3, [None] * 3)
    found = {choose(given_to_it, resolve_selector("best_of_n"), 1, s).order[0] for s in range(50)}
    assert found == {0, 1, 2}
    assert choose(given_to_it, resolve_selector("best_of_n"), 1, 0).by_chance


def test_calls_of_tools_vote_by_name_and_arguments() -> None:
    def call(arguments: str, key: str) -> Json:
        return [{"id": key, "type": "function",
                 "function": {"name": "add", "arguments": arguments}}]  # fmt: skip

    samples = [
        sample(0, calls=call('{"a": 1, "b": 2}', "x")),
        sample(1, calls=call('{"b":2,"a":1}', "y")),
        sample(2, calls=call('{"a": 1, "b": 3}', "z")),
        sample(3, "3"),
    ]
    votes = [Score(answer=None)] * 3 + [Score(answer="3")]
    majority = resolve_selector("majority")
    found = candidates_of(samples, majority, values=None, answers=votes)
    assert majority(found).tolist() == [0.5, 0.5, 0, 0]


def test_a_selector_of_verdicts_gets_them_or_says_that_there_are_none() -> None:
    oracle = resolve_selector("oracle")
    samples = [sample(0, "a"), sample(1, "b")]
    verdicts = [Score.verdict(False), Score.verdict(True)]
    found = candidates_of(samples, oracle, values=verdicts, answers=None)
    assert oracle(found).tolist() == [0, 1]
    with pytest.raises(ConfigError, match="no verdict"):
        candidates_of(samples, oracle, values=[Score(value=1.0)] * 2, answers=None)


def test_missing_scores_are_told_by_scorer() -> None:
    found = reasons({"a": [Score.missing("down"), Score(value=1)], "b": [Score(value=1)] * 2})
    assert found == ["1 of 2 scores by a are missing: down"]
