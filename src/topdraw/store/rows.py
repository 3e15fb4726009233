"""What a stored sample, score and request look like: flat columns, the key first.

Not here: where rows lie (`topdraw.store.ledger`) and how they survive (`journal`, `parquet`).
Try it: `python -m pytest tests/store/test_rows.py`.

Rows hold no wall-clock time and no process id, so that a run interrupted and resumed equals an
uninterrupted one row for row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, cast

import msgspec

from topdraw.core.records import Json, Problem, Sample, Score, Usage
from topdraw.errors import FormatError
from topdraw.store.text import pack, unearth

Key: TypeAlias = tuple[str, str, int]
"""Identity of a record within a run.

Of a sample and its scores: sampler hash, problem id, index. Of a request: its attempt, "", 0.
"""


class KeyRow(msgspec.Struct, gc=False):
    """The part of a row that decides which record of a key is kept."""

    problem_id: str
    index: int
    sampler: str
    original: str = ""
    missing: bool = False

    @property
    def key(self) -> Key:
        """The identity of the sample this row is about, surrogates restored."""
        return _key(self.sampler, self.problem_id, self.index, self.original)


class SampleRow(msgspec.Struct, gc=False):
    """A stored sample; the fields are the columns, in order."""

    problem_id: str
    index: int
    sampler: str
    output: str
    finish_reason: str = "stop"
    seed: int | None = None
    logprob: float | None = None
    prompt_tokens: int = 0
    output_tokens: int = 0
    usage_estimated: bool = False
    metadata: str = "{}"
    original: str = ""
    missing: ClassVar[bool] = False

    @property
    def key(self) -> Key:
        """The identity of this sample, surrogates restored."""
        return _key(self.sampler, self.problem_id, self.index, self.original)


class ScoreRow(msgspec.Struct, gc=False):
    """A stored score; the fields are the columns, in order."""

    problem_id: str
    index: int
    sampler: str
    value: float | None = None
    passed: bool | None = None
    answer: str | None = None
    note: str = ""
    missing: bool = False
    missing_reason: str = ""
    original: str = ""

    @property
    def key(self) -> Key:
        """The identity of the sample this score is about, surrogates restored."""
        return _key(self.sampler, self.problem_id, self.index, self.original)


class AttemptRow(msgspec.Struct, gc=False):
    """The part of a bill's row that decides which record of a request is kept."""

    attempt: str
    missing: bool = False

    @property
    def key(self) -> Key:
        """The identity of the request this row is about."""
        return self.attempt, "", 0


class BillRow(msgspec.Struct, gc=False):
    """One request and what came of it; the fields are the columns, in order.

    Missing: it began, and nothing says yet how it ended.
    """

    attempt: str
    problem_id: str
    index: int
    asked_samples: int
    endpoint: str
    fate: str = "unknown"
    samples: int = 0
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    estimated: bool = False
    status: int | None = None
    seconds: float | None = None
    note: str = ""
    missing: bool = False
    original: str = ""

    @property
    def key(self) -> Key:
        """The identity of this request."""
        return self.attempt, "", 0


class ProblemRow(msgspec.Struct, gc=False):
    """A stored problem; target and metadata are JSON text."""

    id: str
    prompt: str
    target: str = "null"
    metadata: str = "{}"
    original: str = ""


Row: TypeAlias = KeyRow | SampleRow | ScoreRow | BillRow
KeyPart: TypeAlias = KeyRow | AttemptRow


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of row.

    Attributes:
        row: its type.
        columns: the SQL type of each of its columns, in order.
        key: the part of it that decides which record of a key is kept; its fields are columns.
        order: the columns that a part is sorted by.
    """

    row: type[Row]
    columns: Mapping[str, str]
    key: type[KeyPart] = KeyRow
    order: tuple[str, ...] = ("problem_id", "index", "sampler")

    @property
    def key_columns(self) -> dict[str, str]:
        """Those of the columns that `key` is made of, in the order of its fields."""
        names = self.key.__struct_fields__
        return {name: self.columns[name] for name in names if name in self.columns}


_KEY_COLUMNS = {"problem_id": "VARCHAR", "index": "BIGINT", "sampler": "VARCHAR"}
KEYS = Kind(KeyRow, {**_KEY_COLUMNS, "original": "VARCHAR"})
SAMPLES = Kind(
    SampleRow,
    {
        **_KEY_COLUMNS,
        "output": "VARCHAR",
        "finish_reason": "VARCHAR",
        "seed": "BIGINT",
        "logprob": "DOUBLE",
        "prompt_tokens": "BIGINT",
        "output_tokens": "BIGINT",
        "usage_estimated": "BOOLEAN",
        "metadata": "VARCHAR",
        "original": "VARCHAR",
    },
)
SCORES = Kind(
    ScoreRow,
    {
        **_KEY_COLUMNS,
        "value": "DOUBLE",
        "passed": "BOOLEAN",
        "answer": "VARCHAR",
        "note": "VARCHAR",
        "missing": "BOOLEAN",
        "missing_reason": "VARCHAR",
        "original": "VARCHAR",
    },
)
BILL = Kind(
    BillRow,
    {
        "attempt": "VARCHAR",
        "problem_id": "VARCHAR",
        "index": "BIGINT",
        "asked_samples": "BIGINT",
        "endpoint": "VARCHAR",
        "fate": "VARCHAR",
        "samples": "BIGINT",
        "prompt_tokens": "BIGINT",
        "output_tokens": "BIGINT",
        "estimated": "BOOLEAN",
        "status": "BIGINT",
        "seconds": "DOUBLE",
        "note": "VARCHAR",
        "missing": "BOOLEAN",
        "original": "VARCHAR",
    },
    key=AttemptRow,
    order=("attempt",),
)


_encode = msgspec.json.Encoder().encode


def _key(sampler: str, problem_id: str, index: int, original: str) -> Key:
    if original:
        true = unearth(original)
        problem_id = cast("str", true.get("problem_id", problem_id))
        sampler = cast("str", true.get("sampler", sampler))
    return sampler, problem_id, index


def integer(name: str, value: int) -> int:
    """The value, as a plain integer.

    Raises:
        FormatError: when it does not fit in 64 bits.
    """
    if not -(2**63) <= value < 2**63:
        bits = int(value).bit_length()
        raise FormatError(f"{name} has {bits} bits; a run stores integers of 64 bits.")
    return int(value)


def pack_sample(sample: Sample, sampler: str | None = None) -> bytes:
    """A sample as one line of JSON, without the newline.

    Args:
        sample: what was drawn.
        sampler: hash of the sampler that drew it; None takes the sample's word.

    Raises:
        FormatError: when its metadata is not JSON, or an integer does not fit in 64 bits.
    """
    by = sample.sampler if sampler is None else sampler
    return _pack_plain(sample, by) or _pack_carefully(sample, by)


def _pack_plain(sample: Sample, sampler: str) -> bytes | None:
    """The usual sample in a third of the time; None when something in it needs care."""
    usage, seed = sample.usage, sample.seed
    numbers = sample.index, seed or 0, usage.prompt_tokens, usage.output_tokens
    if max(numbers) >= 2**63 or min(numbers) < -(2**63):
        return None
    if sample.metadata or math.isinf(sample.logprob):
        return None
    row = SampleRow(
        sample.problem_id,
        sample.index,
        sampler,
        sample.output,
        sample.finish_reason,
        seed,
        sample.logprob,
        usage.prompt_tokens,
        usage.output_tokens,
        usage.estimated,
    )
    try:
        return _encode(row)
    except (TypeError, ValueError, OverflowError):  # a lone surrogate, NumPy's numbers
        return None


def _pack_carefully(sample: Sample, sampler: str) -> bytes:
    fields = {
        "problem_id": sample.problem_id,
        "index": integer("index", sample.index),
        "sampler": sampler,
        "output": sample.output,
        "finish_reason": sample.finish_reason,
        "seed": None if sample.seed is None else integer("seed", sample.seed),
        "logprob": float(sample.logprob),
        "prompt_tokens": integer("prompt_tokens", sample.usage.prompt_tokens),
        "output_tokens": integer("output_tokens", sample.usage.output_tokens),
        "usage_estimated": bool(sample.usage.estimated),
    }
    return pack(fields, {"metadata": cast("Json", sample.metadata)})


def unpack_sample(row: SampleRow) -> Sample:
    """The sample a row was made from."""
    usage = Usage(row.prompt_tokens, row.output_tokens, row.usage_estimated)
    logprob = math.nan if row.logprob is None else row.logprob
    metadata = {} if row.metadata == "{}" else msgspec.json.decode(row.metadata)
    if not row.original:
        return Sample(
            row.problem_id,
            row.index,
            row.output,
            row.finish_reason,
            row.sampler,
            row.seed,
            logprob,
            usage,
            metadata,
        )
    fields = {
        "problem_id": row.problem_id,
        "output": row.output,
        "finish_reason": row.finish_reason,
        "sampler": row.sampler,
        "logprob": logprob,
        "metadata": metadata,
    } | unearth(row.original)
    return Sample(index=row.index, seed=row.seed, usage=usage, **fields)  # type: ignore[arg-type]  # as packed


def pack_score(sample: Sample, score: Score) -> bytes:
    """A score, pointing at its sample, as one line of JSON, without the newline.

    Raises:
        FormatError: when the sample's index does not fit in 64 bits.
    """
    return _pack_plain_score(sample, score) or _pack_score_carefully(sample, score)


def _pack_plain_score(sample: Sample, score: Score) -> bytes | None:
    """The usual score in a sixth of the time; None when something in it needs care."""
    if not -(2**63) <= sample.index < 2**63 or math.isinf(score.value):
        return None
    row = ScoreRow(
        sample.problem_id,
        sample.index,
        sample.sampler,
        score.value,
        score.passed,
        score.answer,
        score.note,
        score.is_missing,
        score.missing_reason or "",
    )
    try:
        return _encode(row)
    except (TypeError, ValueError, OverflowError):  # a lone surrogate, NumPy's numbers
        return None


def _pack_score_carefully(sample: Sample, score: Score) -> bytes:
    fields = {
        "problem_id": sample.problem_id,
        "index": integer("index", sample.index),
        "sampler": sample.sampler,
        "value": float(score.value),
        "passed": None if score.passed is None else bool(score.passed),
        "answer": score.answer,
        "note": score.note,
        "missing": score.is_missing,
        "missing_reason": score.missing_reason or "",
    }
    return pack(fields, {})


def unpack_score(row: ScoreRow) -> Score:
    """The score a row was made from."""
    fields: dict[str, Json] = {
        "value": math.nan if row.value is None else row.value,
        "answer": row.answer,
        "note": row.note,
        "missing_reason": row.missing_reason if row.missing else None,
    }
    for name, value in unearth(row.original).items():
        if name in fields:
            fields[name] = value
    return Score(passed=row.passed, **fields)  # type: ignore[arg-type]  # as packed


def pack_problem(problem: Problem) -> bytes:
    """A problem as one line of JSON, without the newline.

    Raises:
        FormatError: when its target or metadata is not JSON.
    """
    return _pack_plain_problem(problem) or _pack_problem_carefully(problem)


def _pack_plain_problem(problem: Problem) -> bytes | None:
    """The usual problem in a sixth of the time; None when something in it needs care."""
    target = problem.target
    if problem.metadata != {} or not (target is None or isinstance(target, str)):
        return None
    try:
        return _encode(ProblemRow(problem.id, problem.prompt, _encode(target).decode()))
    except (TypeError, ValueError):  # a lone surrogate, NumPy's strings
        return None


def _pack_problem_carefully(problem: Problem) -> bytes:
    nested = {"target": problem.target, "metadata": cast("Json", problem.metadata)}
    return pack({"id": problem.id, "prompt": problem.prompt}, nested)


def unpack_problem(row: ProblemRow) -> Problem:
    """The problem a row was made from."""
    fields: dict[str, Json] = {
        "id": row.id,
        "prompt": row.prompt,
        "target": msgspec.json.decode(row.target),
        "metadata": msgspec.json.decode(row.metadata),
    }
    return Problem(**(fields | unearth(row.original)))  # type: ignore[arg-type]  # as packed
