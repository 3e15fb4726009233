r"""Verifier of final-answer numbers: finds the number an output ends in and compares it exactly.

Not here: algebra, intervals, units; a percent or currency sign is dropped, not converted.
Try it: `python -c "from topdraw.scoring.number import extract; print(extract('so #### $1,200'))"`.

The rules, in this order; which one fired is in the score's note:
1. `####`: the number right behind the last `#### `, as in GSM8K (Cobbe et al. 2021,
   arXiv 2110.14168); a Markdown heading such as `#### 2. Then` does not count;
2. `boxed`: the number in the last `\boxed{...}`, `\frac{a}{b}` included;
3. `answer is`: the first number on the line behind the last "the answer is", "answer:" or a line
   that starts with `A:`;
4. `last number`: the last number of the output.
A rule that finds no number hands over to the next. "1,200" is 1200 and "1,00,000" is 100000;
"1,5" is neither a thousand nor a decimal for sure and is read as no number. "50%" is 50, "$18.00"
is 18, "1 1/2" is 3/2, "1.2e3" is 1200. Comparison is exact: 0.33 is not 1/3.
Only the last 20,000 characters are read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.core.registry import scorer

TAIL = 20_000
MOST_DIGITS = 100
LARGEST_EXPONENT = 99

_SIGN = r"(?:(?<![\w)\]}%.])[-+\u2212\u2013\u2011])?"
_CURRENCY = r"\\?[$\u20ac\u00a3\u00a5]\s?"
_DIGITS = r"(?:[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?|\.[0-9]+)"
_NUMBER = re.compile(
    rf"(?P<sign>{_SIGN})(?:{_CURRENCY}(?P<late>[-\u2212]?))?(?<![0-9A-Za-z_])"
    rf"(?:(?P<whole>[0-9]+) (?=[0-9]+/[0-9]))?(?P<above>{_DIGITS})"
    r"(?:[eE](?P<power>[-+]?[0-9]+)|\s?/\s?(?P<below>[0-9]+))?(?![0-9])"
)
_THOUSANDS = re.compile(r"[0-9]+|[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}")
_MARK = re.compile(r"####[ \t*_:=~(\[\\]{0,12}(?=[-+$\u20ac\u00a3\u00a5\u2212.0-9])")
_HEADING = re.compile(r"[.):]\s*[A-Za-z]")
_ANSWER = re.compile(r"\banswer\s{0,3}(?:is|:|=)|^\s{0,3}A:", re.IGNORECASE | re.MULTILINE)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*([^{}]*?)\s*\}\s*\{\s*([^{}]*?)\s*\}")
_LATEX_NOISE = re.compile(r"\\(?:text|mathrm|left|right|displaystyle)\b|\\[,!;: ]|[{}]")


@dataclass(frozen=True, slots=True)
class Found:
    """A number found in a text, and the rule that found it."""

    value: Fraction
    rule: str


@scorer("number")
def score_number(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A verdict per sample: does its final number equal the problem's target?

    Args:
        problem: its target is a number, or a text that holds one (a GSM8K solution will do); None
            when nobody knows the answer.
        samples: of this problem.

    Returns:
        Verdicts with the number's canonical text as answer; no number is wrong, with answer None.
        Without a target the answer alone, for votes. Missing scores when the target is there and
        holds no number.

    Examples:
        >>> scores = score_number(Problem("1", "", "1200"), [Sample("1", 0, "Thus #### $1,200.00")])
        >>> scores[0].passed, scores[0].answer, scores[0].note
        (True, '1200', '####')
    """
    if problem.target is None:
        return [_unjudged(extract(sample.output)) for sample in samples]
    target = read_target(problem.target)
    if target is None:
        reason = f"target {str(problem.target)[:60]!r} is not a number"
        return [Score.missing(reason) for _ in samples]
    return [_verdict(target, extract(sample.output)) for sample in samples]


def _unjudged(found: Found | None) -> Score:
    if found is None:
        return Score(note="no number")
    return Score(answer=canonical(found.value), note=found.rule)


def _verdict(target: Fraction, found: Found | None) -> Score:
    if found is None:
        return Score.verdict(False, note="no number")
    return Score.verdict(found.value == target, answer=canonical(found.value), note=found.rule)


def read_target(target: Json) -> Fraction | None:
    """The exact value of a target: a number, or a text whose final number it is; else None."""
    if isinstance(target, bool) or target is None:
        return None
    if isinstance(target, float):
        # repr, not the binary value: 0.1 in a file means one tenth.
        return Fraction(repr(target)) if math.isfinite(target) else None
    if isinstance(target, int):
        return Fraction(target)
    found = extract(target) if isinstance(target, str) else None
    return found.value if found else None


def extract(text: str) -> Found | None:
    """The final number of a text, by the first rule of the module that finds one; None if none.

    Args:
        text: anything; only its last 20,000 characters are read.

    Examples:
        >>> extract("20 - 2 = 18. The answer is -18 apples")
        Found(value=Fraction(-18, 1), rule='answer is')
    """
    tail = text[-TAIL:]
    for rule, find in _RULES.items():
        value = find(tail)
        if value is not None:
            return Found(value, rule)
    return None


def canonical(value: Fraction) -> str:
    """One text per number: an integer, else a decimal if it ends, else a fraction.

    Examples:
        >>> canonical(Fraction(18)), canonical(Fraction(-5, 4)), canonical(Fraction(1, 3))
        ('18', '-1.25', '1/3')
    """
    twos, fives, rest = _split(value.denominator)
    places = max(twos, fives)
    if rest != 1 or places == 0:
        return str(value)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' * (value < 0)}{digits[:-places]}.{digits[-places:]}"


def _split(number: int) -> tuple[int, int, int]:
    counts = []
    for prime in (2, 5):
        count = 0
        while number % prime == 0:
            number //= prime
            count += 1
        counts.append(count)
    return counts[0], counts[1], number


def _hashes(text: str) -> Fraction | None:
    for mark in reversed(list(_MARK.finditer(text))):
        match = _NUMBER.match(text, mark.end())
        if match and not _HEADING.match(text, match.end()):
            return _value(match)
    return None


def _boxed(text: str) -> Fraction | None:
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed")
    for at in range(begin, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return _first(_from_latex(text[begin + 1 : at]))
    return None


def _from_latex(text: str) -> str:
    # The blank in front keeps a mixed number, 1\frac{1}{2}, apart from its fraction.
    plain = _FRACTION.sub(r" \1/\2", text.replace("{,}", ","))
    return " ".join(_LATEX_NOISE.sub(" ", plain).replace("- ", "-").split())


def _answer_is(text: str) -> Fraction | None:
    marks = list(_ANSWER.finditer(text))
    if not marks:
        return None
    line = text[marks[-1].end() :].split("\n", 1)[0]
    return _first(line) if "\\" not in line else _first(_from_latex(line))


def _last(text: str) -> Fraction | None:
    matches = list(_NUMBER.finditer(text))
    return _value(matches[-1]) if matches else None


def _first(text: str) -> Fraction | None:
    match = _NUMBER.search(text)
    return _value(match) if match else None


_RULES: dict[str, Callable[[str], Fraction | None]] = {
    "####": _hashes,
    "boxed": _boxed,
    "answer is": _answer_is,
    "last number": _last,
}


def _value(match: re.Match[str]) -> Fraction | None:
    digits, dot, decimals = match["above"].partition(".")
    if len(match[0]) > MOST_DIGITS or (digits and not _THOUSANDS.fullmatch(digits)):
        return None
    value = Fraction(f"{digits.replace(',', '') or '0'}{dot}{decimals}")
    below, power = match["below"], match["power"]
    if below:
        if int(below) == 0:
            return None
        value /= int(below)
    if power:
        if abs(int(power)) > LARGEST_EXPONENT:
            return None
        value *= Fraction(10) ** int(power)
    if match["whole"] and value < 1:
        value += int(match["whole"])
    negative = (match["sign"] or match["late"] or "+") != "+"
    return -value if negative else value
