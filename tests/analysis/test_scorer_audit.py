import math
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, YES, made_run

from topdraw.analysis.accuracy import accuracy
from topdraw.analysis.agreement import auc
from topdraw.analysis.scorer_audit import audit
from topdraw.core.records import Score
from topdraw.core.until import Until
from topdraw.errors import ConfigError, DomainError, UnknownNameError
from topdraw.store.run import Run

VERDICTS = {
    "p0": [YES, NO, NO, YES],
    "p1": [NO, NO, YES, NO],
    "p2": [YES, YES, YES, YES],
    "p3": [NO, LOST, NO, NO],
    "p4": [NO, YES, NO, YES],
}
REWARDS = {
    "p0": [3.0, 1.0, 2.0, 2.0],
    "p1": [0.0, 9.0, 5.0, math.nan],
    "p2": [1.0, 1.0, 1.0, 1.0],
    "p3": [1.0, 2.0, 3.0, 4.0],
    "p4": [math.nan, math.nan, math.nan, math.nan],
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = made_run(tmp_path / "run", VERDICTS, rewards=REWARDS)
    flat = [(s, Score(value=0.5)) for s in run.samples()]
    run.add_scores("flat", flat)
    chance = [(s, Score(value=0.1 + 0.2 * s.index)) for s in run.samples() if s.index != 1]
    run.add_scores("chance", chance)
    return run


def test_every_number_is_what_it_says(run: Run) -> None:
    found = audit(run, ["reward"], level=0.9)
    one = found.scorers[0]
    areas = [auc(REWARDS[key], [s is YES for s in VERDICTS[key]]) for key in ("p0", "p1")]
    assert one.auc.value == pytest.approx(np.mean(areas))
    assert "3 problems without a number left out" in one.auc.method
    # p0: 3 beats 1 and 2, 2 beats 1 and ties 2; p1: 5 beats 0, not 9.
    assert one.pairs.value == pytest.approx((3.5 + 1) / 6)
    assert one.top1.value == pytest.approx((1 + 0 + 1 + 0) / 4)
    assert one.top1.value == pytest.approx(accuracy(run, "best_of_n", value="reward").value)
    assert one.over_random.value == pytest.approx((0.5 - 0.25 + 0 + 0) / 4)
    assert one.below_oracle.value == pytest.approx((0 + 1 + 0 + 0) / 4)
    assert (one.ks, found.n) == ((1, 2, 3), 3)
    assert one.curve[1].value == pytest.approx(
        accuracy(run, "best_of_n", value="reward", k=2).value
    )
    assert one.missing.value == pytest.approx(5 / 19)
    assert (found.problems, found.mixed, found.gold) == (5, 3, "judge")
    assert found.random.value == pytest.approx((0.5 + 0.25 + 1 + 0 + 0.5) / 5)
    assert found.oracle.value == pytest.approx(4 / 5)
    assert found.level == one.auc.level == one.ece.level == 0.9
    assert math.isnan(one.ece.value)
    assert "no link named" in one.ece.method
    # All outputs have five tokens: length says nothing.
    assert math.isnan(one.length.value)


def test_probabilities_are_calibrated_without_being_asked(run: Run) -> None:
    one = audit(run, ["chance"]).scorers[0]
    kept = [
        (0.1 + 0.2 * i, s is YES)
        for each in VERDICTS.values()
        for i, s in enumerate(each)
        if i != 1
    ]
    assert one.brier.value == pytest.approx(np.mean([(p - y) ** 2 for p, y in kept]))
    assert 0 <= one.ece.low <= one.ece.high <= 1
    mapped = audit(run, ["reward"], link="isotonic").scorers[0]
    assert "isotonic link, cross-fitted" in mapped.brier.method


def test_two_scorers_are_compared_over_the_same_problems(run: Run) -> None:
    found = audit(run, ["reward", "flat"])
    area, top = found.differences
    assert (area.a, area.b, area.measure) == ("reward", "flat", "AUC")
    assert area.estimate.value == pytest.approx(found.scorers[0].auc.value - 0.5)
    assert top.estimate.n == 4
    assert top.estimate.value == pytest.approx((0.5 - 0.25) / 4)
    assert all(each.adjusted_p >= each.estimate.p_value for each in found.differences)
    assert found.scorers[1].saturation == 1
    assert found.scorers[1].auc.value == 0.5


def test_a_scorer_that_misleads_falls_from_its_peak(tmp_path: Path) -> None:
    # The best by the scorer is wrong, the next two are right.
    verdicts = {f"p{i}": [NO, YES, YES, NO, NO, NO] for i in range(30)}
    rewards = {key: [5.0, 4.0, 3.0, 2.0, 1.0, 0.0] for key in verdicts}
    one = audit(made_run(tmp_path / "r", verdicts, rewards=rewards), ["reward"]).scorers[0]
    assert one.peak == 2
    assert one.curve[-1].value == 0
    assert one.after.high < 0
    assert one.ks[-1] == 6


@pytest.mark.parametrize(
    ("scorers", "error", "message"),
    [
        ([], ConfigError, "no scorer to audit"),
        (["flat", "flat"], ConfigError, "named twice"),
        (["judge"], ConfigError, "CHOOSER = JUDGE"),
        (["mean(judge, flat)"], ConfigError, "CHOOSER = JUDGE"),
        (["reword"], UnknownNameError, "no scores by 'reword'"),
        (["logprob"], ConfigError, "logprob has no value for any sample"),
    ],
)
def test_what_cannot_be_audited(
    run: Run, scorers: list[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        audit(run, scorers)


def test_odd_questions(run: Run, tmp_path: Path) -> None:
    with pytest.raises(DomainError, match=r"go from k = 1 to 3, the fewest.*asked for 1, 9"):
        audit(run, ["flat"], ks=[1, 9])
    with pytest.raises(ConfigError, match="gives values but no verdict"):
        audit(run, ["flat"], gold="reward")
    with pytest.raises(ConfigError, match="does not say where the problem"):
        audit(run, ["flat"], clusters="passage")
    assert audit(run, ["flat"], ks=[2]).scorers[0].ks == (2, 3)
    waited = made_run(
        tmp_path / "w", {"p": [NO, YES]}, rewards={"p": [1.0, 2.0]},
        until=Until("pass", by="judge", batch=1), cap=4,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="its samples were selected by 'judge' itself"):
        audit(waited, ["reward"])
    lost = made_run(tmp_path / "l", {"p": [LOST]}, rewards={"p": [1.0]})
    with pytest.raises(ConfigError, match="no sample scored by 'judge'"):
        audit(lost, ["reward"])


def test_of_a_settled_run_the_first_samples_count(tmp_path: Path) -> None:
    until = Until("settled", by="judge", batch=2, confidence=0.8)
    verdicts = {"p": [YES, NO, YES, NO], "q": [YES, YES]}
    rewards = {"p": [1.0, 2.0, 3.0, 4.0], "q": [1.0, 2.0]}
    found = audit(
        made_run(tmp_path / "s", verdicts, rewards=rewards, until=until, cap=4), ["reward"]
    )
    assert found.n == 2
    assert "over the first 2 samples" in found.basis


@pytest.mark.slow
def test_the_interval_of_the_auc_covers_what_it_says() -> None:
    from topdraw.analysis.intervals import mean_estimate

    rng, inside, sets = np.random.default_rng(1), 0, 400
    # Rights from N(1, 1), wrongs from N(0, 1): the AUC is Phi(1 / sqrt 2).
    truth = 0.5 * (1 + math.erf(0.5))
    for _ in range(sets):
        right = rng.random((50, 16)) < rng.beta(2, 2, 50)[:, None]
        values = rng.normal(size=(50, 16)) + right
        each = [auc(v, y) for v, y in zip(values, right, strict=True)]
        found = mean_estimate(each)
        inside += found.low <= truth <= found.high
    assert 0.92 <= inside / sets <= 0.98
