"""Programs that hang, exit, fork, allocate, lie and pry, for real; each costs only itself."""

import re
import sys
import tempfile
from pathlib import Path

import pytest

from topdraw.core.records import Json
from topdraw.scoring import runner
from topdraw.scoring.runner import Limits, Outcome, run_programs

_QUICK = Limits(cpu_seconds=0.2, wall_seconds=2.0)
_HONEST = ["def f(x):\n return x + 1"]


def _body(text: str) -> list[str]:
    return ["def f(x):\n " + text.replace("\n", "\n ")]


def _values(outcome: Outcome) -> list[Json]:
    return [output.error or output.value for output in outcome.outputs]


def _beside_honest(program: list[str], limits: Limits = _QUICK) -> Outcome:
    """The outcome of a program that runs between two honest ones, which must not notice."""
    before, found, after = run_programs([_HONEST, program, _HONEST], [1, 2], limits=limits)
    assert _values(before) == _values(after) == [2, 3]
    assert not found.missing
    return found


_ATTACKS = {
    "busy loop": ("while True: pass", "processor time"),
    "swallows everything": (
        "while True:\n try:\n  while True: pass\n except BaseException: pass",
        "processor time",
    ),
    "ignores the alarm": (
        "import signal\nsignal.signal(27, signal.SIG_IGN)\nwhile True: pass",
        "No module|ended|longer|processor time|not allowed",
    ),
    "sleeps": ("import time\ntime.sleep(60)\nreturn 2", "No module|longer than"),
    "one C call": ("return 9**9**9", "processor time|longer|ended|Error"),
    "exits": ("raise SystemExit(0)", "SystemExit"),
    "exits for real": ("import os\nos._exit(0)", "ended without a result"),
    "forks": ("import os\nos.fork()\nreturn 2", "fork is not allowed"),
    "starts a program": ("import os\nos.system('true')\nreturn 2", "not allowed"),
    "kills its parent": ("import os\nos.kill(os.getppid(), 9)\nreturn 2", "os.kill is not allowed"),
    "allocates 10 GB": ("return len(bytearray(10**10))", "MemoryError"),
    "allocates slowly": ("y = [0]\nwhile True: y = y + y", "MemoryError|processor time"),
    "recursion": ("return f(x)", "RecursionError"),
    "deep recursion": (
        "import sys\nsys.setrecursionlimit(10**9)\nreturn f(x)",
        "ended|processor time",
    ),
    "reads a file": ("return open('/etc/passwd').read()", "not allowed|Too many open"),
    "writes a file": ("open('left-behind', 'w').write('x')\nreturn 2", "not allowed|Too many"),
    "removes a file": ("import os\nos.unlink('left-behind')\nreturn 2", "os.remove is not allowed"),
    "lists a folder": ("import os\nreturn os.listdir('/')", "not allowed"),
    "huge result": ("return 'x' * 10**7", "longer than"),
    "many results": ("return [0] * 10**5", "longer than|processor time"),
    "a tuple": ("return (1, 2)", "NotPlain: tuple"),
    "a set": ("return {1}", "NotPlain: set"),
    "no str keys": ("return {1: 2}", "NotPlain: dict"),
    "endless list": ("y = []\ny.append(y)\nreturn y", "NotPlain|RecursionError"),
    "a lying int": ("class I(int):\n __eq__ = lambda s, o: True\nreturn I(7)", "NotPlain: I"),
    "an error that lies": (
        "class E(Exception):\n def __str__(s): raise s\nraise E",
        "cannot be shown",
    ),
    "no function": ("pass\nf = 3", "NotPlain|gave|None"),
}
# These are ended by the clock, not by processor time.
_LONG = ("sleeps", "ignores the alarm")


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow) if n in _LONG else n for n in _ATTACKS],
)
def test_an_attack_costs_only_itself(name: str) -> None:
    text, why = _ATTACKS[name]
    outcome = _beside_honest(_body(text))
    if name == "no function":
        assert _values(outcome) == [None, None]
        return
    for output in outcome.outputs:
        assert re.search(why, output.error), output


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import os\nos._exit(0)", "ended without a result"),
        ("raise SystemExit", "SystemExit"),
        ("f = 3", "no function f"),
        ("def g(x): return x", "no function f"),
        ("def f(x) return x", "invalid syntax|expected"),
        ("\x00", "SyntaxError"),
        ("(" * 5000, "SyntaxError|MemoryError|RecursionError"),
        ("x = " + "-" * 10**5 + "1", "SyntaxError|MemoryError|RecursionError|ended"),
        ("\ud800 = 1", "SyntaxError|UnicodeEncodeError"),
        ("", "no function f"),
    ],
)
def test_bad_programs_fail_alone(source: str, why: str) -> None:
    outcome = _beside_honest([source])
    assert all(re.search(why, output.error) for output in outcome.outputs), outcome


def test_printing_a_flood_harms_nobody() -> None:
    assert _values(_beside_honest(_body("print('[]' * 10**5)\nreturn x"))) == [1, 2]
    flood = _beside_honest(_body("while True: print('value' * 1000)"))
    assert "processor time" in flood.outputs[0].error


def test_what_it_gave_before_it_was_stopped_counts() -> None:
    text = "if x < 3: return x\nif x == 3: return 10**5000\nwhile True: pass"
    (outcome,) = run_programs([_body(text)], [1, 3, 2, 4, 1], limits=_QUICK)
    late = "used up its processor time"
    assert _values(outcome) == [1, "a value that cannot be written", 2, late, late]


def test_forged_results_are_only_its_own() -> None:
    # Writing a result by hand gets no further than returning it.
    by_hand = b'["value", 5]\n["value", 6]\n'
    text = f"import os\nos.write(3, {by_hand!r})\nos._exit(0)"
    assert _values(_beside_honest(_body(text))) == [5, 6]
    garbage = _beside_honest(_body("import os\nos.write(3, b'[' * 10**5)\nos._exit(0)"))
    assert garbage.outputs[0].error == "ended without a result"


def test_the_environment_stays_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPDRAW_CANARY", "secret")
    outcome = _beside_honest(_body("import os\nreturn sorted(os.environ)"))
    assert "TOPDRAW_CANARY" not in str(_values(outcome))
    parent = _beside_honest(_body("return open('/proc/1/environ').read()"))
    assert parent.outputs[0].error


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(ours))
    text = f"import os\nos.mkdir({str(tmp_path / 'made')!r})\nreturn x"
    assert "not allowed" in _beside_honest(_body(text)).outputs[0].error
    assert list(tmp_path.iterdir()) == [ours]
    assert not list(ours.iterdir())


def test_programs_do_not_see_each_other_or_the_limits_of_others() -> None:
    spoil = _body("import builtins, math\nbuiltins.sum = max\nmath.pi = 3\nreturn sum([x, 1])")
    use = _body("import math\nreturn [sum([x, 1]), math.pi > 3.1]")
    spoiled, used = run_programs([spoil, use], [1], limits=_QUICK)
    assert _values(spoiled) == [1]
    assert _values(used) == [[2, True]]


def test_each_call_gets_a_fresh_input_of_exact_type() -> None:
    eat = _body("y = [type(v).__name__ for v in x]\nx.clear()\nreturn y")
    kinds: Json = [1, True, 1.0, "a", None, [], {}]
    (outcome,) = run_programs([eat], [kinds, kinds])
    names = ["int", "bool", "float", "str", "NoneType", "list", "dict"]
    assert _values(outcome) == [names, names]


def test_the_first_spelling_that_is_python_counts() -> None:
    (outcome,) = run_programs([["return 1", "def f(x): return x * 2", "def f(x): return 0"]], [4])
    assert _values(outcome) == [8]


def test_other_entry_points_and_odd_text() -> None:
    (outcome,) = run_programs([["def g(x): return x + '\\ud800\\x00\\u2028'"]], ["é"], entry="g")
    assert _values(outcome) == ["é\ud800\x00\u2028"]


def test_no_programs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert run_programs([], [1]) == []


@pytest.mark.parametrize("executable", ["/nonexistent/python", "/bin/false", "/bin/cat"])
def test_a_child_that_cannot_start_is_missing(
    executable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    outcomes = run_programs([_HONEST, _HONEST], [1])
    assert len(outcomes) == 2
    assert all(outcome.missing and not outcome.outputs for outcome in outcomes)


def test_a_child_that_dies_is_restarted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A child without its protections, so that a program can kill it: the batch goes on.
    child = Path(runner.__file__).with_name("child.py").read_text()
    assert "    sys.addaudithook(_refuse)\n" in child
    weak = tmp_path / "weak.py"
    weak.write_text(child.replace("    sys.addaudithook(_refuse)\n", ""))
    monkeypatch.setattr(runner, "_CHILD", weak)
    killer = _body("import os\nos.kill(os.getppid(), 9)\nreturn 2")
    outcome = _beside_honest(killer)
    assert outcome.outputs[0].error == "ended the process that ran it"


def test_limits_hold_without_the_audit_hook(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child = Path(runner.__file__).with_name("child.py").read_text()
    weak = tmp_path / "weak.py"
    weak.write_text(child.replace("    sys.addaudithook(_refuse)\n", ""))
    monkeypatch.setattr(runner, "_CHILD", weak)
    for text, why in (
        ("import os\nos.fork()\nreturn 2", "BlockingIOError"),
        ("return open('/etc/passwd').read()", "Too many open files"),
        ("import os\nreturn os.listdir('/')", "Too many open files"),
        ("import os\nos.system('true')\nreturn 2", ""),
    ):
        assert why in _beside_honest(_body(text)).outputs[0].error, text


def test_wall_time_ends_a_sleeper() -> None:
    sleeper = _body("import select\nselect.select([], [], [], 60)\nreturn 2")
    (outcome,) = run_programs([sleeper], [1], limits=Limits(wall_seconds=0.2))
    assert outcome.outputs[0].error == "took longer than 0.2 s"


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ('echo \'{"refused": "no user left"}\'', "no user left"),
        ("echo garbage", "it said nothing"),
        ("echo '[1]'", "it said nothing"),
        ("exec 0<&-; echo no memory >&2", "no memory"),
        ("sleep 60", "it said nothing"),
    ],
)
def test_a_child_that_is_not_ours_is_missing(
    says: str, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\n{says}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    if says.startswith("sleep"):
        monkeypatch.setattr(runner, "_START_SECONDS", 0.3)
    (outcome,) = run_programs([_HONEST], ["x" * 10**6])
    assert outcome.missing.endswith(why)


def test_a_child_that_talks_nonsense_costs_verdicts_not_us(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "python"
    lines = ['{"ready":1}', r'{"data":"[1]\n"}', '{"data":"[[["}', '{"why":3}', '{"why":"so"}']
    echo = "".join(f"printf '%s\\n' '{line}'\n" for line in lines)
    fake.write_text(f"#!/bin/sh\nread job\n{echo}")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    outcomes = run_programs([_HONEST] * 4, [1, 2])
    none = "ended without a result"
    assert list(map(_values, outcomes)) == [["gave no result", none], *[[none] * 2] * 2, ["so"] * 2]
