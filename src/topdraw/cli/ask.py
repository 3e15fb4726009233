"""`topdraw ask`: one question, n answers, the best one, and why.

Not here: streaming and the proxy. Try it: `topdraw ask "Make 24 from the numbers 3, 5, 8." -n 8`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from topdraw.cli.options import Draw, draw_options, json_option, out_option, value_option

if TYPE_CHECKING:
    from topdraw.analysis.select import Choice
    from topdraw.store.run import Run


@click.command("ask")
@click.argument("question", required=False)
@draw_options
@click.option(
    "--select",
    "selector",
    default="majority",
    show_default=True,
    help="How to choose: majority, best_of_n, weighted_majority, ...",
)
@click.option(
    "--by", default="number", show_default=True, metavar="SCORER", help="Scorer whose answers vote."
)
@value_option
@click.option(
    "--show",
    type=click.Choice(["best", "all"]),
    default="best",
    show_default=True,
    help="all lists every distinct answer.",
)
@out_option
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
    """
    from topdraw.analysis.select import select
    from topdraw.cli.steps import draw_run, ranking_scorer, score_run
    from topdraw.core.records import Problem, Task

    text = question or sys.stdin.read().strip()
    if not text:
        raise click.UsageError("There is no question: give one, or pipe it in.")
    task = Task("ask", "1", (Problem("question", text),))
    run = draw_run(task, draw, out=out, greedy=False)
    by, ranking = score_run(run, [by, ranking_scorer(run, value)])
    choice = select(run, selector, value=ranking, answer=by, rng=draw.seed)[0]
    if as_json:
        click.echo(json.dumps(_as_json(run, choice, by, ranking)))
        return
    _explain(run, choice, selector, by, ranking, everything=show == "all")
    click.echo("" if choice.sample is None else choice.sample.output)


def _as_json(run: Run, choice: Choice, by: str, ranking: str) -> dict[str, object]:
    answers, values = run.scores(by), run.scores(ranking)
    rows = []
    for sample in run.samples():
        key = (sample.sampler, sample.problem_id, sample.index)
        value = values[key].value
        rows.append(
            {
                "index": sample.index,
                "output": sample.output,
                "answer": answers[key].answer,
                "value": None if value != value else value,
                "output_tokens": sample.usage.output_tokens,
            }
        )
    chosen = choice.sample
    return {
        "answer": None if chosen is None else chosen.output,
        "index": None if chosen is None else chosen.index,
        "probability": choice.probability,
        "candidates": rows,
        "run": str(run.path),
    }


def _explain(
    run: Run, choice: Choice, selector: str, by: str, ranking: str, *, everything: bool
) -> None:
    samples, answers, values = run.samples(), run.scores(by), run.scores(ranking)
    keys = {s.index: (s.sampler, s.problem_id, s.index) for s in samples}
    votes = Counter(answers[keys[s.index]].answer for s in samples)
    if everything:
        for answer, count in votes.most_common():
            best = max(
                (values[key].value for key in keys.values() if answers[key].answer == answer),
                key=lambda v: (v == v, v),
            )
            click.echo(
                f"{count:>5} x  {answer or '(no answer)'}   best {ranking} {best:.3f}", err=True
            )
    tokens = sum(s.usage.output_tokens for s in samples)
    if choice.sample is not None:
        answer = answers[keys[choice.sample.index]].answer
        click.echo(
            f"{selector} chose sample {choice.sample.index} of {choice.among}"
            f" (answer {answer or '(none)'}: {votes[answer]} of {choice.among} votes);"
            f" {tokens:,} output tokens; kept in {run.path}",
            err=True,
        )
    else:
        click.echo(f"{selector} could choose none of {choice.among}; kept in {run.path}", err=True)
