r"""Values with what stands around a number: currency, percent, degrees, units; and plain words.

Not here: when units matter (`compare`).
Try it: `python -c "from topdraw.scoring.equality.shapes import read; print(read('5 cm').text)"`.

A unit is what stands behind a number in `\text{}`, or a word of the list below or of three letters
and more. Words of quantity ("dozen", "less than", "factorial") are no units: an answer with one is
not read. "thousand", "million" and "billion" multiply.
"""

from __future__ import annotations

import re
from fractions import Fraction

from topdraw.scoring.equality.grammar import expression
from topdraw.scoring.equality.names import FUNCTIONS, LITTLE_WORDS, SAME_UNIT, SHORT_UNITS
from topdraw.scoring.equality.split import Tokens
from topdraw.scoring.equality.tokens import Token
from topdraw.scoring.equality.tree import Node, Shape, Unreadable, number

_CURRENCY = {"$": "dollar", "\u20ac": "euro", "\u00a3": "pound", "\u00a5": "yen"}
_TIMES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_NO_UNIT = re.compile(
    r"\b(?:dozen|gross|half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|"
    r"ninths?|tenths?|twelfths?|hundreds?|hundredths?|thousandths?|ones|twos|fives|nines|tens|"
    r"per ?mille|per ?cent|less|more|than|times|twice|thrice|doubled?|tripled?|below|above|under|"
    r"zero|fewer|extra|every|loss|squared|cubed|factorial|mod|modulo|base|and|or|not|negative|minus|plus|"
    r"over|of|to|by|between|pairs?|scores?|least|most|about|if|when|where|for|except|only|unless|is|"
    r"are|power|root|wrong|incorrect|false)\b"
)
_UNITLESS = frozenset(("unit", "square unit", "cubic unit", "sq unit"))
_WORDS = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z0-9\u00c0-\u024f' .,;:!?()-]*")


def words(found: Tokens) -> str | None:
    r"""The words of an answer that is nothing else, in small letters; None when it is mathematics.

    Words are `\text{...}` and runs of three letters and more (two, for "no", "up" and the like).
    """
    if not all(
        t.kind in ("word", "text") or t in (Token("mark", "."), Token("mark", ",")) for t in found
    ):
        single = [t for t in found if t.kind in ("word", "text")]
        return _choice(found) if single else None
    texts = [t.text for t in found if t.kind in ("word", "text")]
    whole = " ".join(texts)
    if (
        len(texts) == 1
        and found[0].kind == "word"
        and len(whole) == 2
        and whole.lower() not in LITTLE_WORDS
    ):
        return None
    if any(t.text == "," for t in found) or not _WORDS.fullmatch(whole):
        return None
    return re.sub(r"[^a-z0-9\u00c0-\u024f]+", " ", whole.lower()).strip() or None


def _choice(found: Tokens) -> str | None:
    """Several words with single letters between them: "Plan A", "Type I", "a square"."""
    if all(t.kind in ("word", "text", "symbol") for t in found) and any(
        len(t.text) > 3 for t in found
    ):
        if found[0].kind != "symbol" or found[0].text in ("a", "A"):
            return " ".join(t.text.lower() for t in found)
    return None


def value(found: Tokens) -> Shape:
    """A value with its unit.

    Raises:
        Unreadable: when what is left beside the unit is no expression.
    """
    sign = bool(found) and found[0] == Token("mark", "-")
    rest = list(found[1:] if sign else found)
    unit = ""
    if rest and rest[0].kind == "mark" and rest[0].text in _CURRENCY:
        unit = _CURRENCY[rest.pop(0).text]
    elif len(rest) > 1 and rest[-1].kind == "mark" and rest[-1].text in _CURRENCY:
        unit = _CURRENCY[rest.pop().text]
    node_tokens, suffix, factor = _suffix(rest)
    if unit and suffix not in ("", unit):
        raise Unreadable("two units")
    node = expression([Token("mark", "-"), *node_tokens] if sign else node_tokens)
    if factor != 1:
        node = Node("*", (node, number(Fraction(factor))))
    return Shape("value", node=node, text=unit or suffix)


def _suffix(found: list[Token]) -> tuple[list[Token], str, int]:
    """The tokens before the unit, the unit, and what a word like "million" multiplies by."""
    if found and found[-1] == Token("mark", "%"):
        return found[:-1], "%", 1
    if found and found[-1] == Token("mark", "\u00b0"):
        # Behind a sine it is the function's.
        inside = any(token.text in FUNCTIONS for token in found)
        return (found, "", 1) if inside else (found[:-1], "degree", 1)
    at = len(found)
    power = ""
    if at > 2 and found[at - 2] == Token("mark", "^") and found[at - 1].kind == "number":
        at, power = at - 2, found[at - 1].text
    elif (
        at > 4
        and found[at - 4] == Token("mark", "^")
        and found[at - 3].text == "{"
        and found[at - 2].kind == "number"
    ):
        at, power = at - 4, found[at - 2].text
    end = at
    while at > 0 and _is_unit(found[at - 1]):
        at -= 1
    if at == end or at == 0:
        return found, "", 1
    said = [t.text for t in found[at:end]]
    times = _TIMES.get(said[0].lower(), 1)
    text = " ".join(said[1:] if times != 1 else said)
    return found[:at], _unit(text, power), times


def _is_unit(token: Token) -> bool:
    if token.kind == "text":
        return True
    return token.kind == "word" and (len(token.text) > 2 or token.text in SHORT_UNITS)


def _unit(text: str, power: str) -> str:
    """A unit in one spelling: singular, short where that is usual.

    Raises:
        Unreadable: when it is a word of quantity.
    """
    low = re.sub(r"\s+", " ", text.lower().replace(".", " ")).strip()
    if _NO_UNIT.search(low) or re.search(
        r"[^a-z\u00c0-\u024f\u00b0/ ^'-]", low.replace("^2", "").replace("^3", "")
    ):
        raise Unreadable(f"a quantity, no unit: {text!r}")
    squared = re.fullmatch(r"(?:square|sq) (.+)", low)
    cubic = re.fullmatch(r"cubic (.+)", low)
    power = power or ("2" if squared else "3" if cubic else "")
    bare = (squared or cubic)[1] if squared or cubic else low  # type: ignore[index]  # one of them matched
    one = bare[:-1] if len(bare) > 3 and bare.endswith("s") and not bare.endswith("ss") else bare
    one = SAME_UNIT.get(bare, SAME_UNIT.get(one, one))
    return "" if one in _UNITLESS else f"{one}^{power}" if power else one
