from __future__ import annotations

import dataclasses
import math

import pytest
from tests.reports.fake import fake_summary

from topdraw.analysis.picked import Pick
from topdraw.analysis.summary import Summary
from topdraw.core.estimate import Estimate
from topdraw.reports.finding import at, best_real, beware, curve_of, finding, headline, reading

NOTHING = Summary("t", "m", "", "", 0, 0, 0, 0, (), (), (), (), Estimate(math.nan), (), 0, 0)


@pytest.fixture
def summary() -> Summary:
    return fake_summary()


def test_the_headline_is_the_finding_with_its_intervals(summary: Summary) -> None:
    best, one, oracle = (
        at(curve, k)
        for name, k in (("weighted_majority", 100), ("random", 1), ("oracle", 100))
        if (curve := curve_of(summary, name)) is not None
    )
    assert headline(summary) == (
        f"100 samples chosen by vote weighted by reward: {best}; one sample: {one}; "
        f"an oracle would reach {oracle} with 100 samples."
    )


def test_a_headline_says_that_greedy_samples_gain_nothing(summary: Summary) -> None:
    cold = dataclasses.replace(summary, cold=True)
    assert headline(cold).endswith("temperature 0: only what the server varies can gain.")
    still = tuple(
        dataclasses.replace(c, estimates=(c.estimates[0],) * len(c.k)) for c in summary.curves
    )
    same = dataclasses.replace(cold, curves=still)
    assert headline(same).endswith("Drawn at temperature 0: votes and pass@k cannot gain.")


def test_the_best_selector_is_the_highest_real_one(summary: Summary) -> None:
    best = best_real(summary)
    assert best is not None
    assert best.strategy == "weighted_majority"
    without = dataclasses.replace(summary, by="reward")
    assert (best_real(without) or best).strategy == "majority"


def test_one_sample_leaves_one_claim() -> None:
    assert [claim.words for claim in finding(fake_summary(n=1))] == ["One sample"]


def test_an_empty_summary_says_so() -> None:
    assert headline(NOTHING) == "Nothing could be scored yet."
    assert reading(NOTHING) == ""
    assert beware(NOTHING) == []


def test_the_reading_names_coverage_gain_gap_and_what_was_never_solved(summary: Summary) -> None:
    text = reading(summary)
    paired = next(d for d in summary.differences if (d.a, d.b) == ("weighted_majority", "random"))
    assert "Coverage still rises: 0.925 at k = 50, 0.942 at k = 100." in text
    assert f"{paired.estimate} more than one sample and" in text
    assert "than the greedy answer (paired over problems)" in text
    assert f"A gap of {summary.gap} to the oracle remains" in text
    assert f"{summary.never_solved} of 200 problems had no correct sample at all." in text


def test_where_nothing_is_right_there_is_nothing_to_choose(summary: Summary) -> None:
    zero = tuple(
        dataclasses.replace(c, estimates=(Estimate(0.0, 0.0, 0.1),) * len(c.k))
        for c in summary.curves
    )
    text = reading(dataclasses.replace(summary, curves=zero, gap=Estimate(0.0, 0.0, 0.1)))
    assert text == "No sample of any problem was correct: there is nothing yet to choose from."


def test_coverage_that_stops_rising_is_said_to_have_levelled_off(summary: Summary) -> None:
    flat = tuple(
        dataclasses.replace(c, estimates=(Estimate(0.8, 0.7, 0.9),) * len(c.k))
        for c in summary.curves
    )
    assert "has levelled off" in reading(dataclasses.replace(summary, curves=flat))


def test_a_gain_below_zero_is_not_called_more(summary: Summary) -> None:
    lost = tuple(
        dataclasses.replace(d, estimate=Estimate(-0.05, -0.08, -0.02)) for d in summary.differences
    )
    text = reading(dataclasses.replace(summary, differences=lost))
    assert "0.050 [0.020, 0.080] less than one sample" in text


def test_without_a_paired_difference_the_gain_is_left_open(summary: Summary) -> None:
    text = reading(dataclasses.replace(summary, differences=()))
    assert "with 100 samples. A gap" in text
    assert "paired" not in text


def test_all_solved_is_said(summary: Summary) -> None:
    every = dataclasses.replace(summary, never_solved=0)
    assert "Every problem was solved at least once." in reading(every)
    some = dataclasses.replace(every, unanswered=("x", "y"))
    assert "Every problem in the numbers was solved at least once." in reading(some)


def test_loud_notes(summary: Summary) -> None:
    assert beware(summary) == []
    gone = tuple(f"p{i}" for i in range(7))
    poor = dataclasses.replace(
        summary, by="reward", missing=31, samples=20_000, unanswered=gone, problems=12
    )
    judged, missing, unanswered, few = beware(poor)
    assert "'reward' both chose and graded" in judged
    assert "31 of 20,000 samples could not be scored" in missing
    assert "7 problems without a single scored sample" in unanswered
    assert unanswered.endswith("p0, p1, p2, p3, p4 and 2 more.")
    assert few.startswith("Only 5 of 12 problems are in the numbers")


def test_few_problems_are_those_in_the_numbers(summary: Summary) -> None:
    def few(problems: int, unanswered: int) -> list[str]:
        gone = tuple(f"p{i}" for i in range(unanswered))
        told = dataclasses.replace(summary, problems=problems, unanswered=gone)
        return [note for note in beware(told) if note.startswith("Only")]

    assert few(100, 93)[0].startswith("Only 7 of 100 problems are in the numbers:")
    assert few(20, 15)[0].startswith("Only 5 of 20 problems")
    assert few(20, 0)[0].startswith("Only 20 problems:")
    assert few(1, 0)[0].startswith("Only 1 problem:")
    assert few(100, 70) == []


def test_an_estimate_that_is_not_there_is_none(summary: Summary) -> None:
    curve = summary.curves[2]
    assert at(curve, 4) is None
    assert at(dataclasses.replace(curve, estimates=(Estimate(math.nan),) * len(curve.k)), 1) is None


def test_choosing_that_makes_it_worse_is_said_first() -> None:
    summary = fake_summary()
    fallen = [
        dataclasses.replace(d, estimate=Estimate(-0.3, -0.4, -0.2)) if d.a == "best_of_n" else d
        for d in summary.differences
    ]
    first = beware(dataclasses.replace(summary, differences=tuple(fallen)))[0]
    assert first.startswith("Choosing made it worse: best of k by reward falls from")
    assert not any("worse" in note for note in beware(summary))


def test_problems_without_a_score_are_not_counted_as_never_solved() -> None:
    summary = dataclasses.replace(fake_summary(), unanswered=("x", "y"), never_solved=1)
    assert f"1 of {summary.problems - 2} problems had no correct sample" in reading(summary)


LUCKY = Pick(
    "weighted_majority",
    3,
    0.7,
    Estimate(0.7, 0.65, 0.75),
    Estimate(0.2, 0.1, 0.3),
    Estimate(math.nan),
    Estimate(0.25, 0.2, 0.3),
)


def test_a_selector_that_won_by_luck_is_valued_on_other_problems(summary: Summary) -> None:
    lucky = dataclasses.replace(summary, pick=LUCKY)
    assert headline(lucky).startswith(
        f"100 samples chosen by the best of 3 selectors: {LUCKY.estimate} "
        "(0.737 on the problems it was picked on); one sample:"
    )
    text = reading(lucky)
    assert "vote weighted by reward, reaches 0.737 [0.682, 0.792] with 100 samples on the very" in (
        text
    )
    gain = f"reaches {LUCKY.estimate}, 0.20 [0.10, 0.30] more than one sample (paired"
    assert gain in text


def test_a_selector_that_every_half_picks_keeps_its_name(summary: Summary) -> None:
    sure = dataclasses.replace(summary, pick=dataclasses.replace(LUCKY, share=1.0))
    assert headline(sure) == headline(summary)
    assert reading(sure) == reading(summary)


def test_greedy_against_sampled_is_a_sentence(summary: Summary) -> None:
    def told(estimate: Estimate) -> str:
        changed = tuple(
            dataclasses.replace(d, estimate=estimate) if d.a == "greedy" else d
            for d in summary.differences
        )
        return reading(dataclasses.replace(summary, differences=changed))

    greedy = next(c for c in summary.curves if c.strategy == "greedy").estimates[0]
    start = f"Greedy decoding solves {greedy}, "
    more = told(Estimate(0.2, 0.1, 0.3))
    assert f"{start}0.20 [0.10, 0.30] more than the mean sample." in more
    less = told(Estimate(-0.2, -0.3, -0.1))
    assert f"{start}0.20 [0.10, 0.30] less than the mean sample." in less
    assert "than the mean sample: these problems cannot tell" in told(Estimate(0.0, -0.1, 0.1))
    without = [c for c in summary.curves if c.strategy != "greedy"]
    assert "Greedy" not in reading(dataclasses.replace(summary, curves=tuple(without)))
