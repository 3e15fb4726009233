"""Tables and panels of `topdraw fit`: laws, residuals, forecasts, shifts, saturation.

Not here: the numbers (`analysis.scaling`), the figure (`scaling_figure`), the page (`panels`).
Try it: `topdraw fit RUN --extrapolate 10000 --out page.html`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from topdraw.core.estimate import Estimate
from topdraw.reports.frame import NARROW, WIDE
from topdraw.reports.panel import Panel
from topdraw.reports.scaling_figure import scaling_figure
from topdraw.reports.tabular import Cell, Tabular

if TYPE_CHECKING:
    from topdraw.analysis.scaling.reading import Scaling
    from topdraw.analysis.scaling.shifts import Shifts
    from topdraw.analysis.scaling.values import ModelValue

_FEW = 12
#: More models than this are not told one by one.
_MANY = 4
_HOW_LAW = (
    "c = exp(a k^b) by least squares on coverage at log-spaced k within the samples; intervals of "
    "a and b from resampled problems. The error is the mean (and standard deviation) over these k "
    "of the distance between law and coverage."
)
_HOW_FORECAST = (
    "A model, not an estimate: the median of five families of difficulty laws, weighted by how "
    "well each explains the counts; where counts cannot say (p far below 1/n), the beta and the "
    "general family lean on the law c = exp(a k^b). The interval spans those of all families that "
    "the counts do not rule out, and allows for other problems and for luck; neither end lies "
    "below that of the interval measured at n. A model can be surer than that interval: the "
    "measured one knows of each problem only whether it was solved, and allows for others "
    "that nothing solves; the model goes by how often, so that a problem with 20 of 100 "
    "samples correct is as good as solved at k = 1,000, and it "
    "expects few problems far harder than those seen. Each method by itself stands "
    "beside it. What the counts alone allow holds for every law of difficulty."
)
_HOW_SHIFT = (
    "One exponent b for all models, fitted by least squares on coverage over the problems that all "
    "have; a shift of s means that 10^s samples of a model do what one sample of the reference "
    "does. Where the error with one exponent is far above that with each model's own, the curves "
    "are not parallel, and the shift depends on the k at which one looks."
)
_HOW_FLAT = (
    "The smallest k from which the curve stays within the tolerance of its value at the last k, "
    "if it has been flat for at least the last doubling of the samples."
)


def law_table(found: Sequence[Scaling]) -> Tabular:
    """One row for each model: a, b, error as published, which k.

    Args:
        found: the models.
    """
    return Tabular(
        ("model", "a", "b", "mean error", "std of error", "problems", "k fitted"),
        tuple(_law_row(one) for one in found),
    )


def _law_row(one: Scaling) -> tuple[Cell, ...]:
    span = f"1 to {one.k_max:,}, {one.known.ks.size} of them"
    problems = len(one.known.counts.problem_ids)
    if one.law is None:
        return (one.name, None, None, None, None, problems, span)
    law = one.law
    return (one.name, law.a, law.b, law.residual, law.residual_std, problems, span)


def residual_table(found: Sequence[Scaling]) -> Tabular:
    """Coverage, law and their difference at about a dozen of the k fitted.

    Args:
        found: the models.
    """
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        if one.law is None:
            continue
        last = one.known.ks.size - 1
        for at in sorted({round(i * last / (_FEW - 1)) for i in range(_FEW)}):
            off = float(one.law.residuals[at])
            value = one.coverage[at]
            rows.append((one.name, int(one.known.ks[at]), value, value.value + off, off))
    return Tabular(("model", "k", "coverage", "law", "law less coverage"), tuple(rows))


def forecast_table(found: Sequence[Scaling]) -> Tabular:
    """One row for each model and k: value, interval, range over methods, bounds, each method.

    Args:
        found: the models.
    """
    methods = list(next((v.others for one in found for v in one.forecasts), ()))
    heads = ("model", "k", "model value", "least of methods", "most of methods")
    return Tabular(
        (*heads, "at least by counts alone", "at most", *methods),
        tuple(
            (
                one.name,
                value.k,
                _as_cell(value),
                *value.spread,
                limit.low,
                limit.high,
                *(value.others[name] for name in methods),
            )
            for one in found
            for value, limit in zip(one.forecasts, one.bounds, strict=True)
        ),
    )


def _as_cell(value: ModelValue) -> Estimate:
    """A model value in the form in which tables print an interval."""
    return Estimate(value.value, value.low, value.high, value.level, value.label)


def shift_table(found: Shifts) -> Tabular:
    """One row for each model: shift, a under the common exponent, errors.

    Args:
        found: several models.
    """
    return Tabular(
        (
            "model",
            "log10 shift",
            "samples that equal one of it",
            "a",
            "mean error",
            "with its own b",
        ),
        tuple(
            (name, shift, 10**shift.value, a, error, own)
            for name, shift, a, error, own in zip(
                found.names, found.shifts, found.a, found.residuals, found.own, strict=True
            )
        ),
    )


def saturation_table(found: Sequence[Scaling]) -> Tabular:
    """One row for each model and selector: from which k it is flat, at what value.

    Args:
        found: the models.
    """
    return Tabular(
        ("model", "selector", "flat from k", "value at the last k", "last k", "last doubling"),
        tuple(
            (
                one.name,
                name,
                flat.k if flat.reached else f"not yet by {flat.last:,}",
                flat.end,
                flat.last,
                flat.gain,
            )
            for one in found
            for name, flat in one.saturations.items()
        ),
    )


def fit_sentence(found: Sequence[Scaling]) -> str:
    """What the fit says, in one sentence for each model; of many, of those that cover most.

    Args:
        found: the models, at least one.
    """
    if len(found) <= _MANY:
        return " ".join(map(_fit_sentence, found))
    best = sorted(found, key=lambda one: -one.coverage[-1].value)[:_MANY]
    return f"{len(found)} models. " + " ".join(map(_fit_sentence, best))


def _fit_sentence(one: Scaling) -> str:
    measured = f"{one.name}: coverage {one.coverage[-1]} at k = {one.k_max:,}"
    if not one.forecasts:
        return f"{measured}. {one.unforecast}".rstrip()
    last = one.forecasts[-1]
    least, most = last.spread
    return (
        f"{measured}; at k = {last.k:,} a model average says {_as_cell(last)}, "
        f"single methods {least:.2f} to {most:.2f}."
    )


def fit_panels(found: Sequence[Scaling], shifts: Shifts | None = None) -> list[Panel]:
    """The panels of a fit page: forecast, law, residuals, shifts, saturation.

    Args:
        found: the models, at least one.
        shifts: between them.
    """
    figures = tuple(scaling_figure(found, layout) for layout in (WIDE, NARROW))
    panels = []
    if any(one.forecasts for one in found):
        panels.append(
            Panel(
                key="forecast",
                title="Beyond the samples",
                claim=_forecast_claims(found),
                figures=figures,
                table=forecast_table(found),
                how=_HOW_FORECAST,
                notes=("Dashed lines and whiskers are a model. Draw more samples to know.",),
            )
        )
    claim = "How coverage rises with samples, by the law c = exp(a k^b)."
    law = Panel("fit", "Law", claim, () if panels else figures, law_table(found), _HOW_LAW)
    panels += [
        law,
        Panel("residuals", "Residuals", _residual_claim(found), (), residual_table(found)),
    ]
    if shifts is not None:
        panels.append(
            Panel("shifts", "Shifts", shift_sentence(shifts), (), shift_table(shifts), _HOW_SHIFT)
        )
    if any(one.saturations for one in found):
        table = saturation_table(found)
        claim = saturation_sentence(found)
        panels.append(Panel("saturation", "Saturation", claim, (), table, _HOW_FLAT))
    return panels


def forecast_claim(one: Scaling) -> str:
    """What is known and what a model says, of one model.

    Args:
        one: the model.
    """
    if not one.forecasts:
        return fit_sentence([one])
    value = one.forecasts[-1]
    return (
        f"At k = {value.k:,}, {value.k / one.k_max:.3g} times the samples drawn, a model average "
        f"says {_as_cell(value)}; nothing there was measured."
    )


def _forecast_claims(found: Sequence[Scaling]) -> str:
    known = [one for one in found if one.forecasts]
    if len(known) == 1:
        return forecast_claim(known[0])
    return " ".join(f"{one.name}: {forecast_claim(one)}" for one in known[:_MANY])


def _residual_claim(found: Sequence[Scaling]) -> str:
    worst = max(
        ((abs(float(off)), int(k), one.name) for one in found if one.law is not None
         for off, k in zip(one.law.residuals, one.known.ks, strict=True)),
        default=None,
    )  # fmt: skip
    if worst is None:
        return "Coverage is the same at every k: there is no law."
    return f"The law is off by at most {worst[0]:.3f}, at k = {worst[1]:,} of {worst[2]}."


def shift_sentence(found: Shifts) -> str:
    """The largest shift, in one sentence.

    Args:
        found: several models.
    """
    at = max(range(len(found.names)), key=lambda i: abs(found.shifts[i].value))
    factor = 10 ** found.shifts[at].value
    return (
        f"One sample of {found.names[0]} does what {factor:.3g} of {found.names[at]} do "
        f"(log10 shift {found.shifts[at]}), with one exponent b = {found.b} for all."
    )


def saturation_sentence(found: Sequence[Scaling]) -> str:
    """Where each selector of each model that has some is flat.

    Args:
        found: the models.
    """
    known = [one for one in found if one.saturations]
    told = (
        (f"{one.name}: " if len(found) > 1 else "")
        + "; ".join(f"{name}: {flat}" for name, flat in one.saturations.items())
        for one in known[:_MANY]
    )
    return ". ".join(told) + "."
