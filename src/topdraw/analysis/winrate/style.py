"""Arena-Hard's style control: battles explained by the models and by length and markup of answers.

Not here: battles (`winrate.verdicts`), files of answers (`winrate.read_answers`).
Try it: `python -m pytest tests/analysis/winrate/test_style.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.clusters import labels
from topdraw.analysis.limits import require_level, student_quantile
from topdraw.analysis.winrate.arena_hard import ROUNDS, Bootstrap
from topdraw.analysis.winrate.logistic import Data, sigmoid
from topdraw.analysis.winrate.points import PERCENT, rescaled
from topdraw.core.estimate import Estimate
from topdraw.core.records import FloatArray, IntArray
from topdraw.core.seeds import Rng, generator
from topdraw.errors import DomainError

#: Columns of what is counted in an answer.
COUNTS = ("tokens", "headers", "lists", "bold")
_STEPS, _HALVINGS, _FAR = 100, 40, 30.0
_QUANTILES = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Styled:
    """Style-controlled win rates.

    Attributes:
        estimates: of each model: the fit to all battles, with our interval over questions.
        theirs: of each model: median and 5 to 95 % quantiles of resampled battles.
        coefficients: shape (4,): of `COUNTS`, in logits per sd.
    """

    estimates: tuple[Estimate, ...]
    theirs: tuple[Bootstrap, ...]
    coefficients: FloatArray


def style_features(model: FloatArray, baseline: FloatArray) -> FloatArray:
    """How the styles of two answers differ, each feature in [-1, 1].

    Tokens: difference over sum. Headers, lists, bold: density d = count / (tokens + 1), then
    difference over (sum + 1).

    Args:
        model: shape (rows, 4): `COUNTS` of the model's answer, >= 0.
        baseline: likewise of the baseline's.

    Returns:
        Shape (rows, 4), not yet standardised; 0 where both answers have no token.

    Examples:
        >>> style_features(np.array([[3.0, 0, 0, 0]]), np.array([[1.0, 0, 0, 0]]))
        array([[0.5, 0. , 0. , 0. ]])

    References:
        arena-hard-auto 196f6b82, `show_result.py`.
    """
    a, b = np.asarray(model, dtype=float), np.asarray(baseline, dtype=float)
    total = a[:, :1] + b[:, :1]
    tokens = np.divide(a[:, :1] - b[:, :1], total, out=np.zeros_like(total), where=total > 0)
    first, second = a[:, 1:] / (a[:, :1] + 1), b[:, 1:] / (b[:, :1] + 1)
    return np.hstack([tokens, (first - second) / (first + second + 1)])


def style_controlled(
    value: FloatArray,
    model: IntArray,
    features: FloatArray,
    questions: Sequence[str],
    *,
    models: int,
    level: float = 0.95,
    rounds: int = ROUNDS,
    rng: Rng = 0,
) -> Styled:
    """Win rates against the baseline at the mean style of all battles.

    A Bradley-Terry fit with a coefficient for each model and for each standardised feature. The
    features are standardised over the battles given, as theirs: the numbers depend on which models
    are loaded together.

    Args:
        value: shape (battles,), in [0, 1]; a strong verdict is several battles.
        model: shape (battles,): which model, 0..models-1; each occurs.
        features: shape (battles, 4), of `style_features`.
        questions: of each battle; its battles are a cluster.
        models: how many there are.
        level: confidence level of our interval, in (0, 1).
        rounds: resamples of their interval.
        rng: seed or generator of these.

    Returns:
        In points; NaN where no finite fit exists, as for a model that wins every battle.

    Raises:
        DomainError: if shapes disagree, a model has no battle, or the level lies outside (0, 1).
    """
    require_level(level)
    if not value.shape == model.shape == (len(questions),) == features.shape[:1]:
        raise DomainError("Each battle needs one value, one model, one question and its features.")
    if np.unique(model).size != models:
        raise DomainError("Each model needs at least one battle.")
    data = _design(value, model, features, models)
    fitted = _fit(data)
    random = generator(rng)
    drawn = np.array([_resampled(data, random)[:models] for _ in range(rounds)])
    return Styled(
        estimates=_estimates(data, fitted, questions, models, level),
        theirs=tuple(_theirs(drawn[:, at], rounds) for at in range(models)),
        coefficients=fitted[models:],
    )


def _design(value: FloatArray, model: IntArray, features: FloatArray, models: int) -> Data:
    spread = features.std(axis=0, ddof=1) if len(features) > 1 else np.zeros(features.shape[1])
    # A feature that never varies says nothing; theirs would divide by zero.
    centred = np.where(spread > 0, (features - features.mean(0)) / np.where(spread > 0, spread, 1),
                       0.0)  # fmt: skip
    return Data(np.hstack([np.eye(models)[model], centred]), value, np.ones(value.size))


def _fit(data: Data) -> FloatArray:
    """Newton's method without penalty; NaN when some battle's odds run away."""
    at = np.zeros(data.features.shape[1])
    for _ in range(_STEPS):
        share = sigmoid(data.features @ at)
        slope = data.features.T @ (data.weight * (data.target - share))
        step = np.linalg.pinv(_bend(data, share)) @ slope
        at = _climbed(data, at, step)
        # Not the coefficients: those of features that go together may well be large.
        if np.abs((data.features @ at)[data.weight > 0]).max() > _FAR:
            return np.full(at.shape, math.nan)
        if np.abs(step).max() < 1e-10:
            break
    return at


def _climbed(data: Data, at: FloatArray, step: FloatArray) -> FloatArray:
    before = _loss(data, at)
    for power in range(_HALVINGS):
        reached: FloatArray = at + step * 0.5**power
        if _loss(data, reached) <= before + 1e-12:
            return reached
    return at


def _loss(data: Data, at: FloatArray) -> float:
    z = data.features @ at
    return float(data.weight @ (np.logaddexp(0.0, z) - data.target * z))


def _bend(data: Data, share: FloatArray) -> FloatArray:
    found: FloatArray = (data.features.T * (data.weight * share * (1 - share))) @ data.features
    return found


def _resampled(data: Data, random: np.random.Generator) -> FloatArray:
    # Counting the picks is the same fit as repeating the rows.
    size = data.target.size
    counts = np.bincount(random.integers(size, size=size), minlength=size).astype(float)
    return _fit(Data(data.features, data.target, counts))


def _theirs(coefficient: FloatArray, rounds: int) -> Bootstrap:
    shares = 100 * sigmoid(coefficient[~np.isnan(coefficient)])
    if not shares.size:
        return Bootstrap(math.nan, math.nan, math.nan, _QUANTILES, rounds)
    middle, low, high = (float(one) for one in np.quantile(shares, (0.5, *_QUANTILES)))
    return Bootstrap(middle, low, high, _QUANTILES, rounds)


def _estimates(
    data: Data, fitted: FloatArray, questions: Sequence[str], models: int, level: float
) -> tuple[Estimate, ...]:
    """The sandwich over questions on the logit scale, mapped to points."""
    method = "Bradley-Terry with style, sandwich over questions"
    if np.isnan(fitted).any():
        return (Estimate(math.nan, level=level, method=method),) * models
    share = sigmoid(data.features @ fitted)
    each = labels(questions, data.target.size)
    assert each is not None  # noqa: S101 - questions were given
    groups = int(each.max()) + 1
    sums = np.zeros((groups, fitted.size))
    np.add.at(sums, each, data.features * (data.target - share)[:, None])
    inverse = np.linalg.pinv(_bend(data, share))
    spread = inverse @ (sums.T @ sums) @ inverse * groups / max(groups - 1, 1)
    half = student_quantile(groups - 1, level) * np.sqrt(np.diag(spread))
    ends = [(fitted - half)[:models], (fitted + half)[:models]]
    low, high = (sigmoid(one) for one in ends)
    return tuple(
        rescaled(Estimate(float(v), float(a), float(b), level, method, groups), PERCENT)
        for v, a, b in zip(sigmoid(fitted[:models]), low, high, strict=True)
    )
