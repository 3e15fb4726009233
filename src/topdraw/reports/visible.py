r"""Hostile text made safe to look at: control, bidi and broken characters shown as boxes.

Not here: where the text goes; `topdraw.reports.page` passes every expression through this door.
Try it: `python -c "from topdraw.reports.visible import plain; print(plain('a\x00b'))"`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

# Controls (but tab and newline), soft hyphen, Arabic marks, Mongolian selectors, zero-width and
# bidi characters, line and paragraph separators, invisible operators, byte order mark, specials,
# tags and variation supplements, noncharacters, and every surrogate: in a Python string a
# surrogate is always a lone one. Joiners are left alone after a letter beyond ASCII, where Indic
# scripts, Persian and emoji need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]"
)


@dataclass(frozen=True, slots=True)
class Clipped:
    """A text ready for a page, perhaps only its beginning.

    Attributes:
        html: safe markup.
        hidden: characters of the text that are not in it; 0 when it is whole.
    """

    html: Markup
    hidden: int


def plain(text: str, limit: int = 400) -> str:
    r"""The text with every invisible character named in brackets, as plain text.

    Args:
        text: anything, lone surrogates included.
        limit: most characters of `text` kept; a longer one ends in an ellipsis. >= 1.

    Returns:
        Text that encodes to UTF-8 and shows no control, bidi or zero-width character but tab and
        newline. It is not escaped.

    Examples:
        >>> plain("a\x00b\u202e")
        'a␀b[U+202E]'
        >>> plain("abcdef", 3)
        'abc…'
    """
    kept = text if len(text) <= limit else text[:limit] + "…"
    # Most texts of most models: looking at each letter would take a hundred times as long.
    if kept.isascii() and kept.replace("\n", "").replace("\t", "").isprintable():
        return kept
    return _HIDDEN.sub(lambda match: _named(match[0], "[{}]"), kept)


def visible(text: str, limit: int = 3000) -> Clipped:
    """The beginning of a text as markup, invisible characters in boxes.

    Args:
        text: anything, lone surrogates included.
        limit: most bytes of markup; >= 64. One hostile character can cost fifty bytes of markup,
            so the bound is on what lands in the page and not on what came in.

    Returns:
        Markup of at most `limit` bytes, and how many characters it leaves out.
    """
    parts: list[str] = []
    room, shown = limit, 0
    for at, char in enumerate(text):
        piece = _box(char) if _HIDDEN.match(text, at) else str(escape(char))
        room -= len(piece.encode())
        if room < 0:
            break
        parts.append(piece)
        shown += 1
    return Clipped(Markup("".join(parts)), len(text) - shown)  # noqa: S704 - pieces are escaped


def _box(char: str) -> str:
    return _named(char, '<span class="ctl">{}</span>')


def _named(char: str, frame: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else frame.format(f"U+{code:04X}")
