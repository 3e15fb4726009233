"""Programs that forge, escape, harm and pry, for real: none passes, none is noticed by the next.

Each test also looks from the host: the next program runs, and nothing is left behind.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from topdraw.scoring.sandbox import attacks
from topdraw.scoring.sandbox.attacks import FORGERIES, HARM, TEST, TIGHT
from topdraw.scoring.sandbox.jobs import MIB, PYTHON, Calls, FunctionTests, Limits, StdioCases
from topdraw.scoring.sandbox.outcome import Outcome, Verdict
from topdraw.scoring.sandbox.pool import Sandbox

_HONEST = "def f(x): return x * x + 1"

_MORE_FORGERIES = {
    "a string that equals": """
class Lie(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
def f(x): return Lie("10")
""",
    "a list that lies about its items": """
class Lie(list):
    def __eq__(self, other): return True
    def __iter__(self): return iter([10] * 99)
    def __len__(self): return 1
def f(x): return Lie([0])
""",
    "a class that lies about subclasses": """
class Meta(type):
    def __instancecheck__(cls, other): return True
    def __eq__(cls, other): return True
    __hash__ = type.__hash__
class Lie(metaclass=Meta): pass
def f(x): return Lie
""",
    "a check of its own": "def check(f): return None\ndef f(x): return 0",
    "a check put into builtins": (
        "import builtins\nbuiltins.check = lambda f: None\ndef f(x):\n return builtins.check"
    ),
    "an end of iteration": "def f(x): raise StopIteration",
    "an end of iteration of its own": "class E(StopIteration): pass\ndef f(x): raise E(10)",
    "the test's own error": "def f(x): raise AssertionError",
    "an error that lies about its class": (
        "class E(BaseException):\n"
        " __class__ = property(lambda self: StopIteration)\n"
        " __str__ = None\n"
        "def f(x): raise E"
    ),
    "a keyboard interrupt": "def f(x): raise KeyboardInterrupt",
    "a generator exit": "def f(x): raise GeneratorExit",
    "an exit handler": (
        "import atexit, os\natexit.register(os._exit, 0)\ndef f(x): raise SystemExit"
    ),
    "a profile function": (
        "import sys\ndef p(frame, event, arg): frame.f_globals.clear()\n"
        "def f(x):\n sys.setprofile(p)\n return 0"
    ),
    "patched json": (
        "import json, json.encoder\njson.dumps = lambda *a, **k: '[\"value\", true]'\n"
        "json.loads = lambda *a: 1\ndef f(x): return 0"
    ),
    "patched answers": """
import sys
plain = sys.modules["topdraw.scoring.sandbox.inside.plain"]
wire = sys.modules["topdraw.scoring.sandbox.inside.wire"]
plain.dumps = lambda *a: '["value", {"verdict": "passed"}]'
wire.receive = lambda *a: b'["call", "f", [1], {}]'
def f(x): return 0
""",
    "a patched audit and import": (
        "import sys, builtins\nsys.addaudithook(lambda *a: None)\n"
        "builtins.__import__ = lambda *a, **k: None\ndef f(x): return 0"
    ),
    "a fork that answers twice": ("import os\ndef f(x):\n os.fork()\n return 10 if x == 3 else 0"),
    "a huge answer to come": ("import os\ndef f(x):\n os.write(3, b'\\xff' * 64)\n return 10"),
    "a pickle": (
        "import os\ndef f(x):\n"
        " body = b'\\x80\\x04cos\\nsystem\\n(S\"touch /tmp/pwned\"\\ntR.'\n"
        " os.write(3, len(body).to_bytes(4, 'big') + body)\n return 10"
    ),
    "an answer nested without end": (
        "import os\ndef f(x):\n"
        " body = b'[' * 200_000\n os.write(3, len(body).to_bytes(4, 'big') + body)\n return 10"
    ),
    "ctypes on its own memory": (
        "import ctypes\ndef f(x):\n ctypes.memset(id(0) + 16, 10, 8)\n return 0"
    ),
    "a segmentation fault": "import ctypes\ndef f(x): return ctypes.string_at(0)",
    "an abort": "import os\ndef f(x): os.abort()",
    "odd text": "def f(x): return '\\x00\\ud800\\u2028' * 1000",
    "a huge line": "def f(x): return 'x' * 100_000_000",
    "a number without end": "def f(x): return 10 ** 5_000_000",
    "no source at all": "\x00",
    "a lone surrogate": "f = '\ud800'",
    "parentheses without end": "(" * 100_000,
    "no function": "g = 1",
    "no program": "def f(x) return 10",
}
_MORE_HARM = {
    "sleeping": "import time\ndef f(x): time.sleep(99)",
    "one call in C": "def f(x): return 9 ** 9 ** 9",
    "a slow pattern": "import re\ndef f(x): return re.match('(a+)+$', 'a' * 60 + 'b')",
    "tracing others": (
        "import ctypes, os\ndef f(x):\n libc = ctypes.CDLL(None)\n"
        " return sum(libc.ptrace(16, pid, 0, 0) >= 0 for pid in range(1, 4000))"
    ),
    "new namespaces": (
        "import ctypes\ndef f(x):\n libc = ctypes.CDLL(None)\n"
        " return 0 if libc.unshare(0x10000000) and libc.unshare(0x20000) else 10"
    ),
    "a clone into a namespace": (
        "import ctypes\ndef f(x):\n libc = ctypes.CDLL(None)\n"
        " return 10 if libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) > 0 else 0"
    ),
    "mounting": (
        "import ctypes\ndef f(x):\n libc = ctypes.CDLL(None)\n"
        " return 0 if libc.mount(b'none', b'/tmp', b'tmpfs', 0, 0) else 10"
    ),
    "unmounting what hides": (
        "import ctypes\ndef f(x):\n libc = ctypes.CDLL(None)\n"
        " return 0 if libc.umount2(b'/proc', 2) else 10"
    ),
    "becoming root": (
        "import os\ndef f(x):\n"
        " for call in (lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.chroot('/')):\n"
        "  try:\n   call()\n   return 10\n"
        "  except OSError: pass\n"
        " return 0"
    ),
    "memory no limit counts": (
        "import os, ctypes\ndef f(x):\n"
        " try: os.memfd_create('x')\n"
        " except OSError: return 0 if ctypes.CDLL(None).shmget(1, 1 << 30, 0o1600) < 0 else 10\n"
        " return 10"
    ),
    "memory in many processes": (
        "import os, time\ndef f(x):\n"
        " for n in range(20):\n"
        "  if os.fork() == 0:\n   kept = bytearray(b'x' * (100 << 20))\n   time.sleep(99)\n"
        " time.sleep(99)"
    ),
    "inodes": ("def f(x):\n for n in range(100_000): open(f'/dev/shm/{n}', 'w')\n return 10"),
    "a flood on its outputs": (
        "import os\ndef f(x):\n while True:\n  os.write(1, b'x' * 65536); os.write(2, b'x' * 65536)"
    ),
    "a daemon": (
        "import os, time\ndef f(x):\n"
        " if os.fork() == 0:\n  os.setsid()\n"
        "  if os.fork() == 0:\n   time.sleep(99)\n  os._exit(0)\n return 0"
    ),
}


def test_an_answer_that_is_slow_to_read_is_refused(sandbox: Sandbox) -> None:
    program = (
        "import os\ndef f(x):\n"
        " numbers = ','.join(str(k * (2**61 - 1)) for k in range(1, 150_001))\n"
        ' body = (\'["value",{"set":[%s]}]\' % numbers).encode()\n'
        " body = len(body).to_bytes(4, 'big') + body\n"
        " while body: body = body[os.write(3, body):]\n"
    )
    [outcome] = sandbox.check([Calls(program, "f", ((1,),))])
    assert (outcome.verdict, outcome.message) == (
        Verdict.ERROR,
        "it answered with what is no value",
    )


def _left() -> set[str]:
    """What a program could have left on the host: processes of ours inside, files."""
    found = {
        str(path) for folder in ("tmp", "dev/shm") for path in Path("/", folder).glob("pwned*")
    }
    for entry in Path("/proc").glob("[0-9]*/comm"):
        try:
            if entry.read_text().startswith("pwned"):
                found.add(str(entry))
        except OSError:
            continue
    return found


def _beside_honest(sandbox: Sandbox, source: str, limits: Limits = TIGHT) -> Outcome:
    honest = FunctionTests(f"{_HONEST} #{os.urandom(4).hex()}", TEST, "f")
    [found, after] = sandbox.check([FunctionTests(source, TEST, "f", limits=limits), honest])
    assert after.verdict == Verdict.PASSED, after
    assert _left() == set()
    return found


_ALL_FORGERIES = FORGERIES | _MORE_FORGERIES
_ALL_HARM = HARM | _MORE_HARM


@pytest.mark.parametrize("name", _ALL_FORGERIES)
def test_no_forgery_passes(sandbox: Sandbox, name: str) -> None:
    found = _beside_honest(sandbox, _ALL_FORGERIES[name])
    assert found.passed is False, found


@pytest.mark.slow
@pytest.mark.parametrize("name", _ALL_HARM)
def test_harm_costs_a_program_only_its_own_verdict(sandbox: Sandbox, name: str) -> None:
    found = _beside_honest(sandbox, _ALL_HARM[name])
    assert found.passed is False, found


@pytest.mark.parametrize("name", FORGERIES)
def test_each_forgery_wins_where_program_and_test_share_a_process(name: str) -> None:
    script = (
        "import sys\nresults = []\n"
        "try: exec(sys.argv[1] + '\\n' + sys.argv[2] + 'check(f)', {})\n"
        "except AssertionError: results.append('failed')\n"
        "else: results.append('passed')\n"
        "print(*results[:1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, FORGERIES[name], TEST],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "passed" in done.stdout or (done.returncode == 0 and "failed" not in done.stdout)


def test_the_key_of_the_parent_is_nowhere_inside() -> None:
    with attacks.trials() as planned, Sandbox(workers=1) as sandbox:
        [theft] = [trial for trial in planned if trial.name == "theft of keys and files"]
        outcome = sandbox.check([theft.job])[0]
        assert theft.held(outcome), outcome


def test_the_self_test_of_the_package_holds(sandbox: Sandbox) -> None:
    with attacks.trials() as planned:
        quick = [trial for trial in planned if trial.name not in HARM]
        outcomes = sandbox.check([trial.job for trial in quick])
    lost = [t.name for t, o in zip(quick, outcomes, strict=True) if not t.held(o)]
    assert lost == []


def test_a_stash_is_gone_before_the_next_program(sandbox: Sandbox) -> None:
    stash = (
        "import os, sys, socket\ndef f(step):\n"
        " found = [p for p in ('/tmp/s', '/dev/shm/s', 's', '/box/s') if os.path.exists(p)]\n"
        " for p in ('/tmp/s', '/dev/shm/s', 's', '/box/s'): open(p, 'w').write('x')\n"
        " sys.modules['math'].stash = os.environ['S'] = 'x'\n"
        " return found, len(os.environ)\n"
    )
    outcomes = sandbox.check([Calls(stash + "#" * n, "f", ((n,),)) for n in range(4)])
    assert [outcome.cases[0].value for outcome in outcomes] == [([], 1)] * 4


def test_nobody_else_is_seen(sandbox: Sandbox) -> None:
    look = (
        "import os, resource\ndef f():\n"
        " alive = []\n"
        " for pid in range(2, 3000):\n"
        "  try: os.kill(pid, 0); alive.append(pid)\n"
        "  except ProcessLookupError: pass\n"
        " fds = [fd for fd in range(256) if not _closed(fd)]\n"
        " return alive, os.getpid(), os.getppid(), os.listdir('/proc'), fds, os.getuid() == 0\n"
        "def _closed(fd):\n"
        " try: os.fstat(fd)\n"
        " except OSError: return True\n"
    )
    [outcome] = sandbox.check([Calls(look, "f", ((),))])
    assert outcome.cases[0].value == ([], 1, 0, [], [0, 1, 2, 3], False)


def test_what_is_read_only_stays_so(sandbox: Sandbox) -> None:
    write = (
        "import os\ndef f():\n wrote = []\n"
        " for folder in ('/', '/usr', '/usr/bin', '/dev', '/etc', '/topdraw'):\n"
        "  try: open(folder + '/pwned', 'w'); wrote.append(folder)\n"
        "  except OSError: pass\n"
        " for path in ('/dev/sda', '/dev/vda', '/dev/mem', '/dev/kmsg'):\n"
        "  try: open(path, 'rb'); wrote.append(path)\n"
        "  except OSError: pass\n"
        " return wrote\n"
    )
    [outcome] = sandbox.check([Calls(write, "f", ((),))])
    assert outcome.cases[0].value == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        ("while True: print('x' * 65536)", Verdict.OUTPUT_LIMIT),
        ("import os\nos.fork()\nwhile True: os.write(1, b'x' * 4096)", Verdict.OUTPUT_LIMIT),
        ("while True: pass", Verdict.CPU_TIMEOUT),
        ("import time\ntime.sleep(99)", Verdict.WALL_TIMEOUT),
        ("x = [0]\nwhile True: x += x", Verdict.MEMORY),
        ("x = 1 +", Verdict.SYNTAX),
        ("raise SystemExit(3)", Verdict.ERROR),
        ("import os\nos.kill(os.getpid(), 11)\nimport ctypes\nctypes.string_at(0)", Verdict.ERROR),
    ],
)
def test_scripts_that_misbehave(sandbox: Sandbox, program: str, verdict: Verdict) -> None:
    limits = Limits(cpu_seconds=0.5, wall_seconds=1.5, memory_bytes=256 * MIB, output_bytes=1 * MIB)
    [outcome] = sandbox.check([StdioCases(program, PYTHON, ("",), limits=limits)])
    assert outcome.cases[0].verdict == verdict, outcome
    assert len(outcome.cases[0].stdout) <= MIB
