"""Several scorers as one value to rank by: mean, worst case, mean less lambda times the variance.

Not here: reading their scores of a run; `selection.candidates` does, with `resolve_value`.
Try it: `python -c "from topdraw.selection.ensemble import *; print(resolve_value('mean(a,b)'))"`.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np

from topdraw.core.records import BoolArray, FloatArray, IntArray
from topdraw.errors import ConfigError, DomainError

How = Literal["mean", "worst", "mean-var"]
Scale = Literal["run", "problem", "rank", "none"]
Absent = Literal["none", "others"]

_CALL = re.compile(r"\s*(?P<how>[\w-]+)\s*\((?P<inside>.*)\)\s*", re.DOTALL)
_OPTIONS = {"lambda": (), "scale": get_args(Scale), "absent": get_args(Absent)}


@dataclass(frozen=True, slots=True)
class ValueSource:
    """Where the values that rank come from: one scorer, or an ensemble of several.

    Attributes:
        name: as it is printed: the scorer's name, or the spec with the options that are not
            the defaults.
        members: names of the scorers, in order.
        how: how several become one; None for a single scorer.
        penalty: lambda of "mean-var".
        scale: what they are put on a common scale by, see `ensemble`.
        absent: what becomes of a sample that a member has no value for, see `ensemble`.
    """

    name: str
    members: tuple[str, ...]
    how: How | None = None
    penalty: float = 0.5
    scale: Scale = "run"
    absent: Absent = "none"

    def __call__(self, values: FloatArray, problem: IntArray) -> FloatArray:
        """The values to rank by.

        Args:
            values: shape (members, samples), all samples of a run; NaN where there is none.
            problem: shape (samples,). Which problem each sample belongs to.

        Returns:
            Shape (samples,). A single scorer's values are handed on as they are.

        Raises:
            DomainError: if the shapes do not fit.
        """
        if self.how is None:
            single: FloatArray = values[0]
            return single
        return ensemble(
            values,
            self.how,
            problem=problem,
            penalty=self.penalty,
            scale=self.scale,
            absent=self.absent,
        )


def resolve_value(spec: str, *, known: Collection[str] = ()) -> ValueSource:
    """The source of values that a user names: a scorer, or an ensemble of scorers.

    Args:
        spec: a scorer's name, "mean(a,b)", "worst(a,b)" or "mean-var(a,b,lambda=0.5)"; ensembles
            take scale=run|problem|rank|none and absent=none|others, too.
        known: names of scorers; one of them is never read as an ensemble.

    Returns:
        The source; whether its scorers exist is not asked here.

    Raises:
        ConfigError: if it names no known ensemble, fewer than two scorers, a scorer twice, an
            unknown option or a value that the option does not take.

    Examples:
        >>> resolve_value("worst(reward, logprob)").members
        ('reward', 'logprob')
        >>> resolve_value("reward").members
        ('reward',)
    """
    match = None if spec in known else _CALL.fullmatch(spec)
    if match is None:
        return ValueSource(spec, (spec,))
    how = match["how"]
    if how not in get_args(How):
        close = difflib.get_close_matches(how, get_args(How), 1, 0.5)
        raise ConfigError(
            f"{how!r} is no way to combine scorers; there are {', '.join(get_args(How))}.",
            hint=f"Did you mean {close[0]!r}?" if close else "",
        )
    members, options = _parts(spec, match["inside"])
    if "lambda" in options and how != "mean-var":
        raise ConfigError(f"{spec!r}: only mean-var takes lambda.")
    penalty = _penalty(options.get("lambda", "0.5"))
    scale = cast(Scale, options.get("scale", "run"))
    absent = cast(Absent, options.get("absent", "none"))
    said = [*members, *(f"{key}={value}" for key, value in options.items())]
    name = f"{how}({', '.join(said)})"
    return ValueSource(name, members, cast(How, how), penalty, scale, absent)


def _parts(spec: str, inside: str) -> tuple[tuple[str, ...], dict[str, str]]:
    members: list[str] = []
    options: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in inside.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            members.append(part)
        elif key not in _OPTIONS:
            raise ConfigError(f"{spec!r}: {key!r} is no option; there are {', '.join(_OPTIONS)}.")
        elif key in options:
            raise ConfigError(f"{spec!r} says {key} twice.")
        elif _OPTIONS[key] and value not in _OPTIONS[key]:
            allowed = ", ".join(_OPTIONS[key])
            raise ConfigError(f"{spec!r}: {key} is {value!r}; it must be one of {allowed}.")
        else:
            options[key] = value
    if len(members) < 2 or len(set(members)) < len(members):
        raise ConfigError(
            f"{spec!r}: an ensemble needs two or more different scorers; "
            f"it names {', '.join(members) or 'none'}."
        )
    return tuple(members), options


def _penalty(text: str) -> float:
    try:
        penalty = float(text)
    except ValueError:
        penalty = math.nan
    if not (math.isfinite(penalty) and penalty >= 0):
        raise ConfigError(f"lambda is {text!r}; it must be a finite number >= 0.")
    return penalty


def ensemble(
    values: FloatArray,
    how: How = "mean",
    *,
    problem: IntArray | None = None,
    penalty: float = 0.5,
    scale: Scale = "run",
    absent: Absent = "none",
) -> FloatArray:
    """One value for each sample from those of several scorers.

    Scorers come in units of their own, so each is first put on a common scale:

    - "run" (default): less its mean over all samples of the run, divided by its standard
      deviation (population). Which problem is easy still shows; choices inside a problem weigh a
      scorer by how far it separates samples there, relative to the whole run.
    - "problem": the same inside each problem, so that every scorer has an equal say in each.
    - "rank": its rank inside the problem, (rank - 1/2) / samples, ties at their mean: no outlier
      of one scorer outvotes the others.
    - "none": as they are, for scorers of one family.

    A scorer without spread is 0 everywhere on the first two. Then "mean" is the mean over scorers,
    "worst" the smallest, "mean-var" the mean less `penalty` times their population variance.

    Args:
        values: shape (scorers, samples). NaN where a scorer has no value; infinities count for
            nothing in means and deviations and stay infinite, and a mean of both signs, or the
            variance of an infinity, is NaN.
        how: how they are combined.
        problem: shape (samples,). Which problem each sample belongs to; None: one problem.
        penalty: lambda of "mean-var", >= 0.
        scale: what makes them comparable.
        absent: "none": a sample that any scorer lacks a value for gets NaN and is never chosen,
            since the worst case of an unknown is unknown. "others": it is judged by the scorers
            that have one, on which a scorer that fails on bad samples would be no help.

    Returns:
        Shape (samples,); NaN where there is no value.

    Raises:
        DomainError: if the shapes do not fit, the penalty is negative or not finite, or `how`,
            `scale` or `absent` is unknown.

    Examples:
        >>> ensemble(np.array([[0.0, 1.0], [30.0, 10.0]]), "worst")
        array([-1., -1.])

    References:
        Coste et al. 2023 (arXiv 2310.02743), mean, worst-case and uncertainty-weighted
        optimization; reward models are brought to mean 0 and variance 1 there, too.
    """
    groups = np.zeros(values.shape[-1], np.int64) if problem is None else problem
    _check(values, groups, how, penalty, scale, absent)
    scaled = np.stack([_SCALES[scale](row, groups) for row in values])
    lacking = np.isnan(values)
    left_out = lacking.all(axis=0) if absent == "others" else lacking.any(axis=0)
    combined = np.full(groups.size, np.nan)
    kept = ~left_out
    combined[kept] = _combined(scaled[:, kept], lacking[:, kept], how, penalty)
    return combined


def _check(
    values: FloatArray, groups: IntArray, how: str, penalty: float, scale: str, absent: str
) -> None:
    if values.ndim != 2 or groups.shape != values.shape[1:] or not values.shape[0]:
        raise DomainError(
            f"An ensemble needs values of shape (scorers, samples) and a problem for each sample; "
            f"got {values.shape} and {groups.shape}."
        )
    if not (math.isfinite(penalty) and penalty >= 0):
        raise DomainError(f"lambda is {penalty}; it must be a finite number >= 0.")
    for name, value, allowed in (
        ("how", how, get_args(How)),
        ("scale", scale, get_args(Scale)),
        ("absent", absent, get_args(Absent)),
    ):
        if value not in allowed:
            raise DomainError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")


def _combined(scaled: FloatArray, lacking: BoolArray, how: How, penalty: float) -> FloatArray:
    if how == "worst":
        worst: FloatArray = np.where(lacking, np.inf, scaled).min(axis=0)
        return worst
    count = (~lacking).sum(axis=0)
    # inf - inf is "no value", on purpose; the variance of huge values is infinite.
    with np.errstate(invalid="ignore", over="ignore"):
        mean: FloatArray = np.where(lacking, 0.0, scaled).sum(axis=0) / count
        if how == "mean" or penalty == 0:
            return mean
        variance = (np.where(lacking, 0.0, scaled - mean) ** 2).sum(axis=0) / count
        less: FloatArray = mean - penalty * variance
        return less


def _whole(row: FloatArray, groups: IntArray) -> FloatArray:
    del groups
    finite = np.isfinite(row)
    if not finite.any():
        return row
    # In units of the largest, so that no square of a huge value overflows.
    unit = float(np.abs(row[finite]).max()) or 1.0
    units = row / unit
    kept = units[finite]
    away = units - kept.mean()
    deviation = float(kept.std())
    # Equal values differ from their own mean in the last bits; that is no spread.
    flat = deviation <= 1e-12
    scaled: FloatArray = np.where(finite, 0.0, row) if flat else away / deviation
    return scaled


def _each(row: FloatArray, groups: IntArray) -> FloatArray:
    return _by_problem(row, groups, lambda part: _whole(part, groups))


def _ranks(row: FloatArray, groups: IntArray) -> FloatArray:
    return _by_problem(row, groups, _rank)


def _rank(part: FloatArray) -> FloatArray:
    ranks = np.full(part.size, np.nan)
    known = ~np.isnan(part)
    _, block, size = np.unique(part[known], return_inverse=True, return_counts=True)
    # The mean rank of a block of ties, counted from 1, less a half.
    middle = np.cumsum(size) - size / 2
    ranks[known] = middle[block] / max(int(known.sum()), 1)
    return ranks


def _by_problem(
    row: FloatArray, groups: IntArray, of: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    scaled = np.empty_like(row)
    order = np.argsort(groups, kind="stable")
    edges = np.flatnonzero(np.diff(groups[order])) + 1
    parts: Sequence[IntArray] = np.split(order, edges)
    for part in parts:
        scaled[part] = of(row[part])
    return scaled


def _as_it_is(row: FloatArray, groups: IntArray) -> FloatArray:
    del groups
    return row


_SCALES: dict[str, Callable[[FloatArray, IntArray], FloatArray]] = {
    "run": _whole,
    "problem": _each,
    "rank": _ranks,
    "none": _as_it_is,
}
