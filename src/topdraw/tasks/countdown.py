"""Countdown: reach a target from three or four numbers with + - * /, each number used once.

Not here: checking an expression (scorer "countdown") and the rule that holds problems out.
Try it: `python -c "import topdraw as td; print(td.load('countdown', problems=3).problems[0])"`.

Prompt: `Make 24 from the numbers 3, 5, 8. Use each once with + - * / and parentheses.`
Output: the expression alone, such as `8*(5-2)`. Target: `{"numbers": [3, 5, 8], "target": 24}`.
Right iff it uses exactly these numbers, every intermediate result is an integer (divisions are
exact), and it equals the target. The game is the one of TinyZero and of the British TV programme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.core.records import Problem, Task
from topdraw.core.registry import task
from topdraw.errors import DomainError
from topdraw.tasks.heldout import held_out_draws

VERSION = "1"
LARGEST_TARGET = 100
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}
_OPERATORS = "++++---***/"


@dataclass(frozen=True, slots=True)
class Countdown:
    """One game and one way to win it.

    Attributes:
        numbers: three or four integers >= 1, in the order shown.
        target: 1..100.
        solution: an expression that wins.
    """

    numbers: tuple[int, ...]
    target: int
    solution: str

    @property
    def key(self) -> str:
        """Canonical: the numbers in rising order, and the target."""
        return f"countdown {sorted(self.numbers)}={self.target}"

    @property
    def prompt(self) -> str:
        """The user turn."""
        shown = ", ".join(map(str, self.numbers))
        return (
            f"Make {self.target} from the numbers {shown}. "
            "Use each once with + - * / and parentheses."
        )


@dataclass(frozen=True, slots=True)
class _Term:
    value: int
    text: str
    precedence: int


def draw(
    rng: np.random.Generator, *, numbers: Sequence[int] = (3, 4), largest: int = 12
) -> Countdown:
    """One game that can be won, made by combining random numbers at random.

    Args:
        rng: advanced.
        numbers: how many numbers; one of these is chosen uniformly; each >= 2.
        largest: the numbers are uniform in 1..largest; >= 2.

    Raises:
        DomainError: if numbers is empty or holds a value below 2, or largest < 2.
    """
    if not numbers or min(numbers) < 2 or largest < 2:
        raise DomainError(f"numbers={list(numbers)} and largest={largest}: all must be >= 2.")
    count = int(numbers[int(rng.integers(len(numbers)))])
    while True:
        drawn = rng.integers(1, largest + 1, size=count).tolist()
        result = _combine_all(rng, [_Term(n, str(n), 3) for n in drawn])
        if result is not None and 1 <= result.value <= LARGEST_TARGET:
            return Countdown(tuple(drawn), result.value, result.text)


def _combine_all(rng: np.random.Generator, terms: list[_Term]) -> _Term | None:
    while len(terms) > 1:
        first, second = rng.permutation(len(terms))[:2].tolist()
        operator = _OPERATORS[int(rng.integers(len(_OPERATORS)))]
        joined = _join(terms[first], operator, terms[second])
        if joined is None:
            return None
        terms = [t for i, t in enumerate(terms) if i not in (first, second)] + [joined]
    return terms[0]


def _join(left: _Term, operator: str, right: _Term) -> _Term | None:
    """Larger operand first, so that one game has few spellings; None if it leaves 1, 2, 3..."""
    if left.value < right.value:
        left, right = right, left
    value = _apply(left.value, operator, right.value)
    if value is None:
        return None
    precedence = _PRECEDENCE[operator]
    left_text = left.text if left.precedence >= precedence else f"({left.text})"
    strict = operator in "-/" and right.precedence == precedence
    bare = right.precedence >= precedence and not strict
    # a*(b/c) is left in parentheses: without them the left-to-right value a*b/c differs in steps.
    bare = bare and not (operator == "*" and "/" in right.text)
    right_text = right.text if bare else f"({right.text})"
    return _Term(value, f"{left_text}{operator}{right_text}", precedence)


def _apply(a: int, operator: str, b: int) -> int | None:
    if operator == "+":
        return a + b
    if operator == "-":
        return a - b if a > b else None
    if operator == "*":
        return a * b
    return a // b if a % b == 0 else None


@task("countdown")
def load(
    *,
    problems: int = 200,
    seed: int = 0,
    numbers: Sequence[int] = (3, 4),
    largest: int = 12,
) -> Task:
    """The Countdown task: held-out games, the same for the same settings.

    Args:
        problems: how many; a larger number extends the same list.
        seed: >= 0.
        numbers: how many numbers a game may have.
        largest: largest number shown.

    Raises:
        DomainError: if the settings make no sense or have too few distinct games.

    Examples:
        >>> load(problems=2).problems[0].id
        'countdown/0000'
    """
    drawn = held_out_draws(
        lambda rng: draw(rng, numbers=numbers, largest=largest), problems=problems, seed=seed
    )
    return Task(
        name="countdown",
        version=VERSION,
        problems=tuple(_problem(i, game) for i, game in enumerate(drawn)),
        scorer="countdown",
        decoding={"max_tokens": 32},
        description="Reach a target from 3-4 numbers with + - * /, each number used once.",
    )


def _problem(index: int, game: Countdown) -> Problem:
    return Problem(
        id=f"countdown/{index:04d}",
        prompt=game.prompt,
        target={"numbers": list(game.numbers), "target": game.target},
        metadata={"family": "countdown", "numbers": len(game.numbers)},
    )
