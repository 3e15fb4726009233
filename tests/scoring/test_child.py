"""The child's parts, in this process: what is plain, what a program defines, what main says."""

import gc
import io
import json
import os
import resource
import sys
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


def _main(monkeypatch: pytest.MonkeyPatch, job: object) -> list[dict[str, Any]]:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO("" if job is None else json.dumps(job) + "\n"))
    monkeypatch.setattr(sys, "stdout", said)
    child.main()
    return [json.loads(line) for line in said.getvalue().splitlines()]


@pytest.mark.slow
@pytest.mark.usefixtures("unlimited")
def test_main_says_a_line_for_each_program(monkeypatch: pytest.MonkeyPatch) -> None:
    job = {
        "entry": "f",
        "inputs": ["1", "2"],
        "cpu_seconds": 0.1,
        "wall_seconds": 2.0,
        "memory_bytes": 0,
        "most_bytes": 1000,
        "programs": [
            ["def f(x): return x * 2"],
            ["def f(x):\n while True: pass"],
            ["import select\ndef f(x): select.select([], [], [], 60)"],
            ["def f(x): return 'x' * 600"],
            ["import os\nos.abort()"],
        ],
    }
    ready, honest, busy, asleep, long, aborted = _main(monkeypatch, job)
    assert ready == {"ready": True}
    assert honest["data"] == '["value", 2]\n["value", 4]\n'
    assert honest["why"] == ""
    assert busy["why"] == "used up its processor time"
    assert asleep["why"] == "took longer than 2 s"
    assert long["why"] == "its outputs are longer than 1000 bytes"
    assert aborted["why"] == "was ended by SIGABRT"


def test_a_line_that_cannot_be_written_is_an_error() -> None:
    assert child._line(["value", 10**5000]) == b'["error", "a value that cannot be written"]\n'


def test_main_refuses_without_a_job_or_without_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _main(monkeypatch, None) == [{"refused": "no job"}]

    def stuck() -> None:
        raise OSError("started as root and cannot give it up")

    monkeypatch.setattr(child, "drop_root", stuck)
    assert _main(monkeypatch, {}) == [{"refused": "started as root and cannot give it up"}]


def test_root_is_given_up_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def take(real: int, effective: int, saved: int) -> None:
        if real > limit:
            raise OSError(22, "not mapped")
        taken.append(real)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "setgroups", lambda groups: None)
    monkeypatch.setattr(os, "setresgid", take)
    monkeypatch.setattr(os, "setresuid", take)
    limit = 2**32
    child.drop_root()
    assert taken == [2_000_000_000 + os.getpid()] * 2
    taken.clear()
    limit = 65535
    child.drop_root()
    assert taken == [65534, 65534]
    limit = -1
    with pytest.raises(OSError, match="cannot give it up"):
        child.drop_root()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    child.drop_root()


def test_limits_are_hard(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", found.__setitem__)
    child.set_limits(77)
    assert found[resource.RLIMIT_AS] == (77, 77)
    assert found[resource.RLIMIT_FSIZE] == (0, 0)


def test_the_hook_refuses_by_name() -> None:
    with pytest.raises(PermissionError, match=r"os\.remove is not allowed"):
        child._refuse("os.remove", ("x",))
    child._refuse("compile", ())
