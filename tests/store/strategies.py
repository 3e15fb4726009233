"""Hypothesis strategies for hostile records.

Not here: tests. Try it: `python -m pytest tests/store`.
"""

from __future__ import annotations

import dataclasses
import math

from hypothesis import strategies as st

from topdraw.core.records import Decoding, Json, Problem, Sample, Score, Usage, sampler_hash

MODEL: dict[str, Json] = {"name": "tiny"}
HASH = sampler_hash(MODEL, Decoding())

HOSTILE = (
    "",
    "\x00",
    "a\x00b",
    "\u2028\u2029\u0085",
    "\ud800",
    "\ud83d\ude00",  # two lone halves, which must not become one character
    "\ufffd",
    "../../x",
    "/etc/passwd",
    "\r\n\n",
    '","crc":"00000000"}',
    "\u202eevil",
    "\U0001f600",
    "x" * 5000,
)
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(), max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Lu"]), max_size=8),
)
integers = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=True, allow_infinity=True)
json_values: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), floats, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
metadata = st.dictionaries(texts, json_values, max_size=3)
usages = st.builds(Usage, st.integers(0, 2**40), st.integers(0, 2**40), st.booleans())
samples = st.builds(
    Sample,
    problem_id=texts,
    index=st.integers(0, 2**62),
    output=texts,
    finish_reason=st.one_of(st.sampled_from(["stop", "length"]), texts),
    sampler=st.just(HASH),
    seed=st.one_of(st.none(), integers),
    logprob=floats,
    usage=usages,
    metadata=metadata,
)
scores = st.builds(
    Score,
    value=floats,
    passed=st.sampled_from([None, True, False]),
    answer=st.one_of(st.none(), texts),
    note=texts,
    missing_reason=st.one_of(st.none(), texts),
)
problems = st.builds(Problem, id=texts, prompt=texts, target=json_values, metadata=metadata)


def same(a: object, b: object) -> bool:
    """Equality of values in which NaN equals NaN and 1 does not equal 1.0 or True."""
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and str(a) == str(b))
    if type(a) is not type(b):
        return False
    if dataclasses.is_dataclass(a) and not isinstance(a, type):
        names = [f.name for f in dataclasses.fields(a)]
        return all(same(getattr(a, name), getattr(b, name)) for name in names)
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def make(problem_id: str, index: int, output: str = "", **more: object) -> Sample:
    """A plain sample of the tests' sampler."""
    return Sample(problem_id, index, output, sampler=HASH, **more)  # type: ignore[arg-type]  # as given
