"""All that `topdraw fit` says of one model: law, forecasts, bounds, where selectors saturate.

Not here: how each is made (`of_run`, `forecast`, `nonparametric`, `saturation`).
Try it: `topdraw fit RUN --extrapolate 10000`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.cost import model_of
from topdraw.analysis.intervals import mean_estimates
from topdraw.analysis.measures import can_choose, contender, measured, of_selector
from topdraw.analysis.scaling.difficulty import counted
from topdraw.analysis.scaling.fitted import CoverageLaw, fit_table
from topdraw.analysis.scaling.forecast import forecast_curve
from topdraw.analysis.scaling.nonparametric import Bounds, bounds
from topdraw.analysis.scaling.of_run import MeasuredCoverage, no_forecast
from topdraw.analysis.scaling.of_run import measured as measured_coverage
from topdraw.analysis.scaling.saturation import Saturation, saturation
from topdraw.analysis.scaling.shifts import Shifts, fit_shifts, shared
from topdraw.analysis.scaling.values import ModelValue
from topdraw.core.estimate import Estimate
from topdraw.core.records import IntArray
from topdraw.core.seeds import Rng
from topdraw.errors import ConfigError, DomainError
from topdraw.store.evidence import Evidence

_SELECTORS = ("majority", "best_of_n", "weighted_majority")
_DOUBLINGS = 2.0
_SAME = 1e-12


@dataclass(frozen=True, slots=True)
class Scaling:
    """How coverage and selection of one model scale.

    Attributes:
        name: of the model or run.
        known: coverage at log-spaced k, and the counts.
        coverage: for each of these k the estimate over problems.
        law: c = exp(a k^b) fitted to them; None where coverage is the same at every k.
        forecasts: beyond the samples; empty where decoding is greedy.
        bounds: for each forecast, what the counts alone allow.
        saturations: for each selector where its curve is flat.
        unforecast: why there is no forecast; "" where there is one, or none was asked for.
    """

    name: str
    known: MeasuredCoverage
    coverage: tuple[Estimate, ...]
    law: CoverageLaw | None
    forecasts: tuple[ModelValue, ...]
    bounds: tuple[Bounds, ...]
    saturations: Mapping[str, Saturation]
    unforecast: str = ""

    @property
    def k_max(self) -> int:
        """The largest k at which coverage is known."""
        return int(self.known.ks[-1])


def scaling_of(
    run: Evidence,
    *,
    name: str = "",
    by: str | None = None,
    extrapolate: Sequence[int] = (),
    selectors: Sequence[str] | None = None,
    tolerance: float = 0.01,
    level: float = 0.95,
    rng: Rng = 0,
    draws: int = 200,
    on_selector: Callable[[str], None] | None = None,
) -> Scaling:
    """How coverage and selection of one model scale.

    Args:
        run: a scored run, or a table of counts or scored samples of one model.
        name: what to call it; default its model.
        by: the verifier; default the task's own.
        extrapolate: k to forecast; default ten times the samples. Those within are left out, and
            all where decoding is greedy: then `unforecast` says so.
        selectors: whose saturation to look for; default a vote, best of k and a weighted vote,
            where the run has what they go by.
        tolerance: how far from its end a selector's curve counts as flat.
        level: level of all intervals.
        rng: seed or generator.
        draws: resamples behind the intervals of the law.
        on_selector: told of each selector before its curve is made, which may take a minute.

    Raises:
        ConfigError: if there is no verifier or no scored sample.
        UnknownNameError: if the run holds no scores by `by`, or nobody registered a selector.
        DomainError: if a problem has fewer than 3 scored samples, or the rule that stopped the
            drawing does not guarantee them.
    """
    known = measured_coverage(run, by=by)
    counts, ks, mean = known.counts, known.ks, known.table.mean(axis=0)
    law = None
    if mean[-1] - mean[0] > _SAME:
        law = fit_table(
            ks,
            known.table,
            counts.n,
            counts.c,
            level=level,
            rng=rng,
            draws=draws,
            missing=counts.missing,
        )
    coverage = mean_estimates(known.table, level=level, missing=counts.missing)
    beyond = sorted({k for k in extrapolate or (10 * int(ks[-1]),) if k > ks[-1]})
    unforecast = no_forecast(run) if beyond else ""
    beyond = [] if unforecast else beyond
    forecasts: tuple[ModelValue, ...] = ()
    if beyond:
        forecasts = forecast_curve(
            counted(counts.n, counts.c),
            ks,
            mean,
            beyond,
            level=level,
            rng=rng,
            measured=coverage[-1],
        )
    return Scaling(
        name=name or model_name(run),
        known=known,
        coverage=coverage,
        law=law,
        forecasts=forecasts,
        bounds=tuple(_bounds(known, k, level) for k in beyond),
        saturations=saturations_of(
            run,
            by=by,
            selectors=selectors,
            tolerance=tolerance,
            level=level,
            rng=rng,
            on_selector=on_selector,
        ),
        unforecast=unforecast,
    )


def model_name(run: Evidence) -> str:
    """The model of a run or table; the last part of its path where it names none.

    Args:
        run: a run, or a table of one model.
    """
    return model_of(run) or run.path.name


def _bounds(known: MeasuredCoverage, k: int, level: float) -> Bounds:
    if known.solved is None:
        return bounds(known.counts.n, known.counts.c, k, level=level)
    return bounds(int(known.ks[-1]), known.solved.astype(np.int64), k, level=level)


def saturations_of(
    run: Evidence,
    *,
    by: str | None = None,
    selectors: Sequence[str] | None = None,
    tolerance: float = 0.01,
    level: float = 0.95,
    rng: Rng = 0,
    on_selector: Callable[[str], None] | None = None,
) -> dict[str, Saturation]:
    """For each selector the k from which its curve is flat.

    Args:
        run: a scored run, or a table.
        by: the verifier; default the task's own.
        selectors: default a vote, best of k and a weighted vote, where the run has what they need.
        tolerance: how far from its end a curve counts as flat.
        level: level of all intervals.
        rng: seed or generator.
        on_selector: told of each selector before its curve is made.

    Returns:
        Empty for counts, and where problems have fewer than two samples in common.

    Raises:
        ConfigError: if there is no verifier or no scored sample.
        UnknownNameError: if nobody registered a selector.
    """
    one = contender(run, by=by)
    keys = one.answered
    asked = list(_SELECTORS if selectors is None else selectors)
    able = [name for name in asked if can_choose(one, name)]
    if (reach := one.reach(keys)) < 2:
        return {}
    ks = _steps(reach)
    curves = {}
    for name in able:
        if on_selector is not None:
            on_selector(name)
        made = [measured(one, of_selector(name, k), keys, rng=rng) for k in ks.tolist()]
        curves[name] = np.stack(made, axis=1)
    whole = {name: table[~np.isnan(table).any(axis=1)] for name, table in curves.items()}
    return {
        name: saturation(ks.tolist(), table, tolerance=tolerance, level=level, rng=rng)
        for name, table in whole.items()
        if len(table)
    }


def _steps(n: int) -> IntArray:
    """1 to n, two for each doubling, n among them."""
    count = round(_DOUBLINGS * np.log2(n)) + 1
    return np.unique(np.geomspace(1, n, count).round().astype(np.int64))


def shifts_of(found: Sequence[Scaling], *, level: float = 0.95, rng: Rng = 0) -> Shifts | None:
    """One exponent and the shifts of several models, over the problems that all of them have.

    Args:
        found: the models; the first is the reference.
        level: level of the intervals.
        rng: seed or generator.

    Returns:
        None where there is nothing to compare: one model, or a model without a law.

    Raises:
        ConfigError: if the models share no problem.
        DomainError: if coverage of a model is 0 or 1 at every k over the shared problems, or one
            was drawn until a pass, so that its counts are not those of so many samples.
    """
    fitted = [one for one in found if one.law is not None]
    if len(fitted) < 2 or len({one.name for one in fitted}) < len(fitted):
        return None
    for one in fitted:
        if one.known.solved is not None:
            raise DomainError(
                f"{one.name} was drawn until a pass; a shift along k needs the same number of "
                "samples whatever they hold. Draw it without --until."
            )
    ids = [one.known.counts.problem_ids for one in fitted]
    keys = shared(ids)
    if not keys:
        names = ", ".join(one.name for one in fitted)
        raise ConfigError(f"{names} share no problem, so that no shift between them can be had.")
    counts = {}
    for one in fitted:
        place = {key: at for at, key in enumerate(one.known.counts.problem_ids)}
        kept = [place[key] for key in keys]
        counts[one.name] = (one.known.counts.n[kept], one.known.counts.c[kept])
    return fit_shifts(counts, level=level, rng=rng)
