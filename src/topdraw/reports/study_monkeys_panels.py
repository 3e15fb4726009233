"""Panels of the study of coverage: figures, sentences and how each was computed.

Not here: the tables (`study_monkeys_tables`), the page (`study_monkeys`).
Try it: `topdraw study monkeys`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from topdraw.analysis.cost_of_k import UNITS, Unit
from topdraw.analysis.scaling.shifts import Shifts
from topdraw.core.estimate import Estimate
from topdraw.reports.cost_figure import amount
from topdraw.reports.equal_panel import equal_sentence, equals_table
from topdraw.reports.panel import Panel
from topdraw.reports.scale import FLOPS, SAMPLES, SOLVED, TOKENS, USD, Measure
from topdraw.reports.series import MOST_NUMBERED, Series, numbered, selector_series
from topdraw.reports.series_figure import series_figures
from topdraw.reports.study_monkeys_tables import (
    checks_table,
    claims_table,
    coverage_table,
    decades_table,
    fits_table,
    keys_table,
    passing_table,
    places,
    published_table,
    saturation_table,
    selection_table,
    shifts_table,
)
from topdraw.reports.tabular import Tabular
from topdraw.studies.monkeys.beside import Beside
from topdraw.studies.monkeys.checks import Check
from topdraw.studies.monkeys.claims import WHERE, WORST_FIT, Claim, counted, told
from topdraw.studies.monkeys.pairs import BUDGETS, COSTS, Pair
from topdraw.studies.monkeys.reading import TOLERANCE, Reading
from topdraw.studies.published import Published, same_model, same_task

_AXES: dict[Unit, Measure] = {"flops": FLOPS, "usd": USD, "output_tokens": TOKENS}
_HOW_COVERAGE = (
    "Coverage is the unbiased pass@k of each problem, averaged over problems. Intervals are "
    "Wilson's over problems, for each k by itself; the shaded band holds the whole curve at once "
    "(max-t over all k). Dashed: the law c = exp(a k^b), fitted by least squares on coverage."
)
_HOW_SELECTION = (
    "Mean over all subsets of k of the n samples, in closed form where there is one, so no subset "
    "is drawn by luck. A curve is flat from the first k from which it stays within "
    f"{TOLERANCE:g} of its end, if that is at least a doubling; the interval is over resampled "
    "problems."
)
_HOW_COST = (
    "Tokens, USD and FLOPs of the samples themselves, prompts counted once for each problem; what "
    "scoring costs is not counted. FLOPs as in the paper: 2 (parameters + 2 layers width context) "
    "for each token. At equal budgets both models are taken at their best affordable k over the "
    "problems that both have; differences are paired, p is Holm's over the budgets."
)


_SAY = {"supports": "support it", "contradicts": "contradict it", "cannot tell": "cannot tell"}


def slug(text: str) -> str:
    """A text as part of a panel's key.

    Examples:
        >>> slug("data/MATH 500.jsonl")
        'data-math-500-jsonl'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def coverage_panel(found: Sequence[Reading], theirs: Sequence[Published], key: str) -> Panel:
    """Coverage of the models of one task, with bands, laws and what a paper prints of the same.

    Args:
        found: readings of one task, the strongest first.
        theirs: published tables.
        key: of the panel.
    """
    lines: list[Series] = []
    for at, one in reversed(list(enumerate(found[:MOST_NUMBERED]))):
        shown, look = places(one), numbered(at)
        ks = one.known.ks
        if one.law is not None:
            mean, off = one.band.estimates, one.law.residuals
            fit: dict[float, Estimate | float] = {
                float(ks[i]): mean[i].value + float(off[i]) for i in shown
            }
            lines.append(Series("", fit, look, "model"))
        if dots := _published_points(one, theirs):
            lines.append(Series(one.name, dots, look, "published"))
        edges = {
            float(ks[i]): Estimate(
                one.band.estimates[i].value, float(one.band.low[i]), float(one.band.high[i])
            )
            for i in shown
        }
        lines.append(Series(one.name, _points(one), look, band=edges))
    task = found[0].task
    return Panel(
        key=key,
        title=f"Coverage: {task}",
        claim=f"On {task}, coverage {'; '.join(map(_rise_told, found[:4]))}.",
        prose=("Dashed: the law c = exp(a k^b). Shaded: a band that holds the whole curve.",),
        figures=series_figures(lines, across=SAMPLES, up=SOLVED),
        table=coverage_table(found),
        how=_HOW_COVERAGE,
    )


def _points(one: Reading) -> dict[float, Estimate | float]:
    return {float(one.known.ks[i]): one.band.estimates[i] for i in places(one)}


def _published_points(one: Reading, theirs: Sequence[Published]) -> dict[float, Estimate | float]:
    return {
        float(row["k"]): float(row["coverage"])
        for table in theirs
        if "coverage" in table.numbers
        for row in table.rows
        if same_model(one.name, str(row["model"])) and same_task(one.task, str(row["task"]))
    }


def _rise_told(one: Reading) -> str:
    first, last = one.band.estimates[0], one.band.estimates[-1]
    return f"of {one.name} rises from {first} at k = 1 to {last} at k = {one.n:,}"


def claims_panel(found: Sequence[Claim]) -> Panel:
    """What our data say to each claim of the paper.

    Args:
        found: claims of all models and tasks.
    """
    lines = [
        f"{text} ({WHERE[text]}): "
        f"{', '.join(f'our data {_SAY[verdict]} in {count}' for verdict, count in each.items())}"
        f" of {sum(each.values())} checks."
        for text, each in counted(found).items()
    ]
    sure = sum(one.verdict == "supports" for one in found)
    against = [one for one in found if one.verdict == "contradicts"]
    claim = f"{sure} of {len(found)} checks support the paper, {len(against)} contradict it"
    if against:
        claim = f"{claim}, such as: {against[0].words}"
    return Panel(
        key="claims",
        title="Claims of the paper",
        claim=f"{claim}.",
        table=claims_table(found),
        prose=tuple(lines),
        how="A claim is supported or contradicted where the interval that stands beside it decides "
        "it, each by itself; else our data cannot tell. A line or a law describes coverage where "
        f"its mean error is surely at most {WORST_FIT:g}, that of the worst of the published fits. "
        "The paper is about other models and tasks: what ours contradict may hold for theirs.",
    )


def fits_panel(found: Sequence[Reading]) -> Panel:
    """Laws of all models, and what each decade brings.

    Args:
        found: all readings.
    """
    fitted = [one for one in found if one.law is not None]
    claim = "Coverage is the same at every k, so that no law fits."
    if fitted:
        worst = max(fitted, key=lambda one: one.rise.law_error.value)
        claim = (
            f"c = exp(a k^b) is off by {worst.rise.law_error} on average where it fits worst, on "
            f"{worst.task} for {worst.name}; the error of a straight line over log k less that of "
            f"the law is {worst.rise.less} there."
        )
    return Panel(
        key="fits",
        title="Fits",
        claim=claim,
        table=fits_table(found),
        tables=(("What each decade of samples brings", decades_table(found)),),
        how="Least squares on coverage at up to 100 log-spaced k (the paper fits its logarithm); a "
        "and b with percentile intervals over 200 resamples of the problems; errors as the paper's "
        "Figure 5 prints them. The straight line is the best in log k by least squares.",
    )


def selection_panel(found: Sequence[Reading], key: str) -> Panel | None:
    """Selectors of the models of one task against coverage.

    Args:
        found: readings of one task, the strongest first.
        key: of the panel.

    Returns:
        None where nothing selects.
    """
    able = [one for one in found if one.chosen]
    if not able:
        return None
    figures: tuple[str, ...] = ()
    for one in able[:4]:
        lines = [
            selector_series(
                each.selector, {float(k): y for k, y in each.points.items()}, told(each)
            )
            for each in one.chosen
        ]
        name = f"coverage of {one.name}" if len(able) > 1 else "coverage"
        lines.append(selector_series("oracle", _points(one), name))
        figures += series_figures(lines, across=SAMPLES, up=SOLVED, tall=0.7)
    first = able[0]
    best = max(first.chosen, key=lambda each: each.flat.end.value)
    flat = f"is not flat by k = {best.flat.last:,} (last decade {best.gain})"
    if best.flat.reached:
        flat = f"is flat from k = {best.flat.k} on"
    return Panel(
        key=key,
        title=f"Selection: {first.task}",
        claim=f"On {first.task}, the best selector for {first.name}, {told(best)}, {flat}, at "
        f"{best.flat.end}; coverage at k = {best.flat.last:,} is {best.gap} above it.",
        figures=figures,
        table=selection_table(found),
        tables=(("From where each is flat", saturation_table(found)),),
        how=_HOW_SELECTION,
        notes=tuple(
            f"{told(each)} of {one.name}: {each.method}."
            for one in able
            for each in one.chosen
            if each.method != "exact"
        ),
    )


def family_panel(found: Sequence[tuple[str, Shifts | str]], pairs: Sequence[Pair]) -> Panel | None:
    """Shifts of the models of each task along k.

    Args:
        found: for each task its shifts, or why there are none.
        pairs: of models, whose slopes are compared.
    """
    known = [(task, one) for task, one in found if isinstance(one, Shifts)]
    if not known:
        return None
    task, one = known[0]
    at = len(one.names) - 1
    slopes = [two for two in pairs if two.slope.value == two.slope.value]
    prose = tuple(
        f"{two.passing.task}: exponent b of {two.passing.weak} less that of "
        f"{two.passing.strong} is {two.slope}."
        for two in slopes
    )
    return Panel(
        key="family",
        title="Shifts along k",
        claim=f"On {task}, one sample of {one.names[0]} does what {10 ** one.shifts[at].value:.3g} "
        f"of {one.names[at]} do (log10 shift {one.shifts[at]}), with one exponent for all.",
        table=shifts_table(known),
        prose=prose,
        how="One exponent b for all models, over the problems that all have. Where the error with "
        "one exponent is far above that with each model's own, curves are not parallel, and a "
        "shift depends on the k at which one looks.",
        notes=tuple(f"{task}: {why}" for task, why in found if isinstance(why, str)),
    )


def passing_panel(found: Sequence[Pair]) -> Panel | None:
    """A weaker model with many samples against a stronger one with one.

    Args:
        found: all pairs.
    """
    if not found:
        return None
    sure = [two.passing for two in found if two.passing.sure is not None]
    one = sure[0] if sure else found[0].passing
    k = one.sure or one.most
    verb = "passes" if one.sure else "does not surely pass"
    sign = "+" if one.less.value > 0 else ""
    spent = ", ".join(
        f"{amount(each.amount, unit)}{'' if unit == 'usd' else ' ' + UNITS[unit]}"
        for unit, each in one.cost.items()
        if unit in BUDGETS or not one.cost.keys() & BUDGETS
    )
    budget = f" at a budget of {spent} a problem" if spent else ""
    return Panel(
        key="passing",
        title="Small with many, large with one",
        claim=f"On {one.task}, {one.weak} with {k:,} samples {verb} {one.strong} with one"
        f"{budget}: {sign}{one.less}.",
        table=passing_table(found),
        how="Coverage of the weaker model at k less that of one sample of the stronger, paired "
        "over the problems that both have; the first k at which the interval lies above 0, among "
        "those tried, each interval by itself. Stronger is the larger model where sizes are known "
        "and differ, else who solves more with one sample.",
    )


def budgets_panel(by_task: dict[str, list[Reading]], pairs: Sequence[Pair]) -> Panel | None:
    """Coverage over what samples cost, and who wins at equal budgets.

    Args:
        by_task: readings of each task, the strongest first.
        pairs: of models on one task.
    """
    figures: tuple[str, ...] = ()
    for found in by_task.values():
        for unit in COSTS:
            lines = [
                Series(f"{one.name}, {one.task}", _over(one, unit), numbered(at))
                for at, one in reversed(list(enumerate(found[:MOST_NUMBERED])))
                if unit in one.costs
            ]
            # Tokens of models of different size are no measure where a better one is known.
            if unit in BUDGETS or not any(BUDGETS & one.costs.keys() for one in found):
                figures += series_figures(lines, across=_AXES[unit], up=SOLVED, tall=0.7)
    compared = [each for two in pairs for each in two.at_equal]
    if not compared and not figures:
        return None
    sentences = [
        f"{two.passing.task}: {equal_sentence(each)}"
        for two in pairs
        for each in two.at_equal
        if each.unit in BUDGETS or not two.units & BUDGETS
    ]
    return Panel(
        key="budgets",
        title="Equal budgets",
        claim=sentences[0] if sentences else "What samples cost is known, of one model alone.",
        figures=figures,
        table=_budgets_table(pairs) if compared else None,
        prose=tuple(sentences[1:]),
        how=_HOW_COST,
        notes=tuple(f"{two.passing.task}: {two.why}" for two in pairs if two.why),
    )


def _budgets_table(pairs: Sequence[Pair]) -> Tabular:
    """One row for each task, pair, selector, unit and budget; a is the weaker model."""
    rows = [
        (two.passing.task, *row)
        for two in pairs
        if two.at_equal
        for row in equals_table(two.at_equal).rows
    ]
    heads = equals_table([]).columns
    return Tabular(("task", *heads), tuple(rows))


def _over(one: Reading, unit: Unit) -> dict[float, Estimate | float]:
    shown = places(one)
    spent = one.costs[unit].of_k([int(one.known.ks[i]) for i in shown]).mean(axis=0)
    return {
        float(cost): one.band.estimates[i] for cost, i in zip(spent.tolist(), shown, strict=True)
    }


def verifier_panel(found: Sequence[tuple[Reading, Check | None]], level: float) -> Panel:
    """Whether verdicts can be trusted: judged twice, known solutions, keys that look wrong.

    Args:
        found: readings, and what was stored of their verifier.
        level: level of the intervals.
    """
    keys = sum(len(one.keys) for one, _ in found)
    judged = [check for _, check in found if check is not None and not check.why]
    again = sum(check.samples for check in judged)
    changed = sum(check.changed for check in judged)
    twice = f"{changed:,} of {again:,} verdicts changed when samples were judged again"
    said = twice if judged else "no verifier was asked twice"
    most = max(judged, key=lambda check: check.flaky_share(level).value, default=None)
    share = f" (flaky problems: {most.flaky_share(level)})" if most is not None else ""
    unjudged = all(not one.judged for one, _ in found)
    alike = "answers are unknown" if unjudged else f"{keys:,} answer keys look wrong"
    table = keys_table([one for one, _ in found])
    return Panel(
        key="verifier",
        title="Quality of the verifier",
        claim=f"{said[0].upper()}{said[1:]}{share}; {alike}.",
        table=checks_table(found, level),
        tables=(("Answer keys to read by hand", table),) if table.rows else (),
        how="The first samples of each problem are judged a second time, once, when they are "
        "drawn; known-correct solutions go through the tests three times. A key looks wrong where "
        "no sample is correct and surely more than half of them give one same answer: a hard "
        "problem with a tempting wrong answer looks the same.",
    )


def published_panel(found: Sequence[Beside]) -> Panel:
    """The paper's numbers beside ours.

    Args:
        found: those that we have too first.
    """
    ours = [one for one in found if one.ours is not None]
    agree = [one for one in ours if "agrees" in one.verdict or "at least" in one.verdict]
    claim = "None of the published numbers is of a model and task of this study; they are shown "
    claim += "for reference, and the claims above are what can be compared."
    if ours:
        one = ours[0]
        claim = (
            f"{len(agree)} of {len(ours)} published numbers of the same model and task agree with "
            f"ours; {one.what} of {one.model} is {one.theirs:g} there, {one.ours} here."
        )
    return Panel(
        key="published",
        title="Published numbers",
        claim=claim,
        table=published_table(found),
        how="As printed. A number agrees where it lies in our interval, which knows only of our "
        "problems and samples; an error of a fit where ours is at most as large.",
    )
