"""The program in an output: completions, whole functions, fences, cut blanks, hostile text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.scoring.programs import function, standing, whole

_HEAD = (
    'from math import pi\n\n\ndef half(x):\n    return x / 2\n\n\ndef f(x):\n    """Twice x."""\n'
)


@pytest.mark.parametrize(
    ("output", "rule"),
    [
        ("    return 2 * x", "completion"),
        ("\n    return 2 * x\n\n\nprint(f(1))", "completion"),
        ("    if x:\n        return 2 * x\n    return 0", "completion"),
        ("    y = half(x)\n    return 4 * y\n\n\ndef f(x):\n    return half(x) * 4", "completion"),
        ("return 2 * x", "completion, indented"),
        ("y = x\n    return x + y", "completion, indented"),
        ("y = x\nreturn x + y", "completion, indented"),
        ("if x:\n    return 2 * x\nreturn 0", "completion, indented"),
        ("for i in [1]:\n    return 2 * x", "completion, indented"),
        ("def f(x):\n    return 2 * x", "program"),
        ("async def g(): pass\ndef f(x):\n    return 2 * x", "program"),
        ("f = lambda x: 4 * half(x)", "program"),
        ("def f(x):\n    return 4 * half(x) * pi / pi", "program"),
        ("Sure!\n```python\ndef f(x):\n    return 2 * x\n```\nDone.", "fence"),
        ("```\ndef f(x): return 3\n```\nor better\n```py\ndef f(x): return 2 * x\n```", "fence"),
        ("```\ndef f(x): return 2 * x\n```\nTry it:\n```\nf(2)\n```", "fence"),
        ("  ```python\ndef f(x): return 2 * x", "fence"),
        ("```python\nreturn 2 * x\n```", "fence body"),
        ("```python\n    return 2 * x\n```", "fence body"),
    ],
)
def test_right_in_every_dress(output: str, rule: str) -> None:
    found = function(output, entry="f", head=_HEAD)
    assert found.rule == rule
    names: dict[str, object] = {}
    exec(compile(found.source, "test", "exec"), names)  # noqa: S102  our own texts
    assert names["f"](21) == 42  # type: ignore[operator]  # defined just now


def test_the_official_rule_changes_nothing() -> None:
    for output in (
        "    return 1\n",
        "    x = 1\n  return",
        "",
        "\n",
        "    \x00\ud800",
        "\treturn 1",
    ):
        assert function(output, entry="f", head=_HEAD).source == _HEAD + output


@pytest.mark.parametrize(
    ("head", "stands"),
    [
        ("def f():\n", "def f():\n    pass\n"),
        (_HEAD, _HEAD),
        ("if x:\n    def f():\n", ""),
        ("What is it?", ""),
        ("\x00", ""),
        ("", ""),
    ],
)
def test_heads_that_stand_alone(head: str, stands: str) -> None:
    assert standing(head) == stands


@pytest.mark.parametrize(
    ("output", "source", "rule"),
    [
        ("def g(): return 1", "def g(): return 1", "program"),
        ("```\nx = 1\n```", "x = 1\n", "fence"),
        ("```\ndef f(): pass\n```\n```\nf()\n```", "def f(): pass\n", "fence"),
    ],
)
def test_without_a_head_programs_stand_alone(output: str, source: str, rule: str) -> None:
    assert function(output, entry="f")[:2] == (source, rule)


@pytest.mark.parametrize(
    ("output", "source", "language"),
    [
        ("print(1)", "print(1)", ""),
        ("```Python title=x\nprint(1)\n```", "print(1)\n", "python"),
        ("```c++\nint main(){}\n```", "int main(){}\n", "c++"),
        ("```\na\n```\n```js\nb", "b", "js"),
        ("a ``` b", "a ``` b", ""),
    ],
)
def test_whole_programs(output: str, source: str, language: str) -> None:
    found = whole(output)
    assert (found.source, found.language) == (source, language)


@given(st.text(alphabet="`\n \tdef(x):rtun1"), st.booleans())
def test_any_text_becomes_a_program(output: str, headed: bool) -> None:
    found = function(output, entry="f", head=_HEAD if headed else "")
    assert found.rule
    assert len(found.source) <= len(_HEAD) + 5 * len(output) + 10
    if headed:
        assert found.source.startswith(_HEAD.rstrip())


def test_long_lines_of_blanks_and_ticks_take_no_time() -> None:
    for output in (" " * 90_000, "`" * 90_000, "```" + " " * 90_000, "\n```x" * 20_000):
        assert function(output, entry="f", head=_HEAD).rule


_FUTURE = "from __future__ import annotations\n"


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n# one\n",
        '"""What it\n\\"does."""\n',
        "# -*- coding: utf-8 -*-\n'It.'  # is\n\n",
        "from __future__ import (\n    division,\n)\n# more\n",
        "from __future__ import \\\n    division\n",
    ],
)
@pytest.mark.parametrize("head", [_HEAD, f'"""Head."""\n{_FUTURE}{_HEAD}'], ids=["plain", "own"])
@pytest.mark.parametrize("dress", ["{}", "```python\n{}\n```"], ids=["bare", "fence"])
def test_future_imports_go_to_the_top(dress: str, head: str, before: str) -> None:
    code = f"{before}{_FUTURE}import os\n\n\ndef f(x: Later) -> int:\n    return 2 * x"
    found = function(dress.format(code), entry="f", head=head)
    names: dict[str, object] = {}
    exec(compile(found.source, "test", "exec", dont_inherit=True), names)  # noqa: S102  our own texts
    assert names["f"](21) == 42  # type: ignore[operator]  # defined just now


@pytest.mark.parametrize(
    "code",
    ["import os\n" + _FUTURE, "'a'\n'b'\n" + _FUTURE, "x = 1; " + _FUTURE, '"""\n' + _FUTURE],
)
def test_future_imports_in_a_wrong_place_stay_wrong(code: str) -> None:
    found = function(f"{code}def f(x):\n    return 1", entry="f", head=_HEAD)
    with pytest.raises(SyntaxError):
        compile(found.source, "test", "exec", dont_inherit=True)


@given(st.text(alphabet="\"'\\\n\t #()rfrom__future__ import"))
def test_nothing_but_future_imports_is_moved(code: str) -> None:
    source = function(f"x = 1\n{code}\nf = 1", entry="f", head=_HEAD).source
    assert source.endswith(f"x = 1\n{code}\nf = 1")


def test_a_whole_program_ends_at_mbpp_stop_marker() -> None:
    found = function("def f(x):\n    return x\n[DONE]\n[BEGIN]\ndef f(x): pass", entry="f")
    assert found.source == "def f(x):\n    return x\n"
    assert function("```\ndef f(): 1\n```\n[DONE]\n```\ndef f(): 2\n```", entry="f").source == (
        "def f(): 1\n"
    )
    kept = function("    return '[DONE]'", entry="f", head=_HEAD)
    assert kept.source.endswith("'[DONE]'")
