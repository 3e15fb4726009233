"""Where the doubt of a benchmark's mean comes from: which problems it has, or which samples.

Not here: intervals (`analysis.intervals`), how far full runs lie apart (`.variability_runs`).
Try it: `python -m pytest tests/analysis/test_variance.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis import coverage
from topdraw.analysis.estimates import count_scored, judge
from topdraw.analysis.intervals import mean_estimate, resamples
from topdraw.analysis.variability_runs import chance_std, full_runs
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.core.seeds import Rng
from topdraw.errors import DomainError
from topdraw.selection.candidates import candidates
from topdraw.store.evidence import Evidence

#: Resamples of the problems behind the interval of a share.
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Variance:
    """The variance of a sample's verdict, parted by its source.

    Attributes:
        mean: pass@1 over problems.
        problems: how many.
        samples: mean number of scored samples of a problem.
        between: variance of the problems' true pass@1, unbiased; 0 where the estimate is negative.
        within: mean variance of one sample's verdict within a problem, p (1 - p), unbiased.
        share: between / (between + within), the intraclass correlation, with its bootstrap
            interval over problems: how alike two samples of one problem are.
        spread: share of the observed spread of c / n over problems that is real difference in
            difficulty; the rest is too few samples.
        error_of_problems: standard error of the mean that remains with endless samples.
        error_of_samples: standard error of the mean when these same problems are sampled anew.
    """

    mean: Estimate
    problems: int
    samples: float
    between: float
    within: float
    share: Estimate
    spread: float
    error_of_problems: float
    error_of_samples: float

    @property
    def error(self) -> float:
        """Standard error of the mean: both sources together."""
        return math.hypot(self.error_of_problems, self.error_of_samples)

    def error_at(self, problems: int, samples: int) -> float:
        """What the standard error would be with other numbers of like problems and samples.

        sqrt(between / P + within / (P n)): *model*, as it takes further problems to be like these.

        Args:
            problems: P >= 1.
            samples: n >= 1 of each.

        Raises:
            DomainError: if either is below 1.
        """
        if problems < 1 or samples < 1:
            raise DomainError(f"A design needs a problem and a sample, not {problems} x {samples}.")
        return math.sqrt((self.between + self.within / samples) / problems)


class _Sums(NamedTuple):
    """Means over problems that the parts are made of, for each resample."""

    rate: FloatArray
    square: FloatArray
    within: FloatArray
    noise: FloatArray


def variance_parts(
    n: ArrayLike,
    c: ArrayLike,
    *,
    level: float = 0.95,
    rng: Rng = 0,
    draws: int = DRAWS,
    missing: int = 0,
) -> Variance:
    """How much of the variance lies between problems, and how much is sampling.

    With w_i = n/(n-1) p(1-p) the unbiased variance of a verdict within problem i, the variance
    between problems is var(c/n) - mean(w_i / n_i), unbiased at unequal n too. Problems with one
    sample have no w_i; they take the mean of the others.

    Args:
        n: shape (problems,). Scored samples per problem, >= 1.
        c: shape (problems,), 0 <= c <= n. Correct samples.
        level: confidence level of the intervals, in (0, 1).
        rng: seed or generator of the bootstrap.
        draws: resamples of the problems.
        missing: samples left out before, to be handed on.

    Raises:
        DomainError: if there are fewer than two problems, none has two samples, c is outside 0..n,
            or the level outside (0, 1).

    Examples:
        >>> parts = variance_parts([10, 10, 10], [0, 5, 10], draws=100)
        >>> round(parts.between, 4), round(parts.within, 4)
        (0.2407, 0.0926)

    References:
        Cochran 1977, chapter 10: two-stage sampling. Searle, Casella & McCulloch 1992, section 3.6.
    """
    n_, c_ = _counts(n, c)
    rate = c_ / n_
    several = n_ > 1
    within = np.full(n_.size, np.nan)
    within[several] = (rate * (1 - rate))[several] * n_[several] / (n_[several] - 1)
    within[~several] = within[several].mean()
    each = np.stack([rate, rate**2, within, within / n_])
    problems = n_.size
    whole = _Sums(*each.mean(axis=1)[:, None])
    between = float(_between(whole, problems)[0])
    drawn = _Sums(*(resamples(problems, draws, rng) @ each.T).T)
    shares = _share(_between(drawn, problems), drawn.within)
    ends = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2])
    observed = float(rate.var(ddof=1))
    return Variance(
        mean=mean_estimate(rate, level=level, missing=missing, method="pass@1"),
        problems=problems,
        samples=float(n_.mean()),
        between=between,
        within=float(within.mean()),
        share=Estimate(
            float(_share(np.array([between]), whole.within)[0]),
            float(ends[0]),
            float(ends[1]),
            level,
            f"intraclass correlation; bootstrap over problems, {draws} draws",
            problems,
            missing,
        ),
        spread=between / observed if observed > 0 else math.nan,
        error_of_problems=math.sqrt(between / problems),
        error_of_samples=math.sqrt(float((within / n_).mean()) / problems),
    )


def _counts(n: ArrayLike, c: ArrayLike) -> tuple[IntArray, IntArray]:
    # Refuses what is no count, in the words of all coverage numbers.
    coverage.pass_at_k(n, c, 1)
    n_, c_ = (np.ravel(one).astype(np.int64) for one in np.broadcast_arrays(n, c))
    if n_.size < 2 or not (n_ > 1).any():
        raise DomainError(
            "Parting the variance takes two problems, and two samples of one of them; "
            f"here are {n_.size} problems and at most {int(n_.max(initial=0))} samples."
        )
    return n_, c_


def _between(sums: _Sums, problems: int) -> FloatArray:
    spread = (sums.square - sums.rate**2) * problems / (problems - 1)
    between: FloatArray = np.maximum(spread - sums.noise, 0.0)
    return between


def _share(between: FloatArray, within: FloatArray) -> FloatArray:
    total = between + within
    return np.divide(between, total, out=np.zeros_like(total), where=total > 0)


def variance_of(
    run: Evidence, *, by: str | None = None, level: float = 0.95, rng: Rng = 0
) -> Variance:
    """`variance_parts` of a run's scored samples.

    Args:
        run: a scored run, or a table.
        by: the verifier; default the task's own.
        level: confidence level of the intervals.
        rng: seed or generator of the bootstrap.

    Raises:
        ConfigError: if there is no verifier, or no scored sample.
        DomainError: if a rule stopped the drawing, so that n depends on what was drawn; or as
            `variance_parts`.
        UnknownNameError: if the run has no scores by the verifier.
    """
    by = judge(run, by)
    if run.manifest.until is not None:
        raise DomainError(
            f"The variance of {run.path} cannot be parted: how many samples a problem has "
            f"depends on what they hold ({run.manifest.until}).",
        )
    counts = count_scored(run, candidates(run, by=by))
    return variance_parts(counts.n, counts.c, level=level, rng=rng, missing=counts.missing)


@dataclass(frozen=True, slots=True)
class RunEffect:
    """Whether full runs differ more than sampling each problem by itself explains.

    Attributes:
        runs: full runs, >= 2.
        problems: in each.
        observed: standard deviation of their scores, with runs - 1.
        expected: what it is when samples are independent given the problem.
        binomial: sqrt(m (1 - m) / P), as if all problems were equally hard: an upper bound of
            `expected` that papers quote.
        ratio: observed / expected; NaN when nothing varies.
        p_value: of Cochran's Q, one-sided: small when runs differ by more than chance, as when a
            seed, a server or a prompt changed between them.
    """

    runs: int
    problems: int
    observed: float
    expected: float
    binomial: float
    ratio: float
    p_value: float


def run_effect(scores: ArrayLike) -> RunEffect:
    """Binomial expectation against the observed spread over full runs.

    (R - 1) (observed / expected)^2 is Cochran's Q, chi-square with R - 1 degrees of freedom when
    every run draws each problem independently.

    Args:
        scores: shape (problems, indices), 0 or 1 (or in [0, 1]); NaN where there is no score. The
            columns that all problems have are the full runs.

    Raises:
        DomainError: if there are fewer than two full runs.

    References:
        Cochran 1950. Song et al. 2024 (arXiv 2407.10457) print the observed one alone.
    """
    found = full_runs(scores)
    runs = found.scores.size
    if runs < 2:
        raise DomainError(f"The spread of full runs takes two of them; here is {runs}.")
    observed, expected = float(found.scores.std(ddof=1)), chance_std(scores)
    ratio = observed / expected if expected > 0 else math.nan
    mean = float(found.scores.mean())
    return RunEffect(
        runs=runs,
        problems=found.problems,
        observed=observed,
        expected=expected,
        binomial=binomial_std(mean, found.problems),
        ratio=ratio,
        p_value=_upper_chi_square((runs - 1) * ratio**2, runs - 1),
    )


def _upper_chi_square(value: float, freedom: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(freedom, value))


def binomial_std(mean: float, problems: int) -> float:
    """Standard deviation of a benchmark's score if all its problems were equally hard.

    Args:
        mean: score, in [0, 1].
        problems: how many, >= 1.

    Raises:
        DomainError: if the mean is outside [0, 1] or there is no problem.

    Examples:
        >>> round(binomial_std(0.318, 164), 4), round(binomial_std(0.644, 1319), 4)
        (0.0364, 0.0132)
    """
    if not 0 <= mean <= 1 or problems < 1:
        raise DomainError(f"A score of {mean} over {problems} problems has no spread.")
    return math.sqrt(mean * (1 - mean) / problems)


@dataclass(frozen=True, slots=True)
class Design:
    """What a benchmark of another size would buy, *model*.

    Attributes:
        problems: P.
        samples: n of each.
        error: standard error of the mean.
        drawn: P n, the samples to pay for.
    """

    problems: int
    samples: int
    error: float
    drawn: int


def designs(
    parts: Variance, *, samples: Sequence[int] = (1, 4, 16, 64), factor: int = 4
) -> list[Design]:
    """The standard error with other numbers of samples, of these problems and of `factor` as many.

    Args:
        parts: of a run.
        samples: n of each problem.
        factor: how many times as many problems.

    Raises:
        DomainError: if a number is below 1.
    """
    return [
        Design(problems, n, parts.error_at(problems, n), problems * n)
        for problems in (parts.problems, parts.problems * factor)
        for n in samples
    ]
