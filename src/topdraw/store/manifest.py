"""What a run was drawn with: its manifest, and how two of them differ.

Not here: the samples; `topdraw.store.run`.
Try it: `python -m pytest tests/store/test_manifest.py`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from topdraw.core.records import Decoding, Json, Problem, Task
from topdraw.core.until import Until
from topdraw.errors import FormatError, StoreError
from topdraw.store.segments import write_atomically

SCHEMA = 1
FILE = "manifest.json"

_canonical = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True)
class Sampler:
    """One way of drawing within a run.

    Attributes:
        hash: see `core.records.sampler_hash`.
        role: "sampled" for the n draws, "greedy" for the single one at temperature 0.
        decoding: settings of the draw.
        n: samples wanted per problem, >= 1.
    """

    hash: str
    role: Literal["sampled", "greedy"]
    decoding: Decoding
    n: int

    @property
    def end(self) -> int:
        """Samples of this role have smaller indices.

        A greedy sampler has the hash of a sampled one at temperature 0, and then only n of its
        samples. A sampled one may have drawn more than n: they are paid for, and count.
        """
        return self.n if self.role == "greedy" else 2**63 - 1


@dataclass(frozen=True)
class Manifest:
    """What a run was drawn with.

    Attributes:
        schema: version of the layout on disk.
        topdraw: version that made the run.
        task: name, version, options and digest of the problems.
        model: identity of the model.
        seed: seed of the run.
        samplers: at most one per role.
        created: when, UTC, ISO 8601.
        scorer: the task's default scorer; "" when it has none.
        until: when a problem needs no further samples; None when each gets all n.
        extra: fields of a later version, kept as they are.
    """

    schema: int
    topdraw: str
    task: Mapping[str, Json]
    model: Mapping[str, Json]
    seed: int
    samplers: tuple[Sampler, ...]
    created: str
    scorer: str
    until: Until | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)

    def sampler(self, role: str) -> Sampler | None:
        """The sampler of a role, None when the run has none."""
        return next((sampler for sampler in self.samplers if sampler.role == role), None)


def task_identity(task: Task) -> dict[str, Json]:
    """A task in a manifest: name, version, digest of its problems; options for the record."""
    return {
        "name": task.name,
        "version": task.version,
        "options": dict(task.options),
        "digest": digest(task.problems),
    }


def digest(problems: Iterable[Problem]) -> str:
    """Sixteen hex digits over ids, prompts and targets, in order; metadata may change freely."""
    total = hashlib.sha256()
    for problem in problems:
        text = _canonical([problem.id, problem.prompt, problem.target])
        total.update(text.encode() + b"\n")
    return total.hexdigest()[:16]


def write_manifest(folder: Path, manifest: Manifest, *, listed: bool = True) -> None:
    """Put the manifest into a run's folder, atomically.

    Raises:
        StoreError: when it cannot be written; the old one stands.
    """
    values = dataclasses.asdict(manifest)
    extra = values.pop("extra")
    del values["until"]
    if manifest.until is not None:
        values["until"] = manifest.until.as_dict()
    for sampler in values["samplers"]:
        sampler["decoding"]["stop"] = list(sampler["decoding"]["stop"])
    text = json.dumps({**values, **extra}, indent=2)
    write_atomically(folder / FILE, text.encode() + b"\n", listed=listed)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run's folder.

    Raises:
        StoreError: when there is none, when it is damaged, or when its schema is newer than ours.
    """
    path = folder / FILE
    try:
        values = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(
            f"{folder} is not a run: it has no {FILE}.",
            hint="Make one with `topdraw sample TASK --model M --out FOLDER`.",
        ) from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}.") from error
    return _parse(path, values)


def _parse(path: Path, values: object) -> Manifest:
    schema = values.get("schema") if isinstance(values, dict) else None
    if not isinstance(values, dict) or not isinstance(schema, int):
        raise StoreError(f"{path} is not the manifest of a run: it names no schema.")
    if schema > SCHEMA:
        raise StoreError(
            f"{path} has schema {schema}; this topdraw reads up to {SCHEMA}.",
            hint="Update with: pip install -U topdraw",
        )
    until = _parse_until(path, values.get("until"))
    parsed = {"samplers", "until"}
    known = {f.name for f in dataclasses.fields(Manifest)} - {*parsed, "extra"}
    try:
        return Manifest(
            samplers=tuple(map(_parse_sampler, values["samplers"])),
            until=until,
            extra={k: v for k, v in values.items() if k not in known | parsed},
            **{name: values[name] for name in known},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path} is damaged: {error!r}.") from error


def _parse_until(path: Path, rule: Json) -> Until | None:
    if rule is None:
        return None
    try:
        if isinstance(rule, dict):
            return Until.from_dict(rule)
    except FormatError:
        pass  # one of a later version
    raise StoreError(
        f"{path} has a stopping rule that this topdraw does not know: {rule}.",
        hint="Update with: pip install -U topdraw",
    )


def _parse_sampler(values: Mapping[str, Json]) -> Sampler:
    decoding = cast("dict[str, Json]", values["decoding"])
    known = {f.name for f in dataclasses.fields(Decoding)}
    settings = {name: value for name, value in decoding.items() if name in known}
    settings["stop"] = tuple(cast("list[Json]", settings.get("stop", [])))  # type: ignore[assignment]  # back to Decoding's type
    return Sampler(
        hash=cast("str", values["hash"]),
        role=cast("Literal['sampled', 'greedy']", values["role"]),
        decoding=Decoding(**settings),  # type: ignore[arg-type]  # as written
        n=cast("int", values["n"]),
    )


def differences(old: Manifest, new: Manifest) -> list[str]:
    """What keeps a draw from going on in a run; empty when nothing does.

    Returns:
        "temperature: run has 0.7, asked 1.0" for each setting; a larger or smaller n is none.
        "until: run has none, asked until the first pass by number, looking after every sample".
    """
    found = _differing("task ", _told_apart(old.task), _told_apart(new.task))
    found += _differing("model ", old.model, new.model)
    found += _differing("", {"seed": old.seed}, {"seed": new.seed})
    if old.until != new.until:
        found.append(f"until: run has {old.until or 'none'}, asked {new.until or 'none'}")
    for asked in new.samplers:
        has = old.sampler(asked.role)
        if has is not None:
            prefix = "" if asked.role == "sampled" else f"{asked.role} "
            found += _differing(prefix, has.decoding.as_dict(), asked.decoding.as_dict())
            if not found:
                found += _differing(prefix, {"sampler": has.hash}, {"sampler": asked.hash})
    return found


def _told_apart(task: Mapping[str, Json]) -> dict[str, Json]:
    # The digest says what the options made: problems=50 given or by default is the same draw.
    return {name: value for name, value in task.items() if name != "options"}


def _differing(prefix: str, old: Mapping[str, Json], new: Mapping[str, Json]) -> list[str]:
    names = dict.fromkeys([*old, *new])
    return [
        f"{prefix}{name}: run has {_show(old, name)}, asked {_show(new, name)}"
        for name in names
        if old.get(name, ...) != new.get(name, ...)
    ]


def _show(values: Mapping[str, Json], name: str) -> str:
    return repr(values[name]) if name in values else "none"


def merged(old: Manifest, new: Manifest) -> Manifest:
    """The old manifest with the larger n of each role, and with roles it did not have."""
    samplers = list(old.samplers)
    for asked in new.samplers:
        has = old.sampler(asked.role)
        if has is None:
            samplers.append(asked)
        elif asked.n > has.n:
            samplers[samplers.index(has)] = dataclasses.replace(has, n=asked.n)
    return dataclasses.replace(old, samplers=tuple(samplers))
