import functools

import numpy as np
import pytest
from tests.selection.made import made

from topdraw.core.records import Candidates, FloatArray
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.selection.pick import uniform
from topdraw.selection.posterior import posterior
from topdraw.selection.resolve import resolve_selector

AMONG = made(value=[0.0, 1.0, 2.0], answer=[0, 1, 1])


@pytest.mark.parametrize(
    "spec", ["posterior(0.5)", "posterior:0.5", " posterior ( beta = 0.5 ) ", "posterior:beta=0.5"]
)
def test_options_are_read_in_every_spelling(spec: str) -> None:
    found = resolve_selector(spec)
    assert (found.name, found.base, found.needs) == ("posterior(beta=0.5)", "posterior", ("value",))
    assert found(AMONG).tolist() == posterior(AMONG, beta=0.5).tolist()


def test_a_plain_name_and_empty_parentheses() -> None:
    assert resolve_selector("random").function is uniform
    assert resolve_selector("random()").function is uniform
    assert resolve_selector("first").ordered


def test_words_are_options_too() -> None:
    found = resolve_selector("weighted_majority(weight=exp)")
    assert found.name == "weighted_majority(weight=exp)"
    assert found(AMONG).tolist() == [0, 0.5, 0.5]


def test_functions_and_partials_keep_what_they_declared() -> None:
    def mine(candidates: Candidates) -> FloatArray:
        return np.full(candidates.n, 1 / candidates.n)

    assert resolve_selector(mine).name == "mine"
    bound = resolve_selector(functools.partial(posterior, beta=2.0))
    assert (bound.name, bound.needs) == ("posterior", ("value",))
    assert resolve_selector(bound) is bound


@pytest.mark.parametrize("spec", ["best_of_n(3)", "posterior(gamma=1)", "posterior(1, 2)"])
def test_options_nobody_has_are_refused(spec: str) -> None:
    with pytest.raises(ConfigError, match="is no option of the selector"):
        resolve_selector(spec)


@pytest.mark.parametrize("spec", ["", "posterior(1", "a b"])
def test_what_is_no_spec_is_refused(spec: str) -> None:
    with pytest.raises(ConfigError, match="is not a selector"):
        resolve_selector(spec)


def test_unknown_names_list_the_known_closest_first() -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'majority'\? Known: majority, "):
        resolve_selector("majorty")
