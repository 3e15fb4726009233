"""Weighted logistic regression of probabilities, with an L1 penalty as liblinear has it.

Not here: which features and tables (`winrate.controlled`).
Try it: `python -m pytest tests/analysis/winrate/test_logistic.py`.

The objective is scikit-learn's for `LogisticRegression(penalty="l1", solver="liblinear",
fit_intercept=False)` on rows doubled into labels 1 and 0 with weights w p and w (1 - p). liblinear
stops at a tolerance of 1e-4; this solver goes to the optimum (proximal Newton).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from topdraw.core.records import FloatArray, IntArray
from topdraw.errors import DomainError

#: scikit-learn's default grid of inverse penalties for `Cs=10`.
GRID: FloatArray = np.logspace(-4, 4, 10)
_NEWTON_STEPS, _SWEEPS, _HALVINGS = 100, 1000, 40
_CLIP = 1e-15


@dataclass(frozen=True, slots=True)
class Data:
    """Rows of a regression.

    Attributes:
        features: shape (rows, columns).
        target: shape (rows,), probabilities in [0, 1].
        weight: shape (rows,), >= 0.
    """

    features: FloatArray
    target: FloatArray
    weight: FloatArray

    def rows(self, kept: ArrayLike) -> Data:
        """Some of them, by mask or position."""
        at = np.asarray(kept)
        return Data(self.features[at], self.target[at], self.weight[at])


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted regression.

    Attributes:
        coefficients: shape (columns,).
        inverse_penalty: C, the weight of the loss beside the L1 norm.
    """

    coefficients: FloatArray
    inverse_penalty: float


class _Point(NamedTuple):
    at: FloatArray
    height: float


def sigmoid(z: ArrayLike) -> FloatArray:
    """1 / (1 + exp(-z)), without overflow.

    Examples:
        >>> sigmoid([-1000.0, 0.0, 1000.0])
        array([0. , 0.5, 1. ])
    """
    # exp(-logaddexp(0, -z)) neither overflows nor loses small probabilities.
    found: FloatArray = np.exp(-np.logaddexp(0.0, -np.asarray(z, dtype=float)))
    return found


def fit_l1(data: Data, inverse_penalty: float) -> Fit:
    """The coefficients that minimise |b|_1 + C sum of weight * log loss.

    Args:
        data: at least one row.
        inverse_penalty: C > 0.

    Raises:
        DomainError: if there is no row, or a number is not finite or outside its range.

    References:
        Fan et al. 2008, LIBLINEAR, problem L1R_LR; Friedman et al. 2010 for the iteration.
    """
    _check(data, inverse_penalty)
    at = np.zeros(data.features.shape[1])
    height = _objective(data, inverse_penalty, at)
    for _ in range(_NEWTON_STEPS):
        share = sigmoid(data.features @ at)
        slope = data.features.T @ (data.weight * (share - data.target)) * inverse_penalty
        bend = (data.features.T * (data.weight * share * (1 - share))) @ data.features
        step = _soft_newton(slope, bend * inverse_penalty, at) - at
        before, (at, height) = at, _line_search(data, inverse_penalty, at, step, height)
        if np.abs(at - before).max() < 1e-11 * max(1.0, float(np.abs(at).max())):
            break
    return Fit(at, inverse_penalty)


def fit_l1_cv(data: Data, *, folds: int = 5, grid: ArrayLike = GRID) -> Fit:
    """`fit_l1` with C chosen by cross-validated log loss, as alpaca_eval lets scikit-learn do.

    The score of a fold is the mean over its rows of weight times log loss; folds count alike, and
    the smaller C wins ties. Folds are those of `GroupKFold` on rows of equal size: round robin in
    the order that NumPy's unstable sort leaves them in.

    Args:
        data: at least `folds` rows, in the order of the original.
        folds: >= 2.
        grid: candidates for C.

    Raises:
        DomainError: as `fit_l1`, and if there are fewer rows than folds.
    """
    if not 2 <= folds <= data.target.size:
        raise DomainError(f"{data.target.size} rows cannot be cut into {folds} folds.")
    fold = fold_of_rows(data.target.size, folds)
    candidates = np.asarray(grid, dtype=float)
    losses = np.array(
        [
            [_loss(data.rows(fold == k), fit_l1(data.rows(fold != k), c)) for k in range(folds)]
            for c in candidates.tolist()
        ]
    )
    return fit_l1(data, float(candidates[int(losses.mean(axis=1).argmin())]))


def fold_of_rows(rows: int, folds: int) -> IntArray:
    """The fold of each row as scikit-learn's `GroupKFold` deals groups of two rows.

    Args:
        rows: how many groups.
        folds: how many folds.

    Returns:
        Shape (rows,), in 0..folds-1; sizes differ by one at most.
    """
    # An unstable sort of equal numbers is a permutation, and the original uses just this one.
    order = np.argsort(np.full(rows, 2, dtype=np.int64))[::-1]
    fold = np.empty(rows, dtype=np.int64)
    fold[order] = np.arange(rows) % folds
    return fold


def influence(data: Data, fit: Fit) -> FloatArray:
    """How much each row moves the coefficients, to first order.

    Args:
        data: of the fit.
        fit: of `fit_l1`; coefficients that are exactly 0 stay there.

    Returns:
        Shape (rows, columns): H^-1 times the row's part of the gradient, in units of coefficients.
    """
    active = np.abs(fit.coefficients) > 0
    share = sigmoid(data.features @ fit.coefficients)
    columns = data.features[:, active]
    bend = (columns.T * (data.weight * share * (1 - share))) @ columns
    parts = columns * (data.weight * (data.target - share))[:, None]
    found = np.zeros(data.features.shape)
    found[:, active] = parts @ np.linalg.pinv(bend)
    return found


def _check(data: Data, inverse_penalty: float) -> None:
    finite = all(np.isfinite(one).all() for one in (data.features, data.target, data.weight))
    if not data.target.size or not finite:
        raise DomainError("A regression needs at least one row, and finite numbers in all.")
    if data.target.min() < 0 or data.target.max() > 1 or data.weight.min() < 0:
        raise DomainError("Targets lie in [0, 1] and weights are at least 0.")
    if not inverse_penalty > 0:
        raise DomainError(f"The inverse penalty is above 0; {inverse_penalty} is not.")


def _objective(data: Data, inverse_penalty: float, at: FloatArray) -> float:
    z = data.features @ at
    loss = data.weight @ (np.logaddexp(0.0, z) - data.target * z)
    return float(np.abs(at).sum() + inverse_penalty * loss)


def _loss(held_out: Data, fit: Fit) -> float:
    share = np.clip(sigmoid(held_out.features @ fit.coefficients), _CLIP, 1 - _CLIP)
    target = held_out.target
    each = target * np.log(share) + (1 - target) * np.log1p(-share)
    return -float(np.mean(held_out.weight * each))


def _soft_newton(slope: FloatArray, bend: FloatArray, at: FloatArray) -> FloatArray:
    """Minimise the quadratic model plus the L1 norm: coordinate descent finds the signs."""
    diagonal = np.diag(bend) + 1e-12
    found = at.copy()
    for sweep in range(_SWEEPS):
        before = found.copy()
        for j in range(found.size):
            pull = slope[j] + bend[j] @ (found - at) - diagonal[j] * found[j]
            found[j] = -np.sign(pull) * max(abs(pull) - 1.0, 0.0) / diagonal[j]
        if sweep % 4 == 1:
            # Once the signs are right, what is left is a linear system.
            exact = _with_signs(slope, bend, at, np.sign(found))
            if exact is not None:
                return exact
        if np.abs(found - before).max() < 1e-14:
            break
    return found


def _with_signs(
    slope: FloatArray, bend: FloatArray, at: FloatArray, signs: FloatArray
) -> FloatArray | None:
    """The minimum among coefficients of these signs, if it is the minimum of all; else None."""
    active = signs != 0
    if not active.any():
        return None
    found = np.zeros(at.size)
    pulled = slope - bend @ at + signs
    found[active] = -np.linalg.pinv(bend[np.ix_(active, active)]) @ pulled[active]
    gradient = slope + bend @ (found - at)
    kept = bool((np.sign(found) == signs).all())
    flat = bool((np.abs(gradient[active] + signs[active]) <= 1e-9).all())
    return found if kept and flat and (np.abs(gradient[~active]) <= 1.0).all() else None


def _line_search(
    data: Data, inverse_penalty: float, at: FloatArray, step: FloatArray, height: float
) -> _Point:
    """The longest of the halved steps that does not climb; the start when all do."""
    # At the optimum rounding alone decides: a step that climbs by less is no climb.
    allowed = height + 1e-13 * abs(height)
    for power in range(_HALVINGS):
        reached = at + step * 0.5**power
        lower = _objective(data, inverse_penalty, reached)
        if lower <= allowed:
            return _Point(reached, lower)
    return _Point(at, height)
