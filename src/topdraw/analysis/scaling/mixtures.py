"""A law of difficulty with the largest likelihood of the counts, and the coverage that follows.

Not here: what several families say together, with intervals (`forecast`).
Try it: `python -m pytest tests/analysis/scaling/test_mixtures.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.scaling import difficulty
from topdraw.analysis.scaling.families import FAMILIES, Family
from topdraw.analysis.scaling.posterior import log_likelihood
from topdraw.core.records import FloatArray
from topdraw.errors import DomainError, UnknownNameError

_REACH = 1_000_000_000
_STARTS = 256


@dataclass(frozen=True, slots=True)
class Mixture:
    """A law of difficulty on cells of logit p.

    Attributes:
        family: its name.
        log_likelihood: of the counts it was fitted to.
        middles: shape (cells,). Middles of the cells, in logit p.
        masses: shape (cells + 2,). Share of the problems with p = 0, in each cell, with p = 1.
    """

    family: str
    log_likelihood: float
    middles: FloatArray = field(repr=False)
    masses: FloatArray = field(repr=False)

    def pass_at(self, k: int) -> float:
        """Coverage at k of problems drawn from the law: 1 - E[(1-p)^k].

        Args:
            k: samples, >= 1.

        Raises:
            DomainError: if k < 1.
        """
        if k < 1:
            raise DomainError(f"Coverage needs k >= 1, not {k}.")
        return float(1 - self.masses @ difficulty.failing(self.middles, k))

    def below(self, p: float) -> float:
        """Share of the problems with a chance below p, in (0, 1), to the nearest cell."""
        chance = 1 / (1 + np.exp(-self.middles))
        return float(self.masses[0] + self.masses[1:-1][chance < p].sum())


def fit_mixture(n: ArrayLike, c: ArrayLike, family: str) -> Mixture:
    """The law of a family under which the counts are most likely.

    For "beta" this is the beta-binomial fit, and for "logit-normal" the logistic-normal binomial.
    The general families have a flat likelihood; they are penalised by their prior (MAP), without
    which their tails would go anywhere.

    Args:
        n: shape (problems,). Scored samples per problem.
        c: shape (problems,), 0 <= c <= n. Correct samples.
        family: a name in `families.FAMILIES`.

    Raises:
        UnknownNameError: if there is no such family.
        DomainError: if there is no problem, some n < 1, or a c lies outside 0..n.
    """
    if family not in FAMILIES:
        raise UnknownNameError(
            f"There is no family of difficulty laws {family!r}.",
            hint=f"There are: {', '.join(FAMILIES)}.",
        )
    n_, c_ = (np.asarray(x, dtype=np.int64).ravel() for x in np.broadcast_arrays(n, c))
    found, middles = difficulty.counted(n_, c_), difficulty.logits(_REACH)
    chances = difficulty.likelihood(found, middles)
    chosen = FAMILIES[family]
    normals = _most_likely(chosen, found, chances, middles)
    masses = chosen.masses(normals[None], middles)
    return Mixture(family, float(log_likelihood(found, chances, masses)[0]), middles, masses[0])


def _most_likely(
    family: Family, found: difficulty.Counted, chances: FloatArray, middles: FloatArray
) -> FloatArray:
    from scipy.optimize import minimize

    penalty = 0.5 if family.size > 2 else 1e-4  # 1e-4 only keeps flat likelihoods from infinity

    def losses(normals: FloatArray) -> FloatArray:
        likely = log_likelihood(found, chances, family.masses(normals, middles))
        lost: FloatArray = penalty * (normals**2).sum(axis=1) - likely
        return lost

    starts = np.random.default_rng(0).standard_normal((_STARTS, family.parameters)) * 2
    start = starts[np.argmin(losses(starts))]
    result = minimize(
        lambda normals: float(losses(normals[None])[0]),
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-4, "fatol": 1e-6, "maxiter": 2_000},
    )
    best: FloatArray = result.x
    return best
