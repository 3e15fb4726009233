r"""Expressions in many digits at fixed points: whether two of them are the same function.

Not here: exact values (`exact`). Needs mpmath, which comes with the extra "math".
Try it: `python -m pytest tests/scoring/equality/test_digits.py`.

Each symbol gets ten values that depend on its name alone, five of them positive for all symbols,
five of mixed signs. Every value is computed with 60 and with 150 digits: what shrinks with the
precision is zero, what does not is a difference, however small. Equal are values that share 100 of
the 150 digits. First only real arithmetic is
allowed, so that `sqrt(x)` is not compared where it is not real; where that leaves fewer than four
points, complex numbers are.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from topdraw._optional import require
from topdraw.scoring.equality.exact import exact
from topdraw.scoring.equality.tree import Node, symbols

LOW, HIGH = 60, 150
POINTS = 10
ENOUGH = 4
_AGREE = 100
_MOST_BITS = 1_000_000

# mpmath has no types of its own; a number of it and a context of it are these here.
Number = Any
Context = Any


class Undefined(ArithmeticError):
    """An expression has no (real) value here, or one out of all proportion."""


class Pair(NamedTuple):
    """One value twice: with 60 and with 150 digits."""

    low: Number
    high: Number


_contexts = threading.local()


def context(digits: int) -> Context:
    """This thread's arithmetic of so many digits; mpmath's own global one is not touched.

    Raises:
        MissingPackage: without the extra "math".
    """
    known: dict[int, Context] = _contexts.__dict__.setdefault("known", {})
    if digits not in known:
        require("mpmath", "math", "Comparing irrational answers")
        from mpmath.ctx_mp import MPContext

        known[digits] = MPContext()
        known[digits].dps = digits
    return known[digits]


@functools.lru_cache(maxsize=5_000)
def values(node: Node, real: bool) -> tuple[Pair | None, ...]:
    """The values of an expression at the points; None where it has none.

    Args:
        node: the expression; one without symbols has one point.
        real: whether every step must be real.
    """
    names = sorted(symbols(node))
    found: list[Pair | None] = []
    for at in range(POINTS if names else 1):
        point = {name: _coordinate(name, at) for name in names}
        try:
            found.append(Pair(*(_evaluate(node, context(d), point, real) for d in (LOW, HIGH))))
        except (ArithmeticError, ValueError, TypeError):
            found.append(None)
    return tuple(found)


def _coordinate(name: str, at: int) -> Fraction:
    digest = hashlib.sha256(f"{at} {name}".encode("utf-8", "replace")).digest()
    size = Fraction(int.from_bytes(digest[:12], "big"), 2**96) * 3 + Fraction(1, 7)
    negative = at >= POINTS // 2 and digest[12] % 2 and name != "base of log"
    return -size if negative else size


def same_values(one: Node, other: Node) -> bool | None:
    """Whether two expressions are the same function; None when too few points can tell.

    Args:
        one: an expression.
        other: another.
    """
    for real in (True, False):
        compared = _compared(one, other, real)
        if False in compared:
            return False
        if len(compared) >= (ENOUGH if symbols(one) | symbols(other) else 1):
            return True
    return None


def _compared(one: Node, other: Node, real: bool) -> list[bool]:
    first, second = values(one, real), values(other, real)
    length = max(len(first), len(second))
    pairs = zip(_spread(first, length), _spread(second, length), strict=True)
    return [equal(a, b) for a, b in pairs if a is not None and b is not None]


def _spread(found: tuple[Pair | None, ...], length: int) -> tuple[Pair | None, ...]:
    return found if len(found) == length else found * length


def proportional(one: Node, other: Node) -> int | None:
    """The sign of the constant that one expression is of another; 0 when of none, None unknown."""
    for real in (True, False):
        first, second = values(one, real), values(other, real)
        if len(first) != len(second):
            return 0
        both = [
            (a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None
        ]
        if len(both) < ENOUGH:
            continue
        if any(is_zero(b) for _, b in both):
            return None
        ratios = [Pair(a.low / b.low, a.high / b.high) for a, b in both]
        if is_zero(ratios[0]) or not all(equal(ratio, ratios[0]) for ratio in ratios[1:]):
            return 0
        top = ratios[0].high
        if top.imag != 0 and abs(top.imag) > abs(top) * context(HIGH).mpf(10) ** -_AGREE:
            return 0
        return 1 if top.real > 0 else -1
    return None


def equal(one: Pair, other: Pair) -> bool:
    """Whether two values agree to 100 digits of the 150, or are both zero."""
    if is_zero(one) or is_zero(other):
        return is_zero(one) and is_zero(other)
    high = context(HIGH)
    size = max(abs(one.high), abs(other.high))
    return bool(abs(one.high - other.high) <= size * high.mpf(10) ** -_AGREE)


def is_zero(value: Pair) -> bool:
    """Whether a value is the rounding error of a zero: it shrinks as digits are added."""
    if value.high == 0:
        return True
    high = context(HIGH)
    return bool(
        abs(value.high) < abs(high.mpmathify(value.low)) * high.mpf(10) ** -((HIGH - LOW) // 2)
    )


def decimal(node: Node) -> str | None:
    """A constant's value to 30 digits; None when it has none."""
    found = values(node, True)[0] or values(node, False)[0]
    if found is None or is_zero(found):
        return None if found is None else "0"
    high = context(HIGH)
    real, imag = found.high.real, found.high.imag
    if imag == 0 or abs(imag) < abs(real) * high.mpf(10) ** -_AGREE:
        return str(high.nstr(real, 30))
    return f"{high.nstr(real, 30)}{'+' if imag > 0 else ''}{high.nstr(imag, 30)}i"


def _evaluate(node: Node, ctx: Context, point: Mapping[str, Fraction], real: bool) -> Number:
    fixed = node.value if node.op == "number" else exact(node)
    if fixed is None and node.op == "symbol":
        fixed = point[node.name]
    if fixed is not None:
        return ctx.mpf(fixed.numerator) / fixed.denominator
    if node.op == "constant":
        return _constant(node.name, ctx, real)
    args = [_evaluate(arg, ctx, point, real) for arg in node.args]
    result = (
        _OPS[node.op](ctx, args, real) if node.op in _OPS else _call(node.name, ctx, args, real)
    )
    if not ctx.isfinite(result) or (result != 0 and abs(ctx.mag(result)) > _MOST_BITS):
        raise Undefined
    if real and result.imag != 0:
        raise Undefined
    return result


def _constant(name: str, ctx: Context, real: bool) -> Number:
    if name == "oo":
        raise Undefined
    return {"pi": +ctx.pi, "e": +ctx.e, "i": ctx.mpc(0, 1)}[name]


def _total(ctx: Context, args: Sequence[Number], real: bool) -> Number:
    return sum(args[1:], args[0])


def _power(ctx: Context, args: Sequence[Number], real: bool) -> Number:
    base, exponent = args
    if base == 0:
        if not ctx.re(exponent) > 0:
            raise Undefined
        return ctx.mpf(0)
    if abs(exponent) * (abs(ctx.mag(base)) + 1) > _MOST_BITS:
        raise Undefined
    return base**exponent


_OPS: dict[str, Callable[[Context, Sequence[Number], bool], Number]] = {
    "+": _total,
    "-": lambda ctx, args, real: -args[0],
    "*": lambda ctx, args, real: args[0] * args[1],
    "/": lambda ctx, args, real: args[0] / args[1],
    "^": _power,
}


def _call(name: str, ctx: Context, args: Sequence[Number], real: bool) -> Number:
    first = args[0]
    if abs(first) > (
        10**5 if name in ("factorial", "binom", "exp", "sinh", "cosh", "tanh") else 10**100
    ):
        raise Undefined
    if name == "root":
        return _root(ctx, first, args[1])
    if name in ("floor", "ceil"):
        return getattr(ctx, name)(first.real)
    if name == "abs":
        return abs(first)
    if name == "log":
        return ctx.log(first) / ctx.log(args[1])
    if name == "binom":
        return ctx.binomial(first, args[1])
    return getattr(ctx, _NAMES.get(name, name))(first)


_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}


def _root(ctx: Context, value: Number, degree: Number) -> Number:
    odd = degree == int(ctx.re(degree)) and int(ctx.re(degree)) % 2 == 1
    if odd and value.imag == 0 and value.real < 0:
        return -((-value) ** (1 / degree))
    return ctx.sqrt(value) if degree == 2 else value ** (1 / degree)
