"""Tools as canonical text, and samples that say nothing else."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json, Sample
from topdraw.servers.proxy.candidates import choice_of, readable, tool_calls

_ARGUMENTS = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none())


def choice(*functions: Json) -> dict[str, Json]:
    calls: list[Json] = [{"id": str(at), "function": one} for at, one in enumerate(functions)]
    return {"message": {"content": None, "tool_calls": calls}}


@given(_ARGUMENTS, st.randoms())
def test_order_and_white_space_of_arguments_do_not_count(
    arguments: dict[str, Json], random: st.DataObject
) -> None:
    pairs = list(arguments.items())
    random.shuffle(pairs)  # type: ignore[attr-defined]  # hypothesis gives a Random
    one, other = json.dumps(arguments), json.dumps(dict(pairs), indent=3)
    calls = [tool_calls(choice({"name": "f", "arguments": text})) for text in (one, other)]
    assert calls[0] == calls[1]


def test_other_names_and_arguments_are_other_votes() -> None:
    calls = {
        tool_calls(choice({"name": name, "arguments": text}))
        for name in ("f", "g")
        for text in ("{}", '{"a": 1}', '{"a": "1"}', "not JSON", "[" * 5_000, "")
    }
    assert len(calls) == 12


def test_odd_choices_call_nothing() -> None:
    for odd in ({}, {"message": 3}, {"message": {"tool_calls": "f"}}, choice()):
        assert tool_calls(odd) == ""  # type: ignore[arg-type]  # JSON
    assert tool_calls({"message": {"tool_calls": [3, {"name": "f"}]}}) == (
        '[{"name":"f","arguments":null}]'
    )


def test_a_sample_reads_as_its_calls_where_it_says_nothing_else() -> None:
    called = Sample("p", 0, "", metadata={"choice": choice({"name": "f", "arguments": "{}"})})
    assert readable(called).output == '[{"name":"f","arguments":{}}]'
    spoken = Sample("p", 0, "hi", metadata=called.metadata)
    assert readable(spoken) is spoken
    silent = Sample("p", 0, "")
    assert readable(silent) is silent
    assert choice_of(silent) == {}
