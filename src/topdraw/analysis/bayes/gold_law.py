"""Over-optimisation: how gold follows a proxy that is chosen by, as two laws of the KL.

Not here: the curves (`analysis.selected.expected_of_best`); their means (`.of_run`).
Try it: `python -m pytest tests/analysis/bayes/test_gold_law.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.bayes.averages import real_mean
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError

Form = Literal["linear", "log"]
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class GoldLaw:
    """Gold gained over one draw, as a law of d = sqrt(KL): a model, never an estimate.

    Attributes:
        form: "linear", d (alpha - beta d), which Gao et al. use for best-of-n; or "log",
            d (alpha - beta log d), which they use for reinforcement learning.
        alpha: what choosing gains at first; over problems.
        beta: what it loses later; not above 0: no over-optimisation by this law.
        peak_kl: KL of the largest gain; 0 when gold falls from the start, NaN when it never does.
        residual: root mean square of gold less law, over the fitted points.
        reach: the largest KL fitted; beyond it the law extrapolates.
        points: KLs > 0 fitted.
    """

    form: Form
    alpha: Estimate
    beta: Estimate
    peak_kl: float
    residual: float
    reach: float
    points: int

    def gain(self, kl: ArrayLike) -> FloatArray:
        """Gold gained at each KL, by the law.

        Args:
            kl: shape (...), >= 0, in nats.
        """
        d = np.sqrt(np.asarray(kl, dtype=float))
        gain: FloatArray = _columns(d, self.form) @ np.array([self.alpha.value, self.beta.value])
        return gain

    def __str__(self) -> str:
        peak = "rising" if math.isnan(self.peak_kl) else f"peak at KL {self.peak_kl:.3g}"
        beyond = " (extrapolated)" if self.peak_kl > self.reach else ""
        tail = "beta d" if self.form == "linear" else "beta log d"
        return f"model d (alpha - {tail}): alpha {self.alpha}, beta {self.beta}, {peak}{beyond}"


def fit_gold_law(
    kl: ArrayLike, gain: ArrayLike, *, form: Form = "linear", level: float = 0.95
) -> GoldLaw:
    """The law that gold gained by choosing follows, by least squares over the KLs.

    Linear in alpha and beta, so that their intervals are Student's, over problems, of each
    problem's own coefficients; the KLs count as known.

    Args:
        kl: shape (points,). KL at each point, mean over problems, in nats; those at 0 are left out.
            The measured one, not log n, where rewards tie.
        gain: shape (problems, points). Gold of each problem less its gold of one draw.
        form: which law.
        level: confidence level of the intervals.

    Returns:
        The law.

    Raises:
        DomainError: if fewer than 3 points have different KLs > 0, or shapes do not fit.

    Examples:
        >>> kl = np.array([0.0, 0.25, 1.0, 4.0])
        >>> law = fit_gold_law(kl, [np.sqrt(kl) * (1.0 - 0.25 * np.sqrt(kl))])
        >>> round(law.peak_kl, 3)
        4.0

    References:
        Gao, Schulman & Hilton 2022 (arXiv 2210.10760), section 3.1; gains are theirs, of gold
        whose mean over the initial policy is 0.
    """
    known, gains = np.asarray(kl, dtype=float), np.atleast_2d(np.asarray(gain, dtype=float))
    if gains.shape[1:] != known.shape or form not in ("linear", "log"):
        raise DomainError(f"A gold law needs gains of shape (problems, {known.size}), and a form.")
    used = known > 1e-12
    if np.unique(known[used]).size < _FEWEST:
        raise DomainError(f"A gold law needs {_FEWEST} different KLs > 0.")
    columns = _columns(np.sqrt(known[used]), form)
    each = gains[:, used] @ np.linalg.pinv(columns).T
    alpha, beta = (
        real_mean(each[:, at], level=level, method=f"model: {form} gold law, least squares")
        for at in range(2)
    )
    fitted = columns @ np.array([alpha.value, beta.value])
    residual = float(np.sqrt(((gains[:, used].mean(axis=0) - fitted) ** 2).mean()))
    peak = _peak(alpha.value, beta.value, form)
    return GoldLaw(form, alpha, beta, peak, residual, float(known.max()), int(used.sum()))


def _columns(d: FloatArray, form: Form) -> FloatArray:
    # d log d is 0 at 0.
    second = d * d if form == "linear" else d * np.log(np.where(d > 0, d, 1.0))
    return np.stack([d, -second], axis=-1)


def _peak(alpha: float, beta: float, form: Form) -> float:
    if beta <= 0:
        return math.nan
    if form == "linear":
        return (max(alpha, 0.0) / (2 * beta)) ** 2
    exponent = 2 * (alpha / beta - 1)
    return math.exp(exponent) if exponent < 700 else math.inf
