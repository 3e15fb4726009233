r"""Equations, inequalities and memberships: `x = 2`, `1 \le x < 2`, `x \in [1, 2)`, `x + y = 3`.

Not here: comparing them (`compare`); nothing is solved.
Try it: `python -c "from topdraw.scoring.equality.shapes import read; print(read('1 < x < 2'))"`.

A name before "=" is a label: what counts is the value, of the last part in a chain. An inequality
between one symbol and constants is an interval of that symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from topdraw.scoring.equality.split import Tokens, split
from topdraw.scoring.equality.tokens import Token
from topdraw.scoring.equality.tree import Node, Shape, Unreadable, symbols

_OPS = {
    Token("mark", "="): "=",
    Token("mark", "<"): "<",
    Token("mark", ">"): ">",
    Token("command", "le"): "<=",
    Token("command", "ge"): ">=",
    Token("command", "ne"): "!=",
}
_IN = Token("command", "in")
_INFINITE = Node("constant", name="oo")
_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}

Read = Callable[[Tokens], Shape]
Express = Callable[[Tokens], Node]


def relation(found: Tokens, read: Read, express: Express) -> Shape | None:
    """The relation that tokens spell; None when no sign of one stands outside brackets.

    Args:
        found: the tokens.
        read: reads a shape, for what stands behind a name.
        express: reads an expression.

    Raises:
        Unreadable: when it is a relation of no kind that we compare.
    """
    member = split(found, _IN)
    if len(member) == 2:
        return Shape("named", (read(member[1]),), text=_name(member[0]))
    parts = split(found, *_OPS)
    if len(parts) == 1:
        return None
    ops = [_OPS[token] for token in _outside(found, parts)]
    if any(not part for part in parts):
        raise Unreadable("a relation without a side")
    if set(ops) == {"="}:
        return _equation(parts, read, express)
    return _inequality([express(part) for part in parts], ops)


def _outside(found: Tokens, parts: Sequence[Tokens]) -> list[Token]:
    at, signs = 0, []
    for part in parts[:-1]:
        at += len(part)
        signs.append(found[at])
        at += 1
    return signs


def _name(found: Tokens) -> str:
    """The label that tokens spell: a symbol, perhaps with a subscript or arguments, or a tuple."""
    text = "".join(token.text for token in found)
    plain = all(
        token.kind in ("symbol", "word", "text") or token.text in "(),:_{}0123456789"
        for token in found
    )
    if not plain or not found or found[0].kind == "number" or len(found) > 12:
        raise Unreadable("no label")
    return text


def is_name(found: Tokens) -> bool:
    r"""Whether tokens are a label: x, x_1, f(x), (x, y), AB, \frac{AB}{CD}; not 2x, xy."""
    if _is_segments(found):
        return True
    try:
        _name(found)
    except Unreadable:
        return False
    if len(found) == 1:
        # Two small letters are a product, two capitals a segment.
        return (
            found[0].kind in ("symbol", "text") or found[0].text.isupper() or len(found[0].text) > 2
        )
    return found[0].kind != "word" and (found[1].text in ("_", "(", ":") or found[0].text == "(")


def _is_segments(found: Tokens) -> bool:
    """Lengths, angles and ratios of them in capitals: |AB|, AB:CD, an angle ABC."""
    letters = [token.text for token in found if token.kind in ("word", "symbol")]
    rest = [token for token in found if token.kind not in ("word", "symbol")]
    signs = ("frac", "{", "}", "|", "/", ":", "angle", "overline", "triangle")
    return (
        any(len(text) > 1 for text in letters)
        and all(text.isupper() or text == "m" for text in letters)
        and all(token.text in signs for token in rest)
    )


def _equation(parts: Sequence[Tokens], read: Read, express: Express) -> Shape:
    if is_name(parts[0]):
        return Shape("named", (read(parts[-1]),), text="".join(token.text for token in parts[0]))
    sides = [express(part) for part in parts]
    if len(sides) == 2:
        pair = (Shape("value", node=sides[0]), Shape("value", node=sides[1]))
        return Shape("relation", pair, text="=")
    raise Unreadable("a chain of equations")


def _inequality(sides: Sequence[Node], ops: Sequence[str]) -> Shape:
    if len(sides) == 2:
        return _two(sides[0], ops[0], sides[1])
    low, middle, high = sides if len(sides) == 3 else (None, None, None)
    if low is None or middle is None or high is None or symbols(low) or symbols(high):
        raise Unreadable("a chain of relations")
    if middle.op != "symbol":
        raise Unreadable("a chain around an expression")
    if all(op in (">", ">=") for op in ops):
        low, high, ops = high, low, [_MIRRORED[op] for op in reversed(ops)]
    if not all(op in ("<", "<=") for op in ops):
        raise Unreadable("a chain in two directions")
    return _interval(middle.name, low, ops[0] == "<=", high, ops[1] == "<=")


def _two(left: Node, op: str, right: Node) -> Shape:
    if op != "!=" and right.op == "symbol" and not symbols(left):
        left, op, right = right, _MIRRORED[op], left
    if op == "!=" or left.op != "symbol" or symbols(right):
        pair = (Shape("value", node=left), Shape("value", node=right))
        return Shape("relation", pair, text=op)
    if op in ("<", "<="):
        return _interval(left.name, Node("-", (_INFINITE,)), False, right, op == "<=")
    return _interval(left.name, right, op == ">=", _INFINITE, False)


def _interval(name: str, low: Node, closed: bool, high: Node, also: bool) -> Shape:
    brackets = ("[" if closed else "(") + ("]" if also else ")")
    ends = (Shape("value", node=low), Shape("value", node=high))
    return Shape("named", (Shape("interval", ends, text=brackets),), text=name)
