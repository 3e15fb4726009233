r"""A written answer without what only changes its looks: spacing, sizes, dollars, Unicode signs.

Not here: anything that changes the meaning; units, percents and words stay.
Try it: `python -c "from topdraw.scoring.equality.clean import *; print(clean('1\\,000.'))"`.

The substitutions are those of Hendrycks et al. 2021 (`is_equiv`), Minerva (Lewkowycz et al. 2022,
appendix D) and PRM800K's grader as far as they are cosmetic; what these drop besides (units,
percent signs, words) is decided in `equality.compare`.
"""

from __future__ import annotations

import re
import unicodedata

from topdraw.scoring.equality.tree import Unreadable

LONGEST = 500

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2013\u2011\u2010", "-"),
        "\u00d7": r"\times ", "\u22c5": r"\cdot ", "\u00b7": r"\cdot ", "\u00f7": "/",
        "\u2215": "/", "\u221a": r"\sqrt ", "\u221e": r"\infty ", "\u2264": r"\le ",
        "\u2265": r"\ge ", "\u2260": r"\ne ", "\u00b1": r"\pm ", "\u2213": r"\mp ",
        "\u222a": r"\cup ", "\u2229": r"\cap ",
        "\u2208": r"\in ", "\u2205": r"\emptyset ", "\u211d": r"\mathbb{R}", "\u2248": r"\approx ",
        "\u03c0": r"\pi ", "\u03b8": r"\theta ", "\u03b1": r"\alpha ", "\u03b2": r"\beta ",
        "\u00b2": "^{2}", "\u00b3": "^{3}", "\u00bd": r"\frac{1}{2}", "\u00bc": r"\frac{1}{4}",
        "\u00be": r"\frac{3}{4}", "\u20ac": "\u20ac", "\u2018": "'", "\u2019": "'",
        **dict.fromkeys("\u202f\u2009\u2006", r"\,"),
    }
)  # fmt: skip
_TEXT = (
    r"\\(?:text(?:bf|it|rm|normal|sf|tt)?|mbox|mathrm|rm|operatorname\*?|"
    r"mathbf|boldsymbol|mathit|bf)"
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (
            r"\\(?:displaystyle|textstyle|limits|left|right|[bB]igg?[lr]?|nonumber)(?![A-Za-z])\.?",
            "",
        ),
        (r"\\(?:[dtc]frac)(?![A-Za-z])", r"\\frac"),
        (r"\\mathrm\{([eid])\}|\\text\{([ei])\}", r"\1\2"),
        (r"\\(?:mathbf|boldsymbol|mathit|vec)\{([A-Za-z])\}", r"\1"),
        (r"\\operatorname\{(sin|cos|tan|cot|sec|csc|log|ln|exp|arcsin|arccos|arctan)\}", r"\\\1 "),
        (_TEXT + r"\s*\{", r"\\text{"),
        (r"\\(?:leqslant|leq|le)(?![A-Za-z])|<=|=<", r"\\le "),
        (r"\\(?:geqslant|geq|ge)(?![A-Za-z])|>=", r"\\ge "),
        (r"\\(?:neq|ne)(?![A-Za-z])|!=", r"\\ne "),
        (r"\\lt(?![A-Za-z])|&lt;", "<"),
        (r"\\gt(?![A-Za-z])|&gt;", ">"),
        (r"\^\s*\{?\s*\\circ\s*\}?|\\degrees?(?![A-Za-z])|\\circ(?![A-Za-z])", "\u00b0"),
        (r"\\(?:l|r)vert(?![A-Za-z])|\\(?:mid)(?![A-Za-z])", "|"),
        (r"\\(?:quad|qquad|enspace|thinspace|hspace\{[^{}]*\})(?![A-Za-z])|~|(?<!\\)\\[;: ]", " "),
        (r"(?<=\d)(?:\\,|\\!|\{,\s?\}|,\\!|(?<!\\)\\ )\s?(?=\d{3}(?!\d))", ""),
        (r"(?<!\\)\\[!,]", " "),
        (r"\\\$", "$"),
        (r"\\%|\\text\{\s*(?:\\?%|percent)\s*\}|(?<=\d)\s?(?:percent(?:age)?|pct)\b", "%"),
        (r"\\(?:approx|simeq)(?![A-Za-z])", r"\\approx "),
        (r"\*\*", "^"),
        (r"\*", r"\\cdot "),
        (r"\s+", " "),
    )
)
_REPEATING = re.compile(r"(\d*)\.(\d*)\\overline\s*(?:\{(\d+)\}|(\d))")
_GROUPS = re.compile(r"-?\d{1,3}(?: \d{3})+(?:\.\d+)?")
_SPANS = re.compile(r"\$[^$]+\$(?:(?:\s|,|;|\band\b|\bor\b)+\$[^$]+\$)+")
_BOX = re.compile(r"\\(?:boxed|fbox)\{(.*)\}", re.DOTALL)
_WRAPS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"), ("`", "`"))


def clean(text: str) -> str:
    r"""The text without cosmetics.

    Args:
        text: an answer as written.

    Raises:
        Unreadable: if it is longer than 500 characters, before or after.

    Examples:
        >>> clean(r"$\left( \dfrac{1}{2},\, 3 \right)$."), clean("12\u2009345"), clean(r"\$1{,}000")
        ('( \\frac{1}{2}, 3 )', '12345', '$1000')
    """
    if len(text) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    if "\\begin" not in text:
        text = re.sub(r"\\\\(?=[A-Za-z])", r"\\", text)  # escaped twice, as in JSON
    found = _unwrapped(unicodedata.normalize("NFC", text).translate(_SIGNS))
    if _SPANS.fullmatch(found):
        found = found.replace("$", " ")
    elif _GROUPS.fullmatch(found):
        found = found.replace(" ", "")
    for pattern, by in _RULES:
        found = pattern.sub(by, found)
    found = _REPEATING.sub(_fraction, found)
    if len(found) > 3 * LONGEST:
        raise Unreadable("too long")
    return found.strip(" ")


def _unwrapped(text: str) -> str:
    found, before = text.strip(), ""
    while found != before:
        before = found
        found = found.rstrip(" .\n,;") if not found.endswith("\\,") else found[:-2]
        for left, right in _WRAPS:
            inside = found[len(left) : -len(right)]
            if (
                len(found) > len(left + right)
                and found.startswith(left)
                and found.endswith(right)
                and left not in inside
            ):
                found = inside.strip()
        box = _BOX.fullmatch(found)
        if box and "boxed" not in box[1]:
            found = box[1].strip()
    return found


def _fraction(match: re.Match[str]) -> str:
    r"""0.1\overline{6} as an exact fraction in parentheses."""
    whole, fixed, again = match[1] or "0", match[2], match[3] or match[4]
    below = (10 ** len(again) - 1) * 10 ** len(fixed)
    above = int(whole + fixed + again) - int(whole + fixed)
    return f"({above}/{below})"
