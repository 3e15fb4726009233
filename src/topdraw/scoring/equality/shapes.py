r"""A written answer as a `Shape`: value with unit, list, tuple, set, interval, relation, words.

Not here: expressions inside them (`grammar`), and when two shapes are the same (`compare`).
Try it: `python -c "from topdraw.scoring.equality.shapes import read; print(read('[1, 2)'))"`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from topdraw.scoring.equality.clean import clean
from topdraw.scoring.equality.grammar import expression, negative
from topdraw.scoring.equality.relations import is_name, relation
from topdraw.scoring.equality.split import Tokens, enclosed, split
from topdraw.scoring.equality.tokens import Token, tokens
from topdraw.scoring.equality.tree import Node, Shape, Unreadable
from topdraw.scoring.equality.units import value, words

_OPEN, _CLOSE = ("(", "["), (")", "]")
_MATRIX = re.compile(
    r"[(\[]?\s*\\begin\{([pb]?matrix|array)\}(?:\{[^{}]*\})?(.*)\\end\{\1\}\s*[)\]]?", re.DOTALL
)
_BASED = re.compile(r"\(?([0-9A-Fa-f]+)\)?_\{?\s*(?:\\text\{)?([0-9]{1,2})\}{0,2}")
_NAMED_SETS = {
    "emptyset": Shape("set"),
    "varnothing": Shape("set"),
}
_REALS = re.compile(
    r"\\mathbb\s*\{?R\}?|\\text\{all real numbers\}|all real numbers|all reals", re.IGNORECASE
)
_AND, _OR = Token("word", "and"), Token("word", "or")
_OO = Node("constant", name="oo")


@functools.lru_cache(maxsize=20_000)
def read(text: str) -> Shape | None:
    r"""What an answer says; None when it is not understood completely.

    Args:
        text: an answer as written, LaTeX or plain.

    Examples:
        >>> read(r"5 \text{ cm}").text, read("x = 2").kind, read("(1,2]").kind, read("1, 2").kind
        ('cm', 'named', 'interval', 'list')
        >>> read("1/2x") is None
        True
    """
    try:
        return _text(clean(text))
    except (Unreadable, ValueError, RecursionError):
        return None


def _text(text: str) -> Shape:
    if not text:
        raise Unreadable("nothing")
    based = _BASED.fullmatch(text)
    if based and 2 <= int(based[2]) <= 36 and _has_digits(based[1], int(based[2])):
        return Shape("based", text=based[1].upper().lstrip("0") or "0", base=int(based[2]))
    if _REALS.fullmatch(text):
        return Shape("interval", (_plain(negative(_OO)), _plain(_OO)), text="()")
    matrix = _MATRIX.fullmatch(text)
    if matrix and "\\end" not in matrix[2]:
        return _matrix(matrix[2])
    if not any(mark in text for mark in "([{"):
        text = re.sub(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d,])", _joined, text)
    return _shape(tokens(text))


def _has_digits(text: str, base: int) -> bool:
    """Whether a text is a number in a base: 101_2, not A_5, which is a symbol."""
    try:
        return int(text, base) >= 0
    except ValueError:
        return False


def _joined(match: re.Match[str]) -> str:
    return match[1].replace(",", "")


def _matrix(inside: str) -> Shape:
    rows = [row for row in re.split(r"\\\\(?:\[[^\]]*\])?", inside) if row.strip()]
    cells = [[_text(cell.strip()) for cell in row.split("&")] for row in rows]
    if len({len(row) for row in cells}) != 1:
        raise Unreadable("a matrix with a hole")
    return Shape("matrix", tuple(Shape("tuple", tuple(row)) for row in cells))


def _shape(found: Tokens) -> Shape:
    if not found:
        raise Unreadable("nothing")
    if any(token == Token("command", "approx") for token in found):
        return _approximate(found)
    said = words(found)
    if said is not None:
        return Shape("words", text=said)
    if Token("command", "pm") in found or Token("command", "mp") in found:
        return _both_signs(found)
    for separators in ((Token("mark", ";"), _AND, _OR), (Token("mark", ","),)):
        parts = split(found, *separators)
        if len(parts) > 1:
            return _listed([part for part in parts if part], either=_OR in found)
    related = relation(found, _shape, expression)
    return related if related is not None else _bracketed(found)


def _approximate(found: Tokens) -> Shape:
    r"""What stands before \approx, unless that is nothing or a name."""
    first, *rest = split(found, Token("command", "approx"))
    return _shape(first) if first and not is_name(first) else _shape(rest[0])


def _both_signs(found: Tokens) -> Shape:
    both = []
    for upper, lower in (("+", "-"), ("-", "+")):
        signs = {"pm": Token("mark", upper), "mp": Token("mark", lower)}
        both.append([signs.get(t.text, t) if t.kind == "command" else t for t in found])
    inside = enclosed(found, ("{",), ("}",))
    first, second = (_shape(each) for each in both)
    if inside is not None or first.kind in ("list", "set"):
        # {1 \pm 2, 3}: one of each sign, what has none once.
        kept = [*first.parts, *(part for part in second.parts if part not in first.parts)]
        return Shape(first.kind, tuple(kept))
    if first.kind == "named" and second.kind == "named":
        return Shape("list", (first.parts[0], second.parts[0]))
    return Shape("list", (first, second))


def _listed(parts: Sequence[Tokens], *, either: bool) -> Shape:
    if len(parts) == 1:
        return _shape(parts[0])
    shapes = [_shape(part) for part in parts]
    inside = [shape.parts[0] if shape.kind == "named" else shape for shape in shapes]
    if any(shape.kind in ("interval", "union") for shape in inside):
        if not either or len({shape.text for shape in shapes if shape.kind == "named"}) > 1:
            raise Unreadable("intervals that are joined or cut")
        return Shape("union", tuple(inside))
    names = [shape.text for shape in shapes if shape.kind == "named"]
    if names and shapes[0].kind == "named" and len(set(names)) == 1:
        # n = 2, 3, 4 and x = 1, x = 2 list the values of one name.
        return Shape("list", tuple(s.parts[0] if s.kind == "named" else s for s in shapes))
    flat = [one for s in shapes for one in (s.parts if s.kind == "list" else (s,))]
    return Shape("list", tuple(flat))


def _bracketed(found: Tokens) -> Shape:
    pieces = split(found, Token("command", "cup"))
    if len(pieces) > 1:
        return Shape("union", tuple(_shape(piece) for piece in pieces))
    if len(found) == 1 and found[0].text in _NAMED_SETS and found[0].kind == "command":
        return _NAMED_SETS[found[0].text]
    ratio = split(found, Token("mark", ":"))
    if len(ratio) > 1:
        return Shape("ratio", tuple(_plain(expression(part)) for part in ratio))
    inside = enclosed(found, ("{",), ("}",), kind="command")
    if inside is not None:
        return Shape("set", _items(inside) if inside else ())
    inside = enclosed(found, ("langle",), ("rangle",), kind="command")
    if inside is not None:
        return Shape("tuple", _items(inside), text="()")
    inside = enclosed(found, ("{",), ("}",))
    if inside is not None:
        return _shape(inside)
    inside = enclosed(found, _OPEN, _CLOSE)
    if inside is not None:
        for mark in (",", ";"):
            if len(split(inside, Token("mark", mark))) > 1:
                return _ordered(_items(inside, mark), found[0].text + found[-1].text)
    return value(found)


def _items(inside: Tokens, mark: str = ",") -> tuple[Shape, ...]:
    return tuple(_shape(part) for part in split(inside, Token("mark", mark)))


def _ordered(shapes: tuple[Shape, ...], brackets: str) -> Shape:
    if len(shapes) == 2 and brackets != "()" and all(s.kind == "value" for s in shapes):
        return Shape("interval", shapes, text=brackets)
    if brackets in ("()", "[]"):
        return Shape("tuple", shapes, text=brackets)
    raise Unreadable("brackets that do not match")


def _plain(node: Node) -> Shape:
    return Shape("value", node=node)
