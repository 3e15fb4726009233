"""`topdraw ask`: one question, n answers, the best one, and why.

Not here: streaming and the proxy. Try it: `echo "What is 2+2?" | topdraw ask -n 8`.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from topdraw.cli.draw import Draw, question_options
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import json_option, option, out_option, value_option
from topdraw.cli.shown import line, print_output

if TYPE_CHECKING:
    from topdraw.analysis.select import Choice
    from topdraw.store.run import Run


@click.command("ask", cls=GroupedCommand)
@click.argument("question", required=False)
@option(
    "Run",
    "--select",
    "selector",
    metavar="SELECTOR",
    default="majority",
    about="How to choose: majority, best_of_n, weighted_majority, ...",
)
@option("Run", "--by", default="number", metavar="SCORER", about="Scorer whose answers vote.")
@value_option
@option(
    "Run",
    "--show",
    type=click.Choice(["best", "all"]),
    default="best",
    about="all lists every distinct answer.",
)
@out_option
@question_options
@json_option
def command(
    draw: Draw,
    question: str | None,
    selector: str,
    by: str,
    value: str | None,
    show: str,
    out: str | None,
    as_json: bool,
) -> None:
    """Ask QUESTION n times and print the best answer (QUESTION, or standard input).

    The answer goes to stdout, the reasons to stderr. Asking again with a larger -n tops up.
    The built-in model knows the three built-in tasks only.
    """
    from topdraw.analysis.select import select
    from topdraw.cli.drawing import draw_run, stopping_rule
    from topdraw.cli.steps import check_names, ranking_scorers, score_run
    from topdraw.core.records import Problem, Task

    text = question or sys.stdin.read().strip()
    if not text:
        raise click.UsageError("There is no question: give one, or pipe it in.")
    check_names(scorers=(by, value), selectors=(selector,))
    task = Task("ask", "1", (Problem("question", text),))
    until = stopping_rule(draw, by)
    run = draw_run(task, draw, out=out, greedy=False, until=until, by=by)
    votes_by, *ranked_by = score_run(run, [by, *ranking_scorers(run, value)])
    ranking = ranked_by[0] if ranked_by else None
    choice = select(run, selector, value=ranking, answer=votes_by, rng=draw.seed)[0]
    drawn = _drawn(run, votes_by, ranking)
    if as_json:
        click.echo(json.dumps(_as_json(run, choice, drawn)))
        return
    _warn_of_missing(run, votes_by)
    if show == "all":
        _show_answers(drawn, ranking)
    click.echo(f"{_reason(choice, selector, drawn)}; kept in {run.path}", err=True)
    print_output("" if choice.sample is None else choice.sample.output)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One candidate, as people and JSON see it."""

    index: int
    output: str
    answer: str | None
    value: float | None
    output_tokens: int


def _drawn(run: Run, votes_by: str, ranking: str | None) -> list[_Drawn]:
    answers = run.scores(votes_by)
    values = run.scores(ranking) if ranking else {}
    found = []
    for sample in run.samples():
        key = (sample.sampler, sample.problem_id, sample.index)
        value = values[key].value if key in values else math.nan
        found.append(
            _Drawn(
                index=sample.index,
                output=sample.output,
                answer=answers[key].answer,
                value=None if math.isnan(value) else value,
                output_tokens=sample.usage.output_tokens,
            )
        )
    return found


def _warn_of_missing(run: Run, votes_by: str) -> None:
    reasons = [s.missing_reason for s in run.scores(votes_by).values() if s.missing_reason]
    if reasons:
        what = f"{len(reasons)} answers could not be read by {votes_by}, so they have no vote"
        click.echo(f"Warning: {what}: {line(reasons[0])}", err=True)


def _as_json(run: Run, choice: Choice, drawn: list[_Drawn]) -> dict[str, object]:
    chosen = choice.sample
    return {
        "answer": None if chosen is None else chosen.output,
        "index": None if chosen is None else chosen.index,
        "probability": choice.probability,
        "candidates": [dataclasses.asdict(one) for one in drawn],
        "run": str(run.path),
    }


def _show_answers(drawn: list[_Drawn], ranking: str | None) -> None:
    for answer, count in Counter(one.answer for one in drawn).most_common():
        values = [one.value for one in drawn if one.answer == answer and one.value is not None]
        best = f"   best {ranking} {max(values):.3f}" if values else ""
        click.echo(f"{count:>5} x  {line(answer or '(no answer)', 100)}{best}", err=True)


def _reason(choice: Choice, selector: str, drawn: list[_Drawn]) -> str:
    tokens = sum(one.output_tokens for one in drawn)
    if choice.sample is None:
        return f"{selector} could choose none of {choice.among}; {tokens:,} output tokens"
    answer = next(one.answer for one in drawn if one.index == choice.sample.index)
    votes = sum(one.answer == answer for one in drawn)
    named = (
        f"answer {line(answer, 100)}: {votes} of the votes"
        if answer
        else "it has no answer to vote on"
    )
    return (
        f"{selector} chose sample {choice.sample.index} of {choice.among} ({named});"
        f" {tokens:,} output tokens"
    )
