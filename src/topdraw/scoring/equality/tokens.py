r"""A cleaned answer cut into tokens, with the limits that keep reading it cheap.

Not here: their order (`grammar`, `shapes`).
Try it: `python -c "from topdraw.scoring.equality.tokens import *; print(tokens('2x+1'))"`.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from topdraw.scoring.equality.names import ALIASES, GREEK, PLAIN, is_unit
from topdraw.scoring.equality.tree import Unreadable

DEEPEST = 40
MOST_DIGITS = 400

_TOKEN = re.compile(
    r"(?P<text>\\text\{(?P<inside>[^{}]*)\})|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3}(?![\w.]))?)"
    r"|(?P<command>\\[A-Za-z]+|\\\\|\\[{}|])"
    r"|(?P<word>[A-Za-z\u00c0-\u024f]{2,}(?:['-][A-Za-z]+)*)"
    r"|(?P<symbol>[A-Za-z])|(?P<mark>[-+/^_=<>!|,;:%&()\[\]{}$\u00b0'\u20ac\u00a3\u00a5?.\"])|(?P<space>\s+)"
)
_BESIDE = re.compile(r"[-+/^_()\[\]{}\d]")
TokenKind = Literal["number", "symbol", "command", "word", "text", "mark"]


class Token(NamedTuple):
    r"""A token.

    Attributes:
        kind: "number", "symbol" (a letter or a Greek one), "command" (without its backslash),
            "word" (letters in a row), "text" (inside `\text{}`), "mark".
        text: what it says.
    """

    kind: TokenKind
    text: str


def tokens(text: str) -> list[Token]:
    """The tokens of a cleaned answer.

    Raises:
        Unreadable: at a character no answer has, numbers of more than 400 digits, or brackets
            nested deeper than 40.

    Examples:
        >>> [token.text for token in tokens("2x+1")]
        ['2', 'x', '+', '1']
    """
    found: list[Token] = []
    at = depth = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unreadable(f"cannot read {text[at : at + 10]!r}")
        at = match.end()
        kind = match.lastgroup
        if kind in ("text", "inside"):
            _add_text(found, match["inside"].strip())
        elif kind == "word" and _touches(text, match.start(), at) and _is_product(match[0]):
            found.extend(Token("symbol", letter) for letter in match[0])
        elif kind != "space":
            found.append(_token(kind or "", match[0]))
        depth += (match[0] in ("{", "(", "[")) - (match[0] in ("}", ")", "]"))
        if depth > DEEPEST or len(match[0]) > MOST_DIGITS:
            raise Unreadable("too deep or too many digits")
    return found


def _touches(text: str, start: int, end: int) -> bool:
    """Whether letters stand right beside a number or an operator: 2xyz, (ab); not AB, a segment."""
    beside = text[max(start - 1, 0) : start] + text[end : end + 1]
    if text[start:end].isupper():
        return any(character.isdigit() for character in beside)
    return bool(_BESIDE.search(beside))


def _is_product(word: str) -> bool:
    plain = word.isalpha() and word.isascii() and ALIASES.get(word, word) not in PLAIN
    return plain and not is_unit(word)


def _add_text(found: list[Token], inside: str) -> None:
    if not inside:
        return
    letter = re.fullmatch(r"\(?[A-Za-z]\)?", inside)
    behind = bool(found) and (found[-1].kind == "number" or found[-1].text in (")", "}"))
    if re.fullmatch(r"[-+]?\d+(?:\.\d+)?", inside) or (letter and not behind):
        # \text{13} is 13, and \text{A} is A; but 5\text{ m} has a unit.
        found.extend(tokens(inside))
        return
    separated = re.fullmatch(r",?\s*(and|or)\s*", inside)
    found.append(Token("word", separated[1]) if separated else Token("text", inside))


def _token(kind: str, text: str) -> Token:
    if kind == "command":
        name = text[1:]
        return Token("symbol", name) if name in GREEK else Token("command", name)
    if kind == "word":
        name = ALIASES.get(text, text)
        return Token("command", name) if name in PLAIN else Token("word", text)
    if kind == "number":
        return Token("number", text)
    return Token("symbol", text) if kind == "symbol" else Token("mark", text)
