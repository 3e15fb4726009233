"""From a run to what its page shows: the problems worth opening, and how to make it again.

Not here: markup and numbers. Try it: `topdraw report RUN`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from topdraw.analysis.summary import model_name
from topdraw.core.records import Candidates, Decoding, Sample
from topdraw.reports.bill import bill_facts
from topdraw.reports.recipe import Recipe, facts_of, run_command
from topdraw.reports.views import ProblemView, problem_view, shown_problems

if TYPE_CHECKING:
    from topdraw.analysis.summary import Summary
    from topdraw.core.records import FloatArray
    from topdraw.store.run import Run


def problem_views(
    run: Run, summary: Summary, *, problems: int = 12, samples: int = 20
) -> list[ProblemView]:
    """The problems worth opening, with representative samples and who would choose them.

    Args:
        run: a scored run.
        summary: of the same run.
        problems: how many, >= 0.
        samples: distinct outputs of each, >= 1.

    Raises:
        UnknownNameError: if the run holds no scores by the summary's scorers.
        StoreError: if the run cannot be read.
    """
    from topdraw.selection.candidates import candidates

    rows = shown_problems(summary.rows, problems)
    wanted = {row.problem_id: row for row in rows}
    drawn: dict[str, list[Sample]] = {problem_id: [] for problem_id in wanted}
    every = run.samples()
    for sample in every:
        if sample.problem_id in drawn:
            drawn[sample.problem_id].append(sample)
    arrays = candidates(run, by=summary.by, value=summary.value or None, samples=every)
    scores = run.scores(summary.by)
    return [
        problem_view(
            row,
            run.problems[row.problem_id],
            drawn[row.problem_id],
            [scores.get((s.sampler, s.problem_id, s.index)) for s in drawn[row.problem_id]],
            arrays[row.problem_id].value.tolist(),
            _weights(arrays[row.problem_id], summary),
            most=samples,
        )
        for row in rows
    ]


def _weights(arrays: Candidates, summary: Summary) -> dict[str, FloatArray]:
    """Each real strategy's probability of picking each sample, for strategies in the summary."""
    from topdraw.selection.pick import best_of_n
    from topdraw.selection.vote import majority, weighted_majority

    known = {
        "majority": majority,
        "best_of_n": best_of_n,
        "weighted_majority": weighted_majority,
    }
    # Who waited for a pass keeps it: nothing else chooses.
    waited = summary.stopping is not None and summary.stopping.waited
    there = set() if waited else {curve.strategy for curve in summary.curves}
    return {name: known[name](arrays) for name in known if name in there}


def recipe_of(run: Run, summary: Summary) -> Recipe:
    """The command that makes this run again where it lies, and what it stands on.

    Args:
        run: any run.
        summary: of the same run; names the scorers.

    Raises:
        StoreError: if the run cannot be read.
    """
    manifest = run.manifest
    sampled, greedy = manifest.sampler("sampled"), manifest.sampler("greedy")
    decoding = sampled.decoding if sampled is not None else Decoding()
    task = manifest.task
    named = task.get("options")
    # How many problems is part of the draw even where a task's options do not say it.
    options = {"problems": len(run.problems), **(named if isinstance(named, dict) else {})}
    # One option names the verifier and who ends the drawing; the samples depend on the latter.
    by = manifest.until.by if manifest.until else summary.by
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
            value=summary.value,
            until=manifest.until,
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
            until=manifest.until,
        ),
    )


def bill_of(run: Run) -> tuple[tuple[str, str], ...]:
    """What the run's requests cost, at the shipped prices; empty when none is on record.

    Args:
        run: any run.

    Raises:
        StoreError: if the run cannot be read.
    """
    from topdraw.sampling.prices import price_of

    identity = run.manifest.model
    # A server knows its model by "model"; "name" may be a person's word for it.
    model = str(identity.get("model") or model_name(identity))
    return bill_facts(run.bill(), model, price_of(model))
