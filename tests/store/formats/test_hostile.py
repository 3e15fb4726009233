"""Records of every format with anything in any place: read, or refused in one sentence."""

import contextlib
import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.formats.made import Values
from tests.store.formats.test_inspect_log import log, sample
from tests.store.formats.test_round_trips import RECORDS

from topdraw.core.records import Sample
from topdraw.errors import FormatError
from topdraw.store.formats.known import find, recognise
from topdraw.store.formats.protocol import Notes
from topdraw.store.formats.source import open_source
from topdraw.store.rows import pack_problem, pack_sample, pack_score

MORE: dict[str, list[Values]] = {
    "inspect": [log(sample(choices=["a"], attachments={"a": "b"}))],
    "evalplus": [
        {"date": "", "hash": "", "eval": {"a": [{"solution": "s", "base_status": "pass",
                                                 "plus_status": None}]}},
    ],
    "plain": [
        {"id": 1, "prompt": "q?", "samples": ["a", "b"], "is_corrects": [True, None],
         "reward": [0.5, 1], "target": "4", "model": "m"},
        {"id": 2, "output": "a", "correct": True, "answer": "4", "index": 3, "tokens": 5},
    ],
    "wildbench": [
        {"session_id": "s", "model_test": "m", "model_outputs": {"m": "x"}, "winner": "m",
         "extent": 1, "conversation_input": [{"role": "user", "content": "Hi?"}]},
    ],
    "arena-hard": [
        {"uid": "u", "judge": "j", "model": "m", "games": [{"score": "A>B"}, {"score": "A=B"}]},
        {"question_id": "u", "model_id": "m", "choices": [{"turns": [{"content": "x"}]}]},
    ],
    "tree-of-thought": [{"idx": 1, "ys": ["a"], "infos": [{"r": 0.5}]}],
}  # fmt: skip
ALL = {name: RECORDS.get(name, []) + MORE.get(name, []) for name in {**RECORDS, **MORE}}

numbers = st.integers() | st.floats() | st.booleans() | st.none()
anything = st.recursive(
    numbers | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)


def places(value: object) -> list[tuple[object, ...]]:
    """The path of every value within a value."""
    pairs: list[tuple[object, object]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    return [(key, *path) for key, one in pairs for path in [(), *places(one)]]


@pytest.mark.parametrize("name", sorted(ALL))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_anything_in_any_place_is_read_or_refused(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    records = copy.deepcopy(ALL[name])
    *path, last = data.draw(st.sampled_from(places(records)))
    inner: object = records
    for key in path:
        inner = inner[key]  # type: ignore[index]  # a path of this very value
    if isinstance(inner, dict) and data.draw(st.booleans()):
        del inner[last]
    else:
        inner[last] = data.draw(anything)  # type: ignore[index]  # a path of this very value
    file = tmp_path / "x.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    with contextlib.suppress(FormatError):
        recognise(open_source(file))
    with contextlib.suppress(FormatError):
        for row in find(name).read(open_source(file), Notes(), {}):
            pack_problem(row.problem)
            if row.sample is not None:
                pack_sample(row.sample, "h")
            for score in row.scores.values():
                pack_score(row.sample or Sample("p", row.index, ""), score)
