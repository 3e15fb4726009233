"""The child's parts, in this process: what is plain, what a program defines, what main says."""

import gc
import json
import signal
import tempfile
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.core.records import Json
from topdraw.scoring import child
from topdraw.scoring.child import NotPlain, define, outcomes, plain

_json: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class _Number(IntEnum):
    one = 1


@given(_json)
def test_plain_values_cross_unchanged(value: Json) -> None:
    crossed = json.loads(json.dumps(plain(value)))
    assert crossed == value
    assert repr(crossed) == repr(value)


@pytest.mark.parametrize("value", [(1,), {1}, {1: 2}, b"x", 1j, _Number.one, [[(1,)]], object()])
def test_what_is_not_plain_is_refused(value: object) -> None:
    with pytest.raises(NotPlain):
        plain(value)


def test_depth_is_limited() -> None:
    nested: list[object] = []
    for _ in range(60):
        nested = [nested]
    with pytest.raises(NotPlain):
        plain(nested)


def test_define_takes_the_first_that_compiles() -> None:
    assert define(["def f(x) x", "def f(x): return x + 1"], "f")(1) == 2
    with pytest.raises(NameError, match="no function g"):
        define(["def f(x): return x"], "g")
    with pytest.raises(SyntaxError):
        define(["def", "return"], "f")
    with pytest.raises(SyntaxError, match="empty"):
        define([], "f")


def test_outcomes_name_what_went_wrong() -> None:
    assert list(outcomes(["def f(x): return 1 // x"], "f", ["1", "0"])) == [
        ["value", 1],
        ["error", "ZeroDivisionError: integer division or modulo by zero"],
    ]
    mute = "class E(Exception):\n def __str__(s): raise s\ndef f(x): raise E"
    assert list(outcomes([mute], "f", ["1"])) == [["error", "an error that cannot be shown"]]
    assert list(outcomes(["raise SystemExit(3)"], "f", ["1"])) == [["error", "SystemExit: 3"]]


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Main without what would limit this process for good; its forks are limited as ever."""
    monkeypatch.setattr(child, "drop_root", lambda: None)
    monkeypatch.setattr(child, "set_limits", lambda memory_bytes: None)
    yield
    gc.unfreeze()


def _main(fields: dict[str, Any] | None, programs: list[list[str]]) -> list[dict[str, Any]]:
    inputs = [b"1\n", b"2\n"]
    texts = [json.dumps(program).encode() + b"\n" for program in programs]
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as said:
        if fields is not None:
            lengths = {"inputs": [2, 2], "programs": [len(text) for text in texts]}
            head = json.dumps({**_FIELDS, **fields, **lengths}).encode()
            told.write(b"".join([head, b"\n", *inputs, *texts]))
            told.flush()
        child.main(told.fileno(), said.fileno())
        said.seek(0)
        return [json.loads(line) for line in said]


_FIELDS = {
    "entry": "f",
    "cpu_seconds": 0.1,
    "wall_seconds": 0.3,
    "memory_bytes": 0,
    "most_bytes": 1000,
    "at_once": 2,
}
_HANG = "import _thread\ndef f(x):\n l = _thread.allocate_lock()\n l.acquire()\n l.acquire()"


@pytest.mark.slow
@pytest.mark.usefixtures("unlimited")
def test_main_says_what_became_of_each_program() -> None:
    programs = [
        ["def f(x): return x * 2"],
        ["def f(x):\n while True: pass"],
        [_HANG],
        ["def f(x): return 'x' * 600"],
        ["x" * 200_000],
    ]
    ready, *lines = _main({}, programs)
    assert ready["ready"] is True
    data = ["".join(x["data"] for x in lines if x["index"] == i and "data" in x) for i in range(5)]
    ends = {line["index"]: line for line in lines if "why" in line}
    assert data[0] == '["value", 2]\n["value", 4]\n'
    assert [ends[i]["why"] for i in range(5)] == [
        *("", "used up its processor time", "took longer than 0.3 s"),
        *("its outputs are longer than 1000 bytes", ""),
    ]
    assert not any(line["unclear"] for line in ends.values())
    assert "NameError" in data[4]


@pytest.mark.usefixtures("unlimited")
def test_without_the_kernels_count_all_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "schedule", lambda process: None)
    *_, last = _main({"wall_seconds": 0.05}, [[_HANG]])
    assert last["why"] == "took longer than 0.05 s"


@pytest.mark.parametrize(
    ("status", "used", "why", "unclear"),
    [
        (0, 0.1, "", False),
        (signal.SIGPROF, 1.0, "used up its processor time", False),
        (signal.SIGKILL, 1.0, "used up its processor time", False),
        (signal.SIGKILL, 0.1, "was ended by SIGKILL", True),
        (signal.SIGXCPU, 0.1, "was ended by SIGXCPU", True),
        (signal.SIGTERM, 1.0, "was ended by SIGTERM", True),
        (signal.SIGSEGV, 0.1, "was ended by SIGSEGV", False),
    ],
)
def test_an_end_is_ours_or_the_programs(status: int, used: float, why: str, unclear: bool) -> None:
    found = child.ending(status, used)
    assert found["why"] == why
    assert bool(found.get("unclear")) is unclear


def test_a_process_that_is_not_there_has_no_schedule() -> None:
    assert child.schedule("no-such-process") is None


def test_a_line_that_cannot_be_written_is_an_error() -> None:
    assert child._line(["value", 10**5000]) == b'["error", "a value that cannot be written"]\n'


def test_main_refuses_without_a_job_or_without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _main(None, []) == [{"refused": "no job"}]

    def stuck() -> None:
        raise OSError("started as root and cannot give it up")

    monkeypatch.setattr(child, "drop_root", stuck)
    assert _main({}, []) == [{"refused": "started as root and cannot give it up"}]


def test_a_body_keeps_its_literals() -> None:
    assert define([child.BODY + "y = 'a\tb'\nreturn y"], "f")(1) == "a\tb"
    with pytest.raises(SyntaxError):
        define([child.BODY], "f")
