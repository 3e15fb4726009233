"""What several runs will still take, in tokens and USD, before anything is paid.

Not here: which runs they are (`sweep_draw`, `study_draw`).
Try it: `topdraw sweep countdown --plan`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from topdraw.cli.draw import Draw
from topdraw.cli.pace import compact, dollars
from topdraw.core.records import Task
from topdraw.errors import ConfigError
from topdraw.models.charge import CHARACTERS_PER_TOKEN
from topdraw.models.connect import connect
from topdraw.sampling.plan import with_task_defaults
from topdraw.sampling.prices import PriceTable, price_of, read_prices
from topdraw.sampling.turns import Part, spent_of

_CHUNK = 16
_GUESSED_OUTPUT_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Outlook:
    """What several runs will take.

    Attributes:
        what: what one of them is called.
        runs: asked for.
        complete: of them, those with nothing left to draw.
        problems: in each, as words: "50", "20 to 50".
        samples: still to be drawn.
        drawn: drawn already.
        prompt_tokens: still to be charged for prompts, about.
        output_tokens: the same for outputs.
        basis: where the length of an output comes from.
        usd: what they cost; None when the price is unknown.
        basis_usd: which price, of which day; or why there is none.
    """

    what: str
    runs: int
    complete: int
    problems: str
    samples: int
    drawn: int
    prompt_tokens: int
    output_tokens: int
    basis: str
    usd: float | None
    basis_usd: str

    def __str__(self) -> str:
        how = "at most about" if self.basis.startswith("at most") else "about"
        about = f"about {compact(self.prompt_tokens)} of prompts"
        cost = "unknown" if self.usd is None else f"{how} {dollars(self.usd)}"
        return "\n".join(
            [
                f"{self.what:<9} {self.runs:,}, {self.complete:,} of them complete",
                f"problems  {self.problems} in each",
                f"samples   {self.samples:,} to draw, {self.drawn:,} drawn already",
                f"tokens    {about}, {compact(self.output_tokens)} of outputs ({self.basis})",
                f"cost      {cost} ({self.basis_usd})",
            ]
        )


@dataclass(frozen=True, slots=True)
class Share:
    """A run to be drawn, with what its cost depends on.

    Attributes:
        part: where it lies and how many samples it wants.
        task: its problems.
        model: as the command line names it; "" for a server's only one.
        longest: tokens of an output at most; None when nobody says.
        greedy: whether one greedy sample per problem is drawn as well.
    """

    part: Part
    task: Task
    model: str
    longest: int | None = None
    greedy: bool = False


def outlook(shares: Sequence[Share], draw: Draw, *, what: str) -> Outlook:
    """What runs will take, from what they have taken so far, or guessed.

    Args:
        shares: the runs; their folders need not exist.
        draw: the settings that all share.
        what: what one of them is called, in the plural: "cells".

    Raises:
        StoreError: when a run that is there cannot be read.
        FormatError: when the table of prices cannot.
    """
    prices = read_prices(draw.prices) if draw.prices else None
    found = [_left(share, draw) for share in shares]
    known = sum(one.known_samples for one in found)
    tokens = sum(one.known_tokens for one in found)
    by_model: dict[str, tuple[float, float]] = {}
    basis = ""
    for share, one in zip(shares, found, strict=True):
        each, basis = _output_tokens(known, tokens, share.longest)
        before = by_model.get(share.model, (0.0, 0.0))
        now = one.requests * one.mean_prompt, one.samples * each
        by_model[share.model] = before[0] + now[0], before[1] + now[1]
    usd, basis_usd = _usd(by_model, prices, paid=bool(draw.server.endpoint))
    counts = sorted({len(share.task.problems) for share in shares}) or [0]
    return Outlook(
        what=what,
        runs=len(shares),
        complete=sum(not one.samples for one in found),
        problems=" to ".join(f"{count:,}" for count in dict.fromkeys((counts[0], counts[-1]))),
        samples=sum(one.samples for one in found),
        drawn=sum(one.drawn for one in found),
        prompt_tokens=round(sum(prompt for prompt, _ in by_model.values())),
        output_tokens=round(sum(output for _, output in by_model.values())),
        basis=basis,
        usd=usd,
        basis_usd=basis_usd,
    )


def run_outlook(task: Task, draw: Draw, *, out: str | None, greedy: bool) -> Outlook:
    """What one run will take; what is drawn already counts where `out` names it.

    Args:
        task: its problems.
        draw: the settings.
        out: directory of the run; None for one that is not there.
        greedy: whether one greedy sample per problem is drawn as well.

    Raises:
        StoreError: when the run that is there cannot be read.
        FormatError: when the table of prices cannot.
    """
    part = Part(task.name, Path(os.devnull if out is None else out), draw.n)
    longest = with_task_defaults(draw.decoding, task.decoding).max_tokens
    return outlook([Share(part, task, model_of(draw), longest, greedy)], draw, what="runs")


@dataclass(frozen=True, slots=True)
class _Left:
    samples: int
    requests: int
    mean_prompt: float
    drawn: int = 0
    known_samples: int = 0
    known_tokens: int = 0


def _left(share: Share, draw: Draw) -> _Left:
    problems, part = len(share.task.problems), share.part
    run = part.run
    missing = problems * part.wanted if run is None else max(part.missing, 0)
    requests = -(-missing // min(draw.server.chunk or _CHUNK, part.wanted))
    if share.greedy:
        sampler = run.manifest.sampler("greedy") if run else None
        greedy = problems - (len(run.drawn(sampler.hash)) if run and sampler else 0)
        missing, requests = missing + greedy, requests + greedy
    characters = sum(len(problem.prompt) for problem in share.task.problems)
    mean = characters / max(problems, 1) / CHARACTERS_PER_TOKEN
    if run is None:
        return _Left(missing, requests, mean)
    spent = spent_of(run)
    return _Left(
        missing, requests, mean, spent.samples, spent.known_samples, spent.known_output_tokens
    )


def _usd(
    by_model: dict[str, tuple[float, float]], prices: PriceTable | None, *, paid: bool
) -> tuple[float | None, str]:
    """What it costs, or None, and why."""
    total, dates = 0.0, []
    for name, (prompt, output) in by_model.items():
        price = price_of(name, prices)
        if price is None:
            return None, _no_price(name, paid=paid)
        total += price.cost_usd(round(prompt), round(output))
        dates.append(str(price.date))
    return total, f"prices of {', '.join(dict.fromkeys(dates))}"


def _no_price(model: str, *, paid: bool) -> str:
    if not paid:
        return "the model runs on this machine"
    return f"no table has the price of {model!r}; give one with --prices" if model else "no --model"


def _output_tokens(samples: int, tokens: int, longest: int | None) -> tuple[float, str]:
    if samples:
        return tokens / samples, f"{tokens / samples:.0f} each, as in those drawn"
    if longest is not None:
        return float(longest), f"at most {longest:,} each"
    return float(_GUESSED_OUTPUT_TOKENS), f"a guess of {_GUESSED_OUTPUT_TOKENS:,} each"


def require_price(draw: Draw, prices: PriceTable | None) -> None:
    """Refuse a cap in USD that cannot be kept, before a folder is made.

    Args:
        draw: with one model.
        prices: come before the shipped table.

    Raises:
        ConfigError: when there is such a cap and the price of the model is unknown.
    """
    if draw.budget is None or draw.budget.usd is None:
        return
    name = model_of(draw)
    if not draw.server.endpoint:
        identity = connect(name).identity
        name = str(identity.get("model") or identity.get("name") or "")
    if name and price_of(name, prices) is None:
        raise ConfigError(
            f"The price of {name!r} is unknown, so that a cap of {draw.budget.usd:g} USD cannot "
            "be kept.",
            hint="Name it in a table of prices: --prices FILE; or cap the tokens.",
        )


def model_of(draw: Draw) -> str:
    """The model as the command line names it; "" for the only one at an endpoint."""
    return draw.model or ("" if draw.server.endpoint else "builtin")
