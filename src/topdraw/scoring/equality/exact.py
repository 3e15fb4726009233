r"""Exact rational values of expressions, within limits on their size.

Not here: irrational numbers and symbols; those have no exact value here (`digits`).
Try it: `python -m pytest tests/scoring/equality/test_exact.py`.
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction

from topdraw.scoring.equality.tree import Node

MOST_BITS = 200_000
_MOST_FACTORIAL = 10_000
_MOST_CHOSEN = 10_000


@functools.lru_cache(maxsize=20_000)
def exact(node: Node) -> Fraction | None:
    """The exact value of an expression; None when it has none, or one too large to write down.

    Numbers, + - * /, whole powers, roots that come out even, factorials, binomials, |x|, floors and
    ceilings are exact. Nothing is approximated: 0.5 is one half, sqrt(2) is not exact.

    Args:
        node: without regard to how deep; results of more than 200,000 bits are given up.
    """
    if node.op == "number":
        return node.value
    if node.op in ("symbol", "constant"):
        return None
    values = [exact(arg) for arg in node.args]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    result = _apply(node, known)
    return result if result is not None and _bits(result) <= MOST_BITS else None


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _apply(node: Node, values: list[Fraction]) -> Fraction | None:
    if node.op == "+":
        return sum(values, Fraction(0))
    if node.op == "-":
        return -values[0]
    if node.op == "*":
        return values[0] * values[1]
    if node.op == "/":
        return values[0] / values[1] if values[1] else None
    if node.op == "^":
        return _power(values[0], values[1])
    return _called(node.name, values)


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    if exponent.denominator != 1:
        root = _root(base, exponent.denominator)
        # Of a negative base a fractional power is complex, whatever the root.
        return None if root is None or base < 0 else _power(root, Fraction(exponent.numerator))
    if base == 0 and exponent <= 0:
        return None
    if base not in (0, 1, -1) and abs(exponent) * _bits(base) > 2 * MOST_BITS:
        return None
    if abs(exponent) > 10**30:
        exponent = exponent % 2 + 2  # of 0, 1 and -1 only the parity counts
    return Fraction(base ** int(exponent))


def _root(value: Fraction, degree: int) -> Fraction | None:
    if not 1 <= degree <= 64 or (value < 0 and degree % 2 == 0):
        return None
    sign = -1 if value < 0 else 1
    above, below = (_whole_root(abs(part), degree) for part in value.as_integer_ratio())
    return None if above is None or below is None else Fraction(sign * above, below)


def _whole_root(value: int, degree: int) -> int | None:
    low, high = 0, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= value else (low, middle - 1)
    return low if low**degree == value else None


def _called(name: str, values: list[Fraction]) -> Fraction | None:
    first = values[0]
    whole = first.denominator == 1
    if name == "root":
        return _root(first, int(values[1])) if values[1].denominator == 1 else None
    if name == "abs":
        return abs(first)
    if name in ("floor", "ceil"):
        return Fraction(math.floor(first) if name == "floor" else math.ceil(first))
    if name == "factorial":
        fits = whole and 0 <= first <= _MOST_FACTORIAL
        return Fraction(math.factorial(int(first))) if fits else None
    if name == "binom":
        fits = whole and values[1].denominator == 1 and 0 <= values[1] <= first <= _MOST_CHOSEN
        return Fraction(math.comb(int(first), int(values[1]))) if fits else None
    return None
