r"""Our own check: whether two written answers are the same, how surely, and by which rule.

Not here: reading (`shapes`), math-verify (`pool`), verdicts (`scoring.mathematics`).
Try it: `python -c "from topdraw.scoring.equality.compare import *; print(compare('1/2', '0.5'))"`.

Same are: equal rationals, exactly (1/3 is not 0.333); expressions that agree to 100 digits at the
points of `digits`; words without regard to case; tuples in order, lists and sets in any order (a
list beside a tuple in order, a set of one beside its element); intervals, however written;
equations that are multiples of each other; a value and the same behind a name ("x = 5" and "5").
A unit may be missing on one side; two different ones are a difference. 50% is 0.5, and it is 50
too (the sign dropped), unless it is 1 % or less. A number with a base needs the same digits and
base.
Equality is not transitive: 50% is 0.5 and 50.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from topdraw.scoring.equality.digits import proportional, same_values
from topdraw.scoring.equality.exact import exact
from topdraw.scoring.equality.shapes import read
from topdraw.scoring.equality.tree import Node, Shape, number, symbols

How = Literal["exact", "digits"]
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


class Opinion(NamedTuple):
    """What our check says.

    Attributes:
        equal: None when it cannot tell.
        how: "exact" is a proof; "digits" is equality, or a difference, in many digits.
    """

    equal: bool | None
    how: How = "exact"


@functools.lru_cache(maxsize=50_000)
def compare(gold: str, answer: str) -> Opinion:
    r"""Whether an answer is the gold answer.

    Args:
        gold: the right answer, LaTeX or plain.
        answer: another.

    Raises:
        MissingPackage: for irrational numbers and symbols, without the extra "math".

    Examples:
        >>> compare(r"\frac{1}{2}", "0.5"), compare("[1, 2)", r"1 \le x < 2")
        (Opinion(equal=True, how='exact'), Opinion(equal=True, how='exact'))
        >>> compare("(1, 2)", "(2, 1)").equal, compare("7 dozen", "7").equal
        (False, None)
    """
    first, second = read(gold), read(answer)
    if first is not None and second is not None:
        return _alone(first, second)
    if _says(first, answer) or _says(second, gold):
        return Opinion(True)
    return Opinion(None)


def _says(words: Shape | None, text: str) -> bool:
    """Whether words are what a text that is no mathematics says: "June 20"."""
    if words is None or words.kind != "words":
        return False
    return _stem(words.text) == re.sub(r"\\text|[{}\s.,]", "", text.lower())


def same(one: str, other: str) -> bool:
    """Whether two answers are the same for a vote; not transitive.

    Raises:
        MissingPackage: see `compare`.
    """
    return one == other or compare(one, other).equal is True


def _alone(gold: Shape, answer: Shape) -> Opinion:
    """Shapes that are whole answers: there, and only there, a set of one is its element."""
    if gold.kind == "set" and answer.kind == "value" and len(gold.parts) == 1:
        return _shapes(gold.parts[0], answer)
    if answer.kind == "set" and gold.kind == "value" and len(answer.parts) == 1:
        return _shapes(gold, answer.parts[0])
    return _shapes(gold, answer)


def _shapes(gold: Shape, answer: Shape) -> Opinion:
    kinds = (gold.kind, answer.kind)
    if "relation" in kinds or kinds == ("named", "named"):
        return _related(gold, answer)
    if gold.kind == "named" or answer.kind == "named":
        return _alone(_bare(gold), _bare(answer))
    if gold.kind == "based" or answer.kind == "based":
        return _based(gold, answer)
    if set(kinds) == {"interval", "tuple"} or kinds == ("interval", "interval"):
        return _intervals(gold, answer)
    if {"list", "set", "union"} & set(kinds):
        return _collections(gold, answer)
    if gold.kind != answer.kind:
        return Opinion(False)
    if gold.kind == "value":
        return _values(gold, answer)
    if gold.kind == "words":
        return Opinion(_stem(gold.text) == _stem(answer.text))
    return _in_order(gold.parts, answer.parts)


def _bare(shape: Shape) -> Shape:
    return shape.parts[0] if shape.kind == "named" else shape


def _stem(words: str) -> str:
    return words.removeprefix("the ").removeprefix("an ").removeprefix("a ").replace(" ", "")


def _values(gold: Shape, answer: Shape) -> Opinion:
    assert gold.node is not None  # noqa: S101  values have one
    assert answer.node is not None  # noqa: S101  likewise
    if "%" in (gold.text, answer.text) and gold.text != answer.text:
        return _percent(gold, answer)
    if gold.text and answer.text and gold.text != answer.text:
        return Opinion(False)
    return nodes(gold.node, answer.node)


def _percent(gold: Shape, answer: Shape) -> Opinion:
    percent, other = (gold, answer) if gold.text == "%" else (answer, gold)
    assert percent.node is not None  # noqa: S101  values have one
    assert other.node is not None  # noqa: S101  likewise
    if other.text:
        return Opinion(False)
    exactly = nodes(Node("/", (percent.node, number(100))), other.node)
    size = exact(percent.node)
    if exactly.equal or size is None or abs(size) <= 1:
        return exactly
    return nodes(percent.node, other.node)


def nodes(one: Node, other: Node) -> Opinion:
    """Whether two expressions are the same."""
    signs = _infinite(one), _infinite(other)
    if signs != (0, 0):
        return Opinion(signs[0] == signs[1])
    first, second = exact(one), exact(other)
    if first is not None and second is not None:
        return Opinion(first == second)
    if one == other:
        return Opinion(True, "digits")
    return Opinion(same_values(one, other), "digits")


def _infinite(node: Node) -> int:
    if node.op == "-":
        return -_infinite(node.args[0])
    return int(node.op == "constant" and node.name == "oo")


def _all(found: Sequence[Opinion]) -> Opinion:
    """Equal if all are; different if one is."""
    how: How = "digits" if any(each.how == "digits" for each in found) else "exact"
    different = [each for each in found if each.equal is False]
    if different:
        return min(different, key=lambda each: each.how == "digits")
    return Opinion(None if any(each.equal is None for each in found) else True, how)


def _in_order(gold: Sequence[Shape], answer: Sequence[Shape]) -> Opinion:
    if len(gold) != len(answer):
        return Opinion(False)
    return _all([_shapes(a, b) for a, b in zip(gold, answer, strict=True)])


def _any_order(gold: Sequence[Shape], answer: Sequence[Shape]) -> Opinion:
    if len(gold) != len(answer):
        return Opinion(False)
    left, matched = list(answer), []
    for each in gold:
        opinions = [_shapes(each, other) for other in left]
        at = next((i for i, opinion in enumerate(opinions) if opinion.equal), None)
        if at is None:
            unsure = any(opinion.equal is None for opinion in opinions)
            how: How = "digits" if any(o.how == "digits" for o in opinions) else "exact"
            return Opinion(None if unsure else False, how)
        matched.append(opinions[at])
        left.pop(at)
    return _all(matched)


def _collections(gold: Shape, answer: Shape) -> Opinion:
    kinds = {gold.kind, answer.kind}
    if kinds in ({"list", "tuple"}, {"list", "interval"}):
        tuples = [each for each in (gold, answer) if each.kind == "list"]
        if any(part.kind == "tuple" for part in tuples[0].parts) or "interval" in kinds:
            return Opinion(False)
        if not _alphabetic([_names(tuples[0])]):
            return Opinion(False)
        return _in_order(gold.parts, answer.parts)
    if not kinds <= {"list", "set", "union"}:
        return Opinion(False)
    if "union" in kinds and len(kinds) > 1:
        return Opinion(False)
    names = [_names(gold), _names(answer)]
    if bool(names[0]) != bool(names[1]):
        return _in_order(gold.parts, answer.parts) if _alphabetic(names) else Opinion(False)
    if kinds == {"list"}:
        return _any_order(gold.parts, answer.parts)
    return _any_order(_distinct(gold.parts), _distinct(answer.parts))


def _names(shape: Shape) -> list[str]:
    """The names of a list like "x = 1, y = 2"; none of others."""
    names = [part.text for part in shape.parts if part.kind == "named"]
    return names if len(set(names)) > 1 else []


def _alphabetic(names: Sequence[list[str]]) -> bool:
    """Whether names come in the order in which a bare pair (1, 2) is read."""
    return all(each == sorted(each) for each in names)


def _distinct(parts: Sequence[Shape]) -> list[Shape]:
    kept: list[Shape] = []
    for part in parts:
        if not any(_shapes(part, other).equal for other in kept):
            kept.append(part)
    return kept


def _intervals(gold: Shape, answer: Shape) -> Opinion:
    if len(gold.parts) != 2 or len(answer.parts) != 2:
        return Opinion(False)
    for at in (0, 1):
        ends = [each.parts[at].node for each in (gold, answer)]
        infinite = [_infinite(node) for node in ends if node is not None]
        if gold.text[at] != answer.text[at] and not any(infinite):
            return Opinion(False)
    return _in_order(gold.parts, answer.parts)


def _based(gold: Shape, answer: Shape) -> Opinion:
    if gold.kind == answer.kind:
        return Opinion((gold.text, gold.base) == (answer.text, answer.base))
    based, other = (gold, answer) if gold.kind == "based" else (answer, gold)
    value = exact(other.node) if other.node else None
    if value is None or not based.text.isdigit():
        return Opinion(False)
    return Opinion(value == int(based.text))


def _related(gold: Shape, answer: Shape) -> Opinion:
    if gold.kind == answer.kind == "named" and gold.text == answer.text:
        return _shapes(gold.parts[0], answer.parts[0])
    first, second = _as_relation(gold), _as_relation(answer)
    if first is None or second is None:
        return Opinion(False)
    ratio = proportional(first.difference, second.difference)
    if ratio is None:
        return Opinion(None)
    wanted = second.op if ratio > 0 else _MIRRORED[second.op]
    return Opinion(ratio != 0 and first.op == wanted, "digits")


class _Relation(NamedTuple):
    difference: Node
    op: str


def _as_relation(shape: Shape) -> _Relation | None:
    if shape.kind == "relation":
        left, right, op = shape.parts[0].node, shape.parts[1].node, shape.text
    elif (
        shape.kind == "named"
        and shape.parts[0].kind == "value"
        and shape.text.isalpha()
        and len(shape.text) == 1
    ):
        left, right, op = Node("symbol", name=shape.text), shape.parts[0].node, "="
    elif shape.kind == "named" and shape.parts[0].kind == "interval" and len(shape.text) == 1:
        return _half_line(shape.text, shape.parts[0])
    else:
        return None
    if left is None or right is None or not symbols(left) | symbols(right):
        return None
    return _relation(left, op, right)


def _half_line(name: str, interval: Shape) -> _Relation | None:
    low, high = (part.node for part in interval.parts)
    if low is None or high is None or bool(_infinite(low)) == bool(_infinite(high)):
        return None
    closed = interval.text[1 if _infinite(low) else 0] in "[]"
    op = ("<" if _infinite(low) else ">") + ("=" if closed else "")
    return _relation(Node("symbol", name=name), op, high if _infinite(low) else low)


def _relation(left: Node, op: str, right: Node) -> _Relation:
    minus = Node("-", (right,)) if exact(right) != Fraction(0) else number(0)
    return _Relation(Node("+", (left, minus)), op)
