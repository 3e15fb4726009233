"""AlpacaEval 2's length-controlled (LC) win rate: fitted, or predicted from stored weights.

Not here: reading the official tables (`winrate.official`), the solver (`winrate.logistic`).
Try it: `python -m pytest tests/analysis/winrate/test_controlled.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.clusters import labels, units
from topdraw.analysis.limits import student_quantile, wilson_limits
from topdraw.analysis.winrate.logistic import Data, Fit, fit_l1_cv, influence, sigmoid
from topdraw.analysis.winrate.points import PERCENT, rescaled
from topdraw.core.estimate import Estimate
from topdraw.core.records import BoolArray, FloatArray
from topdraw.errors import DomainError

#: What an LC number stands on. Only the first two are the leaderboard's.
Basis: TypeAlias = Literal["official tables", "stored weights", "tables given", "no official table"]
#: Of the two regulariser models together, as in alpaca_eval 0.6.6.
_GAMED_WEIGHT = 0.2 / 2
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Gamed:
    """Rows of the two regulariser models, which fix what length alone does.

    Attributes:
        value: shape (rows,), in [0, 1]: their preference less 1.
        std_delta: shape (rows,): baseline less model in characters, over the sd of each model.
        difficulty: shape (rows,): of the instruction.
    """

    value: FloatArray
    std_delta: FloatArray
    difficulty: FloatArray


@dataclass(frozen=True, slots=True)
class Weights:
    """Coefficients of the regression.

    Attributes:
        length: of tanh(std_delta); negative when the judge likes length.
        difficulty: of the instruction's difficulty; 0 where none was given.
        model: of the model itself.
    """

    length: float
    difficulty: float
    model: float

    def less(self, other: Weights) -> Weights:
        """The weights of this model against another one as its baseline."""
        return Weights(
            self.length - other.length, self.difficulty - other.difficulty, self.model - other.model
        )


@dataclass(frozen=True, slots=True)
class Controlled:
    """A length-controlled win rate.

    Attributes:
        value: 100 times the mean predicted preference at equal length; NaN when lengths never vary.
        standard_error: theirs: 100 times the standard error of that mean, as if the weights were
            known; NaN below two instructions and without difficulties, where it would be 0.
        estimate: the value with our interval, which knows that the weights were fitted.
        weights: of the regression.
        inverse_penalty: the C that cross-validation chose; NaN for stored weights.
        basis: what it stands on.
        each: shape (rows,): what each row adds, with its influence on the weights; the mean is
            value / 100. None where nothing was fitted.
    """

    value: float
    standard_error: float
    estimate: Estimate
    weights: Weights
    inverse_penalty: float
    basis: Basis
    each: FloatArray | None = None


def standardised(delta: ArrayLike) -> FloatArray:
    """Length differences over their sample sd, not centred; NaN stays.

    Args:
        delta: shape (rows,): characters of the baseline less those of the model.

    Returns:
        Shape (rows,); all NaN when they never vary.

    Examples:
        >>> standardised([3.0, 1.0, 2.0])
        array([3., 1., 2.])
    """
    array = np.asarray(delta, dtype=float).ravel()
    known = array[~np.isnan(array)]
    spread = float(known.std(ddof=1)) if known.size > 1 else 0.0
    return array / spread if spread > 0 else np.full(array.shape, math.nan)


def length_controlled(
    values: ArrayLike,
    delta: ArrayLike,
    *,
    difficulty: ArrayLike | None = None,
    gamed: Gamed | None = None,
    official: bool = False,
    instructions: Sequence[str] | None = None,
    level: float = 0.95,
) -> Controlled:
    """The LC win rate of one model, fitted on its judgments.

    A logistic regression of the value on tanh(std_delta), the instruction's difficulty and the
    model, with an L1 penalty chosen by 5-fold cross-validation; then the mean prediction at
    std_delta = 0 over all rows, failed judgments too, as alpaca_eval does. The interval adds to
    each prediction the row's first-order influence on the weights, and is Wilson's over
    instructions; alpaca_eval's standard error is that of the predictions alone.

    Args:
        values: shape (rows,), as `plain.win_values`; NaN = failed judgment, not fitted.
        delta: shape (rows,): characters of the baseline less those of the model; NaN = unknown,
            not fitted.
        difficulty: shape (rows,): of each row's instruction; None without a table.
        gamed: rows of the regulariser models; None without a table.
        official: whether both are the official tables.
        instructions: as in `points.in_points`.
        level: confidence level, in (0, 1).

    Raises:
        DomainError: if fewer than 5 rows can be fitted, shapes disagree, `gamed` comes without
            `difficulty`, or a number is outside its range.

    References:
        Dubois et al. 2024 (arXiv 2404.04475), section 3; alpaca_eval 0.6.6, `glm_winrate.py`.
    """
    own = _own_rows(values, delta, difficulty)
    if gamed is not None and difficulty is None:
        raise DomainError("The regulariser rows need the difficulty of each instruction.")
    basis: Basis = "official tables" if official else "tables given"
    if gamed is None:
        basis = "no official table"
    fitted = ~np.isnan(own.target) & ~np.isnan(own.features).any(axis=1)
    if np.isnan(own.features[:, 0]).all():
        unknown = Weights(math.nan, math.nan, math.nan)
        return Controlled(math.nan, math.nan, Estimate(math.nan), unknown, math.nan, basis)
    data = own.rows(fitted) if gamed is None else _joined(_gamed_rows(gamed), own.rows(fitted))
    fit = fit_l1_cv(data, folds=_FOLDS)
    return _controlled(own, fitted, data, fit, basis, instructions, level)


def from_weights(
    weights: Weights,
    difficulty: ArrayLike,
    *,
    official: bool = True,
    baseline: Weights | None = None,
) -> Controlled:
    """The LC win rate that stored weights predict: mean logistic(w_model + w_difficulty d).

    Args:
        weights: of the model.
        difficulty: shape (instructions,): the whole table.
        official: whether the difficulties are the official ones.
        baseline: weights of another model to compare with; default the benchmark's own baseline,
            whose weights are 0.

    Returns:
        The number without our interval: how sure the weights are is not stored.

    Raises:
        DomainError: if there is no difficulty, or one is not finite.

    Examples:
        >>> from_weights(Weights(-1.0, 1.0, 0.0), [-1.0, 1.0]).value
        50.0
    """
    table = np.asarray(difficulty, dtype=float).ravel()
    if not table.size or not np.isfinite(table).all():
        raise DomainError("Stored weights need a finite difficulty of at least one instruction.")
    gap = weights if baseline is None else weights.less(baseline)
    each = sigmoid(gap.model + gap.difficulty * table)
    value = 100 * float(each.mean())
    estimate = Estimate(value, method="from stored weights, no interval", n=table.size)
    basis: Basis = "stored weights" if official else "tables given"
    return Controlled(value, _standard_error(each), estimate, gap, math.nan, basis)


def is_extreme(win_rate: float, controlled: float) -> bool:
    """Whether LC is so far from the plain win rate that alpaca_eval warns of a failed fit.

    More than 10 points and a quarter of the distance to 0 (below) or to 100 (above).

    Examples:
        >>> is_extreme(20.0, 9.0), is_extreme(20.0, 35.0)
        (True, False)
    """
    too_small = controlled < min(win_rate - win_rate / 4, win_rate - 10)
    too_large = controlled > max(win_rate + (100 - win_rate) / 4, win_rate + 10)
    return too_small or too_large


def _own_rows(values: ArrayLike, delta: ArrayLike, difficulty: ArrayLike | None) -> Data:
    target = np.asarray(values, dtype=float).ravel()
    length = np.tanh(standardised(delta))
    hard = np.zeros(target.size) if difficulty is None else np.asarray(difficulty, float).ravel()
    if not target.shape == length.shape == hard.shape:
        raise DomainError(
            f"{target.size} values, {length.size} lengths and {hard.size} difficulties; one of "
            "each for each row is needed."
        )
    return Data(np.column_stack([length, hard, np.ones(target.size)]), target, np.ones(target.size))


def _gamed_rows(gamed: Gamed) -> Data:
    size = gamed.value.size
    features = np.column_stack([np.tanh(gamed.std_delta), gamed.difficulty, np.zeros(size)])
    return Data(features, gamed.value, np.full(size, _GAMED_WEIGHT))


def _joined(first: Data, second: Data) -> Data:
    # Theirs come first: which fold a row falls in, and so the chosen C, depends on the order.
    pairs = (
        (first.features, second.features),
        (first.target, second.target),
        (first.weight, second.weight),
    )
    return Data(*(np.concatenate(pair) for pair in pairs))


def _controlled(
    own: Data,
    fitted: BoolArray,
    data: Data,
    fit: Fit,
    basis: Basis,
    instructions: Sequence[str] | None,
    level: float,
) -> Controlled:
    level_rows = own.features.copy()
    level_rows[:, 0] = 0.0
    each = sigmoid(level_rows @ fit.coefficients)
    # d mean / d weights, times n: what one row moves the mean by, through the weights.
    slope = level_rows.T @ (each * (1 - each))
    moved = each.copy()
    own_influence = influence(data, fit)[data.target.size - int(fitted.sum()) :]
    moved[fitted] += own_influence @ slope
    return Controlled(
        value=100 * float(each.mean()),
        standard_error=_standard_error(each) if own.features[:, 1].any() else math.nan,
        estimate=_interval(each, moved, instructions, level, basis),
        weights=Weights(*(float(one) for one in fit.coefficients)),
        inverse_penalty=fit.inverse_penalty,
        basis=basis,
        # The regulariser rows and the penalty pull too: what all rows share is taken off.
        each=moved - moved.mean() + each.mean(),
    )


def _interval(
    each: FloatArray,
    moved: FloatArray,
    instructions: Sequence[str] | None,
    level: float,
    basis: Basis,
) -> Estimate:
    independent, effective = units(moved, labels(instructions, moved.size))
    number = len(independent)
    mean = float(each.mean())
    variance = float(independent.var(ddof=1)) * effective / number if number > 1 else 0.0
    # Values in [0, 1] vary by m (1 - m) at most, influences by more: then they are worth fewer.
    ratio = max(variance / max(mean * (1 - mean), 1e-12), 1.0)
    low, high = wilson_limits(
        mean, variance / ratio, effective / ratio, student_quantile(number - 1, level)
    )
    method = f"LC, {basis}; Wilson over instructions with the influence of each on the weights"
    found = Estimate(mean, float(low), float(high), level, method, each.size)
    return rescaled(found, PERCENT)


def _standard_error(each: FloatArray) -> float:
    if each.size < 2:
        return math.nan
    return 100 * float(each.std(ddof=1)) / math.sqrt(each.size)
