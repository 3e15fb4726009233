"""Who may use a server, how fast, and for how much: keys, requests a minute, budgets.

Not here: the keys of upstreams (`models.address`). Try it: `topdraw serve proxy --help`.

    [[key]]                       a file of keys (TOML)
    name = "alice"                for people and metrics; the key itself is never shown
    key = "..."                   16 characters or more; or sha256 = "hex digest of it"
    requests_per_minute = 60      optional, as are the budgets
    tokens = 1000000              prompts, outputs, all candidates
    usd = 5.0
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
import tomllib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple, TypeVar

from topdraw.errors import FormatError
from topdraw.servers.proxy.refusal import Refusal
from topdraw.store.segments import write_atomically

_SHORTEST = 16
_MINUTE = 60.0
_FIELDS = frozenset({"name", "key", "sha256", "requests_per_minute", "tokens", "usd"})
_Number = TypeVar("_Number", int, float)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one key may do; None is no limit.

    Attributes:
        requests_per_minute: in any minute.
        tokens: in all, prompts included.
        usd: in all.
    """

    requests_per_minute: int | None = None
    tokens: int | None = None
    usd: float | None = None


class Cost(NamedTuple):
    """What a request costs, or may cost; USD None when the model has no known price."""

    tokens: int
    usd: float | None

    def plus(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(self.tokens + other.tokens, (self.usd or 0.0) + (other.usd or 0.0))


_NOTHING = Cost(0, 0.0)


@dataclass(slots=True)
class Holder:
    """One key and what has been done with it.

    Attributes:
        name: for people.
        limits: what it may do.
        tokens: charged so far.
        usd: charged so far, as far as prices are known.
        reserved: what requests under way may cost.
    """

    name: str
    limits: Limits = field(default_factory=Limits)
    digest: bytes = field(default=b"", repr=False)
    tokens: int = 0
    usd: float = 0.0
    reserved: Cost = _NOTHING
    _began: deque[float] = field(default_factory=deque)

    def admit(self, expected: Cost, now: float) -> None:
        """Let one request in; it is to be settled.

        Args:
            expected: what it may cost at most.
            now: seconds of a clock that never goes back.

        Raises:
            Refusal: 429 when there were too many in a minute, or the budget is used up; 403 when a
                budget in USD meets a model without a price.
        """
        limits = self.limits
        while self._began and self._began[0] <= now - _MINUTE:
            self._began.popleft()
        if (
            limits.requests_per_minute is not None
            and len(self._began) >= limits.requests_per_minute
        ):
            raise Refusal(
                429,
                f"More than {limits.requests_per_minute} requests in a minute.",
                code="rate_limit_exceeded",
                retry_after_seconds=self._began[0] + _MINUTE - now if self._began else _MINUTE,
            )
        if limits.usd is not None and expected.usd is None:
            raise Refusal(403, "This key has a budget in USD, and the model has no known price.")
        ahead = self.reserved.plus(expected)
        tokens_over = limits.tokens is not None and self.tokens + ahead.tokens > limits.tokens
        usd_over = limits.usd is not None and self.usd + (ahead.usd or 0.0) > limits.usd
        if tokens_over or usd_over:
            raise Refusal(
                429, "The budget of this key is used up.",
                code="insufficient_quota", kind="insufficient_quota",
            )  # fmt: skip
        self._began.append(now)
        self.reserved = ahead

    def settle(self, expected: Cost, cost: Cost) -> None:
        """Charge what a request cost, in the place of what it might have."""
        self.reserved = self.reserved.plus(Cost(-expected.tokens, -(expected.usd or 0.0)))
        self.tokens += cost.tokens
        self.usd += cost.usd or 0.0


class Keys:
    """The keys of a server.

    Args:
        holders: with the digests of their keys.
        ledger: file that keeps what was spent across restarts; None for none.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        holders: Iterable[Holder],
        *,
        ledger: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.holders = tuple(holders)
        self.clock = clock
        self._ledger = ledger
        self._restore()

    def holder(self, headers: Mapping[str, str]) -> Holder:
        """Whose request this is.

        Every key is compared, each in constant time, so that how long it takes says nothing.

        Args:
            headers: of the request, lower-case names.

        Raises:
            Refusal: 401 without a key, or with a wrong one.
        """
        scheme, _, given = headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(given.strip().encode("latin-1", "replace")).digest()
        found = None
        for holder in self.holders:
            if hmac.compare_digest(digest, holder.digest):
                found = holder
        if found is None or scheme.lower() != "bearer":
            raise Refusal(
                401,
                "A key of this server is needed: Authorization: Bearer KEY.",
                code="invalid_api_key",
            )
        return found

    def save(self) -> None:
        """Keep what was spent.

        Raises:
            StoreError: when it cannot be written.
        """
        if self._ledger is None:
            return
        spent = {h.name: {"tokens": h.tokens, "usd": h.usd} for h in self.holders}
        write_atomically(self._ledger, json.dumps(spent, indent=1).encode() + b"\n")

    def _restore(self) -> None:
        if self._ledger is None or not self._ledger.exists():
            return
        try:
            spent = json.loads(self._ledger.read_bytes())
            for holder in self.holders:
                known = spent.get(holder.name, {})
                holder.tokens = int(known.get("tokens", 0))
                holder.usd = float(known.get("usd", 0.0))
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise FormatError(
                f"What was spent cannot be read from {self._ledger}: {error!r}.",
                hint="Delete it to begin at nothing.",
            ) from error


def read_keys(path: str | PathLike[str]) -> Keys:
    """The keys in a file; what they spend is kept beside it, in FILE.spent.

    Args:
        path: of the file, see the top of this module.

    Raises:
        FormatError: when it cannot be read as one; keys are not repeated.
    """
    file = Path(path)
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8")).get("key")
        if not isinstance(entries, list) or not entries:
            raise ValueError("there is no [[key]] in it")
        holders = [_holder(entry, at) for at, entry in enumerate(entries, start=1)]
        for what in ("name", "digest"):
            if len({getattr(holder, what) for holder in holders}) < len(holders):
                raise ValueError(f"two entries have the same {what.replace('digest', 'key')}")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"The keys in {file} cannot be read: {type(error).__name__}.") from None
    except tomllib.TOMLDecodeError:
        raise FormatError(f"The keys in {file} cannot be read: it is not TOML.") from None
    except ValueError as error:
        raise FormatError(
            f"The keys in {file} cannot be used: {error}.",
            hint='Write entries like: [[key]] name = "alice", key = "...", tokens = 1000000, one '
            "setting a line.",
        ) from None
    return Keys(holders, ledger=Path(f"{fspath(path)}.spent"))


def _holder(entry: object, at: int) -> Holder:
    if not isinstance(entry, dict):
        raise ValueError(f"entry {at} is no table")
    unknown = sorted(set(entry) - _FIELDS)
    if unknown:
        raise ValueError(
            f"entry {at} has a setting {unknown[0]!r}; known: {', '.join(sorted(_FIELDS))}"
        )
    name = entry.get("name")
    if not isinstance(name, str) or not name or not name.isprintable():
        raise ValueError(f"entry {at} has no name")
    limits = Limits(
        _limit(entry, "requests_per_minute", int, name),
        _limit(entry, "tokens", int, name),
        _limit(entry, "usd", float, name),
    )
    return Holder(name, limits, _digest(entry, name))


def _digest(entry: Mapping[str, object], name: str) -> bytes:
    key, digest = entry.get("key"), entry.get("sha256")
    if (key is None) == (digest is None):
        raise ValueError(f"{name!r} needs either key or sha256")
    if digest is not None:
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest.lower()):
            raise ValueError(f"sha256 of {name!r} is not 64 hex digits")
        return bytes.fromhex(digest)
    if (
        not isinstance(key, str)
        or len(key) < _SHORTEST
        or not key.isascii()
        or not key.isprintable()
    ):
        raise ValueError(f"the key of {name!r} must have {_SHORTEST} plain characters or more")
    return hashlib.sha256(key.encode()).digest()


def _limit(
    entry: Mapping[str, object], field: str, kind: type[_Number], name: str
) -> _Number | None:
    value = entry.get(field)
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = kind is not int or isinstance(value, int)
    if not isinstance(value, int | float) or not (number and whole and 0 <= value < 1e15):
        raise ValueError(f"{field} of {name!r} must be a number of 0 or more")
    return kind(value)
