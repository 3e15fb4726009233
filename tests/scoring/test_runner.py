"""Programs that hang, exit, fork, allocate, lie and pry, for real; each costs only itself."""

import re
import sys
import tempfile
from pathlib import Path

import pytest

from topdraw.core.records import Json
from topdraw.scoring import runner
from topdraw.scoring.confine import system_call_filter
from topdraw.scoring.runner import Limits, Outcome, run_programs

_QUICK = Limits(cpu_seconds=0.2, wall_seconds=0.5)
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


_LOCK = "import _thread\nlock = _thread.allocate_lock()\nlock.acquire()\nlock.acquire()\n"
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
    "sleeps": ("import time\ntime.sleep(60)\nreturn 2", "time.sleep is not allowed"),
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
    "removes a file": ("import os\nos.unlink('left-behind')\nreturn 2", "os.unlink is not allowed"),
    "lists a folder": ("import os\nreturn os.listdir('/')", "not allowed"),
    "limits its parent": (
        "import os, resource as r\nr.prlimit(os.getppid(), r.RLIMIT_CPU, (0, 0))\nreturn 2",
        "not allowed|No module",
    ),
    "slows its parent": ("import os\nos.setpriority(0, os.getppid(), 19)\nreturn 2", "not allowed"),
    "brings posix back": (
        "import sys\nsys.modules.pop('posix', None)\nimport posix\nposix.kill(0, 0)",
        "not allowed|No module|cannot import",
    ),
    "makes a builtin by hand": (
        "import _imp, sys\nreturn _imp.create_builtin(sys.__spec__)",
        "not allowed|No module",
    ),
    "frees the hook": (
        "import sys\ng = sys._getframe()\nwhile g: g.f_globals['_DENIED'] = (); g = g.f_back\n"
        "open('/etc/passwd')",
        "not allowed",
    ),
    "hangs": (_LOCK + "return 2", "longer than"),
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


@pytest.mark.parametrize("name", _ATTACKS)
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


def _weaken(monkeypatch: pytest.MonkeyPatch, folder: Path, *protections: str) -> None:
    """Run programs in a child that lacks some of its protections."""
    for name in ("child.py", "confine.py"):
        text = Path(runner.__file__).with_name(name).read_text()
        if name == "confine.py":
            for protection in protections:
                assert protection in text
                text = text.replace(protection, "")
        (folder / name).write_text(text)
    monkeypatch.setattr(runner, "_CHILD", folder / "child.py")


_HOOK = "    sys.addaudithook(refusal())\n"
_DISARM = "    disarm(swaps)\n"
_FILTER = (
    "    if install is not None and not install():\n"
    '        raise OSError("the filter of system calls was refused")\n'
)


def test_a_child_that_is_killed_costs_nobody_a_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _weaken(monkeypatch, tmp_path, _HOOK, _DISARM, _FILTER)
    killer = _body("import os\nos.kill(os.getppid(), 9)\nwhile True: pass")
    programs = [_HONEST, killer, *[_HONEST] * 6]
    before, found, *after = run_programs(programs, [1, 2], limits=_QUICK)
    assert found.missing == "the program runner ended before the program did"
    assert all(_values(outcome) == [2, 3] for outcome in (before, *after))


def test_siblings_killed_by_a_program_are_run_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _weaken(monkeypatch, tmp_path, _HOOK, _DISARM, _FILTER)
    killer = _body(
        "import os\nme = os.getpid()\n"
        "for pid in range(me + 1, me + 9):\n"
        " try: os.kill(pid, 9)\n"
        " except OSError: pass\n"
        "return f(x)"
    )
    slow = _body("sum(range(10**6))\nreturn x + 1")
    _, *honest = run_programs([killer, slow, slow, slow], [1, 2])
    assert all(_values(outcome) == [2, 3] for outcome in honest)


_ONE_LAYER = {
    "disarmed": ((_HOOK, _FILTER), "not allowed"),
    "hooked": ((_DISARM, _FILTER), "not allowed|Too many|temporarily"),
    "filtered": ((_DISARM, _HOOK), "not permitted|Too many|temporarily"),
}


@pytest.mark.parametrize("layer", _ONE_LAYER)
@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.fork()\nreturn 2",
        "import os\nreturn os.listdir('/')",
        "import os\nos.kill(os.getppid(), 9)\nreturn 2",
        "import os\nos.unlink('/tmp/nothing-here')\nreturn 2",
    ],
)
def test_each_layer_holds_alone(
    layer: str, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if layer == "filtered" and system_call_filter() is None:
        pytest.skip("the kernel grants no filter here")
    lacking, why = _ONE_LAYER[layer]
    _weaken(monkeypatch, tmp_path, *lacking)
    assert re.search(why, _beside_honest(_body(text)).outputs[0].error)


@pytest.mark.parametrize("make", ["os.mkfifo(PATH)", "os.mknod(PATH)", "os.mkdir(PATH)"])
@pytest.mark.parametrize("layer", ["disarmed", "filtered"])
def test_no_file_of_any_kind_is_made(
    make: str, layer: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if layer == "filtered" and system_call_filter() is None:
        pytest.skip("the kernel grants no filter here")
    _weaken(monkeypatch, tmp_path, *_ONE_LAYER[layer][0])
    # Where anybody may write: root was given up, so a folder of ours would refuse by itself.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        path = repr(str(Path(folder) / "made"))
        found = _beside_honest(_body(f"import os\n{make.replace('PATH', path)}\nreturn x"))
        assert re.search("not allowed|not permitted", found.outputs[0].error)
        assert not list(Path(folder).iterdir())


_LOOK = """
import gc, sys
gc.unfreeze()
seen, left = set(), [sys.modules, *gc.get_objects()]
frame = sys._getframe()
while frame:
    left += [frame, frame.f_locals, frame.f_globals]
    frame = frame.f_back
found = 0
while left:
    item = left.pop()
    if id(item) in seen:
        continue
    seen.add(id(item))
    if WANTED:
        found += 1
    left += gc.get_referents(item)
return found
"""


def _look(wanted: str) -> list[str]:
    return _body(_LOOK.strip().replace("WANTED", wanted))


def test_a_program_finds_nothing_of_the_others() -> None:
    # Spelled backwards, so that the search does not find itself.
    wanted = "isinstance(item, str) and ('gnilbis'[::-1] in item or 'tupnirehto'[::-1] in item)"
    wanted += " or isinstance(item, (bytes, bytearray)) and b'gnilbis'[::-1] in item"
    sibling = ["def f(x):\n return 'sibling'"]
    programs = [sibling, sibling, _look(wanted), sibling, sibling]
    outcomes = run_programs(programs, [1, "otherinput"], limits=Limits(cpu_seconds=5.0))
    first, second = outcomes[2].outputs
    assert first.value == 0, first
    # The search can find: its own input, once that has come.
    assert isinstance(second.value, int), second
    assert second.value > 0


def test_the_originals_are_gone() -> None:
    names = "('kill', 'prlimit', 'mknod', 'mkfifo', 'setpriority', 'fork', 'sleep', 'alarm')"
    wanted = f"type(item) is type(len) and item.__name__ in {names}"
    (outcome,) = run_programs([_look(wanted)], [1], limits=Limits(cpu_seconds=5.0))
    assert _values(outcome) == [0]


def test_programs_that_hang_leave_the_others_alone() -> None:
    hang = _body(_LOCK + "return 2")
    outcomes = run_programs([hang, _HONEST, hang, hang, hang], [1], limits=_QUICK)
    told = [_values(outcome)[0] for outcome in outcomes]
    assert told == ["took longer than 0.5 s", 2, *["took longer than 0.5 s"] * 3]


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


def test_a_child_that_talks_nonsense_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "python"
    lines = [
        '{"ready":1}',
        r'{"index":0,"data":"[1]\n"}',
        '{"index":0,"why":"","unclear":""}',
        '{"index":1,"why":"so","unclear":""}',
        '{"index":7,"why":"","unclear":""}',
        '{"index":2,"why":"","unclear":""}',
    ]
    echo = "".join(f"printf '%s\\n' '{line}'\n" for line in lines)
    fake.write_text(f"#!/bin/sh\nread job\n{echo}")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    first, second, third = run_programs([_HONEST] * 3, [1, 2])
    assert _values(first) == ["gave no result", "ended without a result"]
    assert _values(second) == ["so", "so"]
    # Run again alone, it gets what the fake says of the first.
    assert _values(third) == _values(first)
