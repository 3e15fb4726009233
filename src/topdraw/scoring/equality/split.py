"""Tokens split where no bracket is open, and tokens that one pair of brackets encloses.

Not here: what the parts mean (`shapes`).
Try it: `python -m pytest tests/scoring/equality/test_shapes.py`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeAlias

from topdraw.scoring.equality.tokens import Token

Tokens: TypeAlias = Sequence[Token]

_OPENING = frozenset(("(", "[", "{", "langle", "lfloor", "lceil"))
_CLOSING = frozenset((")", "]", "}", "rangle", "rfloor", "rceil"))


def _depths(found: Tokens) -> list[int]:
    """The number of brackets open behind each token."""
    depths, depth = [], 0
    for token in found:
        if token.kind in ("mark", "command"):
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
        depths.append(depth)
    return depths


def split(found: Tokens, *separators: Token) -> list[Tokens]:
    """The parts between the separators that no bracket encloses; the whole when there is none.

    Examples:
        >>> from topdraw.scoring.equality.tokens import tokens
        >>> [len(part) for part in split(tokens("1,(2,3)"), Token("mark", ","))]
        [1, 5]
    """
    at = [i for i, depth in enumerate(_depths(found)) if depth == 0 and found[i] in separators]
    ends = [-1, *at, len(found)]
    return [found[a + 1 : b] for a, b in itertools.pairwise(ends)]


def enclosed(
    found: Tokens, opening: Sequence[str], closing: Sequence[str], *, kind: str = "mark"
) -> Tokens | None:
    """What stands between brackets that open at the start and close only at the end; else None."""
    if len(found) < 2 or found[0].kind != kind or found[-1].kind != kind:
        return None
    if found[0].text not in opening or found[-1].text not in closing:
        return None
    depths = _depths(found)
    return found[1:-1] if depths[-1] == 0 and all(depth > 0 for depth in depths[:-1]) else None
