"""The process of a program: defines its function and answers calls, or runs it as a script.

Not here: any test, expected value or verdict; those are in other processes. Stdlib only.
Try it: `topdraw sandbox check`.

Nothing said from here is believed: a program may rewrite all of it. It can only give other
answers, which are plain data to whoever asked.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from topdraw.scoring.sandbox.inside import plain, wire

_LONGEST_TEXT = 500
MOST = 1 << 28
NOT_FOUND = 127
_PATH = "/usr/bin:/bin"


def define(source: str, name: str) -> ModuleType:
    """The module a source makes, registered under its name.

    Raises:
        SyntaxError: when it is no Python.
        BaseException: whatever it raises.
    """
    try:
        code = compile(source, f"<{name}>", "exec", dont_inherit=True)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(f"cannot be compiled: {error}") from None
    module = ModuleType(name)
    module.__file__ = os.path.abspath("main.py")
    sys.modules[name] = module
    exec(code, module.__dict__)  # noqa: S102  running the program is what this process is for
    return module


def add_site_builtins() -> None:
    """Give programs `exit`, `quit` and `help`: `site`, which makes them, is not loaded here."""
    import _sitebuiltins

    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    setattr(builtins, "help", _sitebuiltins._Helper())  # noqa: B010  no name mypy knows


class Server:
    """Answers calls of one program's functions, and keeps what cannot be sent.

    Args:
        channel: descriptor to read questions from and write answers to.
        most: longest answer in bytes.
    """

    def __init__(self, channel: int, most: int) -> None:
        self.channel, self.most = channel, most
        self.names: dict[str, Any] = {}
        self.kept: list[Any] = []

    def serve(self) -> None:
        """Define the program, then answer until nobody asks any more."""
        try:
            while True:
                question: Any = plain.loads(wire.receive(self.channel, MOST), self.take)
                wire.send(self.channel, self.answer(question))
        except wire.Gone:
            return

    def answer(self, question: list[Any]) -> bytes:
        """What to say to a question, as the bytes of a frame."""
        try:
            text = plain.dumps(["value", self.act(*question)], self.give)
        except BaseException as error:  # noqa: BLE001  SystemExit and all else: the program's own
            text = _raised(error)
        body = text.encode()
        return body if len(body) <= self.most else b'["long"]'

    def act(self, what: str, *rest: Any) -> object:  # noqa: ANN401  values of a program
        """Carry out one question."""
        if what == "call":
            target, args, named = rest
            return (self.names[target] if type(target) is str else target)(*args, **named)
        if what == "next":
            return next(rest[0])
        if what == "has":
            return callable(self.names.get(rest[0]))
        if what == "get":
            return getattr(rest[0], rest[1])
        if what == "set":
            setattr(*rest)
        else:
            self.define(*rest)
        return None

    def define(self, source: str, entry: str) -> None:
        """Run the source; it must leave a callable of that name."""
        self.names = vars(define(source, "program"))
        if not callable(self.names.get(entry)):
            raise NameError(f"the program defines no function {entry!r}")

    def give(self, value: Any) -> dict[str, object]:  # noqa: ANN401  values of a program
        """A handle for what is no plain value; iterables become iterators."""
        kind = "object"
        if not isinstance(value, type) and hasattr(type(value), "__iter__"):
            value, kind = iter(value), "iterator"
        self.kept.append(value)
        return {kind: len(self.kept) - 1}

    def take(self, _: str, handle: object) -> object:
        """What a handle stands for."""
        assert isinstance(handle, int)  # noqa: S101  only `give` made any
        return self.kept[handle]


def _raised(error: BaseException) -> str:
    try:
        if isinstance(error, StopIteration):
            return '["stop"]'
        names = [kind.__name__ for kind in type(error).__mro__]
        text = str(error)[:_LONGEST_TEXT]
        said = plain.dumps(["raised", names, list(error.args), text])
        return said if len(said) <= 4 * _LONGEST_TEXT else plain.dumps(["raised", names, [], text])
    except BaseException:  # noqa: BLE001  its own __str__ raised, or holds what cannot be sent
        return _nameless(error)


def _nameless(error: BaseException) -> str:
    names = [kind.__name__ for kind in type.mro(type(error)) if kind.__module__ == "builtins"]
    return plain.dumps(["raised", names, [], "an error that cannot be shown"])


def fresh_streams() -> None:  # pragma: no cover  runs in a clone
    """Standard streams on the descriptors as they are now."""
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8")
    sys.stdout = _writer(1, "surrogateescape", line_buffering=False)
    sys.stderr = _writer(2, "backslashreplace", line_buffering=True)


def _writer(
    descriptor: int, errors: str, *, line_buffering: bool
) -> io.TextIOWrapper:  # pragma: no cover  runs in a clone
    raw = io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False))
    return io.TextIOWrapper(raw, "utf-8", errors, line_buffering=line_buffering)


def run_script(channel: int) -> int:  # pragma: no cover  runs in a clone
    """Run the source that comes on the channel as `__main__`; its exit code.

    An uncaught error is said on the channel, for people.
    """
    code = 0
    try:
        source: Any = plain.loads(wire.receive(channel, MOST))
        sys.argv = ["main.py"]
        _to_the_end(lambda: define(source, "__main__"))
    except SystemExit as error:
        code = _exit_code(error.code)
    except SyntaxError as error:
        code = 1
        wire.send(channel, plain.dumps(["syntax", [], [], str(error)[:_LONGEST_TEXT]]).encode())
    except BaseException as error:  # noqa: BLE001  the program's own
        code = 1
        wire.send(channel, _raised(error).encode())
    return code


def _to_the_end(run: Callable[[], object]) -> None:  # pragma: no cover  runs in a clone
    """Run, then wait for threads, run exit handlers and flush, as an interpreter does."""
    import atexit

    try:
        run()
    finally:
        if "threading" in sys.modules:
            getattr(sys.modules["threading"], "_shutdown")()  # noqa: B009  as Python does at its end
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    return code & 0xFF if isinstance(code, int) else 1


def is_found(name: str) -> bool:
    """Whether a command is there to be run.

    Examples:
        >>> is_found("sh"), is_found("no-such-command"), is_found("./no-such-file")
        (True, False, False)
    """
    places = [name] if "/" in name else [f"{folder}/{name}" for folder in _PATH.split(":")]
    return any(os.access(place, os.X_OK) for place in places)


def run_command(command: list[str]) -> None:  # pragma: no cover  runs in a clone
    """Become a command; returns only by raising OSError."""
    os.execvpe(command[0], command, {"PATH": _PATH, "HOME": os.getcwd()})  # noqa: S606


def build(
    command: list[str], product: str, channel: int, most: int
) -> int:  # pragma: no cover  runs in a clone
    """Run a command, send the one file it was to make, and give its exit code."""
    pid = os.fork()
    if pid == 0:
        try:
            run_command(command)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == 0:
        made = os.open(product, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        for piece in _pieces(made, most):
            wire.send(channel, piece)
    wire.send(channel, b"")
    return code


def _pieces(descriptor: int, most: int) -> Iterator[bytes]:  # pragma: no cover  runs in a clone
    while most > 0 and (piece := os.read(descriptor, min(most, 1 << 20))):
        most -= len(piece)
        yield piece
