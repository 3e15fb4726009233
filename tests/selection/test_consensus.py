import dataclasses

import numpy as np
import pytest
from hypothesis import given
from tests.selection.made import any_candidates, made

from topdraw.core.records import Candidates
from topdraw.selection.consensus import mbr
from topdraw.selection.contracts import check_selector
from topdraw.selection.similarity import token_f1
from topdraw.selection.vote import majority

NAN = float("nan")


@pytest.mark.parametrize("spec", ["mbr", "mbr(f1)", "mbr(by=judge)"])
def test_it_keeps_the_contract(spec: str) -> None:
    check_selector(spec, rng=6)


@given(any_candidates())
def test_by_answers_it_is_the_majority(among: Candidates) -> None:
    assert mbr(among) == pytest.approx(majority(among))


def test_the_text_most_like_the_others_wins() -> None:
    texts = ["the cat sat down", "a cat sat down", "the cat sat", "dogs bark"]
    among = dataclasses.replace(made(value=[0] * 4), pairs={"f1": token_f1(texts)})
    assert mbr(among, by="f1").tolist() == [1, 0, 0, 0]
    assert not mbr(among, by="chrf").any()


def test_unknown_similarities_are_left_out() -> None:
    alike = np.array([[NAN, 0.9, NAN], [0.2, NAN, 0.3], [NAN, NAN, NAN]])
    among = dataclasses.replace(made(value=[0] * 3), pairs={"mine": alike})
    assert mbr(among, by="mine").tolist() == [1, 0, 0]
    lost = dataclasses.replace(among, missing=np.array([True, False, False]))
    assert mbr(lost, by="mine").tolist() == [0, 1, 0]
