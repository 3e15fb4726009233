import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from topdraw.store.plain_columns import CountColumns, SampleColumns, Texts, take


def _columns(rows: int) -> SampleColumns:
    at = np.arange(rows)
    halves = at.astype(np.float64) + 0.5
    words = tuple(map(str, range(rows)))
    return SampleColumns(
        model=at,
        problem=at + 1,
        index=at + 2,
        greedy=at % 2 == 0,
        temperature=halves,
        tokens=at + 3,
        logprob=-halves,
        verdicts={"v": at % 2},
        values={"r": halves},
        votes={"g": Texts(at, words)},
        answer=Texts(at - 1, words),
    )


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n - 1)))))
def test_rows_are_taken_of_every_column_alike(case: tuple[int, list[int]]) -> None:
    rows, wanted = case
    whole, order = _columns(rows), np.array(wanted, np.int64)
    taken = take(whole, order)
    assert isinstance(taken, SampleColumns)
    for one in dataclasses.fields(whole):
        old, new = getattr(whole, one.name), getattr(taken, one.name)
        if isinstance(old, np.ndarray):
            np.testing.assert_array_equal(new, old[order])
    assert [taken.votes["g"].at(at) for at in range(order.size)] == [str(at) for at in wanted]
    assert taken.answer is not None
    answers = [taken.answer.at(at) for at in range(order.size)]
    assert answers == [str(at - 1) if at else None for at in wanted]
    assert taken.output is None
    assert taken.values["r"].tolist() == [at + 0.5 for at in wanted]


def test_a_mask_takes_rows_too() -> None:
    at = np.arange(3)
    taken = take(CountColumns(at, at, at, at), at != 1)
    assert isinstance(taken, CountColumns)
    assert taken.n.tolist() == [0, 2]
