"""What came of a question: the candidates, the chosen one, why, and what it took.

Not here: drawing and scoring (`ask`), the sentences (`reasons`).
Try it: `topdraw ask "2+2?" -n 8 --show all`, and the same with `--json`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from topdraw.analysis.select import Choice, select
from topdraw.analysis.why import Why, why
from topdraw.cli.arriving import candidate_line, room
from topdraw.cli.facts import Charged, charged
from topdraw.cli.pace import dollars, many
from topdraw.cli.reasons import reasons
from topdraw.cli.shown import line, print_output
from topdraw.core.records import Json, Sample, Score
from topdraw.errors import BudgetExhausted, ConfigError, EndpointError
from topdraw.sampling.prices import read_prices
from topdraw.store.run import Run

_MOST_LINES, _LONGEST_LINE = 20, 400


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a question.

    Attributes:
        run: that holds the candidates.
        samples: the candidates, by index.
        scores: of each candidate, by the names of scorers.
        choice: the chosen one.
        why: why that one.
        votes_by: the scorer whose answers vote.
        value: the scorer that ranks; None when nothing does.
        bill: what was asked of servers.
    """

    run: Run
    samples: Sequence[Sample]
    scores: Mapping[int, Mapping[str, Score]]
    choice: Choice
    why: Why
    votes_by: str
    value: str | None
    bill: Charged

    def nothing(self) -> ConfigError:
        """The error of a question without an answer to give."""
        return ConfigError(
            f"{reasons(self.why)} Nothing is chosen.",
            hint="Name scorers that fit the answers with --by or --with, or choose by the texts: "
            "--select 'mbr(f1)'. --show all lists the candidates.",
        )


def answered(
    run: Run,
    selector: str,
    votes_by: str,
    others: Sequence[str],
    *,
    seed: int,
    prices: str | None,
    value: str | None,
) -> Answered:
    """Choose among the candidates of the one question of a run.

    Args:
        run: scored.
        selector: chooses.
        votes_by: the scorer whose answers vote.
        others: names of further scorers.
        seed: of the draw among ties.
        prices: a file of prices, as given with --prices.
        value: the scorer that ranks; None when nothing does.

    Raises:
        ConfigError: when the run lacks the scores that the selector needs.
        FormatError: when the file of prices is none.
    """
    samples = run.samples()
    found: dict[int, dict[str, Score]] = {sample.index: {} for sample in samples}
    for name in dict.fromkeys([votes_by, *others]):
        scores = run.scores(name)
        for one in samples:
            key = (one.sampler, one.problem_id, one.index)
            if key in scores:
                found[one.index][name] = scores[key]
    choice = select(run, selector, value=value, answer=votes_by, rng=seed)[0]
    because = why(run, choice, selector, value=value, answer=votes_by)
    bill = charged(run, None if prices is None else read_prices(prices))
    return Answered(run, samples, found, choice, because, votes_by, value, bill)


def show_answer(found: Answered, seconds: float, *, every: bool, paid: bool) -> None:
    """The answer on stdout; why that one and what it took on stderr.

    Args:
        found: what came of the question.
        seconds: it took.
        every: whether all candidates are listed.
        paid: whether a server was asked, which may cost something.
    """
    for reason in _missing(found):
        click.echo(f"Warning: {reason}", err=True)
    if every:
        for one in found.samples:
            mark = "*" if one.index == found.why.index else " "
            click.echo(candidate_line(one, found.scores[one.index], room(), mark=mark), err=True)
            click.echo(_indented(one.output), err=True)
    if found.choice.sample is not None:
        click.echo(reasons(found.why), err=True)
    told = [
        many(sum(one.usage.output_tokens for one in found.samples), "output token"),
        f"{seconds:.1f} s",
        *([dollars(found.bill.usd)] if paid else []),
        f"kept in {line(str(found.run.path), 300)}",
    ]
    click.echo(", ".join(told), err=True)
    if found.choice.sample is not None:
        print_output(found.choice.sample.output)


def _indented(output: str) -> str:
    """An output below its candidate's line: all of it, or its first lines."""
    lines = output.strip("\n").split("\n")
    shown = [f"       {line(one, _LONGEST_LINE)}" for one in lines[:_MOST_LINES]]
    left = len(lines) - len(shown)
    return "\n".join([*shown, *([f"       ... {many(left, 'further line')}"] if left else [])])


def _missing(found: Answered) -> list[str]:
    told = []
    for name in dict.fromkeys(name for scores in found.scores.values() for name in scores):
        scores = [each[name] for each in found.scores.values() if name in each]
        why_not = [score.missing_reason for score in scores if score.missing_reason is not None]
        if why_not:
            lost = "so they have no vote" if name == found.votes_by else "so they have no score"
            what = f"{many(len(why_not), 'answer')} could not be read by {line(name, 60)}, {lost}"
            told.append(f"{what}: {line(why_not[0], 300)}")
    return told


def as_json_text(
    found: Answered, seconds: float, stopped: BudgetExhausted | EndpointError | None
) -> str:
    """All of it as one JSON object.

    Args:
        found: what came of the question.
        seconds: it took.
        stopped: why candidates are missing; None when none is.
    """
    chosen, bill = found.choice.sample, found.bill.bill
    usage = {
        "prompt_tokens": bill.prompt_tokens,
        "output_tokens": bill.output_tokens
        or sum(one.usage.output_tokens for one in found.samples),
        "requests": bill.requests,
        "estimated": bill.estimated or any(one.usage.estimated for one in found.samples),
        "cost_usd": found.bill.usd if bill.requests else None,
    }
    return json.dumps(
        {
            "question": found.choice.problem.prompt,
            "answer": None if chosen is None else chosen.output,
            "index": found.why.index,
            "probability": found.choice.probability,
            "selector": found.why.selector,
            "why": {"words": reasons(found.why), **_plain(dataclasses.asdict(found.why))},
            "candidates": [_candidate(found, one) for one in found.samples],
            "usage": usage,
            "seconds": round(seconds, 3),
            "run": str(found.run.path),
            "incomplete": None if stopped is None else stopped.message,
        }
    )


def _candidate(found: Answered, one: Sample) -> dict[str, Json]:
    scores = found.scores[one.index]
    ranked, voted = scores.get(found.value or ""), scores.get(found.votes_by)
    return {
        "index": one.index,
        "chosen": one.index == found.why.index,
        "output": one.output,
        "answer": voted.answer if voted else None,
        "value": _number(ranked.value) if ranked else None,
        "scores": {name: _plain(dataclasses.asdict(each)) for name, each in scores.items()},
        "finish_reason": one.finish_reason,
        "output_tokens": one.usage.output_tokens,
        "logprob": _number(one.logprob),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plain(values: Mapping[str, object]) -> dict[str, Json]:
    """Values of dataclasses as JSON: numbers that are none as null."""
    return {name: _json(value) for name, value in values.items()}


def _json(value: object) -> Json:
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, list | tuple):
        return [_json(one) for one in value]
    if isinstance(value, float):
        return _number(value)
    return value if isinstance(value, str | int | bool) or value is None else str(value)
