"""The asking side of a channel to a program: calls its functions, gets plain values or errors.

Not here: the answering side (`topdraw.scoring.sandbox.inside.candidate`). Stdlib only.
Try it: `python -m pytest tests/scoring/sandbox/inside/test_peer.py`.

It believes nothing. What comes back is a builtin value, an error made here after the name of a
builtin one, an iterator whose items are asked for one by one, or an `Opaque` thing, which can be
called and passed back, but shows nothing and never looks equal to anything. Only what the test
itself `Made` of a class of the program can be linked, and that is not called.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

from topdraw.scoring.sandbox.inside import plain, wire

_LONGEST_TEXT = 500
_HIDDEN = "the program gave an object where the test needs a plain value"


class Lost(BaseException):
    """The program does not answer any more; the reason is its text."""


class _Handle(Exception):
    """A handle where none is wanted."""


class ProgramError(Exception):
    """Stands for an error of the program that is no builtin one."""


class Hidden(ProgramError, AttributeError):
    """The test looked into an object of the program."""


class Peer:
    """Asks one program.

    Args:
        channel: descriptor of the channel.
        most: longest answer in bytes that is read.
        handles: whether an answer may hold iterators and opaque things; an error otherwise.

    Attributes:
        calls: questions asked after the definition.
        lost: why it does not answer any more: "unborn", "gone", "long", "odd"; "" while it does.
        hidden: what of its objects the test wanted to see, "" for nothing.
        unsent: what the test wanted to hand over and cannot, "" for nothing.
    """

    def __init__(self, channel: int, most: int, *, handles: bool = True) -> None:
        self.channel, self.most, self.handles = channel, most, handles
        self.calls, self.lost, self.hidden, self.unsent = 0, "", "", ""

    def define(self, program: str, entry: str) -> None:
        """Have it run its source.

        Raises:
            Exception: what it raised; SyntaxError when it is no Python.
            Lost: when it ended instead of answering.
        """
        if not wire.has_begun(self.channel):
            raise self._lose("unborn")
        self.ask("define", program, entry)
        self.calls = 0

    def ask(self, *question: object) -> Any:  # noqa: ANN401  any plain value
        """Its answer to a question, as `candidate.Server.act` takes it.

        Raises:
            Exception: what it raised.
            NotPlain: when an argument cannot cross.
            Lost: when it ended, said too much or something that is no answer.
        """
        if self.lost:
            raise Lost(self.lost)
        body = self._question(question).encode()
        self.calls += 1
        try:
            wire.send(self.channel, body)
            answer = plain.loads(wire.receive(self.channel, self.most), self._take)
        except _Handle:
            raise marked(ProgramError("it gave what is no plain data")) from None
        except wire.Gone:
            raise self._lose("gone") from None
        except wire.TooLong:
            raise self._lose("long") from None
        except plain.NotPlain:
            raise self._lose("odd") from None
        return self._understood(answer, at_end=question[0] == "next")

    def _question(self, question: tuple[object, ...]) -> str:
        try:
            return plain.dumps(list(question), _give)
        except plain.NotPlain as error:
            self.unsent = self.unsent or f"the test hands over what cannot cross: {error}"
            raise

    def _understood(self, answer: object, *, at_end: bool) -> object:
        match answer:
            case ["value", value]:
                return value
            case ["stop"] if at_end:
                raise StopIteration
            case ["stop"]:
                # From a call it would silently end a loop of the test.
                raise marked(ProgramError("StopIteration"))
            case ["raised", list(names), list(args), str(text)]:
                raise marked(_error(names, args, text[:_LONGEST_TEXT]))
            case ["long"]:
                raise self._lose("long")
        raise self._lose("odd")

    def _lose(self, why: str) -> Lost:
        self.lost = self.lost or why
        return Lost(why)

    def _take(self, tag: str, handle: object) -> object:
        if type(handle) is not int or tag not in ("iterator", "object"):
            raise plain.NotPlain("an unknown kind of value")
        if not self.handles:
            raise _Handle
        return Pulled(self, handle) if tag == "iterator" else Opaque(self, handle)


def _give(value: object) -> dict[str, object]:
    if isinstance(value, Opaque | Pulled):
        return {"handle": object.__getattribute__(value, "_handle")}
    if not isinstance(value, Iterator) or callable(value):
        raise plain.NotPlain(f"a {type(value).__name__} cannot be given to the program")
    return {"t": [plain.packed(item, _give, 1) for item in value]}


def marked(error: Exception) -> Exception:
    """The error, known from now on as one of the program."""
    error.of_program = True  # type: ignore[attr-defined]
    return error


def of_program(error: BaseException) -> bool:
    """Whether an error came out of the program, and not of the test."""
    return getattr(error, "of_program", False) is True


def _error(names: list[object], args: list[object], text: str) -> Exception:
    """The closest builtin error of those names, with the arguments if it takes them."""
    for name in names:
        kind = getattr(builtins, name, None) if isinstance(name, str) else None
        if not isinstance(kind, type) or not issubclass(kind, Exception):
            continue
        if kind is Exception or issubclass(kind, StopIteration | StopAsyncIteration):
            break
        for given in (args, [text]):
            try:
                return kind(*given)
            except (TypeError, ValueError):
                continue
    shown = str(names[0]) if names else "an error"
    return ProgramError(f"{shown[:80]}: {text}")


class Function:
    """Stands for a function of the program.

    Args:
        peer: who to ask.
        name: of the function.
    """

    def __init__(self, peer: Peer, name: str) -> None:
        self._peer, self.__name__ = peer, name

    def __call__(self, *args: object, **named: object) -> object:
        """Have the program call it; arguments are copies, so what it does to them stays there."""
        return self._peer.ask("call", self.__name__, list(args), named)


class Maker(Function):
    """Stands for what a test calls by name and only the program defines: a class of its own.

    It makes things to be linked and passed back, and no data: the program shall not answer for
    the test.
    """

    def __call__(self, *args: object, **named: object) -> object:
        """Have the program make one."""
        made = super().__call__(*args, **named)
        if not isinstance(made, Opaque):
            raise NameError(f"the test has no {self.__name__!r}, and the program's gives data")
        return Made(*_inside(made))


class Pulled:
    """An iterator of the program; each item is asked for when it is wanted."""

    __slots__ = ("_handle", "_peer")

    def __init__(self, peer: Peer, handle: int) -> None:
        self._peer, self._handle = peer, handle

    def __iter__(self) -> Pulled:
        return self

    def __next__(self) -> object:
        return self._peer.ask("next", self)


class Opaque:
    """A thing of the program that is no plain value: to be called and passed back.

    Nothing can be read off it, called on it or hung onto it: the program would answer for the
    test, and see what the test expects.
    """

    __slots__ = ("_handle", "_peer")

    def __init__(self, peer: Peer, handle: int) -> None:
        object.__setattr__(self, "_peer", peer)
        object.__setattr__(self, "_handle", handle)

    def __eq__(self, other: object) -> bool:
        return self is other  # NotImplemented, as object has it, would be true

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError("an object of the program is neither true nor false")

    def __call__(self, *args: object, **named: object) -> object:
        """Have the program call it."""
        return _inside(self)[0].ask("call", self, list(args), named)

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401  as object has it
        if name == "__class__":  # isinstance asks for it
            return type(self)
        raise _hidden(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        raise _hidden(self, name)


class Made(Opaque):
    """What the test made of a class of the program: attributes can be set, and read as `Made`."""

    __slots__ = ()

    def __call__(self, *args: object, **named: object) -> object:
        """Refused: its methods would answer for the test."""
        raise _hidden(self, "a call")

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401  as object has it
        if name.startswith("__"):
            return super().__getattribute__(name)
        found = _inside(self)[0].ask("get", self, name)
        if not isinstance(found, Opaque):
            raise _hidden(self, name)
        return Made(*_inside(found))

    def __setattr__(self, name: str, value: object) -> None:
        _inside(self)[0].ask("set", self, name, value)


def _inside(thing: Opaque) -> tuple[Peer, int]:
    return object.__getattribute__(thing, "_peer"), object.__getattribute__(thing, "_handle")


def _hidden(thing: Opaque, name: str) -> Exception:
    """The error for a look into an object; it counts, also where the test catches it."""
    peer, _ = _inside(thing)
    if not name.startswith("__"):  # the library asks for such names by itself
        peer.hidden = peer.hidden or f"{_HIDDEN} ({name[:80]})"
    return marked(Hidden(f"{_HIDDEN} ({name[:80]})"))
