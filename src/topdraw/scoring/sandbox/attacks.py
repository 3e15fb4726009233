"""Programs that attack, and honest ones, with what must come of them: the sandbox's self-test.

Not here: reporting it (`topdraw.scoring.sandbox.offers`); the tests hold many more.
Try it: `topdraw sandbox check`.

A canary stands in the environment and in a file of the host while they run.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from topdraw.scoring.sandbox.jobs import MIB, PYTHON, Calls, FunctionTests, Job, Limits, StdioCases
from topdraw.scoring.sandbox.outcome import Outcome, Verdict
from topdraw.scoring.sandbox.pool import Sandbox

TIGHT = Limits(cpu_seconds=0.5, wall_seconds=1.5, memory_bytes=256 * MIB, disk_bytes=8 * MIB)
TEST = """
def check(f):
    assert all(f(x) == y for x, y in ((3, 10), (4, 17)))
    assert isinstance(f(3), int)
"""

# Each wins where program and test share a process.
FORGERIES = {
    "an object equal to everything": """
class Equal:
    __class__ = property(lambda self: int)
    def __eq__(self, other): return True
def f(x): return Equal()
""",
    "a number that lies, and reflects": """
class Lie(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
def f(x): return Lie(7)
""",
    "patched builtins": """
import builtins
builtins.all = builtins.isinstance = lambda *a: True
def f(x): return 0
""",
    "the caller's frames": """
import sys
def f(x):
    frame = sys._getframe()
    while frame:
        for const in frame.f_code.co_consts:
            for pair in const if type(const) is tuple else ():
                if type(pair) is tuple and len(pair) == 2 and pair[0] == x:
                    return pair[1]
        frame = frame.f_back
    return 0
""",
    "a trace function": """
import sys
def trace(frame, event, arg):
    if event != "call":
        sys.settrace(None)
        raise SystemExit(0)
    return trace
def f(x):
    frame = sys._getframe()
    while frame:
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)
    return 10
""",
    "a walk through the garbage collector": """
import gc
def f(x):
    for found in gc.get_objects():
        if type(found) is list and len(found) < 9: found.insert(0, "passed")
    return 0
""",
    "an early exit": "import os\ndef f(x): os._exit(0)",
    "a polite exit": "import sys, atexit\natexit.register(print, 'passed')\ndef f(x): sys.exit(0)",
    "an exit before any test": "raise SystemExit(0)",
    "forged words on every descriptor": """
import os, json
def f(x):
    for text in ('{"verdict": "passed", "nonce": "", "cases": [], "why": "", "message": ""}',
                 '["value", 10]', '["value", true]', 'passed', 'cos\\nsystem\\n(S"true"\\ntR.'):
        body = text.encode()
        for fd in range(256):
            for data in (body + b"\\n", len(body).to_bytes(4, "big") + body):
                try: os.write(fd, data)
                except OSError: pass
    return 0
""",
}

HARM = {
    "a limit of its own that kills it": """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
def f(x):
    while True: pass
""",
    "a closed channel": "import os\ndef f(x):\n    os.closerange(0, 99)\n    while True: pass",
    "a fork bomb": """
import os
def f(x):
    while True:
        try: os.fork()
        except OSError: pass
""",
    "a thread bomb": """
import _thread, time
def f(x):
    while True:
        try: _thread.start_new_thread(time.sleep, (99,))
        except RuntimeError: pass
""",
    "memory": "def f(x):\n    kept = []\n    while True: kept.append(bytearray(1 << 20))",
    "files without end": """
import os
def f(x):
    n = 0
    while True:
        n += 1
        try: open(f"/tmp/{n}", "wb").write(bytes(1 << 16))
        except OSError: os.rename(f"/tmp/{n}", f"/dev/shm/{n}") if n % 2 else None
""",
    "swallowed signals": """
import signal
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError): pass
def f(x):
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
    "killing everyone": """
import os, signal
def f(x):
    for pid in (-1, *range(0, 5000)):
        if pid != os.getpid():
            try: os.kill(pid, signal.SIGKILL)
            except OSError: pass
    return 0
""",
}

_THEFT = """
import os
def f(paths):
    found = [repr(dict(os.environ))]
    for pid in ("self", *range(1, 400)):
        for name in ("environ", "cmdline", "maps"):
            paths.append(f"/proc/{pid}/{name}")
    for path in paths:
        try: found.append(open(path, "rb").read(1 << 16).decode("latin-1"))
        except OSError: pass
    return "".join(found)
"""

_NETWORK = """
import socket
def f():
    reached = []
    for family, address in ((socket.AF_INET, ("127.0.0.1", 22)), (socket.AF_UNIX, "\\0x"),
                            (socket.AF_INET, ("169.254.169.254", 80))):
        try:
            with socket.socket(family) as s:
                s.settimeout(0.2)
                s.bind(address) if family == socket.AF_UNIX else s.connect(address)
            reached.append(str(address))
        except OSError: pass
    return reached
"""

_LEAVE = """
import os
def f():
    for folder in ("/tmp", "/dev/shm", ".", "/box", "/", "/dev", "/topdraw", "/usr"):
        try: open(os.path.join(folder, "stash"), "w").write("left")
        except OSError: pass
    if os.fork() == 0:
        while True:
            pass
    return 1
"""
_FIND = """
import os
def f():
    folders = ("/tmp", "/dev/shm", ".", "/box", "/", "/dev", "/topdraw", "/usr")
    return [folder for folder in folders if os.path.exists(os.path.join(folder, "stash"))]
"""

HONEST: dict[str, Job] = {
    "files, threads and recursion": FunctionTests(
        "import tempfile, threading, os\n"
        "def deep(n): return n and 1 + deep(n - 1)\n"
        "def f(x):\n"
        "    with tempfile.TemporaryDirectory() as d:\n"
        "        open(os.path.join(d, 'a'), 'w').write(str(x * x))\n"
        "        open('here', 'w').write('1')\n"
        "        got = []\n"
        "        read = lambda: got.append(int(open(os.path.join(d, 'a')).read()))\n"
        "        thread = threading.Thread(target=read)\n"
        "        thread.start(); thread.join()\n"
        "        return got[0] + int(open('here').read()) + deep(500) - 500\n",
        "def check(f):\n    assert f(3) == 10\n    assert f(4) == 17\n",
        "f",
    ),
    "binary standard input": StdioCases(
        "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])", PYTHON, ("abc",)
    ),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One program of the self-test.

    Attributes:
        name: what it tries.
        job: what is run.
        held: whether the outcome is as it must be.
    """

    name: str
    job: Job
    held: Callable[[Outcome], bool]


@contextmanager
def trials() -> Iterator[list[Trial]]:
    """The self-test, with its canary in place while the block lasts."""
    canary = f"canary-{secrets.token_hex(16)}"
    with tempfile.NamedTemporaryFile("w", suffix=".key") as file:
        file.write(canary)
        file.flush()
        os.environ["TOPDRAW_CANARY_API_KEY"] = canary
        try:
            yield _trials(canary, file.name)
        finally:
            del os.environ["TOPDRAW_CANARY_API_KEY"]


def _trials(canary: str, path: str) -> list[Trial]:
    found = [
        Trial(name, FunctionTests(source, TEST, "f", limits=TIGHT), wrong)
        for name, source in [*FORGERIES.items(), *HARM.items()]
    ]
    secret = [path, "/etc/passwd", "/etc/shadow", os.path.expanduser("~/.bashrc")]
    found.append(
        Trial(
            "theft of keys and files",
            Calls(_THEFT, "f", ((secret,),)),
            lambda outcome: _gave(outcome) and not _shows(outcome, canary),
        )
    )
    found.append(Trial("the network", Calls(_NETWORK, "f", ((),)), lambda o: _value(o) == []))
    found.append(Trial("something left behind", Calls(_LEAVE, "f", ((),)), _gave))
    found.append(Trial("something found", Calls(_FIND, "f", ((),)), lambda o: _value(o) == []))
    for name, job in HONEST.items():
        found.append(Trial(f"honest: {name}", job, right))
    return found


def wrong(outcome: Outcome) -> bool:
    """Whether a program was judged, and not passed."""
    return outcome.passed is False


def right(outcome: Outcome) -> bool:
    """Whether an honest program passed, or printed what it should."""
    if outcome.verdict == Verdict.RAN:
        return [case.stdout for case in outcome.cases] == ["cba"]
    return outcome.passed is True


def _gave(outcome: Outcome) -> bool:
    return bool(outcome.cases) and outcome.cases[0].verdict == Verdict.RAN


def _value(outcome: Outcome) -> object:
    return outcome.cases[0].value if outcome.cases else None


def _shows(outcome: Outcome, canary: str) -> bool:
    text = str(_value(outcome))
    return canary in text or "root:" in text


def self_test() -> dict[str, bool]:
    """Whether each trial held, by name; in order, so that what one leaves the next may find.

    Raises:
        SandboxUnavailable: where no program can be confined.
    """
    # The canary first: what is started afterwards could inherit it.
    with trials() as planned, Sandbox(workers=1) as sandbox:
        return {trial.name: trial.held(sandbox.check([trial.job])[0]) for trial in planned}
