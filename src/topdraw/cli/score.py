"""`topdraw score`: score a run's samples.

Not here: the scorers. Try it: `topdraw score runs/try countdown`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from topdraw.cli.options import json_option, run_argument

if TYPE_CHECKING:
    from topdraw.store.run import Run


@click.command("score")
@run_argument
@click.argument("scorers", nargs=-1, metavar="[SCORER]...")
@click.option("--with", "named", multiple=True, metavar="SCORER", help="The same as SCORER.")
@click.option("--again", is_flag=True, help="Make scores anew that are there already.")
@json_option
def command(
    run: str, scorers: tuple[str, ...], named: tuple[str, ...], again: bool, as_json: bool
) -> None:
    """Score the samples of RUN with each SCORER; default: the task's own.

    A SCORER is a registered name, or file.py:function for your own: it gets (problem, samples) and
    returns one Score, number, True/False or None (missing) per sample. What is scored is kept;
    only new samples, and those whose score went missing, are scored. A scorer that has changed
    since needs --again.
    """
    from topdraw.cli.steps import score_run
    from topdraw.errors import ConfigError
    from topdraw.store.run import Run

    opened = Run.open(run)
    asked = (*scorers, *named)
    names = asked or ((opened.manifest.scorer,) if opened.manifest.scorer else ())
    if not names:
        raise ConfigError(
            "This run's task has no scorer of its own.", hint="Name one: topdraw score RUN SCORER"
        )
    if not asked and ":" in names[0] and names[0] in opened.scorers():
        raise ConfigError(
            f"The scores by {names[0]!r} came with the samples; topdraw cannot make them anew.",
            hint="Name a scorer of topdraw's: topdraw score RUN SCORER",
        )
    for name in score_run(opened, names, again=again):
        tell(opened, name, as_json=as_json)


def tell(run: Run, scorer: str, *, as_json: bool) -> None:
    """Print what a scorer has said of a run.

    Args:
        run: scored.
        scorer: name of its scores.
        as_json: whether as data.
    """
    tally = _tally(run, scorer)
    click.echo(json.dumps(tally) if as_json else _sentence(tally))


def _tally(run: Run, scorer: str) -> dict[str, str | int | None]:
    from topdraw.scoring.rewards.conversation import was_cut

    scores = list(run.scores(scorer).values())
    judged = any(score.passed is not None for score in scores)
    reasons = [score.missing_reason for score in scores if score.missing_reason is not None]
    return {
        "scorer": scorer,
        "scored": len(scores) - len(reasons),
        "passed": sum(score.passed is True for score in scores) if judged else None,
        "cut": sum(was_cut(score.note) for score in scores),
        "missing": len(reasons),
        "first_missing_reason": reasons[0] if reasons else "",
    }


def _sentence(tally: dict[str, str | int | None]) -> str:
    from topdraw.cli.shown import line

    reason = f" (the first: {line(str(tally['first_missing_reason']), 200)})"
    missing = f", {tally['missing']:,} missing{reason}" if tally["missing"] else ""
    passed = "" if tally["passed"] is None else f", {tally['passed']:,} passed"
    cut = f", {tally['cut']:,} of a text that was cut" if tally["cut"] else ""
    return f"{line(str(tally['scorer']))}: {tally['scored']:,} scored{passed}{cut}{missing}"
