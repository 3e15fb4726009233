import json
import math
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, YES, Scores, made_run

from topdraw.analysis.accuracy import accuracy
from topdraw.analysis.bayes.frontier import beta_for_kl, frontier
from topdraw.analysis.bayes.law import win_rate
from topdraw.analysis.bayes.of_run import read, reading
from topdraw.analysis.bayes.rows import Scored
from topdraw.analysis.bayes.tilt import tilted
from topdraw.analysis.estimates import pass_at_k
from topdraw.core.records import FloatArray, Score
from topdraw.core.until import Until
from topdraw.errors import ConfigError, DomainError
from topdraw.store.evidence import open_evidence
from topdraw.store.run import Run

VERDICTS = [[1, 0, 0, 1], [0, 0, 1, 0], [1, 1, 0, 1], [0, 0, 0, 0]]
REWARDS = [[0.5, 2.0, -1.0, 1.0], [0.0, 0.5, 3.0, 1.0], [1.0, 1.0, 1.0, 0.0], [2.0, 1.0, 0.0, 4.0]]


def _run(folder: Path, verdicts: list[list[int]], rewards: list[list[float]]) -> Run:
    names = [f"p{at}" for at in range(len(verdicts))]
    judged = {
        name: [YES if each else NO for each in row]
        for name, row in zip(names, verdicts, strict=True)
    }
    return made_run(folder, judged, rewards=dict(zip(names, rewards, strict=True)))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return _run(tmp_path / "run", VERDICTS, REWARDS)


def test_best_of_n_is_that_of_the_other_reports(run: Run) -> None:
    found = reading(run)
    assert (found.by, found.value, found.gold) == ("judge", "reward", "judge")
    assert (found.problems, found.n, found.left_out) == (4, 4, 0)
    assert [row.n for row in found.best] == [1, 2, 3, 4]
    for row in found.best:
        expected = accuracy(run, "best_of_n", k=row.n)
        assert row.gold.value == pytest.approx(expected.value)
        assert (row.gold.low, row.gold.high) == pytest.approx((expected.low, expected.high))
    assert found.best[0].gold.value == pytest.approx(pass_at_k(run, 1).value)
    assert found.best[-1].reward.value == pytest.approx(np.mean([max(r) for r in REWARDS]))
    wins = [win_rate(r, [2])[0] for r in REWARDS]
    assert found.best[1].win_rate.value == pytest.approx(np.mean(wins))
    assert math.isnan(found.best[3].win_rate.value)


def test_the_posterior_is_per_problem_and_then_averaged(run: Run) -> None:
    found = reading(run, betas=[0.5, 2.0])
    assert [row.beta for row in found.posterior] == [2.0, 0.5]
    each = [tilted(r, [0.5]) for r in REWARDS]
    row = found.posterior[1]
    assert row.kl.value == pytest.approx(np.mean([one.kl[0] for one in each]))
    assert row.reverse_kl.value == pytest.approx(np.mean([one.reverse_kl[0] for one in each]))
    assert row.log_z.value == pytest.approx(np.mean([one.log_z[0] for one in each]))
    assert row.reward.value == pytest.approx(np.mean([one.reward[0] for one in each]))
    effective = [one.effective[0] for one in each]
    assert row.effective.value == pytest.approx(np.mean(effective))
    assert row.effective_median.value == pytest.approx(np.median(effective))
    assert row.thin.value == 1
    # Posterior resampling is a selector, and this is what it gets right.
    assert row.gold.value == pytest.approx(accuracy(run, "posterior(0.5)").value)
    assert any("half of the problems stand on fewer than 10" in text for text in found.warnings)


def test_budgets_become_betas(run: Run) -> None:
    found = reading(run, kls=[0.5, 0.2])
    assert [row.kl.value for row in found.posterior] == pytest.approx([0.2, 0.5])
    assert found.posterior[1].beta == pytest.approx(beta_for_kl(REWARDS, 0.5))
    with pytest.raises(DomainError, match="cannot be had"):
        reading(run, kls=[found.largest_kl])
    with pytest.raises(ConfigError, match="not both"):
        reading(run, kls=[0.1], betas=[1.0])
    assert max(row.kl.value for row in reading(run).posterior) < found.largest_kl


def test_the_share_of_the_optimum_is_the_frontiers(run: Run) -> None:
    found, expected = reading(run, ns=[1, 2, 4]), frontier(REWARDS, [1, 2, 4])
    shares = [row.share.value for row in found.best]
    assert shares == pytest.approx(expected.share.tolist(), nan_ok=True)
    assert math.isnan(shares[0])
    for row in found.best[1:]:
        assert 0 <= row.share.low <= row.share.value <= row.share.high <= 1
    optimum = [row.optimum.value for row in found.best]
    assert optimum == pytest.approx(expected.optimum.mean(axis=1).tolist())


def test_ties_are_counted_and_said(tmp_path: Path) -> None:
    flat = _run(
        tmp_path / "ties", VERDICTS, [[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0]]
    )
    found = reading(flat)
    kl = 15 / 16 * math.log(15 / 8) + 1 / 16 * math.log(1 / 8)
    assert found.best[-1].kl.value == pytest.approx(kl)
    assert found.best[-1].kl.value < found.best[-1].kl_bound
    assert any("Rewards tie" in text for text in found.warnings)
    assert math.isnan(found.best[-1].kl.low)


def test_what_has_no_reward_is_left_out_and_counted(tmp_path: Path) -> None:
    judged: Scores = {
        "a": [YES, NO, LOST, NO],
        "b": [NO, YES, YES, None],
        "c": [NO, LOST, LOST, NO],
    }
    rewards = {"a": [1.0, 2.0, 9.0, 0.0], "b": [1.0, 3.0, math.inf, 1.0], "c": [0.0] * 4}
    found = reading(made_run(tmp_path / "run", judged, rewards=rewards))
    assert (found.problems, found.n) == (3, 2)
    assert found.left_out == 1 + 2 + 2
    assert found.best[0].gold.value == pytest.approx(np.mean([1 / 3, 1 / 2, 0]))
    assert found.best[0].gold.missing == found.loss.missing == 5
    single = {"a": [YES, NO], "b": [NO, LOST]}
    fewer = made_run(tmp_path / "less", single, rewards={"a": [1.0, 2.0], "b": [1.0, 2.0]})
    found = reading(fewer)
    assert (found.unusable, found.problems) == (("b",), 1)
    assert "1 samples and 1 whole problems" in found.warnings[-1]
    assert math.isnan(found.loss.value)


def test_gold_may_be_a_grade(run: Run) -> None:
    grades: FloatArray = np.array(REWARDS) * -10.0
    drawn = run.samples()
    run.add_scores(
        "grade", [(s, Score(value=grades[int(s.problem_id[1:]), s.index])) for s in drawn]
    )
    found = reading(run, gold="grade")
    assert found.gold == "grade"
    for row in found.best:
        assert row.gold.value == pytest.approx(-10 * row.reward.value)
    assert found.peak == 1
    assert found.loss.value < 0


@pytest.mark.parametrize("hacked", [True, False])
def test_overoptimisation_shows_where_it_is(tmp_path: Path, hacked: bool) -> None:
    random = np.random.default_rng(4)
    quality = random.normal(size=(40, 30))
    # The proxy is right but for a rare flaw that it loves.
    flawed = (random.random((40, 30)) < 0.08) & hacked
    verdicts = ((quality > 0.3) & ~flawed).astype(int)
    rewards = quality + 6 * flawed
    found = reading(_run(tmp_path / "run", verdicts.tolist(), rewards.tolist()), ns=[1, 3, 10, 30])
    if not hacked:
        assert (found.peak, found.loss.value) == (30, 0)
        return
    assert 1 < found.peak < 30
    assert found.loss.high < 0
    assert found.loss.p_value < 0.01
    linear, log = found.laws
    assert linear.beta.low > 0
    assert 0 < linear.peak_kl < 3
    assert log.form == "log"


def test_the_loss_is_not_flattered_by_the_n_it_compares_with() -> None:
    # Gold without any relation to the reward: no n is better, and picked n must not look better.
    losses = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        rewards, golds = random.normal(size=(30, 12)), (random.random((30, 12)) < 0.5) * 1.0
        data = Scored("reward", list(rewards), list(golds), False)
        losses.append(read(data, betas=[1.0], ns=[1, 3, 6, 12]).loss.value)
    assert max(losses) > 0
    assert abs(np.mean(losses)) < 3 * np.std(losses) / math.sqrt(20)


def test_a_chooser_that_is_the_judge_is_called_so(tmp_path: Path) -> None:
    run = _run(tmp_path / "run", VERDICTS, REWARDS)
    for value in ("judge", "mean(judge, reward)"):
        assert "CHOOSER = JUDGE" in reading(run, value=value).warnings[0]
    assert "CHOOSER" not in " ".join(reading(run).warnings)


def test_an_ensemble_is_a_reward(tmp_path: Path) -> None:
    run = _run(tmp_path / "run", VERDICTS, REWARDS)
    drawn = run.samples()
    run.add_scores("other", [(s, Score(value=float(s.index))) for s in drawn])
    found = reading(run, value="worst(reward, other, scale=none)")
    smallest = np.minimum(REWARDS, np.arange(4))
    assert found.best[-1].reward.value == pytest.approx(smallest.max(axis=1).mean())


def test_a_table_of_scored_samples_reads_as_a_run_does(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "samples.csv"
    rows = ["problem,index,correct,reward"]
    for problem, (judged, rewarded) in enumerate(zip(VERDICTS, REWARDS, strict=True)):
        each = enumerate(zip(judged, rewarded, strict=True))
        rows += [f"p{problem},{index},{right},{reward}" for index, (right, reward) in each]
    path.write_text("\n".join(rows))
    found, expected = reading(open_evidence(path)), reading(run)
    assert found.value == "reward"
    assert [row.gold for row in found.best] == [row.gold for row in expected.best]
    assert [row.kl.value for row in found.posterior] == pytest.approx(
        [row.kl.value for row in expected.posterior]
    )
    counts = tmp_path / "counts.csv"
    counts.write_text("problem,n,c\na,4,2\n")
    with pytest.raises(ConfigError, match="no scorer that ranks"):
        reading(open_evidence(counts))


def test_of_a_run_that_a_rule_stopped_only_the_first_samples_count(tmp_path: Path) -> None:
    judged = {"a": [NO, NO, YES], "b": [NO, YES], "c": [NO, NO, NO, NO]}
    rewards = {"a": [1.0, 2.0, 3.0], "b": [2.0, 1.0], "c": [1.0, 0.0, 9.0, 9.0]}
    until = Until("pass", by="judge", batch=2)
    run = made_run(tmp_path / "run", judged, rewards=rewards, until=until, cap=4)
    found = reading(run)
    assert found.n == 2
    assert "first 2" in found.best[0].reward.method
    assert found.best[0].reward.value == pytest.approx(np.mean([1.5, 1.5, 0.5]))


def test_what_cannot_be_read_is_refused(tmp_path: Path, run: Run) -> None:
    with pytest.raises(DomainError, match="1 <= n <= 4"):
        reading(run, ns=[5])
    plain = made_run(tmp_path / "plain", {"a": [YES, NO]})
    with pytest.raises(ConfigError, match="no scorer that ranks"):
        reading(plain)
    flat = _run(tmp_path / "flat", [[1, 0]], [[2.0, 2.0]])
    with pytest.raises(ConfigError, match="the same value"):
        reading(flat)
    lonely = _run(tmp_path / "one", [[1]], [[2.0]])
    with pytest.raises(ConfigError, match=r"No problem of .* two samples"):
        reading(lonely)


def test_real_rewards_of_math(shared_data: Path, tmp_path: Path) -> None:
    golden = json.loads((Path(__file__).parents[2] / "golden/coverage.json").read_text())
    path = shared_data / "math_rm/math_cot_8samples_first40.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    verdicts = [[int(each) for each in row["score"]] for row in rows]
    rewards = [[each[0] for each in row["pred_score"]] for row in rows]
    found = reading(_run(tmp_path / "run", verdicts, rewards))
    known = golden["math_rm_first_40"]
    assert found.best[-1].gold.value == pytest.approx(known["best_of_8"], abs=known["tolerance"])
    assert found.best[0].gold.value == pytest.approx(known["pass_at_k"]["1"], abs=5e-5)
