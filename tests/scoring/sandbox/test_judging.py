"""Tests that do not end or do harm cost their job a verdict, and the next job nothing."""

import pytest

from topdraw.scoring.sandbox.jobs import FunctionTests, Limits
from topdraw.scoring.sandbox.outcome import Verdict
from topdraw.scoring.sandbox.pool import Sandbox

_QUICK = Limits(cpu_seconds=0.3, wall_seconds=0.4)


def _after(sandbox: Sandbox, test: str, name: str) -> Verdict:
    jobs = [FunctionTests("def f(x): return x", test, "f", limits=_QUICK)]
    jobs += [FunctionTests(f"def f(x): return x # {name}{n}", "assert f(1)", "f") for n in "ab"]
    found, *others = sandbox.check(jobs)
    assert [other.passed for other in others] == [True, True], others
    return found.verdict


@pytest.mark.slow
def test_a_test_without_an_end_is_a_timeout(sandbox: Sandbox) -> None:
    assert _after(sandbox, "f(1)\nwhile True: pass", "loop") == Verdict.WALL_TIMEOUT


@pytest.mark.slow
def test_a_test_that_kills_its_process_is_ours(sandbox: Sandbox) -> None:
    assert _after(sandbox, "f(1)\nimport os\nos._exit(0)", "exit") == Verdict.CRASH


def test_an_unending_iterator_is_stopped(sandbox: Sandbox) -> None:
    program = "def f():\n    while True: yield 1"
    [found] = sandbox.check([FunctionTests(program, "assert sum(f()) == 1", "f", limits=_QUICK)])
    assert found.verdict in (Verdict.CPU_TIMEOUT, Verdict.WALL_TIMEOUT)
