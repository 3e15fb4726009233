"""What a process gives up before it runs a program; what that stops is in `test_runner.py`."""

import os
import resource

import pytest

from topdraw.scoring.confine import drop_root, filter_code, refusal, set_limits


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
    drop_root()
    assert taken == [2_000_000_000 + os.getpid()] * 2
    taken.clear()
    limit = 65535
    drop_root()
    assert taken == [65534, 65534]
    limit = -1
    with pytest.raises(OSError, match="cannot give it up"):
        drop_root()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    drop_root()


def test_limits_are_hard(monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", found.__setitem__)
    set_limits(77)
    assert found[resource.RLIMIT_AS] == (77, 77)
    assert found[resource.RLIMIT_FSIZE] == (0, 0)


def test_the_hook_refuses_by_name() -> None:
    refuse = refusal()
    with pytest.raises(PermissionError, match=r"os\.remove is not allowed"):
        refuse("os.remove", ("x",))
    refuse("compile", ())


def test_the_filter_is_made_for_known_machines_only() -> None:
    assert filter_code("riscv64") == b""
    # Six steps besides one for each call: the machine (three), its number, two ends.
    assert len(filter_code("x86_64")) == 8 * (6 + 24)
