import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Candidates
from topdraw.studies.monkeys.keys import FEWEST, suspicious_keys


def _candidates(answers: list[int], passed: list[bool], missing: list[bool]) -> Candidates:
    n = len(answers)
    return Candidates(
        value=np.full(n, np.nan),
        answer=np.array(answers, np.int64),
        passed=np.array(passed, bool),
        length_tokens=np.zeros(n, np.int64),
        logprob=np.full(n, np.nan),
        missing=np.array(missing, bool),
        greedy=np.zeros(n, bool),
    )


def _wrong(answers: list[int]) -> Candidates:
    return _candidates(answers, [False] * len(answers), [False] * len(answers))


def test_a_settled_wrong_answer_is_listed_the_surest_first() -> None:
    found = suspicious_keys(
        {
            "settled": _wrong([1] * 18 + [0] * 2),
            "surer": _wrong([0] + [2] * 39),
            "split": _wrong([0, 1] * 20),
            "silent": _wrong([-1] * 40),
            "few": _wrong([0] * (FEWEST - 1)),
            "solved": _candidates([0] * 20, [True] + [False] * 19, [False] * 20),
        }
    )
    assert [key.problem_id for key in found] == ["surer", "settled"]
    assert (found[0].place, found[0].n) == (1, 40)
    assert found[1].share.value == 0.9


def test_missing_samples_say_nothing() -> None:
    one = _candidates([9] * 20 + [3] * 20, [True] * 20 + [False] * 20, [True] * 20 + [False] * 20)
    (key,) = suspicious_keys({"p": one})
    assert (key.n, key.place) == (20, 20)


@given(st.lists(st.integers(-1, 2), min_size=1, max_size=40))
def test_the_order_of_samples_does_not_matter(answers: list[int]) -> None:
    one = suspicious_keys({"p": _wrong(answers)})
    other = suspicious_keys({"p": _wrong(answers[::-1])})
    assert [key.share for key in one] == [key.share for key in other]
