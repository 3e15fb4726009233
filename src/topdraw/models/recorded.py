"""Samples already drawn, dealt out again as if by a model: JSONL of many spellings, or a run.

Not here: import of whole evaluation logs. Nothing is drawn: asking for more samples than the file
holds is an error, never a repetition.
Try it: `python -c "import topdraw as td; print(td.connect('recorded:samples.jsonl').identity)"`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from topdraw.core.records import Decoding, Json, Problem, Sample, Usage
from topdraw.core.registry import model as register
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.store.run import Run

ID_COLUMNS = ("problem_id", "task_id", "question_id", "id")
OUTPUT_COLUMNS = ("output", "completion", "response", "generation", "text")
LIST_COLUMNS = ("samples", "outputs", "completions", "responses", "generations")


@dataclass(slots=True)
class _Shelf:
    """The samples of one problem by index, of both roles."""

    sampled: dict[int, Sample] = field(default_factory=dict)
    greedy: dict[int, Sample] = field(default_factory=dict)


class Recorded:
    """A model that deals out samples from disk by index. Make it with `connect`.

    The settings of a draw change nothing, except that temperature 0 deals from the samples marked
    as greedy (`role` "greedy").

    Args:
        name: of the file or run, for people.
        samples: each with its role, "sampled" or "greedy".

    Raises:
        FormatError: when two samples have the same problem, role and index.
    """

    concurrency = 1
    deterministic = True

    def __init__(self, name: str, samples: Iterable[tuple[str, Sample]]) -> None:
        self._name = name
        self._shelves: dict[str, _Shelf] = {}
        digest = hashlib.sha256()
        for role, sample in samples:
            shelf = self._shelves.setdefault(sample.problem_id, _Shelf())
            place = shelf.greedy if role == "greedy" else shelf.sampled
            if sample.index in place:
                raise FormatError(
                    f"{name} has two samples {sample.index} of problem {sample.problem_id!r}."
                )
            place[sample.index] = sample
            key = json.dumps([role, sample.problem_id, sample.index, sample.output])
            digest.update(key.encode())
        self._digest = digest.hexdigest()[:12]

    @property
    def identity(self) -> Mapping[str, Json]:
        """The samples themselves; where the file lies and what it is called are not part of it."""
        return {"kind": "recorded", "digest": self._digest}

    @property
    def holds_greedy(self) -> bool:
        """Whether any sample was recorded as drawn at temperature 0."""
        return any(shelf.greedy for shelf in self._shelves.values())

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        """Deal these samples; see `core.protocols.Model`.

        Raises:
            DomainError: when the file does not hold them; those it holds are dealt first.
        """
        shelf = self._shelves.get(problem.id, _Shelf())
        held = shelf.greedy if decoding.greedy else shelf.sampled
        for index in indices:
            if index in held:
                yield held[index]
        if any(index not in held for index in indices):
            kind = "greedy samples" if decoding.greedy else "samples"
            raise DomainError(
                f"{self._name} holds {len(held)} {kind} of problem {problem.id!r}; "
                f"sample number {max(indices) + 1} was asked for.",
                hint=f"Ask for n <= {len(held)}." if held else self._known(),
            )

    def _known(self) -> str:
        ids = list(self._shelves)
        listed = ", ".join(repr(name) for name in ids[:3])
        return f"It has {len(ids)} problems: {listed}{', ...' if len(ids) > 3 else ''}."


@register("recorded")
def connect_recorded(spec: str) -> Recorded:
    """The samples in a file or a run directory, as a model.

    A JSONL file (also gzipped) has one object a line: a problem id (`problem_id`, `task_id`,
    `question_id` or `id`) and an output (`output`, `completion`, `response`, `generation` or
    `text`), or a list of outputs (`samples`, `outputs`, ...). Optional: `index` (else the order of
    the lines counts), `role` ("greedy"), `finish_reason`, `logprob`, `output_tokens`.

    Args:
        spec: "recorded:PATH" or PATH.

    Raises:
        ConfigError: when there is no such file.
        FormatError: when a line is not as above; the message has its number.
        StoreError: when a directory is not a run.
    """
    path = Path(spec.removeprefix("recorded:"))
    if path.is_dir():
        return Recorded(path.name, _from_run(Run.open(path)))
    if not path.is_file():
        raise ConfigError(f"There is no file {str(path)!r} with recorded samples.")
    return Recorded(path.name, _from_lines(path))


def _from_run(run: Run) -> Iterator[tuple[str, Sample]]:
    for sampler in run.manifest.samplers:
        for sample in run.samples(sampler.role):
            yield sampler.role, sample


def _from_lines(path: Path) -> Iterator[tuple[str, Sample]]:
    next_index: dict[tuple[str, str], int] = {}
    for number, line in enumerate(_lines(path), 1):
        row = _row(path, number, line)
        if row is None:
            continue
        problem_id = _problem_id(path, number, row)
        role = "greedy" if row.get("role") == "greedy" else "sampled"
        for output in _outputs(path, number, row):
            index = row.get("index")
            if not isinstance(index, int) or isinstance(index, bool) or index < 0:
                index = next_index.get((problem_id, role), 0)
            next_index[problem_id, role] = index + 1
            yield role, _sample(row, problem_id, index, output)


def _lines(path: Path) -> Iterator[bytes]:
    # Split at b"\n" alone: outputs hold U+2028 and other line ends that are none in JSONL.
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield from file
    except (OSError, EOFError) as error:
        raise FormatError(f"{path} cannot be read: {error}.") from None


def _row(path: Path, number: int, line: bytes) -> Mapping[str, Json] | None:
    text = line.decode("utf-8-sig", errors="replace").strip()
    if not text:
        return None
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}, line {number} is not JSON: {error}.") from None
    if not isinstance(row, dict):
        raise FormatError(f"{path}, line {number} is not a JSON object.")
    return row


def _problem_id(path: Path, number: int, row: Mapping[str, Json]) -> str:
    for column in ID_COLUMNS:
        value = row.get(column)
        if isinstance(value, str | int):
            return str(value)
    raise _no_column(path, number, row, "problem id", ID_COLUMNS)


def _outputs(path: Path, number: int, row: Mapping[str, Json]) -> list[str]:
    for column in OUTPUT_COLUMNS:
        if column in row and isinstance(row[column], str | None):
            return [_text(row[column])]
    for column in (*LIST_COLUMNS, *OUTPUT_COLUMNS):
        values = row.get(column)
        if isinstance(values, list) and all(isinstance(v, str | None) for v in values):
            return [_text(value) for value in values]
    raise _no_column(path, number, row, "output", (*OUTPUT_COLUMNS, *LIST_COLUMNS))


def _text(value: Json) -> str:
    # The model gave nothing: an outcome, as with an endpoint.
    return value if isinstance(value, str) else ""


def _no_column(
    path: Path, number: int, row: Mapping[str, Json], what: str, columns: Sequence[str]
) -> FormatError:
    return FormatError(
        f"{path}, line {number} has no {what}; its columns are {', '.join(row) or 'none'}.",
        hint=f"Name one {' or '.join(columns)}.",
    )


def _sample(row: Mapping[str, Json], problem_id: str, index: int, output: str) -> Sample:
    reason, logprob, tokens = (row.get(c) for c in ("finish_reason", "logprob", "output_tokens"))
    whole = tokens if isinstance(tokens, int) and not isinstance(tokens, bool) else -1
    return Sample(
        problem_id=problem_id,
        index=index,
        output=output,
        finish_reason=reason if isinstance(reason, str) and reason else "unknown",
        logprob=_number(logprob),
        usage=Usage(output_tokens=max(whole, 0), estimated=whole < 0),
    )


def _number(value: Json) -> float:
    # An integer of 400 digits is valid JSON and no float.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if isinstance(value, float) or abs(value) < 1e300 else math.nan
