r"""Whether what a program printed is what a test expects, by one of two published rules.

Not here: running programs. The rule's name stands in the score's note.
Try it: `python -c "from topdraw.scoring.outputs import *; print(same_output('1.0000001', '1'))"`.

`tokens`: words parted by blanks and line ends, in lower case (ASCII), must be equal or, where one
is no integer, closer than 1e-5. CodeContests, `execution/tester_sandboxer.cc`; there, integers
are compared as doubles too, so that 9007199254740993 is 9007199254740992; here exactly.
`lines`: lines without blanks around them, empty ones left out; their words must be equal or, where
one is no integer, differ by at most 1e-8 + 1e-5 of the expected number. APPS,
`eval/testing_util.py`; there, as a last resort, words in any order are equal too; not here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from topdraw.errors import DomainError

Rule = Literal["tokens", "lines"]
RULES: tuple[Rule, ...] = get_args(Rule)

_BLANKS = re.compile(r"[ \n\t\r\v]+")
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
_LONGEST_NUMBER = 400
_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})

Close = Callable[[float, float], bool]


def same_output(
    output: str, expected: str, *, rule: Rule = "tokens", tolerance: float | None = None
) -> bool:
    r"""Whether an output is the expected one.

    Args:
        output: what a program printed; hostile.
        expected: what the test says.
        rule: see the module.
        tolerance: largest absolute difference of two numbers, instead of the rule's own; >= 0.

    Raises:
        DomainError: for another rule, or a negative tolerance.

    Examples:
        >>> same_output("YES\n0.333333\n", "Yes 0.3333333333\n")
        True
        >>> same_output("1 2", "1\n2", rule="lines"), same_output("10", "1.00001e1", rule="lines")
        (False, True)
        >>> same_output("3", "4"), same_output("0.1", "0.2", tolerance=0.5)
        (False, True)
    """
    if rule not in RULES:
        raise DomainError(f"rule={rule!r}: known are {', '.join(RULES)}.")
    if tolerance is not None and not tolerance >= 0:
        raise DomainError(f"tolerance={tolerance}: at least 0.")
    close = _within(tolerance) if tolerance is not None else _CLOSE[rule]
    if rule == "tokens":
        return _same_words(
            _words(output.translate(_LOWER)), _words(expected.translate(_LOWER)), close
        )
    ours, theirs = _lines(output), _lines(expected)
    return len(ours) == len(theirs) and all(
        one == other or _same_words(_words(one), _words(other), close)
        for one, other in zip(ours, theirs, strict=True)
    )


def _words(text: str) -> list[str]:
    return [word for word in _BLANKS.split(text) if word]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _same_words(ours: Sequence[str], theirs: Sequence[str], close: Close) -> bool:
    return len(ours) == len(theirs) and all(
        one == other or _same_number(one, other, close)
        for one, other in zip(ours, theirs, strict=True)
    )


def _same_number(one: str, other: str, close: Close) -> bool:
    if _INTEGER.fullmatch(one) and _INTEGER.fullmatch(other):
        return int(one) == int(other)
    try:
        ours, theirs = _number(one), _number(other)
    except ValueError:
        return False
    return math.isfinite(ours) and math.isfinite(theirs) and close(ours, theirs)


def _number(word: str) -> float:
    # What Python's float takes and a C library does not: 1_000, digits of other scripts.
    if len(word) > _LONGEST_NUMBER or "_" in word or not word.isascii():
        raise ValueError(word)
    return float(word)


def _within(tolerance: float) -> Close:
    return lambda ours, theirs: abs(ours - theirs) <= tolerance


_CLOSE: dict[Rule, Close] = {
    "tokens": lambda ours, theirs: abs(ours - theirs) < 1e-5,
    "lines": lambda ours, theirs: abs(ours - theirs) <= 1e-8 + 1e-5 * abs(theirs),
}
