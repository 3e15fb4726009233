"""Runs a job of standard input and output: a fresh process per case, built once if need be.

Not here: comparing what it prints, which is the caller's.
Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from topdraw.scoring.sandbox import reading
from topdraw.scoring.sandbox.inside import plain, wire
from topdraw.scoring.sandbox.jobs import MIB, Language, Limits, StdioCases
from topdraw.scoring.sandbox.line import Broken, End, Line, wait
from topdraw.scoring.sandbox.outcome import Case, Outcome, Verdict

BUILD = Limits(
    cpu_seconds=30.0, memory_bytes=2048 * MIB, disk_bytes=256 * MIB, output_bytes=64 * MIB
)
_LONGEST_WORDS = 8192


class File(NamedTuple):
    """A file for a program's folder."""

    name: str
    mode: int
    data: bytes


@dataclass(slots=True)
class Heard:
    """What came through a descriptor; no more than `most` bytes of it are kept."""

    descriptor: int
    most: int
    data: bytearray = field(default_factory=bytearray)
    over: bool = False
    too_long: bool = False

    def hear(self) -> None:
        """Read a piece."""
        try:
            piece = os.read(self.descriptor, 1 << 18)
        except OSError:
            piece = b""
        room = self.most - len(self.data)
        self.data += piece[: max(room, 0)]
        self.over = not piece
        self.too_long = self.too_long or len(piece) > room


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ran to its end: what it printed and what it said on its channel."""

    end: End
    printed: Heard
    said: Heard
    begun: bool


def run(line: Line, job: StdioCases) -> Outcome:
    """What the program prints for each input.

    Raises:
        Broken: when the sandbox did not do its part.
    """
    started = time.monotonic()
    source = job.program.encode("utf-8", "surrogatepass")
    files: Sequence[File] = [File(job.language.file, 0o644, source)]
    if job.language.build:
        built = _build(line, job.language, files)
        if isinstance(built, Case):
            return reading.of_build(built, len(job.inputs), time.monotonic() - started)
        files = [built]
    cases: list[Case] = []
    for text in job.inputs:
        cases.append(_case(line, job, text, files))
        if job.stop_early and cases[-1].verdict != Verdict.RAN:
            break
    cases += [Case(None)] * (len(job.inputs) - len(cases))
    return reading.of_runs(cases, time.monotonic() - started)


def _build(line: Line, language: Language, files: Sequence[File]) -> File | Case:
    """The product, or why there is none."""
    more: dict[str, object] = {"command": language.build, "product": language.product}
    ran = _process(line, "command", b"", BUILD, files=files, more=more)
    if ran.end.code == 0 and not ran.end.why and ran.begun:
        return File(language.product, 0o755, b"".join(_frames(bytes(ran.said.data))))
    words = bytes(ran.printed.data[:500]).decode("utf-8", "replace").strip()
    case = reading.of_process(ran.end, BUILD, begun=ran.begun)
    if case.verdict in (Verdict.ERROR, Verdict.RAN):
        return Case(Verdict.SYNTAX, message=words.replace("\n", " ") or case.message)
    return case


def _frames(data: bytes) -> Iterator[bytes]:
    """The frames in what was said; a broken one ends it, the program that said it is hostile."""
    while len(data) >= wire.HEAD:
        length = int.from_bytes(data[: wire.HEAD], "big")
        yield data[wire.HEAD : wire.HEAD + length]
        data = data[wire.HEAD + length :]


def _case(line: Line, job: StdioCases, text: str, files: Sequence[File]) -> Case:
    told = text.encode("utf-8", "surrogatepass")
    if job.language.run:
        more: dict[str, object] = {"command": job.language.run, "product": ""}
        ran = _process(line, "command", told, job.limits, files=files, more=more)
    else:
        ran = _process(line, "script", told, job.limits, source=job.program)
    case = reading.of_process(
        ran.end, job.limits, begun=ran.begun, too_long=ran.printed.too_long, said=_said(ran)
    )
    printed = bytes(ran.printed.data).decode("utf-8", "surrogateescape")
    return Case(
        case.verdict,
        stdout=printed,
        message=case.message,
        exit_code=ran.end.code,
        cpu_seconds=ran.end.cpu_seconds,
    )


def _said(ran: Ran) -> tuple[str, str]:
    """The kind and the text of what a script said of its own error, "" and "" for nothing."""
    try:
        match plain.loads(next(_frames(bytes(ran.said.data)))):
            case [str(kind), list(names), _, str(text)]:
                return str(names[0] if names else kind), text
    except (StopIteration, plain.NotPlain):
        pass
    return "", ""


def _process(
    line: Line,
    role: str,
    told: bytes,
    limits: Limits,
    *,
    files: Sequence[File] = (),
    more: dict[str, object] | None = None,
    source: str | None = None,
) -> Ran:
    # A build says its product on the channel, a script at most its error.
    most_said = limits.output_bytes if more and more["product"] else _LONGEST_WORDS
    with ExitStack() as stack:
        ours, theirs = socket.socketpair()
        stack.enter_context(ours)
        reader, writer = os.pipe()
        stack.callback(os.close, reader)
        with theirs, ExitStack() as given:
            given.callback(os.close, writer)
            passed = [theirs.fileno(), given.enter_context(_memory(told)), writer]
            passed += [given.enter_context(_memory(file.data)) for file in files]
            named = [(file.name, file.mode) for file in files]
            deadline = line.start(role, passed, limits, **(more or {}), files=named)
        begun = wire.has_begun(ours.fileno())
        if source is not None and begun:
            _tell(ours.fileno(), source)
        printed = Heard(reader, limits.output_bytes)
        said = Heard(ours.fileno(), most_said)
        end = _listen(line, printed, said, deadline)
        return Ran(end, printed, said, begun)


def _tell(channel: int, source: str) -> None:
    try:
        wire.send(channel, plain.dumps(source).encode())
    except wire.Gone:
        return  # its end says why


def _listen(line: Line, printed: Heard, said: Heard, deadline: float) -> End:
    """Hear both until the program's end, which its printing too much brings about."""
    end: End | None = None
    stopped = False
    while end is None or not (printed.over and said.over):
        open_ones = [heard for heard in (printed, said) if not heard.over]
        also = [line.link] if end is None else []
        ready = wait([*also, *[heard.descriptor for heard in open_ones]], deadline)
        if not ready:
            raise Broken("the fork server is silent")
        for heard in open_ones:
            if heard.descriptor in ready:
                heard.hear()
        if printed.too_long and not stopped:
            line.stop()
            stopped = True
        if end is None and line.link.fileno() in ready:
            end = line.end(deadline)
    return end


@contextmanager
def _memory(data: bytes) -> Iterator[int]:
    """A file in memory that nobody can change, to be read from its start."""
    descriptor = os.memfd_create("given", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        yield descriptor
    finally:
        os.close(descriptor)
