"""The filter of system calls, run by a small interpreter of its own language."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.sandbox.inside.syscalls import REFUSED, program

ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def run(code: bytes, number: int, architecture: int, argument: int = 0) -> int:
    """What a filter answers: classic BPF, the four instructions we use."""
    data = struct.pack("=IIQQ", number, architecture, 0, argument)
    steps = list(struct.iter_unpack("=HBBI", code))
    at, loaded = 0, 0
    while True:
        kind, yes, no, value = steps[at]
        if kind == 0x06:
            return int(value)
        if kind == 0x20:
            [loaded] = struct.unpack_from("=I", data, value)
            at += 1
            continue
        met = {0x15: loaded == value, 0x25: loaded > value, 0x45: bool(loaded & value)}[kind]
        at += 1 + (yes if met else no)


@pytest.mark.parametrize("machine", _ARCHITECTURE)
@given(number=st.integers(0, 2**32 - 1))
def test_exactly_the_listed_calls_are_refused(machine: str, number: int) -> None:
    column = list(_ARCHITECTURE).index(machine)
    answer = run(program(machine), number, _ARCHITECTURE[machine])
    if number in {pair[column] for pair in REFUSED.values()}:
        assert answer == EPERM
    elif number == 435 or number > 462:
        assert answer == ENOSYS
    else:
        assert answer == ALLOW


@pytest.mark.parametrize(("machine", "clone"), [("x86_64", 56), ("aarch64", 220)])
def test_threads_and_forks_may_be_made_but_no_namespaces(machine: str, clone: int) -> None:
    code, architecture = program(machine), _ARCHITECTURE[machine]
    assert run(code, clone, architecture, 17) == ALLOW
    assert run(code, clone, architecture, 0x3D0F00) == ALLOW  # as the C library makes a thread
    for shift in (17, 25, 26, 27, 28, 29, 30, 7):
        assert run(code, clone, architecture, 1 << shift) == EPERM
    for name, pair in REFUSED.items():
        number = pair[list(_ARCHITECTURE).index(machine)]
        assert number is None or run(code, number, architecture) == EPERM, name


def test_another_architecture_is_refused_whole() -> None:
    assert run(program("x86_64"), 0, 0x40000003) == EPERM


def test_a_machine_without_numbers_has_no_filter() -> None:
    assert program("riscv64") == b""
