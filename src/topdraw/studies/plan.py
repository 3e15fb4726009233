"""What a study draws: a small file that names its runs, written before anything is paid.

Not here: the folder (`folder`), drawing (`topdraw.cli.study_draw`), what a study says of its runs.
Try it: `topdraw study monkeys --plan`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from topdraw._version import __version__
from topdraw.core.records import Json
from topdraw.errors import ResumeConflict, StoreError
from topdraw.store.segments import write_atomically

SCHEMA = 1
FILE = "study.json"


@dataclass(frozen=True, slots=True)
class Leg:
    """One run of a study.

    Attributes:
        name: of its folder under `runs/`.
        part: what the study draws it for, in its own words: "coverage", "temperature".
        task: name of the task, or its file.
        model: as users name it: "builtin:small".
        n: samples per problem, >= 1.
        options: of the task.
        decoding: settings that differ from the defaults.
        greedy: whether one greedy sample per problem is drawn as well.
        ranked_by: scorers that rank its samples, beside the verifier.
    """

    name: str
    part: str
    task: str
    model: str
    n: int
    options: Mapping[str, Json] = field(default_factory=dict)
    decoding: Mapping[str, Json] = field(default_factory=dict)
    greedy: bool = False
    ranked_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """Samples that somebody has drawn already: a run, a sweep, or a table.

    Attributes:
        path: of it.
        by: the verifier; "" for its own.
        value: the scorer that ranks; "" for the usual one.
    """

    path: str
    by: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study is made of.

    Attributes:
        study: its name: "monkeys".
        legs: what it draws, in order; names are unique.
        recorded: what is there already.
        seed: of every run.
    """

    study: str
    legs: tuple[Leg, ...] = ()
    recorded: tuple[Recorded, ...] = ()
    seed: int = 0


def leg_name(*words: str) -> str:
    """A folder's name made of words.

    Examples:
        >>> leg_name("countdown", "org/Llama 8B", "t0.5")
        'countdown-org-Llama-8B-t0.5'
    """
    clean = (re.sub(r"[^A-Za-z0-9._-]+", "-", word).strip("-.")[:60] for word in words)
    return "-".join(word for word in clean if word) or "x"


def read_plan(folder: Path) -> Plan:
    """The plan in a study's folder.

    Args:
        folder: of the study.

    Raises:
        StoreError: when there is none, it is damaged, or a later version made it.
    """
    file = folder / FILE
    try:
        values = json.loads(file.read_bytes())
        if values["schema"] > SCHEMA:
            raise StoreError(
                f"{file} has schema {values['schema']}; this topdraw reads up to {SCHEMA}.",
                hint="Update with: pip install -U topdraw",
            )
        return Plan(
            study=str(values["study"]),
            legs=tuple(_leg(each) for each in values["legs"]),
            recorded=tuple(Recorded(**each) for each in values["recorded"]),
            seed=int(values["seed"]),
        )
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is no study: it has no {FILE}.") from error
    except StoreError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(f"{file} cannot be read: {error!r}.") from error


def _leg(values: Mapping[str, Any]) -> Leg:
    leg = Leg(**{**values, "ranked_by": tuple(values["ranked_by"])})
    if leg.name != leg_name(leg.name) or type(leg.n) is not int or leg.n < 1:
        raise ValueError(f"no run can be {values!r}")
    return leg


def write_plan(folder: Path, plan: Plan) -> None:
    """Write a plan into a study's folder, whole.

    Args:
        folder: of the study.
        plan: it.

    Raises:
        StoreError: when it cannot be written.
    """
    values = {"schema": SCHEMA, "topdraw": __version__, **dataclasses.asdict(plan)}
    write_atomically(folder / FILE, json.dumps(values, indent=2).encode() + b"\n")


def joined(old: Plan, asked: Plan) -> Plan:
    """A plan that goes on: runs of the old one stay, with the new n, and further ones are added.

    Args:
        old: as stored.
        asked: what is wanted now.

    Raises:
        ResumeConflict: naming what differs, when a run of the old plan is wanted otherwise.
    """
    found = [
        f"{name}: the study has {has!r}, asked {wants!r}"
        for name, has, wants in (
            ("study", old.study, asked.study),
            ("seed", old.seed, asked.seed),
        )
        if has != wants
    ]
    legs = {leg.name: leg for leg in old.legs}
    for leg in asked.legs:
        before = legs.get(leg.name)
        found += [] if before is None else _differing(before, leg)
        legs[leg.name] = leg
    if found:
        raise ResumeConflict(
            f"The study was drawn with something else: {'; '.join(found)}.",
            hint="Name another folder with --out, or ask for what this study has.",
        )
    recorded = {one.path: one for one in (*old.recorded, *asked.recorded)}
    return Plan(asked.study, tuple(legs.values()), tuple(recorded.values()), asked.seed)


_GROWS = ("n", "greedy", "ranked_by")


def _differing(old: Leg, asked: Leg) -> list[str]:
    fixed, other = (
        {name: value for name, value in dataclasses.asdict(leg).items() if name not in _GROWS}
        for leg in (old, asked)
    )
    return [
        f"{old.name}: {name}: the study has {has!r}, asked {other[name]!r}"
        for name, has in fixed.items()
        if has != other[name]
    ]
