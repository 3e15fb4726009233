"""What a model's tokens cost: a small dated table, which a user's own comes before.

A price that is not in a table is unknown, and so is every cost made of it: never 0.

Not here: how many tokens were charged (`topdraw.core.billing`), caps (`budget`).
Try it: `python -c "from topdraw.sampling.prices import *; print(price_of('gpt-4o-mini'))"`.
"""

from __future__ import annotations

import datetime
import functools
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from topdraw.core.billing import Bill
from topdraw.errors import FormatError

_MILLION = 1_000_000
# "gpt-4o-2024-08-06", "claude-haiku-4-5-20251001": a dated version of a listed model.
_VERSION = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


@dataclass(frozen=True, slots=True)
class Price:
    """What the tokens of one model cost.

    Attributes:
        input_usd: USD per million prompt tokens, >= 0.
        output_usd: USD per million output tokens, >= 0.
        date: the day on which this was the price.
        source: where it was read; "" when nobody says.
    """

    input_usd: float
    output_usd: float
    date: datetime.date
    source: str = ""

    def cost_usd(self, prompt_tokens: float, output_tokens: float) -> float:
        """The cost of so many tokens, in USD."""
        return (prompt_tokens * self.input_usd + output_tokens * self.output_usd) / _MILLION


PriceTable: TypeAlias = Mapping[str, Price]


def price_of(model: str, table: PriceTable | None = None) -> Price | None:
    """The price of a model, None when no table has it.

    A name is looked up as it is, and then without the date that ends it. Prefixes of vendors
    ("openai/") belong to the name: the same model costs differently elsewhere.

    Args:
        model: its name on the server.
        table: comes before the table that is shipped; None for none.

    Examples:
        >>> price_of("gpt-4o-mini-2024-07-18").output_usd
        0.6
        >>> price_of("llama-3.1-8b") is None
        True
    """
    known = {**_shipped(), **(table or {})}
    return known.get(model) or known.get(_VERSION.sub("", model))


def cost_usd(bill: Bill, price: Price | None) -> float | None:
    """What a bill comes to in USD; None when the price is unknown."""
    return None if price is None else price.cost_usd(bill.prompt_tokens, bill.output_tokens)


def read_prices(path: str | PathLike[str]) -> PriceTable:
    """The table in a TOML file: `[[price]]` entries of models, input_usd, output_usd, date, source.

    Args:
        path: of the file; USD are per million tokens.

    Raises:
        FormatError: when it cannot be read as one, naming the entry.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"The prices in {path} cannot be read: {error}.") from error
    return _parse(text, str(path))


@functools.cache
def _shipped() -> PriceTable:
    return _parse(files("topdraw.sampling").joinpath("prices.toml").read_text("utf-8"), "prices")


def _parse(text: str, name: str) -> PriceTable:
    try:
        entries = _entries(tomllib.loads(text))
        found = [pair for at, entry in enumerate(entries, start=1) for pair in _prices(entry, at)]
    except ValueError as error:  # that of a text which is no TOML, too
        raise FormatError(
            f"The prices in {name} cannot be used: {error}.",
            hint='Write entries like: [[price]] models = ["my-model"], input_usd = 0.2, '
            "output_usd = 0.6, date = 2026-11-20, one setting a line; USD per million tokens.",
        ) from error
    return dict(found)


def _entries(table: Mapping[str, object]) -> list[Mapping[str, object]]:
    entries = table.get("price")
    if isinstance(entries, dict):
        raise ValueError("[price] should be [[price]]")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("there is no [[price]] in it")
    return entries


def _prices(entry: Mapping[str, object], at: int) -> list[tuple[str, Price]]:
    for name in ("models", "input_usd", "output_usd", "date"):
        if name not in entry:
            raise ValueError(f"entry {at} has no {name}")
    try:
        return [(model, _price(entry)) for model in _models(entry)]
    except ValueError as error:
        raise ValueError(f"entry {at}: {error}") from error


def _models(entry: Mapping[str, object]) -> list[str]:
    models = entry["models"]
    if not isinstance(models, list) or not all(isinstance(model, str) for model in models):
        raise ValueError(f"models is {models!r}, it must be a list of names")
    return models


def _price(entry: Mapping[str, object]) -> Price:
    date = entry["date"]
    if not isinstance(date, datetime.date):
        raise ValueError(f"date is {date!r}, it must be a day such as 2026-11-20")
    source = str(entry.get("source", ""))
    return Price(_usd(entry, "input_usd"), _usd(entry, "output_usd"), date, source)


def _usd(entry: Mapping[str, object], name: str) -> float:
    value = entry[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {value!r}, it must be a number")
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value}, it must be finite and >= 0")
    return float(value)
