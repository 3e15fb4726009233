import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.selection.made import any_candidates, made

from topdraw.core.records import Candidates
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.selection.combine import cascade, filtered, mix
from topdraw.selection.contracts import check_selector
from topdraw.selection.pick import best_of_n
from topdraw.selection.resolve import resolve_selector
from topdraw.selection.vote import majority

NAN = float("nan")
SPECS = [
    "filter",
    "filter(tests, best_of_n)",
    "filter(tests, mix(majority, posterior(0.5)))",
    "filter(by=value, then=majority, least=1)",
    "filter(tests, first)",
    "cascade",
    "cascade(majority, mbr(f1))",
    "cascade(filter(tests), knockout)",
    "mix",
    "mix(majority, posterior(0.5), 0.3)",
    "mix(oracle, random, share=1)",
]


@pytest.mark.parametrize("spec", SPECS)
def test_every_combination_keeps_the_contract(spec: str) -> None:
    check_selector(spec, rng=5, trials=40)


def checked(tests: list[float], **columns: list[float]) -> Candidates:
    return dataclasses.replace(made(**columns), scores={"tests": np.array(tests)})  # type: ignore[arg-type]  # columns


def test_the_best_of_those_that_pass() -> None:
    among = checked([1, 0, 1, NAN], value=[1, 9, 2, 8])
    assert filtered(among, by="tests").tolist() == [0, 0, 1, 0]
    assert filtered(checked([0, 0, NAN, 0], value=[1, 9, 2, 8]), by="tests").tolist() == [
        0,
        1,
        0,
        0,
    ]


def test_a_threshold_of_the_ranking_value() -> None:
    among = made(value=[0.4, 0.9, 0.5], answer=[0, 1, 2])
    assert filtered(among, then="majority").tolist() == [0, 0.5, 0.5]
    assert filtered(among, then="majority", least=2).tolist() == pytest.approx([1 / 3] * 3)


def test_those_that_pass_and_cannot_be_chosen_are_not_in_the_way() -> None:
    assert filtered(checked([1, 0], value=[NAN, 3]), by="tests").tolist() == [0, 1]
    assert not filtered(made(value=[1.0]), by="tests").any()


def test_ties_of_the_first_are_broken_by_the_second() -> None:
    among = made(answer=[0, 0, 1, 1, 2], value=[1, 2, 3, NAN, 9])
    assert cascade(among).tolist() == [0, 0, 1, 0, 0]
    assert cascade(made(answer=[0, 1], value=[NAN, NAN])).tolist() == [0.5, 0.5]
    assert cascade(made(value=[NAN, NAN]), a="best_of_n", b="random").tolist() == [0.5, 0.5]


@given(any_candidates(), st.floats(0, 1))
def test_a_mixture_is_linear(among: Candidates, share: float) -> None:
    one, other = majority(among), best_of_n(among)
    if one.any() and other.any():
        assert mix(among, share=share) == pytest.approx(share * one + (1 - share) * other)
    else:
        assert mix(among, share=share).tolist() == (one + other).tolist()


def test_parts_say_what_the_whole_needs() -> None:
    found = resolve_selector("filter(tests, cascade(mbr(f1), first))")
    assert found.needs == ("score:tests", "pairs:f1")
    assert found.ordered
    assert found.name == "filter(by=tests, then=cascade(a=mbr(by=f1), b=first))"
    bound = resolve_selector(functools.partial(mix, a="majority", b="posterior(0.5)"))
    assert bound.needs == ("answer", "value")
    assert resolve_selector("filter").needs == ("value",)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mix(share=2)", r"share must lie in \[0, 1\]; 2 does not"),
        ("filter(least=nan)", "least is 'nan'; it must be a number"),
        ("mix(greedy)", "greedy chooses among other samples; it cannot be part of mix"),
        ("mix(majority, best_of_n, 0.5, 1)", "is no option"),
        ("mix(" * 5000 + ")" * 5000, "nests at most 8 deep; this one does 5000"),
    ],
)
def test_bad_combinations_are_refused(spec: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve_selector(spec)
    with pytest.raises(UnknownNameError, match="no selector named 'majorty'"):
        resolve_selector("cascade(majorty)")
    with pytest.raises(DomainError, match="least is NaN"):
        filtered(made(value=[1.0]), least=NAN)
