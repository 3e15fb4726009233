"""Tests run unchanged against a stand-in; program and checker here are two threads of one process.

The answering side is the real one, on a real channel; only the namespaces are missing.
"""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from topdraw.scoring.sandbox.inside import wire
from topdraw.scoring.sandbox.inside.candidate import Server
from topdraw.scoring.sandbox.inside.checker import Report, judge, plan, serve, shown
from topdraw.scoring.sandbox.inside.peer import Peer

_MOST = 1 << 16


@contextmanager
def answering(most: int = _MOST) -> Iterator[Peer]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        os.write(theirs.fileno(), wire.BEGUN)
        thread = threading.Thread(target=Server(theirs.fileno(), most).serve)
        thread.start()
        yield Peer(ours.fileno(), _MOST)
        ours.shutdown(socket.SHUT_RDWR)
        thread.join()


def report(program: str, test: str, *, setup: str = "", entry: str = "f") -> Report:
    with answering() as peer:
        return judge(peer, program=program, entry=entry, setup=setup, test=test)


_SQUARE = "def f(x): return x * x"
_CHECK = (
    "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(3) == 9, 'three'\n"
)


def test_a_check_function_is_called_with_the_stand_in() -> None:
    found = report(_SQUARE, _CHECK)
    assert (found.verdict, found.message, found.why) == ("passed", "", "")
    assert [verdict for verdict, _ in found.cases] == ["passed", "passed"]


def test_a_failing_check_says_where_and_what_was_reached() -> None:
    found = report("def f(x): return 4", f"{_CHECK}    assert True\n")
    assert found.verdict == "failed"
    assert found.message == "AssertionError: three: assert candidate(3) == 9, 'three'"
    assert [verdict for verdict, _ in found.cases] == ["passed", "failed", ""]


def test_a_check_that_fails_in_a_loop_or_a_helper() -> None:
    test = (
        "def helper(f):\n    assert f(3) == 8\n"
        "def check(f):\n    assert f(1) == 1\n    for i in range(9):\n        helper(f)\n"
        "    assert f(2) == 4\n"
    )
    found = report(_SQUARE, test)
    assert found.verdict == "failed"
    assert [verdict for verdict, _ in found.cases] == ["passed", ""]


def test_bare_asserts_run_in_turn_and_each_is_a_case() -> None:
    found = report(_SQUARE, "import math\nassert f(2) == 4\nassert f(3) == 8\nassert f(4) == 16\n")
    assert (found.verdict, found.message) == ("failed", "assert f(3) == 8")
    assert [verdict for verdict, _ in found.cases] == ["passed", "failed", "passed"]


def test_a_statement_that_is_no_assert_stops_the_rest() -> None:
    found = report("def f(x): raise KeyError(x)", "a = f(1)\nassert a\n")
    assert (found.verdict, found.cases) == ("error", [("", "assert a")])
    assert found.message == "KeyError: 1"


def test_helpers_of_the_setup_win_over_those_of_the_program() -> None:
    setup = "def poly(x):\n    return x + 1\ndef f(x):\n    'the prompt'\n"
    program = "def poly(x): return 0\ndef f(x): return -1"
    assert report(program, "assert poly(f(1)) == 0", setup=setup).verdict == "passed"
    assert report(program, "assert poly(f(1) + 5) == 0", setup=setup).verdict == "failed"


def test_classes_of_the_program_can_be_made_linked_and_passed_back() -> None:
    program = (
        "class Node:\n"
        "    def __init__(self, v, left=None): self.v, self.left = v, left\n"
        "def f(node): return node.v + (f(node.left) if node.left else 0)\n"
    )
    test = "root = Node(1)\nroot.left = Node(2)\nroot.left.left = Node(v=3)\nassert f(root) == 6\n"
    assert report(program, test).verdict == "passed"


def test_a_function_of_the_program_cannot_answer_for_the_test() -> None:
    program = "def is_close(a, b): return True\nclass yes:\n def __init__(self, *a): pass\n"
    program += "def f(x): return 0\n"
    for test in ("assert is_close(f(1), 5)", "assert yes(f(1), 5)", "missing(f)"):
        assert report(program, test).verdict == "failed", test


def test_objects_of_the_program_show_no_data_and_equal_nothing() -> None:
    program = (
        "class A:\n v = 5\n def __eq__(self, o): return True\n def __len__(self): return 3\n"
        "def f(): return A()\n"
    )
    for test in ("assert f() == 5", "assert len(f()) == 3", "assert f()", "assert not f()"):
        assert report(program, test).verdict == "failed", test
    for test in ("assert f().__class__.__eq__(f(), 5)", "assert isinstance(f(), A)"):
        assert report(program, test).verdict == "failed", test
    assert report(program, "assert f().v == 5").verdict == "error"


_LIAR = """
seen = []
class S:
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError
        return lambda *a: seen.extend(a) or (self if name in ("lower", "strip") else True)
    def __eq__(self, other): seen.append(other); return True
    def get(self, k, d): return 5
    def index(self, x): return 2
    def size(self): return 3
def f(x): return S()
def told(): return seen
"""


@pytest.mark.parametrize(
    "test",
    [
        "assert f('abc').startswith('zq')",
        "assert f([1, 2]).issuperset({1, 2})",
        "assert f(3).__eq__(10)",
        "assert f(3).__ne__(10)",
        "assert f('A').lower().strip().endswith('a')",
        "assert f(1).equals(2)",
        "assert f({}).get('k', 5) == 5",
        "assert f([7]).index(7) == 2",
        "assert f([7]).size() == 3",
        "f(1).value = 10\nassert f(2) != 3",
        "try: f(1).value\nexcept Exception: pass\nassert True",
        "assert not hasattr(f(1), 'value')",
        "assert S().startswith('zq')",
        "assert S()(1)",
        "assert S().part.startswith('zq')",
        "assert S().__eq__(1)",
    ],
)
def test_the_methods_of_its_objects_do_not_answer_for_the_test(test: str) -> None:
    with answering() as peer:
        found = judge(peer, program=_LIAR, entry="f", setup="", test=test)
        assert found.verdict == "error", found
        if not peer.lost:
            assert peer.ask("call", "told", [], {}) == []


def test_a_function_that_is_returned_can_be_tried_by_unittest() -> None:
    program = "def f(n):\n def g(x): raise KeyError(x)\n return g\n"
    test = "import unittest\nunittest.TestCase().assertRaises(KeyError, f(1), 2)\n"
    assert report(program, test).verdict == "passed"


_UNSENDABLE = [
    "assert f([2, 1], lambda v: -v) == [2, 1]",
    "assert f([1], None) == [1]\nassert f([2, 1], len) == [2, 1]",
    "def check(f):\n    assert f([2], None) == [2]\n    assert f([2], abs) == [2]\n",
    "class A: pass\nassert f([1], None) == [1]\nassert f([1], A()) == [1]",
    "class A:\n def __iter__(self): return iter([1])\nassert f(A(), None) == [1]",
    "try: f([1], len)\nexcept TypeError: pass\nassert True",
    "assert f([1], f) == [1]",
    "from collections import namedtuple\nP = namedtuple('P', 'a')\nassert f(P(1), None) == [1]",
    "class L(list): pass\nassert f([L()], None) == [[]]",
]


@pytest.mark.parametrize("test", _UNSENDABLE)
@pytest.mark.parametrize("result", ["sorted(x, key=key)", "5"])
def test_what_cannot_be_handed_to_a_program_is_no_fault_of_it(test: str, result: str) -> None:
    found = report(f"def f(x, key): return {result}", test)
    if "check" in test and result == "5":  # it had failed before
        assert found.verdict == "failed"
    else:
        assert found.verdict == "crash"
        assert "cannot be given to the program" in found.message


def test_iterators_and_functions_that_are_returned_work() -> None:
    program = (
        "def f(n):\n"
        "    if n < 0: return lambda x, k=1: x + n * k\n"
        "    return (i * i for i in range(n))\n"
        "def g(n): return {1: 2}.keys()\n"
    )
    test = (
        "assert list(f(4)) == [0, 1, 4, 9]\nassert f(-3)(10, k=2) == 4\n"
        "it = f(2)\nassert (next(it), next(it), next(it, None)) == (0, 1, None)\n"
        "assert f(2) != [0, 1]\n"
    )
    assert report(program, test).verdict == "passed"
    assert report(program, "assert list(g(1)) == [1]", entry="g").verdict == "passed"


def test_errors_of_the_program_are_raised_by_their_builtin_name() -> None:
    program = (
        "class Mine(ValueError): pass\n"
        "def f(x):\n"
        "    if x == 1: raise Mine('one', 1)\n"
        "    if x == 2: raise UnicodeDecodeError('utf-8', b'x', 0, 1, 'bad')\n"
        "    if x == 3: raise KeyboardInterrupt\n"
        "    if x == 4: return next(iter(()))\n"
        "    raise KeyError(len)\n"
    )
    test = (
        "def kind(x):\n"
        "    try:\n        f(x)\n"
        "    except Exception as error:\n        return type(error).__name__, error.args[:2]\n"
        "assert kind(1) == ('ValueError', ('one', 1))\n"
        "assert kind(2)[0] == 'UnicodeDecodeError'\n"
        "assert kind(3)[0] == kind(4)[0] == 'ProgramError'\n"
        "assert kind(5)[0] == 'KeyError'\n"
    )
    found = report(program, test)
    assert found.verdict == "passed", found


def test_an_end_of_iteration_does_not_end_a_loop_of_the_test() -> None:
    test = "for got, want in zip(map(f, [1, 2]), [5, 6]):\n    assert got == want\n"
    assert report("def f(x): raise StopIteration", test).verdict == "error"


def test_arguments_are_copies() -> None:
    test = "given = [3, 1]\nf(given)\nassert given == [3, 1]\nassert f(x=given) == [3, 1, 9]\n"
    assert report("def f(x):\n    x.append(9)\n    return x", test).verdict == "passed"


@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        ("def f(x) return", "refused-syntax"),
        ("f = '\x00'", "refused-syntax"),
        ("raise ValueError('no')", "error"),
        ("g = 1", "error"),
        ("f = 5", "error"),
        ("raise MemoryError", "memory"),
        ("def f(x): raise MemoryError", "memory"),
        ("def f(x): return None", "failed"),
        ("def f(x): raise AssertionError('mine')", "error"),
        ("def f(x): return 'x' * 1_000_000", "lost"),
        ("import os\ndef f(x): return os", "failed"),
    ],
)
def test_what_a_program_can_do_wrong(program: str, verdict: str) -> None:
    assert report(program, "assert f(2) < 5").verdict == verdict


@pytest.mark.parametrize(
    ("setup", "test"),
    [
        ("", "assert f(1) =="),
        ("", "f = '\x00'"),
        ("import nothing_like_it", "assert f(1)"),
        ("", "assert False"),
        ("", "import nothing_like_it\ndef check(f):\n    assert f(1)"),
        ("", "f(object())"),
    ],
)
def test_a_broken_test_is_no_fault_of_the_program(setup: str, test: str) -> None:
    assert report(_SQUARE, test, setup=setup).verdict == "crash"


def test_a_program_that_goes_away_has_not_passed_whatever_the_test_catches() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        peer = Peer(ours.fileno(), _MOST)

        def answer_once_and_go() -> None:
            os.write(theirs.fileno(), wire.BEGUN)
            server = Server(theirs.fileno(), _MOST)
            for _ in range(1):
                question = json.loads(wire.receive(theirs.fileno(), _MOST))
                wire.send(theirs.fileno(), server.answer(question))
            theirs.close()

        thread = threading.Thread(target=answer_once_and_go)
        thread.start()
        test = "def check(f):\n    for _ in range(3):\n        try: f(1)\n        except: pass\n"
        found = judge(peer, program=_SQUARE, entry="f", setup="", test=test)
        thread.join()
    assert (found.verdict, found.why) == ("lost", "gone")


@pytest.mark.parametrize("said", [b"!!", b"", b"?"])
def test_a_program_that_never_began_is_none_of_its_fault(said: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.send(said[:1] if said == b"?" else b"")
        found = judge(Peer(ours.fileno(), 9), program="", entry="f", setup="", test="assert f(1)")
    assert (found.verdict, found.why) == ("lost", "unborn")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"no json", "odd"),
        (b"[]", "odd"),
        (b'["raised", 1, 2, 3]', "odd"),
        (b'["value", {"handle": "x"}]', "odd"),
        (b'["stop"]', ""),
        (b'["raised", [7, "int", "StopIteration"], [], "x"]', ""),
        (b'["raised", [], [], "x"]', ""),
        (b'["long"]', "long"),
        (b"x" * 20_000, "long"),
    ],
)
def test_answers_that_are_none(answer: bytes, why: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        os.write(theirs.fileno(), wire.BEGUN)
        wire.send(theirs.fileno(), b'["value", null]')
        wire.send(theirs.fileno(), answer)
        found = judge(Peer(ours.fileno(), 9999), program="", entry="f", setup="", test="f(1)")
    assert (found.verdict, found.why) == ("lost" if why else "error", why)


def test_a_served_checker_judges_job_after_job() -> None:
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=serve, args=(theirs,))
    thread.start()
    for nonce in ("a", "b"):
        one, other = socket.socketpair()
        with one:
            os.write(other.fileno(), wire.BEGUN)
            server = threading.Thread(target=Server(other.fileno(), _MOST).serve)
            server.start()
            socket.send_fds(ours, [b"+"], [one.fileno()])
        job = {"program": _SQUARE, "entry": "f", "setup": "", "test": _CHECK}
        wire.send(ours.fileno(), json.dumps(job | {"nonce": nonce, "most": _MOST}).encode())
        said = json.loads(wire.receive(ours.fileno(), _MOST))
        assert (said["nonce"], said["verdict"]) == (nonce, "passed")
        server.join()
        other.close()
    socket.send_fds(ours, [b"+"], [])
    ours.close()
    thread.join()
    theirs.close()


def test_a_plan_knows_what_check_asserts() -> None:
    planned = plan("X = 1\ndef check(f):\n    assert (f(1)\n        == 2)\n    x = 1\n")
    assert planned.calls_check
    assert [(s.first_line, s.last_line, s.text) for s in planned.asserts] == [
        (3, 4, "assert (f(1) == 2)")
    ]


def test_an_error_that_cannot_be_shown_is_named() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert shown(Odd()) == "Odd"
    assert shown(ValueError("a\nb")) == "ValueError: a b"
