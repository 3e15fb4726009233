"""`topdraw demo`: the whole flow on the built-in model, offline.

Not here: the flow. Try it: `topdraw demo`.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from topdraw.cli.draw import builtin_draw
from topdraw.cli.options import json_option, out_option
from topdraw.cli.shown import line

if TYPE_CHECKING:
    from topdraw.store.run import Run


@click.command("demo")
@click.argument("task", default="arithmetic")
@click.option(
    "--model", "-m", default="builtin", show_default=True, help="builtin or builtin:small."
)
@click.option(
    "-n",
    "n",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Samples per problem.",
)
@click.option(
    "--problems",
    type=click.IntRange(min=2),
    default=50,
    show_default=True,
    help="How many problems.",
)
@click.option(
    "--temperature",
    "-t",
    type=click.FloatRange(min=0),
    default=1.2,
    show_default=True,
    help="0 is greedy.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the samples.")
@click.option(
    "--task-seed", type=int, default=0, show_default=True, help="Which held-out problems."
)
@out_option
@json_option
def command(
    task: str,
    model: str,
    n: int,
    problems: int,
    temperature: float,
    seed: int,
    task_seed: int,
    out: str | None,
    as_json: bool,
) -> None:
    """Watch a small language model answer problems of TASK many times: verified, chosen, counted.

    Problems were held out of its training. Try also: topdraw demo countdown.
    """
    from topdraw.cli.drawing import draw_run
    from topdraw.cli.report import show_report
    from topdraw.cli.steps import load_task, score_run

    started = time.monotonic()
    draw = builtin_draw(model, n=n, temperature=temperature, seed=seed)
    loaded = load_task(task, problems=problems, task_seed=task_seed, pairs=())
    click.echo(
        f"{model} answers {len(loaded.problems)} held-out {task} problems {n} times each at"
        f" temperature {temperature:g}.",
        err=True,
    )
    run = draw_run(loaded, draw, out=out, greedy=True)
    score_run(run, [loaded.scorer, "reward", "logprob"])
    if not as_json:
        _show_example(run, loaded.scorer)
    show_report(run, by=loaded.scorer, value="reward", out=None, as_json=as_json)
    click.echo(f"{time.monotonic() - started:.0f} s, offline, on this machine's CPU.", err=True)


def _show_example(run: Run, scorer: str) -> None:
    """One problem of middling difficulty with its commonest answers."""
    scores = run.scores(scorer)
    solved: dict[str, Counter[tuple[str, bool]]] = {}
    for sample in run.samples():
        score = scores[sample.sampler, sample.problem_id, sample.index]
        verdict = (score.answer or "(no answer)", score.passed is True)
        solved.setdefault(sample.problem_id, Counter())[verdict] += 1

    def distance(problem_id: str) -> float:
        votes = solved[problem_id]
        return abs(sum(c for (_, ok), c in votes.items() if ok) / votes.total() - 0.3)

    problem_id = min(solved, key=distance)
    click.echo(f"\nFor example, {problem_id}: {line(run.problems[problem_id].prompt, 1000)}")
    for (answer, ok), count in solved[problem_id].most_common(5):
        click.echo(f"  {count:>4} x  {'right' if ok else 'wrong'}  {line(answer, 60)}")
    click.echo("")
