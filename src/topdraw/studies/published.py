"""Numbers that papers print, with their source, to be set beside one's own.

Not here: what is made of them (`monkeys`, `greedy`). The numbers stand in `published.toml`.
Try it: `python -c "from topdraw.studies.published import *; print(published('monkeys')[0])"`.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeAlias

Value: TypeAlias = str | float

#: What a number is of; all other columns are numbers of the paper.
NAMES = ("task", "model", "k", "what")
_ALIASES = {"game24": "gameof24"}


@dataclass(frozen=True, slots=True)
class Published:
    """A table or figure of a paper.

    Attributes:
        key: its name among those of its study: "fits".
        study: which study it belongs to.
        paper: authors, year, title, version.
        where: table, figure or section.
        columns: of the rows; those in `NAMES` say what a number is of.
        rows: as mappings from the columns, as printed.
    """

    key: str
    study: str
    paper: str
    where: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Value], ...]

    @property
    def source(self) -> str:
        """Paper and place in one text."""
        return f"{self.paper}, {self.where}"

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that are numbers of the paper."""
        return tuple(name for name in self.columns if name not in NAMES)


@functools.cache
def published(study: str) -> tuple[Published, ...]:
    """The published tables of a study, in order.

    Args:
        study: its name: "monkeys", "good-bad-greedy".

    Returns:
        Empty when there are none.

    Examples:
        >>> fits = published("monkeys")[0]
        >>> fits.key, fits.numbers
        ('fits', ('a', 'b', 'error', 'error std'))
    """
    text = files("topdraw.studies").joinpath("published.toml").read_text("utf-8")
    return tuple(
        Published(
            key=each["key"],
            study=each["study"],
            paper=each["paper"],
            where=each["where"],
            columns=tuple(each["columns"]),
            rows=tuple(dict(zip(each["columns"], row, strict=True)) for row in each["rows"]),
        )
        for each in tomllib.loads(text)["table"]
        if each["study"] == study
    )


def same_model(ours: str, theirs: str) -> bool:
    """Whether two names are of one model: case, vendor, marks and "Meta-" make no difference.

    Args:
        ours: as a run or a table says it.
        theirs: as a paper prints it.

    Examples:
        >>> same_model("meta-llama/Meta-Llama-3-8B-Instruct", "Llama-3-8B-Instruct")
        True
        >>> same_model("Llama-3-8B", "Llama-3-8B-Instruct"), same_model("m-1.2b", "m-12b")
        (False, False)
    """
    return _bare_model(ours) == _bare_model(theirs) != ""


def same_task(ours: str, theirs: str) -> bool:
    """Whether our task, or the name of a recorded file, is that of a paper.

    A file's name may say more: "math-counts.csv" is of MATH, "aftermath.csv" and "math500" are not.

    Args:
        ours: name of a task, or of a file.
        theirs: as a paper prints it.

    Examples:
        >>> same_task("game24", "Game of 24"), same_task("pythia_math.csv", "MATH")
        (True, True)
        >>> same_task("math500", "MATH")
        False
    """
    wanted = _bare(theirs)
    words = [word for word in re.split(r"[^a-z0-9]+", ours.lower()) if word]
    spans = ("".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1))
    return bool(wanted) and any(_ALIASES.get(span, span) == wanted for span in spans)


def _bare_model(name: str) -> str:
    # A point between digits is part of a number: 1.2B is not 12B.
    words = re.sub(r"(?<=[0-9])\.(?=[0-9])", "point", name.rsplit("/", 1)[-1])
    return _bare(words).removeprefix("meta")


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
