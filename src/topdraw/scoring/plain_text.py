"""Text and equality of plain values that programs gave; neither ever raises.

Not here: which values are plain (`sandbox.inside.plain`); tolerance (`oracles`).
Try it: `python -c "from topdraw.scoring.plain_text import *; print(len(text_of(10**5000)))"`.

Python refuses to write whole numbers of more than 4,300 digits, and to compare some decimals.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction


def text_of(value: object) -> str:
    """The text of a plain value: its `repr`, with whole numbers in hexadecimal where it has none.

    Args:
        value: plain data from the sandbox.

    Examples:
        >>> text_of([1, "a"]), text_of((10**5000,))[:8]
        ("[1, 'a']", '(0x31e20')
    """
    try:
        return repr(value)
    except (ValueError, RecursionError, MemoryError):
        pass
    try:
        return _large(value)
    except (ValueError, RecursionError, MemoryError):
        return f"<{type(value).__name__}>"


def _large(value: object) -> str:
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, range):
        return f"range({hex(value.start)}, {hex(value.stop)}, {hex(value.step)})"
    if isinstance(value, Fraction):
        return f"Fraction({hex(value.numerator)}, {hex(value.denominator)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{text_of(k)}: {text_of(v)}' for k, v in value.items())}}}"
    if isinstance(value, list | tuple | set | frozenset | deque):
        inside = ", ".join(map(text_of, value))
        if isinstance(value, list):
            return f"[{inside}]"
        if isinstance(value, tuple):
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        return f"{type(value).__name__}({inside})"
    return f"<{type(value).__name__}>"


def equal(one: object, other: object) -> bool:
    """Whether two plain values are equal by `==`; False where Python cannot say.

    Examples:
        >>> equal(1, 1.0), equal("1", 1)
        (True, False)
    """
    try:
        return bool(one == other)
    except (ArithmeticError, TypeError, ValueError, RecursionError, MemoryError):
        return False
