"""All that a report says about one run: curves, differences, problems, as one frozen value.

Not here: how it looks (`reports`), and how each number is made (`analysis.curves`, `.intervals`).
Try it: `python -m pytest tests/analysis/test_summary.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from topdraw.analysis.accuracy import default_value
from topdraw.analysis.bands import simultaneous_band
from topdraw.analysis.compared import comparisons, selection_gap
from topdraw.analysis.curves import at_all, scored
from topdraw.analysis.estimates import judge
from topdraw.analysis.intervals import mean_estimate, mean_estimates
from topdraw.analysis.ks import checked_ks, coverage_reach, default_ks
from topdraw.analysis.picked import Pick, picked
from topdraw.analysis.stopped import Stopped, stopped
from topdraw.analysis.strategies import Pool, Strategy, strategies
from topdraw.core.estimate import Estimate
from topdraw.core.records import BoolArray, Candidates, Sample
from topdraw.core.seeds import Rng, generator
from topdraw.errors import ConfigError
from topdraw.selection.candidates import candidates
from topdraw.selection.pick import best_of_n
from topdraw.selection.vote import majority
from topdraw.store.evidence import Evidence
from topdraw.store.run import Run


@dataclass(frozen=True, slots=True)
class Curve:
    """One strategy over k.

    Attributes:
        strategy: unique key: "greedy", "random", "majority", "best_of_n", "weighted_majority",
            the name of another ranking scorer of the run ("logprob", ...), "oracle".
        label: what to print; says so loudly when chooser and judge are the same scorer.
        chooser: the scorer that chooses; "" when none does.
        k: samples used; (1,) for "greedy" and "random", which cost one sample. Of a run that a rule
            stopped, at most its first samples, but for coverage by the rule's own verifier.
        estimates: one for each k, over problems.
        method: "exact", or "simulated, 400 subsets, s.e. <= 0.004".
        drawn: its value over all that a stopping rule drew; None without a rule, for "greedy" and
            "random", and for all but the oracle where the rule waited for the oracle's verdict.
        band: the estimates with the edges of a band that holds the whole curve at their level, see
            `analysis.bands`; empty for "greedy" and "random", and for a curve of one point.
    """

    strategy: str
    label: str
    chooser: str
    k: tuple[int, ...]
    estimates: tuple[Estimate, ...]
    method: str
    drawn: Estimate | None = None
    band: tuple[Estimate, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One strategy less another, paired over problems.

    Attributes:
        a: strategy.
        b: strategy taken off it.
        k: samples used; 0 for all that a stopping rule drew.
        estimate: mean of a - b over problems, with interval and p-value.
    """

    a: str
    b: str
    k: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One problem.

    Attributes:
        problem_id: its id.
        n: scored samples.
        c: samples that passed.
        missing: samples that the scorer failed on.
        majority: probability that the vote over all n samples is correct; NaN when no sample has
            an answer.
        best_of_n: the same for the best of all n by the run's value scorer; NaN without values.
        unscored: samples without a score so far.

    Where a rule stopped the drawing, counts are of whole batches, and c / n is no estimate; where
    it waited for a pass, nothing else chooses: majority and best_of_n are NaN.
    """

    problem_id: str
    n: int
    c: int
    missing: int
    majority: float
    best_of_n: float
    unscored: int = 0


@dataclass(frozen=True, slots=True)
class Stopping:
    """The rule that stopped the drawing of a run, and how far it got.

    Attributes:
        until: the rule in words.
        rule: "pass" or "settled".
        waited: whether it waited for a pass by the report's own verifier: then coverage is known up
            to the cap, and stopping at the first pass is a strategy.
        cap: most samples of a problem.
        first: samples that every problem has, whatever they hold.
        reach: the largest k of the coverage curve.
        per_problem: mean number of samples of a problem.
        tokens: mean number of output tokens of the first samples.
        unfinished: problems with samples that the rule has not ended.
        untouched: problems without any sample.
        tokens_per_problem: mean number of output tokens of all samples of a problem, over the same
            samples as `per_problem`.
    """

    until: str
    rule: str
    waited: bool
    cap: int
    first: int
    reach: int
    per_problem: float
    tokens: float
    unfinished: tuple[str, ...]
    untouched: tuple[str, ...] = ()
    tokens_per_problem: float = math.nan


@dataclass(frozen=True, slots=True)
class Summary:
    """What n samples bought.

    Attributes:
        task: name of the task.
        model: what the model is called.
        by: the verifier.
        value: the scorer that ranks; "" when the run has none.
        n: the largest k that every answered problem has scored samples for; where a rule stopped
            the drawing, among its first samples.
        problems: problems of the run, unanswered ones included.
        samples: drawn samples, missing ones included, greedy ones not.
        missing: samples that the scorer failed on.
        unanswered: problems without any scored sample (of a whole batch), those without any sample
            included; in no number.
        ks: the k asked for, up to n; without, those of the curves: 1, 10 and 100 when <= n, and n.
        curves: in the order greedy, random, majority, best_of_n, weighted_majority, other ranking
            scorers, oracle; those that the run has data for.
        differences: paired, at k = n, or over all that a stopping rule drew.
        gap: oracle less the best real strategy, likewise; NaN where the rule waited for a pass.
            Where there are several, the best is picked on other problems than it is valued on.
        rows: one for each problem, in order.
        never_solved: answered problems without a sample that passed.
        output_tokens: tokens of the drawn samples.
        stopping: the rule that says when a problem has all its samples; None without one.
        unscored: samples without a score so far; `missing` does not count them.
        scored_tokens: output tokens of the scored samples, those that n and c of `rows` count.
        wanted: samples asked for of each problem; with a rule the most. 0 when unknown.
        pick: the best of several real strategies, without the luck of having been picked.
        asked: the k asked for, the only ones that tables show; empty without. The curves have them
            besides the usual ones, and n.
        cold: whether several samples were drawn at temperature 0, where a vote can gain nothing.
    """

    task: str
    model: str
    by: str
    value: str
    n: int
    problems: int
    samples: int
    missing: int
    unanswered: tuple[str, ...]
    ks: tuple[int, ...]
    curves: tuple[Curve, ...]
    differences: tuple[Difference, ...]
    gap: Estimate
    rows: tuple[ProblemRow, ...]
    never_solved: int
    output_tokens: int
    stopping: Stopping | None = None
    unscored: int = 0
    scored_tokens: int = 0
    wanted: int = 0
    pick: Pick | None = None
    asked: tuple[int, ...] = ()
    cold: bool = False


def summarize(
    run: Evidence,
    *,
    by: str | None = None,
    value: str | None = None,
    ks: Iterable[int] | None = None,
    rng: Rng = 0,
) -> Summary:
    """What the samples of a run bought: every strategy at every k, over the same problems.

    Problems may have different numbers of scored samples; k goes up to the smallest, n, and the
    value at k is the mean over all subsets of k of all that a problem has. Of a run that a rule
    stopped it is the mean over subsets of the first samples, and of all that was drawn each
    strategy has one value besides; see `analysis.stopping`.

    Args:
        run: a scored run, or a table.
        by: the verifier; default the task's own.
        value: the scorer that ranks; default "reward" when the run has it, else "logprob".
        ks: samples used, to be shown; default 1, 2, 3, 5, 10, 20, 30, 50, 100, ... up to n, and n.
        rng: seed or generator, for what is simulated.

    Raises:
        ConfigError: if there is no verifier, or no scored sample.
        UnknownNameError: if the run has no scores by one of them.
        DomainError: if a k is not whole, below 1, or above n and above what is known of coverage.
    """
    by = judge(run, by)
    samples = run.samples()
    value = value or default_value(run, by, samples)
    found = candidates(run, by=by, value=value, samples=samples)
    rule = stopped(run, samples)
    seen = found if rule is None else rule.all_drawn(found)
    keys = tuple(key for key, one in seen.items() if not one.missing.all())
    start = Pool(keys, 0, rule).start(found)
    pool = Pool(keys, min((one.n for one in start if one.n), default=0), rule)
    if not pool.n:
        raise ConfigError(f"{run.path} has no sample scored by {by!r}.")
    reach = coverage_reach(pool, found, by)
    asked = None if ks is None else checked_ks(ks, run, pool, found, by)
    # Those asked for come besides: the finding, the best and the gap are at n whatever is shown.
    used = tuple(sorted({k for k in (*default_ks(pool.n), *(asked or ())) if k <= pool.n}))
    covered = tuple(sorted({k for k in (*used, *default_ks(reach), *(asked or ())) if k <= reach}))
    random = generator(rng)
    compared = strategies(
        run, found, pool, used, covered, by=by, value=value or "", samples=samples, rng=random
    )
    missing = sum(int(one.missing.sum()) for one in found.values())
    late = _unscored(run, by, samples) if missing else {}
    unscored = sum(int(each.sum()) for each in late.values())
    sampler = run.manifest.sampler("sampled")
    if pool.waits_for(by) and pool.n == 1:
        compared = [one for one in compared if one.flat or one.name == "oracle"]
    pick = picked(compared, pool, missing=missing, rng=random)
    rows = tuple(_row(key, one, late.get(key), pool.waits_for(by)) for key, one in seen.items())
    return Summary(
        task=str(run.manifest.task.get("name", "")),
        model=model_name(run.manifest.model),
        by=by,
        value=value or "",
        n=pool.n,
        problems=len(found),
        samples=sum(one.n for one in found.values()),
        missing=missing - unscored,
        unanswered=tuple(key for key, one in seen.items() if one.missing.all()),
        ks=used if asked is None else tuple(k for k in asked if k <= pool.n),
        curves=tuple(_curve(one, pool, by, missing) for one in compared),
        differences=tuple(
            Difference(a, b, 0 if rule else pool.n, estimate)
            for a, b, estimate in comparisons(compared, pool, missing=missing, rng=random)
        ),
        gap=pick.gap if pick else selection_gap(compared, pool, missing=missing, rng=random),
        rows=rows,
        never_solved=sum(row.n > 0 and row.c == 0 for row in rows),
        output_tokens=sum(int(one.length_tokens.sum()) for one in found.values()),
        stopping=None if rule is None else _stopping(rule, pool, found, by, reach),
        unscored=unscored,
        scored_tokens=sum(int(scored(one).length_tokens.sum()) for one in seen.values()),
        wanted=sampler.n if sampler is not None and isinstance(run, Run) else 0,
        pick=pick,
        asked=asked or (),
        cold=pool.n > 1 and sampler is not None and sampler.decoding.greedy,
    )


def _unscored(run: Evidence, by: str, samples: Sequence[Sample]) -> dict[str, BoolArray]:
    """Which samples of each problem have no score so far, in their order."""
    scores = run.scores(by)
    found: dict[str, list[bool]] = {}
    for sample in samples:
        key = (sample.sampler, sample.problem_id, sample.index)
        found.setdefault(sample.problem_id, []).append(key not in scores)
    return {problem_id: np.array(each, bool) for problem_id, each in found.items()}


def _stopping(
    rule: Stopped, pool: Pool, found: Mapping[str, Candidates], by: str, reach: int
) -> Stopping:
    lengths = np.concatenate([one.length_tokens for one in pool.start(found)])
    every = [one for one in rule.all_drawn(found).values() if one.n]
    return Stopping(
        until=str(rule.until),
        rule=rule.until.rule,
        waited=rule.corrects(by),
        cap=rule.cap,
        first=rule.first,
        reach=reach,
        per_problem=rule.per_problem,
        tokens=float(lengths.mean()),
        unfinished=rule.unfinished,
        untouched=tuple(key for key, one in found.items() if not one.n),
        tokens_per_problem=sum(int(one.length_tokens.sum()) for one in every) / max(len(every), 1),
    )


def model_name(identity: Mapping[str, object]) -> str:
    """What to call a model: its "name" or "model", else its whole identity.

    Args:
        identity: as in a run's manifest.
    """
    for key in ("name", "model", "spec"):
        if identity.get(key):
            return str(identity[key])
    return ", ".join(f"{key}={value}" for key, value in identity.items())


def _curve(one: Strategy, pool: Pool, by: str, missing: int) -> Curve:
    used = (1,) if one.flat else one.ks
    method, drawn = f"{one.label}, {one.method}", None
    is_kept = pool.waits_for(by) and one.name == "oracle"
    if pool.rule is not None and one.name != "greedy":
        method += "" if is_kept else f", {pool.rule.about_start()}"
        # Who waits for a pass keeps it; what else may choose among those samples says nothing.
        if is_kept or not (one.flat or pool.waits_for(by)):
            told = f"{one.label}, exact, {pool.rule.about_all()}"
            drawn = mean_estimate(one.at_n, missing=missing, method=told)
    estimates = mean_estimates(one.values[:, : len(used)], missing=missing, method=method)
    band = _band(one, len(used), estimates)
    return Curve(one.name, one.label, one.chooser, used, estimates, one.method, drawn, band)


def _band(one: Strategy, points: int, estimates: Sequence[Estimate]) -> tuple[Estimate, ...]:
    """The estimates with a band around the whole curve; empty where there is no curve."""
    if one.flat or points < 2:
        return ()
    band = simultaneous_band(one.values[:, :points], rng=0)
    return tuple(
        replace(each, low=float(low), high=float(high), method=band.method)
        for each, low, high in zip(estimates, band.low, band.high, strict=True)
    )


def _row(problem_id: str, one: Candidates, late: BoolArray | None, waited: bool) -> ProblemRow:
    """A problem's row; `late` says which of all its samples have no score so far."""
    rest = scored(one)
    # A rule looks at the first samples of those drawn.
    unscored = 0 if late is None else int(late[: one.n].sum())
    votes = not waited and (rest.answer >= 0).any()
    return ProblemRow(
        problem_id=problem_id,
        n=rest.n,
        c=int(rest.passed.sum()),
        missing=one.n - rest.n - unscored,
        majority=float(at_all(majority, [rest])[0]) if votes else math.nan,
        best_of_n=float(at_all(best_of_n, [rest])[0]) if not waited else math.nan,
        unscored=unscored,
    )
