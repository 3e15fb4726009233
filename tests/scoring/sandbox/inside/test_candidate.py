"""The answering side: what it says to each question, whatever the program does."""

import builtins
import json
from typing import Any

import pytest

from topdraw.scoring.sandbox.inside.candidate import (
    Server,
    _exit_code,
    add_site_builtins,
    define,
    is_found,
)


def _asked(server: Server, *question: object) -> Any:  # noqa: ANN401  parsed JSON
    return json.loads(server.answer(list(question)))


def test_it_defines_calls_and_keeps_what_cannot_be_sent() -> None:
    server = Server(-1, 1000)
    assert _asked(server, "define", "def f(x, k=0): return x + k", "f") == ["value", None]
    assert _asked(server, "call", "f", [1], {"k": 2}) == ["value", 3]
    assert _asked(server, "has", "f") == ["value", True]
    assert _asked(server, "has", "g") == ["value", False]
    assert _asked(server, "define", "def f(): return object()", "f") == ["value", None]
    assert _asked(server, "call", "f", [], {}) == ["value", {"object": 0}]
    assert server.take("handle", 0) is server.kept[0]


def test_errors_are_said_by_name_and_arguments() -> None:
    server = Server(-1, 1000)
    source = (
        "class Odd(KeyError):\n"
        "    def __str__(self): raise ValueError\n"
        "def f(n):\n"
        "    raise [KeyError('a'), Odd(), ValueError('x' * 9999), KeyError(len)][n]\n"
    )
    _asked(server, "define", source, "f")
    kind, names, args, _ = _asked(server, "call", "f", [0], {})
    assert (kind, names[0], args) == ("raised", "KeyError", ["a"])
    assert _asked(server, "call", "f", [1], {})[1][0] == "KeyError"
    assert len(_asked(server, "call", "f", [2], {})[3]) == 500
    assert _asked(server, "call", "f", [3], {})[0] == "raised"


def test_an_answer_that_is_too_long_is_not_sent() -> None:
    server = Server(-1, 100)
    _asked(server, "define", "def f(): return 'x' * 200", "f")
    assert _asked(server, "call", "f", [], {}) == ["long"]


@pytest.mark.parametrize("source", ["\x00", "(" * 1000, "x = '\ud800'", "1 +"])
def test_what_is_no_python_is_a_syntax_error(source: str) -> None:
    with pytest.raises(SyntaxError):
        define(source, "program")


def test_exit_codes_are_those_of_an_interpreter() -> None:
    assert [_exit_code(code) for code in (None, 0, 3, 256 + 3, "words")] == [0, 0, 3, 3, 1]


def test_commands_are_looked_up() -> None:
    assert is_found("sh")
    assert not is_found("no-such-command")
    assert not is_found("./no-such-file")


def test_what_site_would_add_is_there_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("exit", "quit", "help"):
        monkeypatch.delattr(builtins, name, raising=False)
    add_site_builtins()
    assert all(hasattr(builtins, name) for name in ("exit", "quit", "help"))
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(SystemExit) as caught:
        define("exit(3)", "program")
    assert caught.value.code == 3


def test_a_program_knows_its_file() -> None:
    assert str(vars(define("here = __file__", "program"))["here"]).endswith("/main.py")
