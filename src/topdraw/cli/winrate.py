"""`topdraw winrate`: win rates and judge scores as their benchmarks publish them, and ours.

Not here: the numbers (`analysis.winrate`), tables and words (`reports.winrate_panel`).
Try it: `topdraw winrate annotations.json`.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from topdraw.cli.grouped import GroupedCommand
from topdraw.cli.one_table import picked, require_table_form
from topdraw.cli.options import (
    POSITIVE,
    csv_option,
    form_of,
    json_option,
    latex_option,
    level_option,
    option,
)
from topdraw.cli.shown import whole

if TYPE_CHECKING:
    from topdraw.analysis.winrate.of_files import WinRates
    from topdraw.analysis.winrate.result import Result
    from topdraw.reports.tabular import Tabular

#: Names of the tables.
TABLES = ("scores", "differences", "lengths", "position")
_FILE = click.Path(exists=True, dir_okay=False)


@click.command("winrate", cls=GroupedCommand)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@option(
    "AlpacaEval",
    "--gamed",
    type=_FILE,
    metavar="CSV",
    about="The official df_gamed.csv, for the leaderboard's length-controlled win rate.",
)
@option(
    "AlpacaEval",
    "--difficulty",
    type=_FILE,
    metavar="CSV",
    about="The official instruction_difficulty.csv, for --weights.",
)
@option(
    "AlpacaEval",
    "--weights",
    type=_FILE,
    metavar="CSV",
    about="Stored weights of models, baseline_gpt4_1106_preview.csv.",
)
@option(
    "AlpacaEval",
    "--instructions",
    type=_FILE,
    metavar="JSON",
    about="The benchmark's own order of instructions, e.g. the baseline's model_outputs.json.",
)
@option(
    "Arena-Hard",
    "--strong",
    type=POSITIVE,
    default=3,
    metavar="N",
    about="How often >> and << count.",
)
@option(
    "Arena-Hard",
    "--seed",
    type=int,
    default=0,
    metavar="SEED",
    about="Of the bootstrap that it takes its interval from.",
)
@option(
    "Arena-Hard",
    "--answers",
    type=_FILE,
    multiple=True,
    metavar="JSONL",
    about="Answers of the models and of the baseline, for style control; may be repeated.",
)
@option(
    "WildBench",
    "--tags",
    type=_FILE,
    metavar="JSON",
    about="The benchmark's tasks with their tags, for the task-macro mean.",
)
@option(
    "WildBench",
    "--reference",
    metavar="NAME",
    about="Which of the two models is the reference, where the files do not say.",
)
@option(
    "WildBench",
    "--length-penalty",
    "penalties",
    type=click.FloatRange(min=0),
    multiple=True,
    metavar="K",
    about="Length penalties of WB-Reward to show; may be repeated. Default: 500.",
)
@click.option(
    "--samples",
    type=click.Path(exists=True),
    metavar="RUN",
    help="What the outputs were chosen among: a run, or a JSON file of outputs.",
)
@level_option
@click.option("--out", type=click.Path(dir_okay=False), help="Also write a page there.")
@json_option
@csv_option
@latex_option
@click.option(
    "--table",
    "only",
    type=click.Choice(TABLES),
    help="Of --csv or --latex, this table alone, as programs read it.",
)
def command(
    files: tuple[str, ...],
    gamed: str | None,
    difficulty: str | None,
    weights: str | None,
    instructions: str | None,
    strong: int,
    seed: int,
    answers: tuple[str, ...],
    tags: str | None,
    reference: str | None,
    penalties: tuple[float, ...],
    samples: str | None,
    level: float,
    out: str | None,
    as_json: bool,
    as_csv: bool,
    as_latex: bool,
    only: str | None,
) -> None:
    """Win rates and judge scores in FILEs of judgments, and the models' paired differences.

    FILE is an alpaca_eval annotations file, Arena-Hard judgments, WildBench scores or comparisons,
    or a judged file of MixEval; which is seen from its rows. Several files are several models.
    Each number stands by its benchmark's own convention, with our interval over instructions beside
    it ("ours").
    """
    from topdraw.analysis.winrate.lengths import read_samples
    from topdraw.analysis.winrate.of_files import Settings, win_rates
    from topdraw.analysis.winrate.official import read_tables
    from topdraw.analysis.winrate.read_answers import read_answers
    from topdraw.analysis.winrate.read_wildbench import read_tags

    form = form_of(as_json, as_csv, as_latex)
    require_table_form(only, form)
    given = read_tables(
        gamed=gamed, difficulty=difficulty, weights=weights, instructions=instructions
    )
    found = win_rates(
        files,
        settings=Settings(
            tables=given,
            tags=None if tags is None else read_tags(tags),
            reference=reference,
            penalties=penalties or (500.0,),
            strong=strong,
            samples=None if samples is None else read_samples(samples),
            level=level,
            seed=seed,
            answers=read_answers(answers) if answers else None,
        ),
    )
    page = _page(found, files, out)
    if form == "json":
        click.echo(json.dumps({**_json(found, given.read), "page": page or None}))
    elif form == "text":
        _print(found, given.read)
    else:
        _print_tables(found, form, only)
    if page and form != "json":
        click.echo(f"\nPage: {page}" if form == "text" else f"Page: {page}", err=form != "text")


def _page(found: WinRates, files: Sequence[str], out: str | None) -> str:
    if out is None:
        return ""
    from topdraw.reports.document import write_page
    from topdraw.reports.winrate_page import winrate_page

    command = shlex.join(["topdraw", *sys.argv[1:]])
    return str(write_page(winrate_page(found, files, command=command), out))


def _print(found: WinRates, read: Sequence[str]) -> None:
    from topdraw.reports.tabular import aligned_text
    from topdraw.reports.winrate_panel import (
        difference_notes,
        differences_table,
        kinds,
        lengths_table,
        notes,
        position_table,
        scores_table,
    )

    for at, (title, results) in enumerate(kinds(found.results)):
        click.echo(("\n" if at else "") + whole(title))
        names = {results[0].name, *(name for one in results for name in one.more)}
        about = results[0].kind[:3]
        gaps = [o for o in found.differences if o.kind[:3] == about and o.kind[3] in names]
        tables = [scores_table(results), lengths_table(results), position_table(results)]
        if gaps:
            tables.append(differences_table(gaps))
        click.echo("\n\n".join(aligned_text(one) for one in tables if one is not None))
        for told in (*notes(results), *difference_notes(gaps)):
            click.echo(whole(told))
    for line in read:
        click.echo(whole(f"Read {line}."))


def _print_tables(found: WinRates, form: str, only: str | None) -> None:
    from topdraw.reports.tabular import csv_text, latex_text
    from topdraw.reports.winrate_panel import (
        all_differences,
        all_scores,
        kinds,
        lengths_table,
        position_table,
        scores_table,
    )

    write = csv_text if form == "csv" else latex_text
    extra = {"lengths": lengths_table(found.results), "position": position_table(found.results)}
    named: dict[str, Tabular] = {"scores": all_scores(found.results)}
    if found.differences:
        named["differences"] = all_differences(found.differences)
    named |= {name: table for name, table in extra.items() if table is not None}
    chosen = picked(named, only)
    if only is None:
        by_kind = [scores_table(results) for _, results in kinds(found.results)]
        chosen = [*by_kind, *chosen[1:]]
    click.echo("\n".join(map(write, chosen)), nl=False)


def _json(found: WinRates, read: Sequence[str]) -> dict[str, object]:
    return {
        "results": [_result(one) for one in found.results],
        "differences": [
            {
                "first": one.a,
                "second": one.b,
                "benchmark": one.kind[0],
                "part": one.kind[1],
                "against": one.kind[2],
                "number": one.kind[3],
                "difference": one.estimate.as_dict(),
                "adjusted_p": _plain(one.adjusted_p),
                "only_first": one.only_a,
                "only_second": one.only_b,
            }
            for one in found.differences
        ],
        "tables": list(read),
    }


def _result(one: Result) -> dict[str, object]:
    return {
        "benchmark": one.benchmark,
        "model": one.model,
        "against": one.against or None,
        "part": one.part or None,
        "files": list(one.files),
        "number": one.name,
        "ours": one.estimate.as_dict(),
        "published": {name: _plain(value) for name, value in one.published.items()},
        "lengths": _fields(one.lengths),
        "position": _fields(one.position),
        "notes": list(one.notes),
    }


def _fields(value: object) -> dict[str, object] | None:
    import dataclasses

    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return None
    return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}


def _plain(value: object) -> object:
    """As JSON: estimates as they say, NaN and infinities as null."""
    import math

    from topdraw.core.estimate import Estimate

    if isinstance(value, Estimate):
        return value.as_dict()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
