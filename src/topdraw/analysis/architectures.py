"""What a forward pass of a model costs: a small dated table, which a user's own comes before.

A model that is not in a table is unknown, and so are its FLOPs: never 0.
Not here: tokens and what they add up to (`analysis.cost_of_k`), prices (`sampling.prices`).
Try it: `python -m pytest tests/analysis/test_architectures.py`.
"""

from __future__ import annotations

import datetime
import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from topdraw.core.records import FloatArray
from topdraw.errors import FormatError

# What a vendor appends to the name of the same architecture: "Llama-3-8B-Instruct", "gemma-2b-it".
_VARIANT = re.compile(r"-(instruct|chat|it|base|hf|deduped)$")


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the work of a decoder-only transformer depends on.

    Attributes:
        parameters: that a token passes through; of a mixture of experts, the active ones.
        layers: of attention.
        width: of a token between layers (hidden size).
        date: the day on which this was so.
        source: where it was read; "" when nobody says.
    """

    parameters: int
    layers: int
    width: int
    date: datetime.date = datetime.date.min
    source: str = ""

    def token_flops(self, context: float) -> float:
        """FLOPs of one token that attends to `context` tokens, itself included.

        2 (parameters + 2 layers width context): a multiplication and an addition per parameter,
        and two products of the token with its context in each layer.

        References:
            Brown et al. 2024 (arXiv 2407.21787, Large Language Monkeys), the section on cost.
        """
        return 2 * (self.parameters + 2 * self.layers * self.width * context)

    def prompt_flops(self, prompt_tokens: ArrayLike) -> FloatArray:
        """FLOPs of reading prompts: the sum of `token_flops` over contexts 1..prompt_tokens.

        Args:
            prompt_tokens: any shape.
        """
        tokens = np.asarray(prompt_tokens, float)
        attention = self.layers * self.width * tokens * (tokens + 1)
        total: FloatArray = 2 * (self.parameters * tokens + attention)
        return total

    def output_flops(self, prompt_tokens: ArrayLike, output_tokens: ArrayLike) -> FloatArray:
        """FLOPs of writing outputs after prompts that were read already.

        The sum of `token_flops` over contexts prompt_tokens + 1 .. prompt_tokens + output_tokens.

        Args:
            prompt_tokens: of the prompt of each output.
            output_tokens: of each output, same shape.
        """
        together = np.add(prompt_tokens, output_tokens)
        return self.prompt_flops(together) - self.prompt_flops(prompt_tokens)


ArchitectureTable: TypeAlias = Mapping[str, Architecture]


def architecture_of(model: str, table: ArchitectureTable | None = None) -> Architecture | None:
    """The architecture of a model, None when no table has it.

    Case, the vendor before a slash, and "-Instruct", "-chat", "-it", "-base", "-hf", "-deduped" at
    the end make no difference: they do not change the work of a token.

    Args:
        model: its name.
        table: comes before the table that is shipped; None for none.

    Examples:
        >>> architecture_of("meta-llama/Meta-Llama-3-8B-Instruct").layers
        32
        >>> architecture_of("gpt-4o") is None
        True
    """
    known = {key.lower(): one for key, one in {**_shipped(), **(table or {})}.items()}
    name = model.lower().rsplit("/", 1)[-1]
    return known.get(model.lower()) or known.get(name) or known.get(_VARIANT.sub("", name))


def read_architectures(path: str | PathLike[str]) -> ArchitectureTable:
    """The table in a TOML file: `[[architecture]]` entries like those in `architectures.toml`.

    Args:
        path: of the file.

    Raises:
        FormatError: when it cannot be read as one, naming the entry.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"The architectures in {path} cannot be read: {error}.") from error
    return _parse(text, str(path))


@functools.cache
def _shipped() -> ArchitectureTable:
    text = files("topdraw.analysis").joinpath("architectures.toml").read_text("utf-8")
    return _parse(text, "architectures.toml")


def _parse(text: str, name: str) -> ArchitectureTable:
    try:
        entries = tomllib.loads(text).get("architecture")
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            raise ValueError("there is no [[architecture]] in it")
        found = [pair for at, one in enumerate(entries, 1) for pair in _architectures(one, at)]
    except ValueError as error:  # that of a text which is no TOML, too
        raise FormatError(
            f"The architectures in {name} cannot be used: {error}.",
            hint='Write entries like: [[architecture]] models = ["my-model"], parameters = '
            "8_000_000_000, layers = 32, width = 4096, date = 2026-11-20, one setting a line.",
        ) from error
    return dict(found)


def _architectures(entry: Mapping[str, object], at: int) -> list[tuple[str, Architecture]]:
    for name in ("models", "parameters", "layers", "width", "date"):
        if name not in entry:
            raise ValueError(f"entry {at} has no {name}")
    models, date = entry["models"], entry["date"]
    if not isinstance(models, list) or not all(isinstance(model, str) for model in models):
        raise ValueError(f"entry {at}: models is {models!r}, it must be a list of names")
    if not isinstance(date, datetime.date):
        raise ValueError(f"entry {at}: date is {date!r}, it must be a day such as 2026-11-20")
    one = Architecture(
        parameters=_positive(entry, "parameters", at),
        layers=_positive(entry, "layers", at),
        width=_positive(entry, "width", at),
        date=date,
        source=str(entry.get("source", "")),
    )
    return [(model, one) for model in models]


def _positive(entry: Mapping[str, object], name: str, at: int) -> int:
    value = entry[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"entry {at}: {name} is {value!r}, it must be a whole number above 0")
    return value
