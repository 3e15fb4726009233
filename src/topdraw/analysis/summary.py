"""All that a report says about one run: curves, differences, problems, as one frozen value.

Not here: how it looks (`reports`), and how each number is made (`analysis.curves`, `.intervals`).
Try it: `python -m pytest tests/analysis/test_summary.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.accuracy import default_value
from topdraw.analysis.curves import at_all, scored
from topdraw.analysis.estimates import judge
from topdraw.analysis.intervals import mean_estimates, paired_difference
from topdraw.analysis.samples_used import Source, require_samples, whole_k
from topdraw.analysis.strategies import Strategy, strategies
from topdraw.core.estimate import Estimate
from topdraw.core.records import Candidates
from topdraw.core.seeds import Rng, generator
from topdraw.errors import ConfigError, DomainError
from topdraw.selection.candidates import candidates
from topdraw.selection.pick import best_of_n
from topdraw.selection.vote import majority
from topdraw.store.run import Run


@dataclass(frozen=True, slots=True)
class Curve:
    """One strategy over k.

    Attributes:
        strategy: unique key: "greedy", "random", "majority", "best_of_n", "weighted_majority",
            the name of another ranking scorer of the run ("logprob", ...), "oracle".
        label: what to print; says so loudly when chooser and judge are the same scorer.
        chooser: the scorer that chooses; "" when none does.
        k: samples used; (1,) for "greedy" and "random", which cost one sample.
        estimates: one for each k, over problems.
        method: "exact", or "simulated, 400 subsets, s.e. <= 0.004".
    """

    strategy: str
    label: str
    chooser: str
    k: tuple[int, ...]
    estimates: tuple[Estimate, ...]
    method: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One strategy less another, paired over problems.

    Attributes:
        a: strategy.
        b: strategy taken off it.
        k: samples used.
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
        missing: samples that could not be scored.
        majority: probability that the vote over all n samples is correct; NaN when no sample has
            an answer.
        best_of_n: the same for the best of all n by the run's value scorer; NaN without values.
    """

    problem_id: str
    n: int
    c: int
    missing: int
    majority: float
    best_of_n: float


@dataclass(frozen=True, slots=True)
class Summary:
    """What n samples bought.

    Attributes:
        task: name of the task.
        model: what the model is called.
        by: the verifier.
        value: the scorer that ranks; "" when the run has none.
        n: the largest k that every answered problem has scored samples for.
        problems: problems of the run, unanswered ones included.
        samples: drawn samples, missing ones included, greedy ones not.
        missing: samples that could not be scored.
        unanswered: problems without any scored sample; in no number.
        ks: the k of the curves; always 1, 10 and 100 when <= n, and n.
        curves: in the order greedy, random, majority, best_of_n, weighted_majority, other ranking
            scorers, oracle; those that the run has data for.
        differences: paired, at k = n.
        gap: oracle less the best real strategy at k = n, paired.
        rows: one for each problem, in order.
        never_solved: answered problems without a sample that passed.
        output_tokens: tokens of the drawn samples.
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


def summarize(
    run: Run,
    *,
    by: str | None = None,
    value: str | None = None,
    ks: Iterable[int] | None = None,
    rng: Rng = 0,
) -> Summary:
    """What the samples of a run bought: every strategy at every k, over the same problems.

    Problems may have different numbers of scored samples; k goes up to the smallest, n, and the
    value at k is the mean over all subsets of k of all that a problem has.

    Args:
        run: a scored run.
        by: the verifier; default the task's own.
        value: the scorer that ranks; default "reward" when the run has it, else "logprob".
        ks: samples used; default 1, 2, 3, 5, 10, 20, 30, 50, 100, ... up to n, and n.
        rng: seed or generator, for what is simulated.

    Raises:
        ConfigError: if there is no verifier, or no scored sample.
        UnknownNameError: if the run has no scores by one of them.
        DomainError: if a k is not whole, below 1 or above n.
    """
    by = judge(run, by)
    samples = run.samples()
    value = value or default_value(run, by, samples)
    found = candidates(run, by=by, value=value, samples=samples)
    kept = {key: scored(one) for key, one in found.items() if not one.missing.all()}
    if not kept:
        raise ConfigError(f"The run {run.path} has no sample scored by {by!r}.")
    n = min(one.n for one in kept.values())
    drawn = np.array([found[key].n for key in kept], np.int64)
    used = default_ks(n) if ks is None else _checked_ks(ks, kept, Source(run, by, drawn))
    random = generator(rng)
    compared = strategies(
        run, kept, (*used, n), by=by, value=value or "", samples=samples, rng=random
    )
    missing = sum(int(one.missing.sum()) for one in found.values())
    rows = tuple(_row(key, one) for key, one in found.items())
    return Summary(
        task=str(run.manifest.task.get("name", "")),
        model=model_name(run.manifest.model),
        by=by,
        value=value or "",
        n=n,
        problems=len(found),
        samples=sum(one.n for one in found.values()),
        missing=missing,
        unanswered=tuple(key for key in found if key not in kept),
        ks=used,
        curves=tuple(_curve(one, used, missing) for one in compared),
        differences=_differences(compared, n, missing, random),
        gap=_gap(compared, missing, random),
        rows=rows,
        never_solved=sum(row.n > 0 and row.c == 0 for row in rows),
        output_tokens=sum(int(one.length_tokens.sum()) for one in found.values()),
    )


def default_ks(n: int) -> tuple[int, ...]:
    """1, 2, 3, 5, 10, 20, 30, 50, 100, ... as far as n, and n.

    Args:
        n: the largest, >= 1.

    Examples:
        >>> default_ks(64)
        (1, 2, 3, 5, 10, 20, 30, 50, 64)
    """
    steps = (digit * 10**power for power in range(len(str(n))) for digit in (1, 2, 3, 5))
    return tuple(sorted({k for k in steps if k < n} | {n}))


def _checked_ks(
    ks: Iterable[int], kept: Mapping[str, Candidates], source: Source
) -> tuple[int, ...]:
    used = tuple(sorted({whole_k(k) for k in ks}))
    if not used:
        raise DomainError("There is no k to look at; name at least one.")
    n = np.array([one.n for one in kept.values()], np.int64)
    for k in (used[0], used[-1]):
        require_samples(list(kept), n, k, f"k = {k}", source)
    return used


def model_name(identity: Mapping[str, object]) -> str:
    """What to call a model: its "name" or "model", else its whole identity.

    Args:
        identity: as in a run's manifest.
    """
    for key in ("name", "model", "spec"):
        if identity.get(key):
            return str(identity[key])
    return ", ".join(f"{key}={value}" for key, value in identity.items())


def _curve(one: Strategy, ks: Sequence[int], missing: int) -> Curve:
    used = (1,) if one.flat else tuple(ks)
    values = one.values[:, : len(used)]
    estimates = mean_estimates(values, missing=missing, method=f"{one.label}, {one.method}")
    return Curve(one.name, one.label, one.chooser, used, estimates, one.method)


def _differences(
    compared: Sequence[Strategy], n: int, missing: int, random: np.random.Generator
) -> tuple[Difference, ...]:
    """All less the mean sample, the best real strategy less greedy, the oracle less the best."""
    by_name = {one.name: one for one in compared}
    mean = by_name["random"]
    pairs = [(one, mean) for one in compared if one.real or one.name == "greedy"]
    best = _best(compared)
    if "greedy" in by_name and best.real:
        pairs.append((best, by_name["greedy"]))
    pairs.append((by_name["oracle"], best))
    return tuple(Difference(a.name, b.name, n, _paired(a, b, missing, random)) for a, b in pairs)


def _gap(compared: Sequence[Strategy], missing: int, random: np.random.Generator) -> Estimate:
    oracle = next(one for one in compared if one.name == "oracle")
    return _paired(oracle, _best(compared), missing, random)


def _paired(a: Strategy, b: Strategy, missing: int, random: np.random.Generator) -> Estimate:
    # The oracle is right wherever a choice among the same samples can be: never below it.
    # (On average over subsets a simulated one can be, by its error; then nothing is claimed.)
    ordered = a.name == "oracle" and not (b.at_n > a.at_n + 1e-9).any()
    method = f"{a.name} less {b.name} at k = n"
    if a.name == "oracle":
        method += ", the best real strategy of this run"
    return paired_difference(
        a.at_n, b.at_n, rng=random, ordered=ordered, missing=missing, method=method
    )


def _best(compared: Sequence[Strategy]) -> Strategy:
    """The real strategy that does best at k = n; the mean sample when there is none."""
    real = [one for one in compared if one.real and not np.isnan(one.at_n).all()]
    fallback = [one for one in compared if one.name == "random"]
    return max(real or fallback, key=lambda one: float(np.nanmean(one.at_n)))


def _row(problem_id: str, one: Candidates) -> ProblemRow:
    rest = scored(one)
    vote = float(at_all(majority, [rest])[0]) if (rest.answer >= 0).any() else math.nan
    return ProblemRow(
        problem_id=problem_id,
        n=rest.n,
        c=int(rest.passed.sum()),
        missing=one.n - rest.n,
        majority=vote,
        best_of_n=float(at_all(best_of_n, [rest])[0]),
    )
