"""From a run to what its page shows: the problems worth opening, and how to make it again.

Not here: markup and numbers. Try it: `topdraw report RUN`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from topdraw.analysis.summary import model_name
from topdraw.core.records import Decoding, Sample, Score
from topdraw.reports.axis import Axis
from topdraw.reports.bill import bill_facts, judge_facts
from topdraw.reports.choosers import chosen_by
from topdraw.reports.panel import Panel
from topdraw.reports.recipe import Recipe, facts_of, run_command, table_recipe
from topdraw.reports.views import ProblemView, problem_view, shown_problems

if TYPE_CHECKING:
    from topdraw.analysis.cost import Tables
    from topdraw.analysis.summary import Summary
    from topdraw.store.evidence import Evidence

FIRST_PROBLEMS, MOST_PROBLEMS = 12, 100


def panels_of(evidence: Evidence, summary: Summary, tables: Tables | None = None) -> list[Panel]:
    """What else a page shows of this evidence, in the order shown.

    Args:
        evidence: a scored run or a table.
        summary: of the same evidence.
        tables: prices and architectures of one's own.
    """
    from topdraw.reports.cost_panel import cost_panel
    from topdraw.reports.forecast_panel import forecast_panel
    from topdraw.reports.lengths_panel import lengths_panel
    from topdraw.reports.pair_audit_panel import judges_panel
    from topdraw.reports.posterior_panel import posterior_panel
    from topdraw.reports.variability_panel import variability_panel
    from topdraw.reports.variance_panel import variance_panel

    makers = (
        variability_panel,
        variance_panel,
        lengths_panel,
        functools.partial(cost_panel, tables=tables),
        forecast_panel,
        posterior_panel,
        judges_panel,
    )
    made = [make(evidence, summary) for make in makers]
    return [panel for panel in made if panel is not None]


def costs_of(evidence: Evidence, summary: Summary, tables: Tables | None = None) -> list[Axis]:
    """What k samples of a problem cost, at the k of the summary's curves, where it is known.

    Args:
        evidence: a scored run or a table.
        summary: of the same evidence.
        tables: prices and architectures of one's own.

    Returns:
        Those that are known; none where a rule stopped the drawing, for then how many samples a
        problem has depends on what they hold.
    """
    from topdraw.analysis.cost import Tables, cost_axes

    ks = sorted({k for curve in summary.curves for k in curve.k})
    if summary.stopping is not None or not ks:
        return []
    given = tables or Tables()
    keys = {"output_tokens": "tokens", "usd": "usd", "flops": "flops"}
    return [
        Axis(keys[one.unit], dict(zip(one.ks, one.values, strict=True)), one.basis)
        for one in cost_axes(
            evidence,
            ks,
            prices=given.prices,
            architectures=given.architectures,
            shared_prompts=given.shared_prompts,
        )
    ]


def problem_views(
    run: Evidence,
    summary: Summary,
    *,
    problems: int = MOST_PROBLEMS,
    samples: int = 12,
    later: int = 4,
) -> list[ProblemView]:
    """The problems worth opening, with representative samples and who would choose them.

    Args:
        run: a scored run, or a table; of a table of counts there is nothing to open.
        summary: of the same run.
        problems: how many, >= 0.
        samples: distinct outputs of each of the first twelve, >= 1.
        later: the same of the others.

    Raises:
        UnknownNameError: if the run holds no scores by the summary's scorers.
        StoreError: if the run cannot be read.
    """
    from topdraw.selection.candidates import candidates

    every = run.samples()
    rows = shown_problems(summary.rows, problems) if every else []
    wanted = {row.problem_id: row for row in rows}
    drawn: dict[str, list[Sample]] = {problem_id: [] for problem_id in wanted}
    for sample in every:
        if sample.problem_id in drawn:
            drawn[sample.problem_id].append(sample)
    arrays = candidates(run, by=summary.by, value=summary.value or None, samples=every)
    scores = run.scores(summary.by)
    greedy = {sample.problem_id: sample for sample in run.samples("greedy")}
    return [
        problem_view(
            row,
            run.problems[row.problem_id],
            drawn[row.problem_id],
            [scores.get((s.sampler, s.problem_id, s.index)) for s in drawn[row.problem_id]],
            arrays[row.problem_id].value.tolist(),
            chosen_by(arrays[row.problem_id], summary),
            most=samples if at < FIRST_PROBLEMS else later,
            greedy=_greedy(greedy.get(row.problem_id), scores),
        )
        for at, row in enumerate(rows)
    ]


def _greedy(
    sample: Sample | None, scores: Mapping[tuple[str, str, int], Score]
) -> tuple[Sample, Score | None] | None:
    if sample is None:
        return None
    return sample, scores.get((sample.sampler, sample.problem_id, sample.index))


def recipe_of(run: Evidence, summary: Summary) -> Recipe:
    """The command that makes this run again where it lies, and what it stands on.

    Args:
        run: any run, or a table: then the command that makes its page again.
        summary: of the same run; names the scorers.

    Raises:
        StoreError: if the run cannot be read.
    """
    from topdraw.store.plain import PlainTable

    if isinstance(run, PlainTable):
        return table_recipe(run.path, run.manifest, by=summary.by, value=summary.value)
    manifest = run.manifest
    sampled, greedy = manifest.sampler("sampled"), manifest.sampler("greedy")
    decoding = sampled.decoding if sampled is not None else Decoding()
    task = manifest.task
    named = task.get("options")
    # How many problems is part of the draw even where a task's options do not say it.
    options = {"problems": len(run.problems), **(named if isinstance(named, dict) else {})}
    # One option names the verifier and who ends the drawing; the samples depend on the latter.
    until, by, value = manifest.until, summary.by, summary.value
    if until is not None and until.rule == "best":
        value = until.by
    elif until is not None:
        by = until.by
    return Recipe(
        command=run_command(
            str(task.get("name", "")),
            options,
            manifest.model,
            decoding,
            sampled.n if sampled is not None else 1,
            seed=manifest.seed,
            greedy=greedy is not None,
            by=by if by != manifest.scorer else "",
            value=value,
            until=until,
            out=str(run.path),
        ),
        facts=facts_of(
            version=manifest.topdraw,
            task=task,
            model=manifest.model,
            decoding=decoding,
            seed=manifest.seed,
            created=manifest.created,
            by=summary.by,
            value=summary.value,
            until=until,
        ),
    )


def bill_of(run: Evidence, tables: Tables | None = None) -> tuple[tuple[str, str], ...]:
    """What the run's requests cost, those of its judges apart; empty when none is on record.

    Args:
        run: any run, or a table.
        tables: prices of one's own, which come before the shipped ones.

    Raises:
        StoreError: if the run cannot be read.
    """
    from topdraw.sampling.prices import price_of
    from topdraw.store.judging import judgings
    from topdraw.store.plain import PlainTable

    identity = run.manifest.model
    # A server knows its model by "model"; "name" may be a person's word for it.
    model = str(identity.get("model") or model_name(identity))
    prices = tables.prices if tables else None
    facts = bill_facts(run.bill(), model, price_of(model, prices))
    return facts if isinstance(run, PlainTable) else (*facts, *judge_facts(judgings(run), prices))
