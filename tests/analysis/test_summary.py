import math
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, ODD, SILENT, YES, Scores, made_run

import topdraw
from topdraw.analysis.accuracy import accuracy
from topdraw.analysis.coverage import pass_at_k
from topdraw.analysis.stopping import outcome
from topdraw.analysis.summary import Curve, Summary, model_name, summarize
from topdraw.core.records import Score
from topdraw.core.until import Until
from topdraw.errors import ConfigError, DomainError
from topdraw.store.evidence import open_evidence

KINDS = [YES, NO, ODD, SILENT]


def _run(folder: Path, *, problems: int = 6, n: int = 12, greedy: bool = True) -> topdraw.Run:
    rng = np.random.default_rng(0)
    skill = rng.dirichlet([1, 1, 1, 0.3], size=problems)
    picks = [[KINDS[i] for i in rng.choice(4, size=n, p=p)] for p in skill]
    verdicts = {f"p{i}": each for i, each in enumerate(picks)}
    verdicts["p1"] = [NO] * n
    verdicts["p2"] = [LOST, LOST, *verdicts["p2"][2:]]
    verdicts["lost"] = [LOST] * n
    rewards = {key: rng.normal(size=n).tolist() for key in verdicts}
    first = {key: [YES if i % 2 else NO] for i, key in enumerate(verdicts)}
    return made_run(
        folder, verdicts, rewards=rewards, greedy=first if greedy else None, logprobs=True
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> topdraw.Run:
    return _run(tmp_path_factory.mktemp("summary") / "run")


@pytest.fixture(scope="module")
def summary(run: topdraw.Run) -> Summary:
    return summarize(run)


def _curve(summary: Summary, strategy: str) -> Curve:
    return next(curve for curve in summary.curves if curve.strategy == strategy)


def test_it_counts_what_there_is(summary: Summary) -> None:
    assert (summary.task, summary.model) == ("made", "made")
    assert (summary.by, summary.value) == ("judge", "reward")
    assert (summary.problems, summary.samples, summary.missing) == (7, 84, 14)
    assert summary.unanswered == ("lost",)
    assert summary.n == 10
    assert summary.ks == (1, 2, 3, 5, 10)
    assert summary.output_tokens == 84 * 5


def test_curves_come_in_the_order_of_a_report(summary: Summary) -> None:
    assert [curve.strategy for curve in summary.curves] == [
        "greedy", "random", "majority", "best_of_n", "weighted_majority", "logprob", "oracle",
    ]  # fmt: skip
    for curve in summary.curves:
        flat = curve.strategy in ("greedy", "random")
        assert curve.k == ((1,) if flat else summary.ks)
        assert len(curve.estimates) == len(curve.k)
        assert all(e.n == 6 and e.low <= e.value <= e.high for e in curve.estimates)


@pytest.mark.parametrize("strategy", ["random", "majority", "best_of_n", "oracle"])
def test_curves_are_the_accuracies_of_their_selectors(
    run: topdraw.Run, summary: Summary, strategy: str
) -> None:
    curve = _curve(summary, strategy)
    assert curve.method == "exact"
    for k, estimate in zip(curve.k, curve.estimates, strict=True):
        assert estimate.value == pytest.approx(accuracy(run, strategy, k=k).value, abs=1e-12)


def test_every_choosing_curve_starts_at_the_mean_sample(summary: Summary) -> None:
    mean = _curve(summary, "random").estimates[0].value
    for curve in summary.curves[1:]:
        assert curve.estimates[0].value == pytest.approx(mean, abs=1e-12)


def test_the_oracle_is_pass_at_k(run: topdraw.Run, summary: Summary) -> None:
    for k, estimate in zip(summary.ks, _curve(summary, "oracle").estimates, strict=True):
        assert estimate.value == pytest.approx(topdraw.pass_at_k(run, k).value, abs=1e-12)


def test_differences_are_paired_at_n(summary: Summary) -> None:
    pairs = [(d.a, d.b) for d in summary.differences]
    real = ["greedy", "majority", "best_of_n", "weighted_majority", "logprob"]
    assert pairs[:-2] == [(name, "random") for name in real]
    best = max(real[1:], key=lambda name: _curve(summary, name).estimates[-1].value)
    assert pairs[-2:] == [(best, "greedy"), ("oracle", best)]
    for d in summary.differences:
        assert d.k == 10
        ends = [_curve(summary, name).estimates[-1].value for name in (d.a, d.b)]
        assert d.estimate.value == pytest.approx(ends[0] - ends[1], abs=1e-9)
        assert 0 < d.estimate.p_value <= 1
    assert summary.gap.value == pytest.approx(summary.differences[-1].estimate.value)
    assert summary.gap.low >= 0


def test_each_problem_has_a_row_whatever_happened_to_it(summary: Summary) -> None:
    rows = {row.problem_id: row for row in summary.rows}
    assert list(rows) == ["p0", "p1", "p2", "p3", "p4", "p5", "lost"]
    assert (rows["p1"].n, rows["p1"].c, rows["p1"].majority) == (12, 0, 0.0)
    assert (rows["p2"].n, rows["p2"].missing) == (10, 2)
    assert (rows["lost"].n, rows["lost"].c, rows["lost"].missing) == (0, 0, 12)
    assert math.isnan(rows["lost"].majority)
    assert math.isnan(rows["lost"].best_of_n)
    assert summary.never_solved == sum(row.n > 0 and row.c == 0 for row in summary.rows) >= 1


def test_curves_over_k_have_a_band_around_all_of_them(summary: Summary) -> None:
    for curve in summary.curves:
        if curve.strategy in ("greedy", "random"):
            assert curve.band == ()
            continue
        assert len(curve.band) == len(curve.k)
        for inner, outer in zip(curve.estimates, curve.band, strict=True):
            assert outer.value == inner.value
            assert outer.low <= inner.low + 1e-12
            assert outer.high >= inner.high - 1e-12
            assert "simultaneous over 5 points" in outer.method


def test_the_best_of_several_is_valued_on_other_problems(tmp_path: Path) -> None:
    few = summarize(_run(tmp_path / "few"))
    assert few.pick is None
    got = summarize(_run(tmp_path / "many", problems=30))
    assert got.pick is not None
    best = got.pick.strategy
    assert (got.pick.among, got.differences[-1].b) == (4, best)
    assert got.pick.estimate.value <= _curve(got, best).estimates[-1].value + 1e-12
    assert got.gap == got.pick.gap
    assert got.gap.value >= got.differences[-1].estimate.value - 1e-12


def test_counts_have_coverage_and_the_mean_sample_alone(tmp_path: Path) -> None:
    table = tmp_path / "counts.csv"
    table.write_text("problem,n,c\n" + "".join(f"p{i},20,{i}\n" for i in range(12)))
    got = summarize(open_evidence(table))
    assert [curve.strategy for curve in got.curves] == ["random", "oracle"]
    n, c = [20] * 12, range(12)
    for k, estimate in zip(got.ks, got.curves[-1].estimates, strict=True):
        assert estimate.value == pytest.approx(pass_at_k(n, list(c), k).mean(), abs=1e-12)
    assert (got.samples, got.unscored, got.missing, got.never_solved) == (240, 0, 0, 1)


def test_the_same_seed_gives_the_same_summary(run: topdraw.Run, summary: Summary) -> None:
    assert repr(summarize(run, rng=0)) == repr(summary)


def test_the_chosen_k_are_used_and_checked(run: topdraw.Run) -> None:
    assert summarize(run, ks=[4, 2]).ks == (2, 4)
    for ks, message in (
        ([11], "k = 11 needs at least 11 scored samples per problem; .* has 10"),
        ([0, 1], "k = 0 needs k >= 1"),
        ([], "no k"),
    ):
        with pytest.raises(DomainError, match=message):
            summarize(run, ks=ks)


def test_a_chooser_that_judges_itself_is_labelled_and_is_nobodys_best(run: topdraw.Run) -> None:
    got = summarize(run, value="judge")
    assert "CHOOSER = JUDGE" in _curve(got, "best_of_n").label
    assert "CHOOSER = JUDGE" in _curve(got, "best_of_n").estimates[0].method
    assert next(d.b for d in got.differences if d.a == "oracle") not in (
        "best_of_n",
        "weighted_majority",
    )


def test_a_bare_run_has_fewer_curves(tmp_path: Path) -> None:
    got = summarize(made_run(tmp_path / "run", {"a": [Score.verdict(True)], "b": [SILENT]}))
    assert [curve.strategy for curve in got.curves] == ["random", "oracle"]
    assert got.value == ""
    assert [(d.a, d.b) for d in got.differences] == [("oracle", "random")]
    assert got.gap.value == 0
    assert all(math.isnan(row.majority) for row in got.rows)


def test_a_second_verifier_ranks_nothing_and_greedy_nobody_scored_is_left_out(
    tmp_path: Path,
) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, NO]}, greedy={"a": [LOST]})
    run.add_scores("second judge", [(s, NO) for s in run.samples()])
    strategies = [curve.strategy for curve in summarize(run).curves]
    assert strategies == ["random", "majority", "oracle"]


def test_a_run_without_a_scored_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no sample scored by 'judge'"):
        summarize(made_run(tmp_path / "run", {"a": [LOST]}))


def test_models_are_called_by_their_name() -> None:
    assert model_name({"kind": "http", "model": "llama"}) == "llama"
    assert model_name({"kind": "x", "size": 3}) == "kind=x, size=3"


def _stopped(folder: Path, until: Until, cap: int = 6) -> topdraw.Run:
    rng = np.random.default_rng(2)
    verdicts = {}
    for at in range(12):
        every = [KINDS[i] for i in rng.choice(4, size=cap, p=rng.dirichlet([1, 1, 1, 0.3]))]
        verdicts[f"p{at}"] = every[: outcome(until, cap, every).drawn]
    rewards = {key: rng.normal(size=cap).tolist() for key in verdicts}
    greedy = {key: [YES] for key in verdicts}
    return made_run(folder, verdicts, rewards=rewards, greedy=greedy, until=until, cap=cap)


def test_where_drawing_waited_for_a_pass_coverage_goes_on_to_the_cap(tmp_path: Path) -> None:
    run = _stopped(tmp_path / "run", Until("pass", by="judge", batch=2))
    got = summarize(run)
    assert (got.n, got.ks) == (2, (1, 2))
    oracle = _curve(got, "oracle")
    assert oracle.k == (1, 2, 3, 5, 6)
    for k, estimate in zip(oracle.k, oracle.estimates, strict=True):
        assert estimate.value == pytest.approx(topdraw.pass_at_k(run, k).value)
    assert oracle.drawn is not None
    assert oracle.drawn.value == pytest.approx(topdraw.pass_at_k(run, 6).value)
    assert _curve(got, "majority").k == (1, 2)
    assert _curve(got, "majority").drawn is None
    assert [(d.a, d.b, d.k) for d in got.differences] == [
        ("greedy", "random", 0),
        ("oracle", "random", 0),
        ("oracle", "greedy", 0),
    ]
    assert math.isnan(got.gap.value)
    assert got.stopping is not None
    assert (got.stopping.cap, got.stopping.first, got.stopping.reach) == (6, 2, 6)
    assert got.stopping.per_problem == pytest.approx(got.samples / 12)
    assert summarize(run, ks=[2, 5]).ks == (2,)
    with pytest.raises(DomainError, match="k = 7 is beyond this run"):
        summarize(run, ks=[7])


def test_with_looks_after_every_sample_only_coverage_has_a_curve(tmp_path: Path) -> None:
    got = summarize(_stopped(tmp_path / "run", Until("pass", by="judge")))
    assert [curve.strategy for curve in got.curves] == ["greedy", "random", "oracle"]


def test_other_rules_leave_the_first_samples_and_all_that_was_drawn(tmp_path: Path) -> None:
    until = Until("settled", by="judge", batch=1, confidence=0.9)
    run = _stopped(tmp_path / "run", until)
    got = summarize(run)
    assert got.n == 3
    for curve in got.curves:
        assert max(curve.k) <= 3
        if curve.strategy in ("majority", "best_of_n", "weighted_majority", "oracle"):
            assert curve.drawn is not None
            assert curve.drawn.value == pytest.approx(accuracy(run, curve.strategy).value)
            assert "per problem on average, at most 6" in curve.drawn.method
    mean = _curve(got, "random")
    assert mean.drawn is None
    assert mean.estimates[0].value == pytest.approx(accuracy(run, "random").value)
    vote = _curve(got, "majority").drawn
    difference = next(d for d in got.differences if (d.a, d.b) == ("majority", "random"))
    assert vote is not None
    assert difference.estimate.value == pytest.approx(vote.value - mean.estimates[0].value)
    assert difference.estimate.method.startswith("majority less random, all samples drawn until")
    with pytest.raises(DomainError, match="k = 4 cannot be had from a run drawn until the vote"):
        summarize(run, ks=[4])


def test_a_problem_whose_first_scores_are_missing_still_has_its_outcome(tmp_path: Path) -> None:
    until = Until("settled", by="judge", batch=1, confidence=0.6)
    verdicts = {"a": [LOST, YES], "b": [NO], "c": [YES]}
    got = summarize(made_run(tmp_path / "run", verdicts, until=until, cap=4))
    vote = _curve(got, "majority")
    assert vote.drawn is not None
    assert vote.drawn.value == pytest.approx(2 / 3)
    assert vote.drawn.n == 3
    assert (vote.estimates[0].n, vote.estimates[0].value) == (2, 0.5)


def test_what_nobody_scored_yet_is_not_missing(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run", {"a": [YES, LOST, None], "b": [NO, None, None], "c": []})
    got = summarize(run)
    assert (got.samples, got.missing, got.unscored) == (6, 1, 3)
    assert [(row.n, row.missing, row.unscored) for row in got.rows] == [
        (1, 1, 1), (1, 0, 2), (0, 0, 0),
    ]  # fmt: skip
    assert (got.output_tokens, got.scored_tokens) == (30, 10)
    assert _curve(got, "oracle").estimates[0].missing == 4


def test_the_samples_asked_for_are_told_from_those_drawn(tmp_path: Path) -> None:
    assert summarize(made_run(tmp_path / "run", {"a": [YES, NO]}, cap=5)).wanted == 5
    assert summarize(made_run(tmp_path / "all", {"a": [YES, NO]})).wanted == 2


def test_under_a_rule_what_was_never_begun_is_told_from_what_is_under_way(tmp_path: Path) -> None:
    until = Until("pass", by="judge", batch=2)
    verdicts: Scores = {"a": [NO, YES], "b": [NO, NO], "c": [NO, NO, None], "d": [NO], "e": []}
    got = summarize(made_run(tmp_path / "run", verdicts, until=until, cap=6))
    assert got.stopping is not None
    assert got.stopping.unfinished == ("b", "c", "d")
    assert got.stopping.untouched == ("e",)
    # Whole batches, of the problems that have one.
    assert got.stopping.per_problem == 2
    assert got.stopping.tokens_per_problem == 10
    assert (got.samples, got.unscored, got.scored_tokens) == (8, 1, 30)
    assert got.rows[2].unscored == 0
