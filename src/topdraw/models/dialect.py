"""What one server turned out to accept: fields it refuses, the largest n it honours.

Not here: requests (`request`) and replies (`reply`). A dialect is a value; `learn` makes the next
one from a refusal, so that each oddity of a server costs one request and is then remembered.
Try it: `python -m pytest tests/models/test_dialect.py`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from topdraw.core.records import Decoding, Json
from topdraw.models.retry import error_object

# Neutral values we send on our own account: without them llama.cpp keeps top_k 40 and min_p .05,
# Ollama a repeat penalty, vLLM and transformers whatever the model's folder says.
EXTRAS: Mapping[str, tuple[Json, ...]] = {
    "top_k": (0, -1),
    "min_p": (0.0,),
    "repetition_penalty": (1.0,),
    "repeat_penalty": (1.0,),
}
_PENALTIES = ("presence_penalty", "frequency_penalty")
_DROPPABLE = (*EXTRAS, *_PENALTIES, "repeat_last_n", "seed", "logprobs", "stream_options")
# With these the request is no longer the one that was meant; what else a request has, besides what
# may be dropped, is the user's own `extra_body`.
_VITAL = frozenset(
    {"model", "messages", "prompt", "n", "stream", "temperature", "top_p", "stop"}
    | {"max_tokens", "max_completion_tokens"}
)
_N_LIMIT = re.compile(
    r"(?:<=|at most|less than or equal to|no more than|maximum(?: of| is)?|up to|limit(?: of| is)?"
    r"|and|slots)\D{0,12}(\d+)",
    re.I,
)
_UNKNOWN = re.compile(r"unknown|unrecogni[sz]ed|unexpected|extra|not permitted|unsupported", re.I)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server takes, as far as we know.

    Attributes:
        refused: fields not to send; "top_k=0" refuses that value only, "max_tokens" means that
            the server wants the name "max_completion_tokens".
        max_n: most choices it gives to one request; None while unknown.
        proven_n: most choices it has given to one request.
        proven: whether it has answered a request with all the fields we send.
    """

    refused: frozenset[str] = frozenset()
    max_n: int | None = None
    proven_n: int = 1
    proven: bool = False

    def merge(self, other: Dialect) -> Dialect:
        """What two requests learned together; commutative, and merging twice changes nothing."""
        limits = [n for n in (self.max_n, other.max_n) if n is not None]
        return Dialect(
            self.refused | other.refused,
            min(limits) if limits else None,
            max(self.proven_n, other.proven_n),
            self.proven or other.proven,
        )

    def without(self, fields: Iterable[str]) -> Dialect:
        """The same, these fields refused too."""
        return dataclasses.replace(self, refused=self.refused | set(fields))

    def answered(self, asked: int, delivered: int) -> Dialect:
        """After a reply with `delivered` choices to a request for `asked`."""
        if self.proven and delivered == asked <= self.proven_n:
            return self
        proven_n = max(self.proven_n, delivered)
        ignored = delivered < asked and asked > self.proven_n
        limit = max(1, proven_n) if ignored else self.max_n
        return dataclasses.replace(self, max_n=limit, proven_n=proven_n, proven=True)


def learn(dialect: Dialect, payload: Json, text: str, sent: Mapping[str, Json]) -> Dialect | None:
    """The dialect to try next after a 400 or 422; None when the refusal teaches nothing.

    A field the user cares about may be among the dropped ones: ask `unsayable` before going on.

    Args:
        dialect: what the refused request was written in.
        payload: the decoded error body; None when it was not JSON.
        text: the message, for servers that name the field in words only.
        sent: the refused request.
    """
    named = fields_named(payload, text, sent)
    if "n" in named and _n(sent) > 1:
        return dataclasses.replace(dialect, max_n=_limit_in(text, _n(sent)))
    if "max_tokens" in named and "max_completion_tokens" in text:
        return dialect.without({"max_tokens"})
    unknown = _UNKNOWN.search(text) is not None
    drop = {_refusal(field, sent, unknown) for field in named - _VITAL}
    if drop:
        return dialect.without(drop)
    return None if named or dialect.proven else _guess(dialect, sent)


def unsayable(decoding: Decoding, dialect: Dialect) -> str:
    """The setting that the user chose and this server refuses, as `name=value`; "" when none."""
    top_k, penalty = decoding.top_k, decoding.repetition_penalty
    for name in _PENALTIES:
        if getattr(decoding, name) and name in dialect.refused:
            return f"{name}={getattr(decoding, name)}"
    for name in decoding.extra_body:
        if name in dialect.refused:
            return f"{name} of extra_body"
    if top_k and {"top_k", f"top_k={top_k}"} & dialect.refused:
        return f"top_k={top_k}"
    if penalty != 1.0 and {"repetition_penalty", "repeat_penalty"} <= dialect.refused:
        return f"repetition_penalty={penalty}"
    return ""


def fields_named(payload: Json, text: str, sent: Mapping[str, Json]) -> frozenset[str]:
    """The fields of the request that an error body blames.

    The machine-readable places count first (`error.param`, FastAPI's `detail[].loc`): a message
    may quote the whole request and so name fields that are innocent.
    """
    error = error_object(payload)
    param, detail = error.get("param"), error.get("detail")
    places = [param] if isinstance(param, str) else []
    for entry in detail if isinstance(detail, list) else []:
        loc = entry.get("loc") if isinstance(entry, dict) else None
        places += [str(part) for part in loc] if isinstance(loc, list) else []
    blamed = frozenset(field for field in sent if field in places)
    if blamed:
        return blamed
    # The name of an extra field may be any word: it is blamed where a field is said to be unknown.
    speaking = _SPEAKING if _UNKNOWN.search(text) is None else sent.keys() - _SILENT
    return frozenset(f for f in sent if f in speaking and re.search(_pattern(f), text))


# Words that a message about anything may hold.
_SILENT = frozenset({"model", "messages", "prompt", "stream", "max_completion_tokens"})
_SPEAKING = frozenset(_DROPPABLE) | (_VITAL - _SILENT)


def _pattern(field: str) -> str:
    # A bare letter n is also a variable in prose: only as a quoted or compared name it is ours.
    if field == "n":
        return r"[`'\"]n[`'\"]|\bn\s*(?:=|>|<|must|should|is\b|to be)|\bn_cmpl\b"
    return rf"(?<!\w){re.escape(field)}(?!\w)"


def _refusal(field: str, sent: Mapping[str, Json], unknown: bool) -> str:
    # SGLang wants -1 for "off" and refuses 0, llama-cpp-python the reverse: try one, then other.
    return f"top_k={sent[field]}" if field == "top_k" and not unknown else field


def _guess(dialect: Dialect, sent: Mapping[str, Json]) -> Dialect | None:
    extras = {field for field, neutral in EXTRAS.items() if sent.get(field) in neutral}
    if extras:
        return dialect.without(extras)
    if _n(sent) > max(1, dialect.proven_n):
        return dataclasses.replace(dialect, max_n=1)
    return None


def _n(sent: Mapping[str, Json]) -> int:
    n = sent.get("n", 1)
    return n if isinstance(n, int) else 1


def _limit_in(text: str, asked: int) -> int:
    found = [int(match) for match in _N_LIMIT.findall(text)]
    return max((n for n in found if 1 <= n < asked), default=1)
