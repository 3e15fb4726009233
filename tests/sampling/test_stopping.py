import asyncio
import itertools
import random
from collections.abc import Sequence
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc

from topdraw.analysis.stopping import outcome
from topdraw.core.records import Decoding, Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.core.until import Until
from topdraw.errors import ConfigError
from topdraw.sampling.stopping import Pursuit, is_over, probability_ahead
from topdraw.store.run import Sampler

SAMPLER = Sampler("h", "sampled", Decoding(), 10)
PROBLEM = Problem("p", "?")
PASS = Until("pass", by="x", batch=3)


def votes(text: str) -> list[Score]:
    return [Score.missing("lost") if c == "?" else Score(answer=c) for c in text]


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_probability_ahead_is_the_beta_posterior(a: int, b: int) -> None:
    first, second = max(a, b), min(a, b)
    expected = 1 - betainc(first + 1, second + 1, 0.5)
    assert probability_ahead(first, second) == pytest.approx(expected, abs=1e-12)


def test_golden_probabilities() -> None:
    # By hand: sums of binomial coefficients over 2^(a+b+1).
    assert probability_ahead(0, 0) == 0.5
    assert probability_ahead(4, 0) == 31 / 32
    assert probability_ahead(3, 1) == float(Fraction(sum(comb(5, j) for j in (2, 3, 4, 5)), 32))


def test_pass_stops_at_a_pass_and_at_nothing_else() -> None:
    wrong, right = Score.verdict(False), Score.verdict(True)
    assert not is_over(PASS, [wrong, Score.missing("x"), Score(value=1.0)], left=5)
    assert is_over(PASS, [wrong, right, wrong], left=5)


@given(st.text("ab?", max_size=7), st.integers(0, 5))
def test_at_full_confidence_nothing_to_come_changes_the_winner(drawn: str, left: int) -> None:
    certain = Until("settled", by="x", confidence=1.0)
    over = is_over(certain, votes(drawn), left)

    def winners(text: str) -> set[str]:
        top = max((text.count(c) for c in "abc"), default=0)
        return {c for c in "abc" if text.count(c) == top and top}

    futures = {
        frozenset(winners(drawn + "".join(f))) for f in itertools.product("abc", repeat=left)
    }
    single = len(futures) == 1 and len(next(iter(futures))) == 1
    assert over == single


def test_a_confident_lead_settles_a_vote() -> None:
    until = Until("settled", by="x", confidence=0.95)
    assert not is_over(until, votes("aaa"), left=90)
    assert is_over(until, votes("aaaa"), left=90)
    assert not is_over(until, votes("aaaab"), left=90)
    assert not is_over(until, votes("????"), left=90)


def test_equivalent_answers_settle_a_vote_together() -> None:
    @scorer("spelled")
    def spelled(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
        return [Score(answer=sample.output) for sample in samples]

    spelled.equivalent = lambda one, other: one.lower() == other.lower()  # type: ignore[attr-defined]
    by_text, joined = (Until("settled", by=by, confidence=0.95) for by in ("x", "spelled"))
    assert not is_over(by_text, votes("aAaA"), left=90)
    assert is_over(joined, votes("aAaA"), left=90)
    assert outcome(joined, 94, votes("aAaA" * 2)).drawn == 4
    assert not outcome(by_text, 94, votes("aAaA" * 2)).ended


def drawn_by(pursuit: Pursuit, *, lose: Sequence[int] = ()) -> list[tuple[int, ...]]:
    asked: list[tuple[int, ...]] = []

    async def main() -> None:
        async for unit in pursuit.units(PROBLEM):
            asked.append(unit.indices)
            for index in unit.indices:
                if index not in lose:
                    pursuit.add(Sample("p", index, "text", sampler="h"))

    with pursuit:
        asyncio.run(main())
    return asked


def passing(*indices: int) -> Pursuit:
    def judge(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        return [Score.verdict(sample.index in indices) for sample in samples]

    return Pursuit(SAMPLER, PASS, judge, [], spared.append)


spared: list[int] = []


@pytest.fixture(autouse=True)
def _nothing_spared() -> None:
    spared.clear()


def test_batches_come_until_one_has_a_pass() -> None:
    assert drawn_by(passing(4)) == [(0, 1, 2), (3, 4, 5)]
    assert spared == [4]


def test_without_a_pass_all_are_drawn() -> None:
    assert drawn_by(passing()) == [(0, 1, 2), (3, 4, 5), (6, 7, 8), (9,)]
    assert spared == []


def test_a_pass_in_the_last_batch_spares_nothing() -> None:
    assert drawn_by(passing(9)) == [(0, 1, 2), (3, 4, 5), (6, 7, 8), (9,)]
    assert spared == []


def test_a_batch_that_did_not_come_ends_the_problem_for_now() -> None:
    assert drawn_by(passing(4), lose=[4]) == [(0, 1, 2), (3, 4, 5)]
    assert spared == []


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)), st.integers(1, 11))
def test_what_is_drawn_does_not_depend_on_interruptions(
    right: set[int], have: set[int], batch: int
) -> None:
    def judge(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        return [Score.verdict(sample.index in right) for sample in samples]

    until = Until("pass", by="x", batch=batch)
    whole = drawn_by(Pursuit(SAMPLER, until, judge, [], spared.append))
    end = max(itertools.chain(*whole)) + 1
    stored = [Sample("p", index, "text", sampler="h") for index in have if index < end]
    other = [Sample("p", index, "text", sampler="greedy") for index in range(10)]
    resumed = drawn_by(Pursuit(SAMPLER, until, judge, [*stored, *other], spared.append))
    assert sorted(itertools.chain(*resumed)) == sorted(set(range(end)) - have)


def test_a_look_sees_each_sample_once_and_in_order() -> None:
    seen: list[int] = []

    def judge(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        seen.extend(sample.index for sample in samples)
        return [Score.verdict(False)] * len(samples)

    stored = [Sample("p", index, "", sampler="h") for index in random.Random(1).sample(range(9), 9)]
    drawn_by(Pursuit(SAMPLER, PASS, judge, stored, spared.append))
    assert seen == list(range(9))


@pytest.mark.parametrize("bad", [[], [True, True, True]])
def test_a_judge_that_gives_no_scores_is_named(bad: list[Score]) -> None:
    with pytest.raises(ConfigError, match="'x' must return one Score"):
        drawn_by(Pursuit(SAMPLER, PASS, lambda p, s: bad, [], spared.append))


def test_a_pass_that_no_score_can_give_is_refused_at_the_first_look() -> None:
    def ranks(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        return [Score(value=1.0), *[Score.missing("lost")] * (len(samples) - 1)]

    with pytest.raises(ConfigError, match="'x' gives no verdicts"):
        drawn_by(Pursuit(SAMPLER, PASS, ranks, [], spared.append))
    settled = Until("settled", by="x", batch=3)
    assert len(drawn_by(Pursuit(SAMPLER, settled, ranks, [], spared.append))) == 4


def test_scores_that_are_missing_may_have_verdicts_later() -> None:
    def lost(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        return [Score.missing("lost")] * len(samples)

    assert len(drawn_by(Pursuit(SAMPLER, PASS, lost, [], spared.append))) == 4


def test_a_best_that_no_score_can_be_is_refused_at_the_first_look() -> None:
    def votes_alone(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        return [Score(answer="a") for _ in samples]

    best = Until("best", by="x", batch=3)
    with pytest.raises(ConfigError, match="'x' gives no values"):
        drawn_by(Pursuit(SAMPLER, best, votes_alone, [], spared.append))


def test_a_best_far_out_ends_the_drawing() -> None:
    def far(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        return [Score(value=100.0 if sample.index == 2 else sample.index) for sample in samples]

    best = Until("best", by="x", batch=3)
    assert drawn_by(Pursuit(SAMPLER, best, far, [], spared.append)) == [
        (0, 1, 2),
        (3, 4, 5),
        (6, 7, 8),
    ]
    assert spared == [1]
