r"""One text for an answer, however it was written, so that votes can go by equal texts.

Not here: what stays apart although it is equal; `compare.same` and `core.classes` join that.
Try it: `python -c "from topdraw.scoring.equality.canonical import *; print(canonical('2/4'))"`.

A rational number is written as `number.canonical` does; an irrational constant by its first 30
digits; a polynomial with its terms in order; lists and sets sorted; a name before "=" is dropped.
What is none of these keeps its own text, spaces and looks apart.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from fractions import Fraction

from topdraw.scoring.equality.clean import clean
from topdraw.scoring.equality.digits import decimal
from topdraw.scoring.equality.exact import exact
from topdraw.scoring.equality.shapes import read
from topdraw.scoring.equality.tree import Node, Shape, Unreadable, symbols
from topdraw.scoring.number import canonical as number_text

LONGEST = 200
_MOST_TERMS = 60
_MOST_POWER = 20
Monomial = tuple[tuple[str, int], ...]
Polynomial = Mapping[Monomial, Fraction]


@functools.lru_cache(maxsize=50_000)
def canonical(text: str) -> str:
    r"""The text that stands for an answer in a vote; a function of the answer alone.

    Args:
        text: an answer as written.

    Returns:
        At most 200 characters.

    Raises:
        MissingPackage: for irrational constants, without the extra "math".

    Examples:
        >>> [canonical(text) for text in (r"\frac{2}{4}", "x = 1,200", "(x+1)^2", "b, a")]
        ['0.5', '1200', 'x^2+2*x+1', 'a, b']
        >>> canonical(r"\frac{\sqrt{2}}{2}") == canonical(r"\frac{1}{\sqrt{2}}")
        True
    """
    shape = read(text)
    try:
        plain = re.sub(r"\s+", " ", clean(text))
    except Unreadable:
        plain = " ".join(text.split())
    return (plain if shape is None else _written(shape))[:LONGEST].strip()


def _written(shape: Shape) -> str:
    if shape.kind == "value":
        return _value(shape)
    if shape.kind == "words":
        return shape.text
    if shape.kind == "based":
        return f"{shape.text}_{shape.base}"
    if shape.kind == "named":
        return _written(shape.parts[0])
    parts = [_written(part) for part in shape.parts]
    if shape.kind == "relation":
        return shape.text.join(parts)
    if shape.kind == "list":
        return ", ".join(sorted(parts))
    if shape.kind == "set":
        return "{" + ", ".join(sorted(set(parts))) + "}"
    if shape.kind == "union":
        return " U ".join(sorted(parts))
    if shape.kind == "ratio":
        return ":".join(parts)
    if shape.kind == "matrix":
        return "[" + "; ".join(parts) + "]"
    brackets = shape.text or "()"
    return brackets[0] + ", ".join(parts) + brackets[1]


def _value(shape: Shape) -> str:
    assert shape.node is not None  # noqa: S101  values have one
    text = _node(shape.node)
    if shape.text == "%":
        return f"{text}%"
    return f"{text} {shape.text}" if shape.text else text


def _node(node: Node) -> str:
    value = exact(node)
    if value is not None:
        return (
            number_text(value)
            if abs(value.numerator) < 10**120 and value.denominator < 10**120
            else _tree(node)
        )
    terms = polynomial(node)
    if terms is not None:
        return _polynomial_text(terms)
    if not symbols(node):
        return decimal(node) or _tree(node)
    return _tree(node)


def _tree(node: Node) -> str:
    """A plain spelling, operands of sums and products in order."""
    if node.op == "number":
        return str(node.value)
    if node.op in ("symbol", "constant"):
        return _name(node.name)
    args = [_tree(arg) for arg in node.args]
    if node.op == "call":
        return _called(node.name, args)
    if node.op == "-":
        return f"-({args[0]})"
    if node.op in ("+", "*"):
        args.sort()
    return f"({node.op.join(args)})"


def _name(name: str) -> str:
    return f"\\{name}" if len(name.split("_")[0]) > 1 and name not in ("pi", "oo") else name


def _called(name: str, args: list[str]) -> str:
    if name == "root":
        return f"sqrt({args[0]})" if args[1] == "2" else f"({args[0]})^(1/{args[1]})"
    if name == "abs":
        return f"|{args[0]}|"
    return f"({args[0]})!" if name == "factorial" else f"{name}({', '.join(args)})"


def polynomial(node: Node) -> Polynomial | None:
    """The terms of a polynomial in symbols, pi and e with rational coefficients; None when not one.

    Args:
        node: the expression; at most 60 terms and powers up to 20 are worked out.
    """
    value = exact(node)
    if value is not None:
        return {(): value} if value else {}
    if node.op == "symbol" or (node.op == "constant" and node.name in ("pi", "e")):
        return {((node.name, 1),): Fraction(1)}
    if node.op not in ("+", "-", "*", "/", "^"):
        return None
    if node.op == "^":
        return _to_power(node)
    args = [polynomial(arg) for arg in node.args]
    known = [arg for arg in args if arg is not None]
    if len(known) < len(args):
        return None
    return _combined(node.op, known)


def _to_power(node: Node) -> Polynomial | None:
    base, power = polynomial(node.args[0]), exact(node.args[1])
    if base is None or power is None or power.denominator != 1 or not 0 <= power <= _MOST_POWER:
        return None
    result: Polynomial | None = {(): Fraction(1)}
    for _ in range(int(power)):
        result = None if result is None else _product(result, base)
    return result


def _combined(op: str, args: list[Polynomial]) -> Polynomial | None:
    if op == "+":
        return _total(args)
    if op == "-":
        return {term: -value for term, value in args[0].items()}
    if op == "*":
        return _product(args[0], args[1])
    if set(args[1]) == {()}:
        return {term: value / args[1][()] for term, value in args[0].items()}
    return None


def _total(args: list[Polynomial]) -> Polynomial:
    found: dict[Monomial, Fraction] = {}
    for each in args:
        for term, value in each.items():
            found[term] = found.get(term, Fraction(0)) + value
    return {term: value for term, value in found.items() if value}


def _product(one: Polynomial, other: Polynomial) -> Polynomial | None:
    if len(one) * len(other) > _MOST_TERMS**2:
        return None
    found: dict[Monomial, Fraction] = {}
    for a, x in one.items():
        for b, y in other.items():
            powers = dict(a)
            for name, power in b:
                powers[name] = powers.get(name, 0) + power
            term = tuple(sorted(powers.items()))
            found[term] = found.get(term, Fraction(0)) + x * y
    kept = {term: value for term, value in found.items() if value}
    return kept if len(kept) <= _MOST_TERMS else None


def _polynomial_text(terms: Polynomial) -> str:
    if not terms:
        return "0"
    ordered = sorted(terms.items(), key=lambda item: _rank(item[0]))
    text = "".join(_term(powers, value) for powers, value in ordered)
    return text.removeprefix("+")


def _rank(powers: Monomial) -> tuple[int, list[tuple[str, int]]]:
    """Higher degrees first, and x^2 before xy."""
    return -sum(power for _, power in powers), [(name, -power) for name, power in powers]


def _term(powers: Monomial, value: Fraction) -> str:
    factors = [_name(name) + (f"^{power}" if power > 1 else "") for name, power in powers]
    size = abs(value)
    if size != 1 or not factors:
        written = number_text(size)
        factors.insert(0, f"({written})" if "/" in written and factors else written)
    return ("-" if value < 0 else "+") + "*".join(factors)
