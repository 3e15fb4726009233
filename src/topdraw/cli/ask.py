"""`topdraw ask`: one question, n answers as they arrive, the best one, and why.

Not here: lines of what arrives (`arriving`), the words of the reasons (`reasons`), the proxy.
Try it: `echo "What is 2+2?" | topdraw ask -n 8`.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from topdraw.cli.draw import Draw, question_options
from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import json_option, option, out_option, value_option, with_option

if TYPE_CHECKING:
    from topdraw.store.run import Run

#: Chooses where no output has an answer that could be voted on, and nothing ranks.
_TYPICAL = "mbr(f1)"


@click.command("ask", cls=GroupedCommand)
@click.argument("question", required=False)
@option(
    "Run",
    "--select",
    "selector",
    metavar="SELECTOR",
    about="How to choose: majority, best_of_n, weighted_majority, ... Default: best_of_n by the "
    "first --with; else majority, or mbr(f1) where there is no answer to vote on.",
)
@option("Run", "--by", default="number", metavar="SCORER", about="Scorer whose answers vote.")
@value_option
@with_option
@option(
    "Run",
    "--show",
    type=click.Choice(["best", "all"]),
    default="best",
    about="all lists every candidate with its scores; * marks the chosen one.",
)
@out_option
@question_options
@json_option
def command(
    draw: Draw,
    question: str | None,
    selector: str | None,
    by: str,
    value: str | None,
    named: tuple[str, ...],
    show: str,
    out: str | None,
    as_json: bool,
) -> None:
    """Ask QUESTION n times and print the best answer (QUESTION, or standard input; - too).

    The answer goes to stdout; the candidates as they arrive, and why that one, to stderr. Asking
    again with a larger -n tops up, and so does the same command after Ctrl-C. The built-in model
    knows the three built-in tasks only.
    """
    from topdraw.cli.answered import answered, as_json_text, show_answer
    from topdraw.cli.arriving import arriving
    from topdraw.cli.drawing import draw_what_there_is, shipped_ranker, stopping_rule, stops_by
    from topdraw.cli.steps import check_names, ranking_scorers, score_run
    from topdraw.core.records import Problem, Task

    began = time.monotonic()
    text = _question(question)
    value = value or next(iter(named), None)
    check_names(scorers=(by, value, *named), selectors=(selector,) if selector else ())
    further = [*named, *_looked_at(selector, [by, value, *named])]
    stopped_by = stops_by(draw, by, value)
    until = stopping_rule(draw, stopped_by)
    known = [one for one in (by, value or shipped_ranker(draw), *further) if one]
    # The rule calls its scorer from threads of its own: two calls at once might not be allowed.
    beside = [one for one in known if until is None or one != stopped_by]
    watch = None if as_json else functools.partial(arriving, beside)
    run, stopped = draw_what_there_is(
        Task("ask", "1", (Problem("question", text),)),
        draw,
        out=out,
        greedy=False,
        until=until,
        by=stopped_by,
        watch=watch,
    )
    rankers = [*ranking_scorers(run, value), *further]
    votes_by, *ranked_by = score_run(run, [by, *rankers])
    ranking = ranked_by[0] if ranked_by else None
    selector = selector or _fitting(run, votes_by, with_scorer=bool(named))
    found = answered(
        run, selector, votes_by, ranked_by, seed=draw.seed, prices=draw.prices, value=ranking
    )
    seconds = time.monotonic() - began
    if as_json:
        click.echo(as_json_text(found, seconds, stopped))
    else:
        show_answer(found, seconds, every=show == "all", paid=bool(draw.server.endpoint))
    if stopped is not None:
        raise stopped
    if found.why.index is None and not as_json:
        raise found.nothing()


def _question(given: str | None) -> str:
    """The question, from the argument or from standard input.

    Raises:
        UsageError: when there is none; click's.
    """
    if given is not None and given != "-":
        text = given
    elif given is None and sys.stdin.isatty():
        text = ""
    else:
        try:
            text = sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise click.UsageError(f"Standard input is not UTF-8: {error}.") from error
    if not text.strip():
        raise click.UsageError("There is no question: give one, or pipe it in.")
    return text.strip()


def _looked_at(selector: str | None, named: Iterable[str | None]) -> list[str]:
    """Scorers that a selector such as filter(CHECK, THEN) looks at and nobody has named.

    Raises:
        UnknownNameError: when one of them is registered nowhere.
    """
    from topdraw.scoring.resolve import resolve_scorer
    from topdraw.selection.resolve import resolve_selector

    needs = resolve_selector(selector).needs if selector else ()
    wanted = [need.removeprefix("score:") for need in needs if need.startswith("score:")]
    known = {resolve_scorer(one).name for one in named if one}
    return [resolve_scorer(name).name for name in wanted if name not in known]


def _fitting(run: Run, votes_by: str, *, with_scorer: bool) -> str:
    """The selector where none was named."""
    if with_scorer:
        return "best_of_n"
    answers = any(score.answer is not None for score in run.scores(votes_by).values())
    return "majority" if answers else _TYPICAL
