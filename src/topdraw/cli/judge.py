"""`topdraw judge`: a language model rates the samples of a run, or compares them.

Not here: judges (`topdraw.scoring.judges`), tournaments (`topdraw.flows`).
Try it: `topdraw judge --prompts`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import click

from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.options import POSITIVE, json_option, option, run_argument
from topdraw.errors import ConfigError

if TYPE_CHECKING:
    from topdraw.flows.judging import Judged
    from topdraw.flows.table import Plans
    from topdraw.scoring.charged import Caps
    from topdraw.store.run import Run

_PLANS = ("knockout", "round_robin", "swiss", "listwise", "usc")


def _show_prompts(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if not asked or context.resilient_parsing:
        return
    from topdraw.scoring.judges.prompts import shipped

    for name, prompt in shipped().items():
        click.echo(click.style(f"{name} ({prompt.kind})", bold=True))
        click.echo(prompt.text.strip() + "\n")
    context.exit()


@click.command("judge", cls=GroupedCommand)
@run_argument
@click.option(
    "--prompts",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_prompts,
    help="Print the prompts that come with topdraw, and end.",
)
@option(
    "Run",
    "--judge",
    "spec",
    required=True,
    metavar="SPEC",
    about="Who judges: judge(model=NAME, url=URL), with prompt=FILE.toml, votes=K, "
    "api_key_env=NAME, ...; or pair_ranker(model=FOLDER).",
)
@option(
    "Run",
    "--pairs",
    type=click.Choice(_PLANS),
    about="Compare samples by this plan. Default: rate each by itself.",
)
@option(
    "Run",
    "--calls",
    type=POSITIVE,
    metavar="N",
    about="Of swiss: comparisons of a problem. Default: ceil(log2 n) rounds.",
)
@option(
    "Run",
    "--orders",
    type=click.Choice(["both", "one"]),
    default="both",
    about="Show each pair in both orders, or in one that is drawn.",
)
@option(
    "Run",
    "--shown",
    type=click.IntRange(min=2),
    default=16,
    metavar="K",
    about="Of listwise and usc: most outputs shown at once.",
)
@option(
    "Run",
    "--name",
    metavar="NAME",
    about="Name to store the verdicts under. Default: made of the judge's.",
)
@option("Run", "--seed", type=int, default=0, about="Of brackets and orders.")
@option(
    "Run",
    "--concurrency",
    type=POSITIVE,
    default=32,
    metavar="N",
    about="Questions under way at once.",
)
@option(
    "Budget",
    "--max-requests",
    type=POSITIVE,
    metavar="N",
    about="Most requests to this judge, over all sessions.",
)
@option(
    "Budget",
    "--max-tokens",
    type=POSITIVE,
    metavar="N",
    about="Most tokens of this judge, over all sessions.",
)
@json_option
def command(
    run: str,
    spec: str,
    pairs: str | None,
    calls: int | None,
    orders: str,
    shown: int,
    name: str | None,
    seed: int,
    concurrency: int,
    max_requests: int | None,
    max_tokens: int | None,
    as_json: bool,
) -> None:
    """Let a judge rate each sample of RUN, or compare them by a plan of --pairs.

    Every verdict is stored as it comes: the same command goes on where it was stopped, and pays for
    none twice. Ratings are scores, as of `topdraw score`; comparisons are chosen from by `topdraw
    select RUN --selector "knockout(NAME)"`, round_robin, swiss or usc, and for nothing. What the
    judge cost is on a bill of its own: `topdraw show RUN`.
    """
    from topdraw.scoring.charged import Caps
    from topdraw.store.run import Run

    opened = Run.open(run)
    caps = Caps(max_requests, max_tokens)
    if pairs is None:
        if calls is not None:
            raise ConfigError("--calls is of comparisons.", hint="Say --pairs swiss.")
        _rate(opened, spec, name, caps, concurrency, as_json=as_json)
        return
    if calls is not None and pairs != "swiss":
        raise ConfigError(f"--calls is of --pairs swiss; {pairs} asks as often as it must.")
    given = {"calls": calls, "both_orders": orders == "both", "shown": shown, "seed": seed}
    judged = _compare(
        opened, spec, cast("Plans", pairs), given, name, caps, concurrency=concurrency
    )
    _print(opened, judged, pairs, as_json=as_json)


def _rate(
    run: Run, spec: str, name: str | None, caps: Caps, concurrency: int, *, as_json: bool
) -> None:
    from topdraw.cli.score import tell
    from topdraw.cli.steps import score_run

    specs = [spec if name is None else f"{name}={spec}"]
    for stored in score_run(run, specs, workers=concurrency, caps=caps):
        tell(run, stored, as_json=as_json)


def _compare(
    run: Run,
    spec: str,
    plan: Plans,
    given: dict[str, Any],
    name: str | None,
    caps: Caps,
    *,
    concurrency: int,
) -> Judged:
    from topdraw.cli.progress import progress
    from topdraw.flows.judges import who_compares
    from topdraw.flows.judging import judge_run
    from topdraw.flows.table import Ways

    who = who_compares(spec, plan, at_once=concurrency)
    with progress("Judging", unit="questions") as advance:
        return judge_run(
            run,
            who,
            Ways(plan, **given),
            name=name,
            caps=caps,
            at_once=concurrency,
            on_progress=lambda done, total: advance(done, total, ""),
        )


def _print(run: Run, judged: Judged, plan: str, *, as_json: bool) -> None:
    from topdraw.cli.shown import line

    if as_json:
        told = {
            "name": judged.name,
            "problems": judged.problems,
            "verdicts": judged.verdicts,
            "missing": judged.missing,
            "first_missing_reason": judged.first_reason,
            "requests": judged.requests,
            "tokens": judged.tokens,
        }
        click.echo(json.dumps(told))
        return
    reason = f" (the first: {line(judged.first_reason, 200)})" if judged.missing else ""
    click.echo(
        f"{judged.name}: {judged.verdicts:,} new verdicts on {judged.problems:,} problems, "
        f"{judged.missing:,} missing{reason}; {judged.requests:,} requests"
    )
    selector = "usc" if plan in ("listwise", "usc") else plan
    click.echo(
        f'Choose: topdraw select {run.path} --selector "{selector}({judged.name})"', err=True
    )
    click.echo(f"Audit:  topdraw audit-scorer {run.path} --scorer {judged.name}", err=True)
