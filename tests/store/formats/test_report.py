from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Score
from topdraw.store.formats.protocol import NEXT, Notes
from topdraw.store.formats.report import ScorerTally, Tally, conclude, default_verifier

drawn = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", "z"])), max_size=30)


@given(drawn)
def test_counts_and_repeats_are_those_of_plain_counting(samples: list[tuple[str, str]]) -> None:
    tally = Tally()
    for problem, text in samples:
        at, _, _ = tally.problem(problem, "")
        tally.index(at, NEXT, greedy=False)
        tally.note(at, text)
    by_problem = Counter(problem for problem, _ in samples)
    assert tally.counts().tolist() == [by_problem[problem] for problem in tally.place]
    repeated = len(samples) - len(set(samples))
    assert tally.repeats()[0] == repeated
    many = {problem for problem, text in samples if samples.count((problem, text)) > 1}
    assert tally.repeats()[1] == len(many)
    report = conclude(tally, Notes(), run="r", format_name="f", files=["x"])
    assert (report.samples, report.repeated) == (len(samples), repeated)
    assert report.most == max(by_problem.values(), default=0)


def test_indices_go_up_and_keep_those_of_the_file_where_they_can() -> None:
    tally = Tally()
    at, is_new, _ = tally.problem("p", "q?")
    assert is_new
    assert [tally.index(at, one, greedy=False) for one in (NEXT, 5, 5, 2, NEXT)] == [0, 5, 6, 7, 8]
    assert [tally.index(at, NEXT, greedy=True) for _ in range(2)] == [0, 1]
    assert tally.greedy == 2
    assert tally.has(at, 8)
    assert not tally.has(at, 9)


def test_the_default_verifier_judges_every_sample() -> None:
    tally = Tally()
    tally.scorers = {
        "some": ScorerTally(1, 1, 1, 0),
        "values": ScorerTally(4, 0, 0, 0),
        "all": ScorerTally(3, 3, 1, 1),
    }
    assert default_verifier(tally, 4) == "all"
    assert default_verifier(tally, 9) == ""


def test_a_tally_counts_what_scores_say() -> None:
    one = ScorerTally()
    for score in (Score.verdict(True), Score.verdict(False), Score(value=2), Score.missing("x")):
        one.add(score)
    assert one == ScorerTally(scored=3, judged=2, passed=1, missing=1)
