"""The process of the tests: runs them unchanged, with a stand-in for the function under test.

Not here: the program, which is in another process (`.candidate`), reached through `.peer`. Stdlib.
Try it: `topdraw sandbox check`.

It stays warm: one after the other, each test gets fresh names. It alone holds the connection the
verdict goes out on, and the nonce of the job that makes it one.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
import socket
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any

from topdraw.scoring.sandbox.inside import wire
from topdraw.scoring.sandbox.inside.peer import Function, Maker, Peer, of_program
from topdraw.scoring.sandbox.inside.plain import OF_TESTS

TEST, SETUP = "<test>", "<setup>"
_LONGEST = 300
PASSED, FAILED, ERROR, MEMORY = "passed", "failed", "error", "memory"
SYNTAX, LOST, BROKEN = "refused-syntax", "lost", "crash"


@dataclass(frozen=True, slots=True)
class Statement:
    """One top-level statement of a test, or an `assert` in the body of its `check`."""

    code: CodeType | None
    first_line: int
    last_line: int
    is_assert: bool
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A test, compiled.

    Attributes:
        statements: the top-level ones, in order; what `check` asserts, without code.
        calls_check: whether the test defines `check`, to be called.
    """

    statements: tuple[Statement, ...]
    asserts: tuple[Statement, ...]
    calls_check: bool


@lru_cache(maxsize=64)
def plan(test: str) -> Plan:
    r"""The plan of a test source.

    Raises:
        SyntaxError: when it is no Python; also for what else the compiler refuses.

    Examples:
        >>> [s.text for s in plan("def check(f):\n    assert f(1) == 2").asserts]
        ['assert f(1) == 2']
    """
    try:
        tree = ast.parse(test, TEST)
        statements = tuple(_statement(node, test, compiled=True) for node in tree.body)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "check":
            inner = [_statement(n, test) for n in node.body if isinstance(n, ast.Assert)]
            return Plan(statements, tuple(inner), True)
    return Plan(statements, tuple(s for s in statements if s.is_assert), False)


def _statement(node: ast.stmt, source: str, *, compiled: bool = False) -> Statement:
    code = compile(ast.Module([node], []), TEST, "exec", dont_inherit=True) if compiled else None
    lines = source.splitlines()[node.lineno - 1 : node.end_lineno]
    text = " ".join(line.strip() for line in lines[:3])
    is_assert = isinstance(node, ast.Assert)
    return Statement(code, node.lineno, node.end_lineno or node.lineno, is_assert, text[:_LONGEST])


@lru_cache(maxsize=64)
def _setup(source: str) -> CodeType:
    return compile(source, SETUP, "exec", dont_inherit=True)


class Names(dict[str, Any]):
    """Global names of a test; what nobody here defines may be a class of the program."""

    def __init__(self, peer: Peer) -> None:
        super().__init__(__name__=OF_TESTS, __builtins__=builtins)
        self.peer = peer

    def __missing__(self, name: str) -> object:
        if hasattr(builtins, name) or self.peer.lost or not self.peer.ask("has", name):
            raise KeyError(name)
        return self.setdefault(name, Maker(self.peer, name))


@dataclass(slots=True)
class Report:
    """What the tests say.

    Attributes:
        verdict: "passed", "failed", "error", "memory", "refused-syntax"; "lost" when the program
            ended or said what is no answer, as `why` tells; "crash" when the test is broken.
        cases: a verdict and a message each; the verdict is "" when it was not reached.
    """

    verdict: str = PASSED
    message: str = ""
    why: str = ""
    cases: list[tuple[str, str]] = field(default_factory=list)

    def worsen(self, verdict: str, message: str) -> None:
        """Keep the first bad verdict."""
        if self.verdict == PASSED:
            self.verdict, self.message = verdict, message


def judge(peer: Peer, *, program: str, entry: str, setup: str, test: str) -> Report:
    """Run a test against a program.

    Args:
        peer: asks the program's process, in which nothing is defined yet.
        program: its source.
        entry: the function under test.
        setup: trusted source that runs first.
        test: trusted source.
    """
    report = Report()
    try:
        planned, names = plan(test), Names(peer)
        exec(_setup(setup), names)  # noqa: S102  trusted source, in a process for it
    except BaseException as error:  # noqa: BLE001  whatever a broken test does
        return Report(BROKEN, f"the test cannot be set up: {shown(error)}")
    try:
        peer.define(program, entry)
    except BaseException as error:  # noqa: BLE001  whatever the program raised
        report.worsen(*_verdict(error, peer, defining=True))
        report.cases = [("", statement.text) for statement in planned.asserts]
    else:
        names[entry] = Function(peer, entry)
        if planned.calls_check:
            report.cases = list(_checked(planned, names, entry, report))
        else:
            report.cases = list(_in_turn(planned, names, report))
    report.why = peer.lost
    if peer.hidden:
        report.worsen(ERROR, peer.hidden)
    if peer.unsent:
        # Whatever came of it, also for a program that would have failed: none can be judged by it.
        report.verdict, report.message = BROKEN, peer.unsent
    if peer.lost and report.verdict != SYNTAX:
        # Whatever the test made of it: a program that is not there any more has not passed.
        report.verdict = LOST
    return report


def _in_turn(planned: Plan, names: Names, report: Report) -> Iterator[tuple[str, str]]:
    """Run the top-level statements; a failed assert does not keep the next from running."""
    over = False
    for statement in planned.statements:
        if over:
            if statement.is_assert:
                yield "", statement.text
            continue
        error = _run(statement, names)
        if error is None:
            verdict, message = PASSED, ""
        else:
            verdict, message = _verdict(error, names.peer)
            report.worsen(verdict, message if of_program(error) else statement.text)
        if statement.is_assert:
            yield verdict, message or statement.text
        over = error is not None and (bool(names.peer.lost) or not statement.is_assert)


def _run(statement: Statement, names: Names) -> BaseException | None:
    try:
        if statement.code is not None:
            exec(statement.code, names)  # noqa: S102  trusted source, in a process for it
    except BaseException as error:  # noqa: BLE001  the test's, the program's
        return error
    return None


def _checked(planned: Plan, names: Names, entry: str, report: Report) -> Iterator[tuple[str, str]]:
    """Define `check`, call it once, and tell from where it stopped what was reached."""
    line = 1 << 30
    for statement in planned.statements:
        error = _run(statement, names)
        if error is not None:
            report.worsen(*_verdict(error, names.peer))
            yield from (("", one.text) for one in planned.asserts)
            return
    try:
        names["check"](names[entry])
    except BaseException as error:  # noqa: BLE001  the test's, the program's
        line = _line_in_check(error)
        verdict, message = _verdict(error, names.peer)
        at = next((s.text for s in planned.asserts if s.first_line <= line <= s.last_line), "")
        report.worsen(verdict, f"{message}: {at}" if message and at else message or at)
    for statement in planned.asserts:
        if statement.last_line < line:
            yield PASSED, statement.text
        elif statement.first_line <= line:
            yield report.verdict, report.message
        else:
            yield "", statement.text


def _line_in_check(error: BaseException) -> int:
    lines = [
        place.lineno or 0
        for place in traceback.extract_tb(error.__traceback__)
        if place.filename == TEST and place.name == "check"
    ]
    return lines[0] if lines else 0


def _verdict(error: BaseException, peer: Peer, *, defining: bool = False) -> tuple[str, str]:
    if peer.lost:
        return LOST, ""
    if of_program(error):
        if isinstance(error, MemoryError):
            return MEMORY, "the program ran out of memory"
        return SYNTAX if defining and isinstance(error, SyntaxError) else ERROR, shown(error)
    if peer.unsent:
        return BROKEN, peer.unsent
    if isinstance(error, AssertionError):
        text = shown(error) if error.args else ""
        return (FAILED, text) if peer.calls else (BROKEN, f"the test fails by itself {text}")
    if peer.calls:
        # It tripped over what the program gave it, as None < 3 does.
        return FAILED, shown(error)
    return BROKEN, f"the test is broken: {shown(error)}"


def shown(error: BaseException) -> str:
    """An error in one short line."""
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:  # noqa: BLE001  a __str__ that raises
        text = type(error).__name__
    return text.replace("\n", " ")[:_LONGEST]


def serve(control: socket.socket) -> None:
    """Judge the jobs that come on a connection, each with the channel of its program.

    A job is a frame whose first bytes carry the channel; the report goes back as one, with the
    nonce of the job.
    """
    while True:
        head, channels, _, _ = socket.recv_fds(control, 1, 1)
        if not head:
            return
        try:
            job = json.loads(wire.receive(control.fileno(), 1 << 30))
        except wire.Gone:
            return
        nonce = job.pop("nonce")
        peer = Peer(channels[0], job.pop("most"))
        report = judge(peer, **job)
        os.close(channels[0])
        said = {"nonce": nonce, "verdict": report.verdict, "message": report.message}
        said |= {"why": report.why, "cases": report.cases}
        wire.send(control.fileno(), json.dumps(said).encode())
