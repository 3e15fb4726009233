"""What the sandbox can be asked to do with one untrusted program, as plain values.

Not here: what came of it (`topdraw.scoring.sandbox.outcome`) and running it (`.pool`).
Try it: `python -c "from topdraw.scoring.sandbox.jobs import Limits; print(Limits().wall)"`.

A program is text from a model: hostile. A test is text from a benchmark: trusted with the verdict,
not with the host, so both run inside. Expected values stand in tests, or stay with the caller;
the process that runs the program never sees one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from topdraw.errors import DomainError

MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one program may use; for `StdioCases` each case anew.

    Attributes:
        cpu_seconds: processor time t of the program, > 0.
        wall_seconds: time by the clock, > 0; None is max(3t, t + 5). Time in which the program
            was ready but waited for a processor does not count, up to three times as much.
        memory_bytes: address space of each process, and resident memory of all together.
        output_bytes: of standard output, or of one value that is sent back.
        disk_bytes: of all files together; they live in memory, and are gone afterwards.
        processes: processes and threads at once, the program itself included.

    Raises:
        DomainError: for a limit that is not positive.

    Examples:
        >>> Limits(cpu_seconds=1).wall, Limits(cpu_seconds=10).wall
        (6.0, 30.0)
    """

    cpu_seconds: float = 3.0
    wall_seconds: float | None = None
    memory_bytes: int = 1024 * MIB
    output_bytes: int = 4 * MIB
    disk_bytes: int = 64 * MIB
    processes: int = 32

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise DomainError(f"The limit {name} is {value}; it must be positive.")

    @property
    def wall(self) -> float:
        """Seconds by the clock, as given or max(3t, t + 5)."""
        if self.wall_seconds is not None:
            return self.wall_seconds
        return max(3.0 * self.cpu_seconds, self.cpu_seconds + 5.0)


@dataclass(frozen=True, slots=True)
class FunctionTests:
    """A function judged by test source, unchanged: HumanEval's, MBPP's.

    Attributes:
        program: untrusted source that defines `entry`.
        test: trusted source. When it defines `check`, that is called with a stand-in for `entry`
            (HumanEval); otherwise its top-level statements run in order, each `assert` a case,
            and may call `entry` by name (MBPP).
        entry: name of the function under test.
        setup: trusted source that runs before `test`, in the same names. HumanEval needs the
            prompt here: some tests call functions that the prompt defines.
        limits: of the program; the test itself has as much time again.
    """

    program: str
    test: str
    entry: str
    setup: str = ""
    limits: Limits = field(default=Limits())


@dataclass(frozen=True, slots=True)
class Calls:
    """A function called with each input in turn; what it gives is for the caller to compare.

    Attributes:
        program: untrusted source that defines `entry`.
        entry: name of the function.
        inputs: positional arguments of each call, plain values (see `inside.plain`): None, bool,
            int, float, complex, str, bytes, list, tuple, set, frozenset, dict and a few more.
        limits: for all calls together.
    """

    program: str
    entry: str
    inputs: tuple[tuple[object, ...], ...]
    limits: Limits = field(default=Limits())


@dataclass(frozen=True, slots=True)
class Language:
    """How to run a program that is a file.

    Attributes:
        name: for people.
        file: what the source is saved as.
        run: command, its first word looked up in the sandbox's /usr/bin; empty for the built-in
            Python, which needs no new interpreter. It starts in the folder of the file.
        build: command that makes `product` out of `file`; empty when nothing is to be built.
        product: the one file that is kept of a build.
    """

    name: str
    file: str
    run: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    product: str = ""


PYTHON = Language("Python", "main.py")
CPP = Language(
    "C++",
    "main.cpp",
    run=("./main",),
    build=("g++", "-std=c++17", "-O2", "-o", "main", "main.cpp"),
    product="main",
)
C = Language(
    "C", "main.c", ("./main",), ("gcc", "-O2", "-o", "main", "main.c", "-lm"), product="main"
)


@dataclass(frozen=True, slots=True)
class StdioCases:
    """A program that reads standard input and writes standard output, run once per input.

    Attributes:
        program: untrusted source.
        language: how to run it.
        inputs: text on standard input of each case.
        limits: of each case.
        stop_early: leave out the cases after the first that did not end by itself with code 0.
    """

    program: str
    language: Language
    inputs: tuple[str, ...]
    limits: Limits = field(default=Limits())
    stop_early: bool = False


Job = FunctionTests | Calls | StdioCases
