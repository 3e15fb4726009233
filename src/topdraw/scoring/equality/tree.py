"""What a written answer is, once read: expressions (`Node`) and the shapes made of them (`Shape`).

Not here: reading (`grammar`, `shapes`) and values (`exact`, `digits`).
Try it: `python -c "from topdraw.scoring.equality.shapes import read; print(read('(1, 2)'))"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Op = Literal["number", "symbol", "constant", "+", "-", "*", "/", "^", "call"]
Kind = Literal[
    "value", "words", "list", "tuple", "set", "interval", "union", "matrix", "relation",
    "named", "based", "ratio",
]  # fmt: skip


class Unreadable(ValueError):
    """A text is no mathematics that we understand completely."""


@dataclass(frozen=True, slots=True)
class Node:
    """An expression.

    Attributes:
        op: "number" has a value, "symbol" and "constant" a name ("pi", "e", "i", "oo"), "call" the
            name of a function; "-" is the sign, a difference is a sum with it.
        args: operands.
        value: of a number.
        name: of a symbol, constant or function.
    """

    op: Op
    args: tuple[Node, ...] = ()
    value: Fraction = Fraction(0)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """An answer.

    Attributes:
        kind: "value" has a node, and perhaps a unit; "words" a text; "list" (items in any order),
            "tuple", "set", "union" and "ratio" have parts, "interval" its two ends, "matrix" its
            rows as tuples, "relation" its two sides, "named" the value behind a name.
        parts: see kind.
        node: of a value.
        text: the unit of a value, the words, the brackets of an interval or tuple, the operator of
            a relation, the name, or the digits of a number in another base.
        base: of a number in another base.
    """

    kind: Kind
    parts: tuple[Shape, ...] = ()
    node: Node | None = None
    text: str = ""
    base: int = 10


def number(value: Fraction | int) -> Node:
    """A number as an expression."""
    return Node("number", value=Fraction(value))


def symbols(node: Node) -> frozenset[str]:
    """The free symbols of an expression."""
    if node.op == "symbol":
        return frozenset((node.name,))
    return frozenset().union(*map(symbols, node.args)) if node.args else frozenset()
