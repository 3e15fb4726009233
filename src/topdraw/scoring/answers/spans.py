r"""The text of an output's final answer, by named rules that each cite their origin.

Not here: reading the text as mathematics (`scoring.equality`), letters (`answers.letters`), and
the number scorer's own rules (`scoring.number`).
Try it: `python -c "from topdraw.scoring.answers.spans import *; print(find('so #### 7'))"`.

`find` takes the first rule that finds something: `minerva`, `boxed`, `####`, `answer is`,
`last math`. Only the last 20,000 characters are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

TAIL = 20_000

_MINERVA = re.compile(
    r"[Ff]inal [Aa]nswer:\s{0,9}The final answer is(.{1,2000}?)\.?\s{0,9}I hope it"
)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s{0,3}(?:(?P<open>\{)|(?P<bare>[^\s{$]{1,99}))")
_BRACE = re.compile(r"(?<!\\)[{}]")
_BETWEEN = re.compile(
    r"(?:[\s$,;.]|\\[()\[\] ,;]|\\q?quad|\\text\{|[{}]|\b(?:and|or)\b){1,40}", re.IGNORECASE
)
_HASHES = re.compile(r"####[ \t*_~]{0,12}([^\n]{1,500})")
_HEADING = re.compile(
    r"[0-9]{1,3}[.):]\s{1,9}[A-Za-z]|[A-Z][a-z]{1,30}\s{1,3}[0-9]{1,3}\s{0,3}:?\s{0,3}$"
)
_ANSWER = re.compile(
    r"\banswer\**\s{0,3}(?:is|:|=)\**:?\s{0,9}|^\s{0,3}A:\s{0,3}", re.IGNORECASE | re.MULTILINE
)
_SPAN = re.compile(
    r"\$\$(.{1,2000}?)\$\$|(?<!\\)\$((?:[^$\n\\]|\\.){1,2000})\$|\\\((.{1,2000}?)\\\)"
    r"|\\\[(.{1,2000}?)\\\]",
    re.DOTALL,
)
_MONEY = re.compile(r"\d[\d,.]*[^\\{}]*?(?<![\\A-Za-z])[a-z]{3}")
_SENTENCE = re.compile(r"\.(?=\s|$|\*)|\n|<\||\Z")


class Span(NamedTuple):
    """An answer as it is written, and the rule that found it."""

    text: str
    rule: str


def find(output: str) -> Span | None:
    r"""The final answer of an output, by the first rule that finds one; None if none does.

    Args:
        output: anything; its last 20,000 characters are read.

    Examples:
        >>> find(r"thus \boxed{\frac{1}{2}}.")
        Span(text='\\frac{1}{2}', rule='boxed')
        >>> find("The answer is $x = 3$, because")
        Span(text='x = 3', rule='answer is')
    """
    tail = output[-TAIL:]
    for rule, search in RULES.items():
        text = search(tail)
        if text is not None and text.strip():
            return Span(text.strip(), rule)
    return None


def minerva(text: str) -> str | None:
    """Between "Final Answer: The final answer is" and ". I hope it is correct.", the last time.

    References:
        Lewkowycz et al. 2022 (arXiv 2206.14858), appendix D; lm-eval's `minerva_math`.
    """
    found = [match[1] for match in _MINERVA.finditer(text)]
    return _within(found[-1]) if found else None


def boxed(text: str) -> str | None:
    r"""What stands in the last `\boxed{...}` whose braces close, braces inside it included.

    `\fbox{...}` and `\boxed 5` count too. Boxes with nothing but commas, "and" or "or" between
    them are one list.

    References:
        Hendrycks et al. 2021 (arXiv 2103.03874), `last_boxed_only_string` of their repository,
        which takes the last of several; math-verify 0.9 joins them.
    """
    found: list[str] = []
    start, closing = len(text), _closing(text)
    for match in reversed(list(_BOXED.finditer(text))):
        inside = match["bare"] if match["bare"] else _braced(text, match.end() - 1, closing)
        end = match.end() + (0 if match["bare"] else len(inside or ""))
        if inside is None or (found and not _BETWEEN.fullmatch(text[end + 1 : start])):
            if found:
                break
            continue
        found.insert(0, inside.strip())
        start = match.start()
    return ", ".join(dict.fromkeys(found)) if found else None


def _closing(text: str) -> dict[int, int]:
    """Where each brace that closes opens and closes, in one pass."""
    opened: list[int] = []
    found = {}
    for match in _BRACE.finditer(text):
        if match[0] == "{":
            opened.append(match.start())
        elif opened:
            found[opened.pop()] = match.start()
    return found


def _braced(text: str, start: int, closing: Mapping[int, int]) -> str | None:
    end = closing.get(start)
    return None if end is None else text[start + 1 : end]


def hashes(text: str) -> str | None:
    """The rest of the line behind the last `####`, unless it reads like a Markdown heading.

    References:
        Cobbe et al. 2021 (arXiv 2110.14168): GSM8K's solutions end in "#### 18".
    """
    found = [match[1] for match in _HASHES.finditer(text) if not _HEADING.match(match[1])]
    return _within(found[-1]) if found else None


def answer_is(text: str) -> str | None:
    """What follows the last "answer is", "answer:" or a line's "A:", to the end of its sentence.

    Where mathematics stands in dollars or brackets there, that alone.

    References:
        Wei et al. 2022 (arXiv 2201.11903), "The answer is 5."; GSM8K's released model solutions
        end in "A: 5".
    """
    marks = list(_ANSWER.finditer(text))
    if not marks:
        return None
    rest = text[marks[-1].end() : marks[-1].end() + 2000]
    span = _SPAN.match(rest)
    return _content(span) if span else _within(rest[: _SENTENCE.search(rest).start()])  # type: ignore[union-attr]  # \Z matches


def last_math(text: str) -> str | None:
    r"""The last mathematics in `$...$`, `$$...$$`, `\(...\)` or `\[...\]`; "$5 and $" is none.

    References:
        The lowest priority of math-verify 0.9 (LatexExtractionConfig).
    """
    found = [_content(span) for span in _SPAN.finditer(text)]
    return next((one for one in reversed(found) if not _MONEY.match(one)), None)


def _within(text: str) -> str:
    """The only mathematics in dollars or brackets of a short text, else the text."""
    spans = list(_SPAN.finditer(text))
    return _content(spans[0]) if len(spans) == 1 and spans[0].start() < 3 else text.strip(" *_\t")


def _content(span: re.Match[str]) -> str:
    return next(group for group in span.groups() if group is not None)


RULES: dict[str, Callable[[str], str | None]] = {
    "minerva": minerva,
    "boxed": boxed,
    "####": hashes,
    "answer is": answer_is,
    "last math": last_math,
}
