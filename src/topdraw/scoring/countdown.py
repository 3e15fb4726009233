"""Verifier of Countdown and of the Game of 24: the last line must be a winning expression.

Not here: making games; that is `topdraw.tasks.countdown`. Nothing is ever evaluated by Python.
Try it: `python -c "from topdraw.scoring.countdown import parse; print(parse('8*(5-2)').text)"`.

Target: `{"numbers": [3, 5, 8], "target": 24}`, and optionally `"fractions": true`.
Right iff the last line that is not blank is an expression of + - * / and parentheses (no sign, no
exponent; `Answer:` before it, `= ...` behind it and `**`, `$` or a backtick around it are
allowed), uses exactly these numbers, each
once, has only integer intermediate results (any rational ones with `"fractions": true`, the rule
of the Game of 24), and equals the target.

The answer (for votes) is a canonical spelling: operands of + and * are sorted, nested sums,
nested products and divisions of a quotient are flattened. Each of these steps keeps every
verdict, so that one answer is either right or wrong; `a*b/c` and `a*(b/c)` stay apart because
only one of them may have integer steps. Lines over 1,000 characters, numbers over 12 digits and
parentheses nested deeper than 50 are wrong unread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.errors import FormatError

LONGEST_LINE = 1000
MOST_DIGITS = 12
DEEPEST = 50
_TOKEN = re.compile(r"[0-9]+|[-+*/()]")
_LABEL = re.compile(r"^(?:the |final )?answer\s*(?:is)?\s*:?\s*", re.IGNORECASE)
_SAME_SIGN = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-"})  # noqa: RUF001  what models write


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression in canonical form.

    Attributes:
        kind: what stands outermost.
        first: canonical texts of the added terms of a sum, of the factors of a product or of a
            quotient's numerator, or of the number itself; sorted.
        second: texts of the subtracted terms of a sum, or of the factors of the denominator.
        numbers: every number used, in order of appearance.
        value: exact value; None when something was divided by zero.
        integer: whether every intermediate result is an integer.
    """

    kind: Literal["number", "sum", "product", "quotient"]
    first: tuple[str, ...]
    second: tuple[str, ...]
    numbers: tuple[int, ...]
    value: Fraction | None
    integer: bool

    @property
    def text(self) -> str:
        """The canonical spelling, an expression again."""
        if self.kind == "sum":
            return "+".join(self.first) + "".join(f"-{term}" for term in self.second)
        if self.kind == "quotient":
            below = "*".join(self.second)
            return "*".join(self.first) + "/" + (f"({below})" if len(self.second) > 1 else below)
        return "*".join(self.first)


class _Game(NamedTuple):
    numbers: list[int]
    target: Fraction
    fractions: bool


@scorer("countdown")
def score_countdown(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A verdict per sample: does its last line win the game of the problem's target?

    Args:
        problem: its target is `{"numbers": [int, ...], "target": int}` (see the module).
        samples: of this problem.

    Returns:
        Verdicts with the canonical expression as answer (None when the line is no expression);
        missing scores when the problem's target is not of this form.

    References:
        Game of 24: Yao et al. 2023 (arXiv 2305.10601), section 4.1.

    Examples:
        >>> game = Problem("1", "", {"numbers": [3, 5, 8], "target": 24})
        >>> score_countdown(game, [Sample("1", 0, "(5-2)*8"), Sample("1", 1, "8*(5-3)")])
        ... # doctest: +NORMALIZE_WHITESPACE
        [Score(value=0.0, passed=False, answer='(5-2)*8', note='uses 2, 5, 8 instead of 3, 5, 8',
            missing_reason=None),
         Score(value=0.0, passed=False, answer='(5-3)*8', note='equals 16, not 24',
            missing_reason=None)]
    """
    game = _read_game(problem.target)
    if game is None:
        reason = f"target {str(problem.target)[:60]!r} is not {{numbers: [...], target: n}}"
        return [Score.missing(reason) for _ in samples]
    verdicts = {output: _verdict(game, output) for output in {s.output for s in samples}}
    return [verdicts[sample.output] for sample in samples]


def _read_game(target: Json) -> _Game | None:
    if not isinstance(target, dict):
        return None
    numbers, goal = target.get("numbers"), target.get("target")
    if not isinstance(numbers, list) or not isinstance(goal, int):
        return None
    plain = [number for number in numbers if isinstance(number, int)]
    if len(plain) != len(numbers):
        return None
    return _Game(sorted(plain), Fraction(goal), target.get("fractions") is True)


def _verdict(game: _Game, output: str) -> Score:
    try:
        found = parse(last_line(output))
    except FormatError as error:
        return Score.verdict(False, note=error.message)
    why = _fault(game, found)
    return Score.verdict(not why, answer=found.text, note=why or "wins")


def _fault(game: _Game, found: Expression) -> str:
    used = sorted(found.numbers)
    if used != game.numbers:
        return f"uses {_listed(used)} instead of {_listed(game.numbers)}"
    if found.value is None:
        return "divides by zero"
    if found.value != game.target:
        return f"equals {found.value}, not {game.target}"
    return "" if found.integer or game.fractions else "a step is not an integer"


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")


def last_line(output: str) -> str:
    """The last line that is not blank, without `Answer:`, `= ...` and Markdown's marks."""
    # Two characters a number would do; far more is read, so that spaces do no harm.
    tail = output.rstrip()[-LONGEST_LINE - 200 :]
    line = tail.rsplit("\n", 1)[-1].strip().translate(_SAME_SIGN)
    return _bare(_bare(_LABEL.sub("", _bare(line))).split("=", 1)[0].strip())


def _bare(line: str) -> str:
    for mark in ("**", "`", "$"):
        # On both sides only: an expression that was cut off behind its "*" stays wrong.
        if len(line) > 2 * len(mark) and line.startswith(mark) and line.endswith(mark):
            line = line[len(mark) : -len(mark)].strip()
    return line


def parse(text: str) -> Expression:
    """The expression a text spells.

    Args:
        text: integers, + - * / and parentheses, with any white space.

    Raises:
        FormatError: if it is anything else, too long, or too deeply nested.

    Examples:
        >>> parse("(1 + 2) * 3").text, parse("3*(2+1)").text
        ('(1+2)*3', '(1+2)*3')
    """
    if len(text) > LONGEST_LINE:
        raise FormatError(f"longer than {LONGEST_LINE} characters")
    tokens = _TOKEN.findall(text)
    if not tokens:
        raise FormatError("no expression")
    if "".join(tokens) != "".join(text.split()):
        raise FormatError("not an expression")
    return _Parser(tokens).whole()


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._sum()
        if self._peek():
            raise FormatError(f"unexpected {self._peek()!r}")
        return found

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _sum(self) -> Expression:
        left = self._product()
        while self._peek() in ("+", "-"):
            left = _add(left, self._take(), self._product())
        return left

    def _product(self) -> Expression:
        left = self._atom()
        while self._peek() in ("*", "/"):
            left = _times(left, self._atom()) if self._take() == "*" else _over(left, self._atom())
        return left

    def _atom(self) -> Expression:
        piece = self._take()
        if piece == "(":
            return self._group()
        if not piece.isdigit():
            raise FormatError(f"expected a number, found {piece!r}" if piece else "ends too early")
        if len(piece) > MOST_DIGITS:
            raise FormatError(f"a number has more than {MOST_DIGITS} digits")
        number = int(piece)
        return Expression("number", (str(number),), (), (number,), Fraction(number), True)

    def _group(self) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FormatError(f"parentheses nested deeper than {DEEPEST}")
        inner = self._sum()
        if self._take() != ")":
            raise FormatError("a parenthesis is not closed")
        self._depth -= 1
        return inner


def _join(
    kind: Literal["sum", "product", "quotient"],
    first: tuple[str, ...],
    second: tuple[str, ...],
    parts: tuple[Expression, Expression],
    value: Fraction | None,
) -> Expression:
    left, right = parts
    whole = value is not None and value.denominator == 1
    return Expression(
        kind,
        tuple(sorted(first)),
        tuple(sorted(second)),
        left.numbers + right.numbers,
        value,
        left.integer and right.integer and whole,
    )


def _terms(part: Expression) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (part.first, part.second) if part.kind == "sum" else ((part.text,), ())


def _factors(part: Expression) -> tuple[str, ...]:
    if part.kind in ("number", "product"):
        return part.first
    return (f"({part.text})",)


def _add(left: Expression, sign: str, right: Expression) -> Expression:
    (plus, minus), (more, less) = _terms(left), _terms(right)
    value = None
    if left.value is not None and right.value is not None:
        value = left.value + right.value if sign == "+" else left.value - right.value
    if sign == "-":
        more, less = less, more
    return _join("sum", plus + more, minus + less, (left, right), value)


def _times(left: Expression, right: Expression) -> Expression:
    value = None
    if left.value is not None and right.value is not None:
        value = left.value * right.value
    return _join("product", _factors(left) + _factors(right), (), (left, right), value)


def _over(left: Expression, right: Expression) -> Expression:
    value = None
    if left.value is not None and right.value:
        value = left.value / right.value
    above, below = (left.first, left.second) if left.kind == "quotient" else (_factors(left), ())
    return _join("quotient", above, below + _factors(right), (left, right), value)
