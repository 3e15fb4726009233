import functools

import numpy as np
import pytest
from tests.selection.made import made

from topdraw.core import registry
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
    assert (found.name, found.needs) == ("posterior(beta=0.5)", ("value",))
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


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("posterior(abc)", "beta is 'abc'; it must be a number"),
        ("posterior(nan)", "beta is 'nan'; it must be a number"),
        ("posterior(True)", "beta is True; it must be a number"),
        ("posterior(beta=)", "beta is ''; it must be a number"),
        ("posterior(-1)", r"posterior\(beta=-1\).* beta must be a positive finite number, not -1"),
        ("posterior(0)", "beta must be a positive finite number, not 0"),
        ("posterior(1e999)", "beta must be a positive finite number, not inf"),
        ("posterior(1, beta=2)", "is given beta twice"),
        ("weighted_majority(weight=abc)", "weight is 'abc'; it must be one of sigmoid, exp, ident"),
        ("weighted_majority(3)", "weight is 3; it must be one of sigmoid, exp, identity"),
    ],
)
def test_the_value_of_an_option_is_checked_before_anything_is_chosen(
    spec: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve_selector(spec)


def test_the_options_of_a_selector_of_ones_own_are_checked_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(registry._known, "selector", dict(registry._known["selector"]))

    @registry.selector("mine")
    def mine(candidates: Candidates, *, power, size: int = 2) -> FloatArray:  # type: ignore[no-untyped-def]  # noqa: ANN001 - as users write
        return np.full(candidates.n, 2.0**power / candidates.n)

    assert resolve_selector("mine(0)")(AMONG).sum() == pytest.approx(1)
    with pytest.raises(ConfigError, match=r"mine\(power=x\) cannot be used: "):
        resolve_selector("mine(x)")
    with pytest.raises(ConfigError, match=r"size is 1\.5; it must be a whole number"):
        resolve_selector("mine(0, size=1.5)")


@pytest.mark.parametrize("spec", ["", "posterior(1", "a b"])
def test_what_is_no_spec_is_refused(spec: str) -> None:
    with pytest.raises(ConfigError, match="is not a selector"):
        resolve_selector(spec)


def test_unknown_names_list_the_known_closest_first() -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'majority'\? Known: majority, "):
        resolve_selector("majorty")


def test_annotations_that_cannot_be_read_are_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._known, "selector", dict(registry._known["selector"]))

    @registry.selector("mine")
    def mine(candidates: Candidates, *, power: "Unheard" = 1) -> FloatArray:  # type: ignore[name-defined]  # noqa: F821 - as under TYPE_CHECKING
        return np.full(candidates.n, 1 / candidates.n)

    assert resolve_selector("mine(3)").name == "mine(power=3)"
