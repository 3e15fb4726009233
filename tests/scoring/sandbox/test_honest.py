"""Honest programs are never called wrong: what they may use works, also on a loaded machine."""

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from topdraw.scoring.sandbox.jobs import (
    CPP,
    PYTHON,
    C,
    Calls,
    FunctionTests,
    Language,
    Limits,
    StdioCases,
)
from topdraw.scoring.sandbox.outcome import Outcome, Verdict
from topdraw.scoring.sandbox.pool import Sandbox

_SPIN = "import time\ndef f(t):\n    while time.process_time() < t: pass\n    return t\n"


@pytest.mark.parametrize(
    "program",
    [
        "import tempfile\ndef f(x):\n with tempfile.TemporaryDirectory() as d: return x",
        "import tempfile, os\ndef f(x):\n n = tempfile.mktemp()\n open(n, 'w').close()\n"
        " os.unlink(n)\n return x",
        "def f(x):\n open('mine.txt', 'w').write('7')\n return int(open('mine.txt').read())",
        "import shutil, os\ndef f(x):\n os.mkdir('d')\n shutil.rmtree('d')\n return x",
        "import sys\nsys.setrecursionlimit(20000)\n"
        "def d(n): return n and 1 + d(n - 1)\ndef f(x): return d(9000) - 8993",
        "import threading\ndef f(x):\n got = []\n"
        " ts = [threading.Thread(target=got.append, args=(i,)) for i in range(8)]\n"
        " [t.start() for t in ts]; [t.join() for t in ts]\n return len(got) - 1",
        "from concurrent.futures import ThreadPoolExecutor\ndef f(x):\n"
        " with ThreadPoolExecutor(4) as p: return sum(p.map(int, '1231'))",
        "import multiprocessing as m\ndef g(x): return x\ndef f(x):\n"
        " with m.get_context('fork').Pool(2) as p: return sum(p.map(g, [3, 4]))",
        "import asyncio\nasync def g(x):\n await asyncio.sleep(0)\n return x\n"
        "def f(x): return asyncio.run(g(x))",
        "import subprocess\ndef f(x): return int(subprocess.check_output(['echo', '7']))",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n a: int\ndef f(x): return P(x).a",
        "from typing import NamedTuple, get_type_hints\nclass P(NamedTuple):\n a: int\n"
        "def f(x): return get_type_hints(P) and P(x).a",
        "import random, statistics, hashlib, decimal, fractions, heapq, itertools, sqlite3\n"
        "def f(x): return len(hashlib.sha256(b'').digest()) - 25",
        "import pickle\nclass A: pass\ndef f(x): return pickle.loads(pickle.dumps([A(), x]))[1]",
        "def f(x):\n for _ in range(20000): print('x' * 50)\n return x",
        "import sys\ndef f(x): return x if sys.stdin.read() == '' else 0",
        "import signal, time\ndef f(x):\n got = []\n"
        " signal.signal(signal.SIGALRM, lambda *a: got.append(1))\n"
        " signal.setitimer(signal.ITIMER_REAL, 0.01)\n"
        " while not got: time.sleep(0.01)\n return x",
        "if __name__ == '__main__': raise SystemExit\ndef f(x): return x",
        "import gc, sys\ndef f(x):\n gc.collect()\n sys._getframe().f_locals\n return x",
        "import os\ndef f(x): return x if os.path.basename(__file__) and exit and help else 0",
        "def f(x):\n class E(Exception): pass\n try: raise E\n except E: return x",
    ],
)
def test_what_programs_may_use(sandbox: Sandbox, program: str) -> None:
    [outcome] = sandbox.check([FunctionTests(program, "assert f(7) == 7", "f")])
    assert outcome.verdict == Verdict.PASSED, outcome


def test_values_of_every_kind_cross_both_ways(sandbox: Sandbox) -> None:
    values = [
        *(None, True, 3, 2.5, float("inf"), 10**500, 1j, "a\x00\ud800\u2028é", b"\x00\xff"),
        *([], [1, [2]], (), (1, (2,)), {1, 2}, frozenset({1}), {(1, 2): [3]}, bytearray(b"x")),
        *(range(3), Fraction(1, 3), Decimal("1.50"), date(2024, 2, 29), timedelta(days=-1)),
        datetime(2024, 2, 29, 1, 2, tzinfo=UTC),
    ]
    [outcome] = sandbox.check(
        [Calls("def f(x): return [x, type(x).__name__]", "f", tuple((v,) for v in values))]
    )
    assert [case.value for case in outcome.cases] == [[v, type(v).__name__] for v in values]


def test_calls_answer_each_input_and_go_on_after_an_error(sandbox: Sandbox) -> None:
    program = "def f(x, y=1):\n    if x == 2: raise ValueError('two')\n    return x // y"
    [outcome] = sandbox.check([Calls(program, "f", ((4, 2), (2,), (1, 0), (9,), (len,)))])
    assert outcome.verdict == Verdict.RAN
    assert [case.value for case in outcome.cases] == [2, None, None, 9, None]
    assert outcome.cases[1].message == "ValueError: two"
    assert outcome.cases[2].verdict == Verdict.ERROR
    assert outcome.cases[4].verdict == Verdict.CRASH
    assert outcome.passed is None


@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        ("def f(x) 1", Verdict.SYNTAX),
        ("1 / 0", Verdict.ERROR),
        ("g = 1", Verdict.ERROR),
        ("x = bytearray(1 << 40)", Verdict.MEMORY),
        ("import os\nos._exit(3)", Verdict.ERROR),
        ("import os\ndef f(x): os._exit(3)", Verdict.ERROR),
        ("def f(x): return (i for i in range(3))", Verdict.RAN),
        ("def f(x): return 'x' * 10_000_000", Verdict.OUTPUT_LIMIT),
    ],
)
def test_calls_that_cannot_be_answered(sandbox: Sandbox, program: str, verdict: Verdict) -> None:
    [outcome] = sandbox.check([Calls(program, "f", ((1,), (2,)))])
    assert outcome.verdict == verdict, outcome
    assert len(outcome.cases) == 2
    assert all(case.value is None for case in outcome.cases)


def _printed(outcome: Outcome) -> list[str]:
    return [case.stdout for case in outcome.cases]


def test_scripts_read_and_write_as_everywhere(sandbox: Sandbox) -> None:
    programs = [
        "print(int(input()) + 1)",
        "import sys\nprint(sum(map(int, sys.stdin)) + 1)",
        "import sys\nsys.stdout.write(str(int(sys.stdin.buffer.readline()) + 1) + '\\n')",
        "print(int(open(0).read()) + 1)",
        "import os\nos.write(1, b'%d\\n' % (int(os.read(0, 99)) + 1))",
        "import threading\nthreading.Thread(target=lambda: print(int(input()) + 1)).start()",
        "import atexit\nx = int(input())\natexit.register(lambda: print(x + 1))",
        "def main():\n print(int(input()) + 1)\nif __name__ == '__main__': main()",
        "import sys\nprint(int(input()) + 1)\nsys.exit()",
        "print(int(input()) + 1)\nexit()",
        "print(int(input()) + 1)\nexit(0)",
        "print(int(input()) + 1)\nquit()",
        "print(int(input()) + bool(__file__ and __name__ == '__main__' and help))",
    ]
    for outcome in sandbox.check([StdioCases(p, PYTHON, ("1\n", "41\n")) for p in programs]):
        assert _printed(outcome) == ["2\n", "42\n"], outcome
        assert [case.verdict for case in outcome.cases] == [Verdict.RAN] * 2


def test_cases_after_a_failure_can_be_left_out(sandbox: Sandbox) -> None:
    for early, reached in ((True, [Verdict.ERROR, None]), (False, [Verdict.ERROR, Verdict.RAN])):
        job = StdioCases("print(1 / int(input()))", PYTHON, ("0", "1"), stop_early=early)
        [outcome] = sandbox.check([job])
        assert [case.verdict for case in outcome.cases] == reached
        assert outcome.cases[0].message == "ZeroDivisionError: division by zero"
        assert outcome.cases[0].exit_code == 1


def test_output_that_is_no_utf8_is_kept_byte_for_byte(sandbox: Sandbox) -> None:
    [outcome] = sandbox.check([StdioCases("import os\nos.write(1, b'\\xff\\x00')", PYTHON, ("",))])
    assert outcome.cases[0].stdout.encode("utf-8", "surrogateescape") == b"\xff\x00"


needs_compiler = pytest.mark.skipif(
    not os.access("/usr/bin/g++", os.X_OK), reason="g++ is not installed"
)


@needs_compiler
@pytest.mark.slow
def test_compiled_programs_are_built_once_and_run_per_case(sandbox: Sandbox) -> None:
    cpp = "#include <iostream>\nint main() { long a; std::cin >> a; std::cout << a + 1; }"
    c = '#include <stdio.h>\nint main(void) { int a; scanf("%d", &a); printf("%d", a + 1); }'
    bad = "int main() { return undeclared; }"
    reads = '#include "/etc/shadow"\nint main() {}'
    jobs = [StdioCases(cpp, CPP, ("1", "41")), StdioCases(c, C, ("1", "41"))]
    jobs += [StdioCases(source, CPP, ("1",)) for source in (bad, reads)]
    good, plain, broken, thief = sandbox.check(jobs)
    assert _printed(good) == _printed(plain) == ["2", "42"]
    assert broken.verdict == thief.verdict == Verdict.SYNTAX
    assert "undeclared" in broken.message
    assert "root" not in thief.message
    crash = "#include <stdlib.h>\nint main(void) { abort(); }"
    [aborted] = sandbox.check([StdioCases(crash, C, ("",))])
    assert aborted.cases[0].verdict == Verdict.ERROR


def test_any_language_by_a_command(sandbox: Sandbox) -> None:
    shell = Language("shell", "main.sh", run=("sh", "main.sh"))
    [outcome] = sandbox.check([StdioCases("read x; echo $x$x; ls", shell, ("ab",))])
    assert _printed(outcome) == ["abab\nmain.sh\n"]
    missing = Language("none", "main.x", run=("no-such-command",))
    [outcome] = sandbox.check([StdioCases("", missing, ("",))])
    assert outcome.cases[0].verdict == Verdict.CRASH
    unbuilt = Language("none", "main.x", ("./x",), build=("no-such-command",), product="x")
    [outcome] = sandbox.check([StdioCases("", unbuilt, ("",))])
    assert outcome.verdict == Verdict.CRASH
    assert "not in /usr/bin" in outcome.message


@pytest.mark.slow
def test_all_reference_solutions_of_humaneval_pass(sandbox: Sandbox, shared_data: Path) -> None:
    with gzip.open(shared_data / "humaneval" / "HumanEval.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    outcomes = sandbox.check(
        [
            FunctionTests(
                row["prompt"] + row["canonical_solution"],
                row["test"],
                row["entry_point"],
                setup=row["prompt"],
            )
            for row in rows
        ]
    )
    wrong = [row["task_id"] for row, out in zip(rows, outcomes, strict=True) if not out.passed]
    assert len(rows) == 164
    assert wrong == []


@pytest.mark.slow
def test_honest_programs_pass_on_a_loaded_machine(sandbox: Sandbox) -> None:
    cores = os.cpu_count() or 1
    burner = [sys.executable, "-S", "-c", "while True: pass"]
    burners = [subprocess.Popen(burner) for _ in range(4 * cores)]
    try:
        limits = Limits(cpu_seconds=1.0, wall_seconds=1.2)
        jobs = [FunctionTests(f"{_SPIN}#{n}", "assert f(0.4)", "f", "", limits) for n in range(3)]
        jobs += [FunctionTests("def f(x): return x", f"assert f({n})", "f") for n in range(1, 9)]
        outcomes = sandbox.check(jobs)
    finally:
        for process in burners:
            process.kill()
            process.wait()
    assert [outcome.passed for outcome in outcomes] == [True] * len(jobs), outcomes
