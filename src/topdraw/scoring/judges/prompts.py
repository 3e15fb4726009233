"""A judge's prompt: a TOML file that says what is asked, and in which form the verdict comes.

The shipped ones stand beside this module in `prompts/`. Not here: reading verdicts (`verdicts`).
Try it: `topdraw judge --prompts`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from topdraw.errors import ConfigError, FormatError

Kind: TypeAlias = Literal["points", "pair", "list"]

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MUST = {
    "points": ("question", "answer"),
    "pair": ("question", "first", "second"),
    "list": ("question", "answers"),
}
_MAY = ("mark", "target", "low", "high")
_FIELDS = {"kind", "verdict", "low", "high", "max_tokens", "text"}
_LARGEST = 999


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a judge is asked.

    Attributes:
        name: of a shipped prompt, or of the file without its suffix.
        kind: "points" rates one output, "pair" compares two, "list" picks one of several.
        text: with places such as {{question}}.
        verdict: the word that begins the line of the verdict: "Rating: 7".
        low: worst of the scale, of "points".
        high: best of it.
        max_tokens: longest reply.
        digest: of the file.
    """

    name: str
    kind: Kind
    text: str
    verdict: str
    low: int = 1
    high: int = 9
    max_tokens: int = 1024
    digest: str = ""

    def filled(self, texts: Mapping[str, str]) -> str:
        """The prompt with these texts in its places; what they say is never read as a place.

        Args:
            texts: by name of the place.
        """
        known = {**texts, "low": str(self.low), "high": str(self.high)}
        return _PLACE.sub(lambda found: known[found[1]], self.text).strip()

    @property
    def reminder(self) -> str:
        """What is added when a reply held no verdict."""
        form = {
            "points": f"a whole number from {self.low} to {self.high}",
            "pair": "A, B or tie",
            "list": "the number of one answer",
        }[self.kind]
        return (
            "A reply that did not end with a verdict could not be used. End yours with one line, "
            f'"{self.verdict}: ..." with {form} in place of the dots, and nothing after it.'
        )


def read_prompt(spec: str, kind: Kind) -> Prompt:
    """A shipped prompt by its name, or one of a file.

    Args:
        spec: "rubric", "pair", "list", ..., or a path that ends in .toml.
        kind: what it must be for.

    Raises:
        ConfigError: when there is no such prompt, or it is for something else.
        FormatError: when the file is no prompt; says what is wrong.
    """
    path = Path(spec)
    if path.suffix == ".toml":
        try:
            found = _parse(path.stem, path.read_bytes(), spec)
        except OSError as error:
            raise ConfigError(f"The prompt {spec!r} cannot be read: {error}.") from error
    elif spec in (known := shipped()):
        found = known[spec]
    else:
        raise ConfigError(
            f"There is no prompt {spec!r}; there are {', '.join(known)}.",
            hint="Name a file of yours: prompt=mine.toml (docs/judges.md).",
        )
    if found.kind != kind:
        raise ConfigError(
            f"The prompt {spec!r} is of the kind {found.kind!r}; {kind!r} is needed here."
        )
    return found


@cache
def shipped() -> dict[str, Prompt]:
    """The prompts that come with topdraw, by name.

    Examples:
        >>> sorted(shipped())
        ['list', 'pair', 'pair-reasoned', 'rubric', 'rubric-reasoned', 'usc']
    """
    folder = files("topdraw.scoring.judges").joinpath("prompts")
    texts = {
        one.name[:-5]: one.read_bytes() for one in folder.iterdir() if one.name[-5:] == ".toml"
    }
    return {name: _parse(name, texts[name], name) for name in sorted(texts)}


def _parse(name: str, data: bytes, where: str) -> Prompt:
    try:
        table = tomllib.loads(data.decode())
        return _prompt(name, table, hashlib.sha256(data).hexdigest()[:12])
    except (
        ValueError
    ) as error:  # that of bytes which are no UTF-8 and of text which is no TOML, too
        raise FormatError(f"The prompt {where} cannot be used: {error}.") from error


def _prompt(name: str, table: Mapping[str, object], digest: str) -> Prompt:
    unknown = sorted(set(table) - _FIELDS)
    if unknown:
        raise ValueError(f"it has a field {unknown[0]!r}; there are {', '.join(sorted(_FIELDS))}")
    kind = str(table.get("kind"))
    if kind not in get_args(Kind):
        raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(get_args(Kind))}")
    text, verdict = _text(table, "text"), _text(table, "verdict").strip()
    places = set(_PLACE.findall(text))
    lacking = [place for place in _MUST[kind] if place not in places]
    if lacking:
        raise ValueError(f"its text has no place {{{{{lacking[0]}}}}}")
    strange = sorted(places - {*_MUST[kind], *_MAY})
    if strange:
        raise ValueError(f"nothing goes in the place {{{{{strange[0]}}}}}")
    if f"{verdict}:" not in text:
        raise ValueError(f'its text never says "{verdict}:", the line that is read')
    low, high = (_number(table, field, usual) for field, usual in (("low", 1), ("high", 9)))
    if not 0 <= low < high <= _LARGEST:
        raise ValueError(f"the scale {low} to {high} does not lie within 0 to {_LARGEST}")
    longest = _number(table, "max_tokens", 1024)
    if longest < 1:
        raise ValueError(f"max_tokens is {longest}; it must be at least 1")
    return Prompt(name, kind, text, verdict, low, high, longest, digest)  # type: ignore[arg-type]  # checked above


def _text(table: Mapping[str, object], field: str) -> str:
    value = table.get(field)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field} must be a text")
    return value


def _number(table: Mapping[str, object], field: str, usual: int) -> int:
    value = table.get(field, usual)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{field} is {value!r}; it must be a whole number")
    return value
