from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.summary import ProblemRow
from topdraw.core.records import Problem, Sample, Score
from topdraw.reports.views import (
    ProblemView,
    SampleView,
    Verdict,
    outcome,
    problem_view,
    representative,
    shown_problems,
    worst_first,
)

VERDICTS: tuple[Verdict, ...] = ("passed", "failed", "missing", "unscored")


def row(n: int, c: int, majority: float, best: float = math.nan, name: str = "p") -> ProblemRow:
    return ProblemRow(name, n, c, 0, majority, best)


def view(outputs: str, scores: list[Score | None], most: int = 20) -> ProblemView:
    samples = [Sample("p", i, text) for i, text in enumerate(outputs)]
    weights = {"majority": np.full(len(samples), 1 / len(samples))}
    values = [float(i) for i in range(len(samples))]
    c = sum(bool(s and s.passed) for s in scores)
    problem = Problem("p", "?", {"tests": ["é"]})
    return problem_view(
        row(len(samples), c, 0.5), problem, samples, scores, values, weights, most=most
    )


RIGHT, WRONG = Score.verdict(True, answer="1"), Score.verdict(False, answer="2", note="no")


def test_alike_outputs_are_shown_once_with_their_count_and_weight() -> None:
    made = view("aaba", [RIGHT, RIGHT, WRONG, RIGHT])
    assert [(s.output, s.count, s.verdict, s.index) for s in made.samples] == [
        ("a", 3, "passed", 0),
        ("b", 1, "failed", 2),
    ]
    assert made.samples[0].weights == (("majority", 0.75),)
    assert [s.value for s in made.samples] == [3.0, 2.0]
    assert made.picked == (("majority", 0.75),)
    assert made.target == '{"tests": ["é"]}'


def test_one_text_with_two_verdicts_is_two_samples() -> None:
    made = view("aaaa", [RIGHT, WRONG, Score.missing("sandbox crashed"), None])
    assert {s.verdict for s in made.samples} == set(VERDICTS)
    assert next(s.note for s in made.samples if s.verdict == "missing") == "sandbox crashed"


def test_answers_are_tallied_and_missing_ones_are_not() -> None:
    made = view("abcd", [RIGHT, WRONG, WRONG, Score.missing("down")])
    assert [(a.answer, a.count, a.passed) for a in made.answers] == [
        ("2", 2, False),
        ("1", 1, True),
    ]


def test_many_answers_are_counted_not_listed() -> None:
    scores: list[Score | None] = [Score.verdict(False, answer=str(i)) for i in range(9)]
    made = view("abcdefghi", scores)
    assert (len(made.answers), made.answers_left_out) == (6, 3)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        view("ab", [RIGHT])


groups = st.lists(
    st.tuples(st.integers(1, 50), st.sampled_from(VERDICTS), st.floats(0, 1) | st.just(0.0)),
    max_size=60,
).map(
    lambda drawn: [
        SampleView(str(i), count, i, verdict, weights=(("majority", w),) if w else ())
        for i, (count, verdict, w) in enumerate(drawn)
    ]
)


@given(groups, st.integers(1, 30))
def test_representatives_are_few_distinct_and_hold_the_first_choice(
    drawn: list[SampleView], most: int
) -> None:
    kept = representative(drawn, most)
    assert len(kept) == min(most, len(drawn))
    assert len({each.index for each in kept}) == len(kept)
    if any(each.chosen for each in drawn):
        assert kept[0].chosen == max(each.chosen for each in drawn)


@given(groups)
def test_no_verdict_is_hidden_by_the_others(drawn: list[SampleView]) -> None:
    kept = {each.verdict for each in representative(drawn, 12)}
    assert kept == {each.verdict for each in drawn}


@pytest.mark.parametrize(
    ("problem", "ended"),
    [
        (row(0, 0, math.nan), "unanswered"),
        (row(10, 0, 0.0), "never"),
        (row(10, 3, 0.0, 0.2), "missed"),
        (row(10, 3, 0.0, 1.0), "solved"),
        (row(10, 3, 1.0), "solved"),
        (row(10, 3, math.nan), "solved"),
    ],
)
def test_how_a_problem_ended(problem: ProblemRow, ended: str) -> None:
    assert outcome(problem) == ended


def test_the_worst_gap_comes_first_and_the_most_surprising_of_equals() -> None:
    rows = [
        row(10, 10, 1.0, name="easy"),
        row(10, 1, 0.0, name="rare"),
        row(10, 6, 0.0, name="odd"),
        row(10, 0, 0.0, name="never"),
        row(10, 5, 0.5, name="tie"),
    ]
    assert [r.problem_id for r in worst_first(rows)] == ["odd", "rare", "tie", "easy", "never"]


rows_drawn = st.lists(
    st.tuples(st.integers(0, 10), st.integers(0, 10), st.floats(0, 1)), max_size=60
).map(
    lambda drawn: [row(n, min(c, n), share, name=str(i)) for i, (n, c, share) in enumerate(drawn)]
)


@given(rows_drawn, st.integers(0, 20))
def test_shown_problems_are_few_distinct_and_grouped(rows: list[ProblemRow], most: int) -> None:
    shown = shown_problems(rows, most)
    answered = [each for each in rows if each.n]
    assert len(shown) == min(most, len(answered))
    assert len({each.problem_id for each in shown}) == len(shown)
    kinds = [outcome(each) for each in shown]
    assert kinds == sorted(kinds, key=["missed", "never", "solved"].index)


def test_the_greedy_output_is_kept_beside_the_samples() -> None:
    problem = Problem("p", "?", None)
    alone = Sample("p", 0, "g", sampler="cold")
    made = problem_view(
        row(0, 0, math.nan),
        problem,
        [],
        [],
        [],
        {},
        greedy=(alone, Score.verdict(True, answer="g")),
    )
    assert made.samples == ()
    assert made.greedy is not None
    assert (made.greedy.output, made.greedy.verdict) == ("g", "passed")
    assert made.greedy.weights == (("greedy", 1.0),)
    assert view("a", [RIGHT]).greedy is None
