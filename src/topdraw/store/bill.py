"""The bill of a run: one row per request that was sent, and what all of them add up to.

Not here: sending (`topdraw.models`), prices (`topdraw.sampling.prices`).
Try it: `python -m pytest tests/store/test_bill.py`.

A request is stored twice: before it is sent, as missing its end, and when it has ended. As with
scores, what is missing gives way; what still is missing after a kill is of unknown fate.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast, get_args

import msgspec

from topdraw.core.billing import Answered, Asked, Bill, Fate
from topdraw.store import parquet
from topdraw.store.ledger import Ledger
from topdraw.store.replacing import is_unfinished
from topdraw.store.rows import BILL, BillRow, integer
from topdraw.store.segments import listed, read_segments
from topdraw.store.text import pack, unearth

_NOTHING = Answered("unknown")
_encode = msgspec.json.Encoder().encode


def pack_request(attempt: str, asked: Asked, answered: Answered | None = None) -> bytes:
    """A request, about to be sent or ended, as one line of JSON, without the newline.

    Raises:
        FormatError: when an integer does not fit in 64 bits.
    """
    end = answered or _NOTHING
    row = BillRow(
        attempt,
        asked.problem_id,
        integer("index", asked.index),
        integer("samples asked for", asked.samples),
        asked.endpoint,
        end.fate,
        integer("samples", end.samples),
        None if end.prompt_tokens is None else integer("prompt_tokens", end.prompt_tokens),
        None if end.output_tokens is None else integer("output_tokens", end.output_tokens),
        end.estimated,
        end.status,
        end.seconds,
        end.note,
        answered is None,
    )
    try:
        return _encode(row)
    except UnicodeEncodeError:  # a lone surrogate
        fields = msgspec.structs.asdict(row)
        del fields["original"]
        return pack(fields, {})


@dataclass(slots=True)
class _Tally:
    """Requests of one endpoint and fate, added up; "known" are those whose tokens somebody said."""

    requests: int = 0
    asked_samples: int = 0
    samples: int = 0
    prompt_tokens: int = 0
    known_prompts: int = 0
    output_tokens: int = 0
    known_asked_samples: int = 0
    known_samples: int = 0
    estimated: bool = False

    def add(self, other: _Tally) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_TALLY = (
    "count(*)",
    "sum(asked_samples)",
    "sum(samples)",
    "coalesce(sum(prompt_tokens), 0)",
    "count(prompt_tokens)",
    "coalesce(sum(output_tokens), 0)",
    "coalesce(sum(asked_samples) FILTER (output_tokens IS NOT NULL), 0)",
    "coalesce(sum(samples) FILTER (output_tokens IS NOT NULL), 0)",
    "bool_or(estimated)",
)


def _tally(row: BillRow) -> _Tally:
    is_known = row.output_tokens is not None
    return _Tally(
        1,
        row.asked_samples,
        row.samples,
        row.prompt_tokens or 0,
        row.prompt_tokens is not None,
        row.output_tokens or 0,
        row.asked_samples if is_known else 0,
        row.samples if is_known else 0,
        row.estimated,
    )


class _Means(NamedTuple):
    """What a delivered request cost: its prompt, and each of its choices."""

    prompt: float
    output: float


class _Tallies:
    """Those of one endpoint by fate."""

    def __init__(self) -> None:
        self.by_fate = {fate: _Tally() for fate in get_args(Fate)}

    def add(self, fate: str, tally: _Tally) -> None:
        # A fate of a later version is one that this version does not know.
        self.by_fate[fate if fate in self.by_fate else "unknown"].add(tally)

    def means(self) -> _Means | None:
        """None when no delivered request says."""
        of = self.by_fate["delivered"]
        if not of.known_prompts or not of.known_samples:
            return None
        return _Means(of.prompt_tokens / of.known_prompts, of.output_tokens / of.known_samples)

    def bill(self, means: _Means) -> Bill:
        """What they add up to, with the tokens that nobody knows estimated."""
        of = self.by_fate
        delivered, unused = of["delivered"], of["unused"]
        lost = unused.asked_samples - unused.known_asked_samples
        uncounted = delivered.samples - delivered.known_samples
        prompt = _prompts(delivered, means), _prompts(unused, means)
        output = (
            delivered.output_tokens + round(means.output * uncounted),
            unused.output_tokens + round(means.output * lost),
        )
        unknown_prompts = sum(one.requests - one.known_prompts for one in (delivered, unused))
        return Bill(
            requests=sum(one.requests for one in of.values()),
            delivered=delivered.requests,
            unused=unused.requests,
            refused=of["refused"].requests,
            unknown=of["unknown"].requests,
            paid_samples=delivered.samples + unused.asked_samples,
            unknown_samples=of["unknown"].asked_samples,
            prompt_tokens=sum(prompt),
            output_tokens=sum(output),
            unused_tokens=prompt[1] + output[1],
            estimated=bool(
                delivered.estimated or unused.estimated or unknown_prompts or lost or uncounted
            ),
        )


def _prompts(of: _Tally, means: _Means) -> int:
    return of.prompt_tokens + round(means.prompt * (of.requests - of.known_prompts))


def bills(ledger: Ledger) -> dict[str, Bill]:
    """What the requests to each endpoint add up to, by endpoint, sorted.

    A sample does not say which endpoint it came from, so `kept_samples` is 0 in each. Tokens of
    delivered and unused requests that nobody knows are taken to be the endpoint's mean of those
    delivered: of prompts per request, of outputs per choice.

    Raises:
        StoreError: when a file cannot be read.
    """
    found: dict[str, _Tallies] = {}
    with ledger.reading():
        # Segments before parts: one compacted meanwhile is then found among the parts.
        loose = _loose(ledger)
        stored = parquet.settled(ledger.parts, lambda paths: _stored(paths, loose))
        for endpoint, fate, tally in stored.sums:
            found.setdefault(endpoint, _Tallies()).add(fate, tally)
        for row in (*stored.rows, *(loose[name] for name in loose.keys() - stored.known)):
            true = cast("str", unearth(row.original).get("endpoint", row.endpoint))
            found.setdefault(true, _Tallies()).add(row.fate, _tally(row))
    everywhere = _Tallies()
    for one in found.values():
        for fate, tally in one.by_fate.items():
            everywhere.add(fate, tally)
    means = everywhere.means() or _Means(0.0, 0.0)
    return {name: found[name].bill(found[name].means() or means) for name in sorted(found)}


def total(bills: Iterable[Bill], *, kept_samples: int) -> Bill:
    """Bills added up.

    Args:
        bills: of a run, by endpoint.
        kept_samples: samples that the run holds.
    """
    added = list(bills)
    sums = {
        field.name: sum(getattr(one, field.name) for one in added)
        for field in dataclasses.fields(Bill)
    }
    estimated = any(one.estimated for one in added)
    return dataclasses.replace(Bill(**sums), kept_samples=kept_samples, estimated=estimated)


def _loose(ledger: Ledger) -> dict[str, BillRow]:
    """The kept records of the segments by attempt."""
    decode = msgspec.json.Decoder(BillRow).decode
    return _kept(map(decode, read_segments(ledger.segments, ledger.notes)))


def _kept(rows: Iterable[BillRow]) -> dict[str, BillRow]:
    kept: dict[str, BillRow] = {}
    for row in rows:
        old = kept.get(row.attempt)
        if old is None or (old.missing and not row.missing):
            kept[row.attempt] = row
    return kept


def count_samples(ledger: Ledger, samplers: Iterable[str]) -> int:
    """How many samples of these samplers, given by hash, a run holds.

    Raises:
        StoreError: when a file cannot be read.
    """
    if listed(ledger.segments) or is_unfinished(ledger.parts):
        return sum(len(ledger.drawn(one)) for one in set(samplers))
    return parquet.settled(ledger.parts, _count)  # each is in the parts once


def _count(paths: list[Path]) -> int:
    if not paths:
        return 0
    with parquet.connect() as connection:
        query = f"SELECT count(*) FROM {parquet.files(paths)}"  # noqa: S608  # quoted
        return int(connection.execute(query).fetchall()[0][0])


class _Stored(NamedTuple):
    """What the parts hold: sums, rows that need more care, and who of the loose is in them."""

    sums: list[tuple[str, str, _Tally]]
    rows: list[BillRow]
    known: set[str]


def _stored(paths: list[Path], loose: Mapping[str, BillRow]) -> _Stored:
    if not paths:
        return _Stored([], [], set())
    with parquet.connect() as connection:
        connection.execute(
            "CREATE TABLE loose AS SELECT unnest(?::VARCHAR[]) AS attempt, "
            "unnest(?::BOOLEAN[]) AS missing",
            [list(loose), [row.missing for row in loose.values()]],
        )
        connection.execute(
            f"CREATE VIEW stored AS FROM {parquet.source(paths, BILL)} "  # noqa: S608  # quoted
            "WHERE attempt NOT IN (SELECT attempt FROM loose WHERE NOT missing)"
        )
        # In two parts: what a compaction is about to replace.
        connection.execute(
            "CREATE TABLE doubled AS "
            "SELECT attempt FROM stored GROUP BY attempt HAVING count(*) > 1"
        )
        sums = connection.execute(
            f"SELECT endpoint, fate, {', '.join(_TALLY)} FROM stored "  # noqa: S608  # constants
            "WHERE original = '' AND attempt NOT IN (FROM doubled) GROUP BY endpoint, fate"
        ).fetchall()
        rows = connection.execute(
            "FROM stored WHERE original <> '' OR attempt IN (FROM doubled)"
        ).fetchall()
        known = connection.execute(
            "SELECT attempt FROM stored SEMI JOIN loose USING (attempt)"
        ).fetchall()
    tallies = [(endpoint, fate, _Tally(*values)) for endpoint, fate, *values in sums]
    kept = _kept(BillRow(*values) for values in rows)
    return _Stored(tallies, list(kept.values()), {attempt for (attempt,) in known})
