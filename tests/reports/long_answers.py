"""Answers as long and as different as those of real models, for tests of large pages.

Not here: tests. Try it: `python -m pytest tests/reports/test_large_page.py`.
"""

from __future__ import annotations

import random

_NAMES = ("Natalia", "Weng", "Betty", "Julie", "James", "Mark", "Albert", "Ken", "Alexis", "Tina")
_THINGS = ("clips", "pages", "letters", "flowers", "slices", "boxes", "shoes", "gallons", "miles")
_OPEN = (
    "First, {who} has {a} {what}.",
    "Let's start with the {a} {what} that {who} has.",
    "We are told that {who} begins with {a} {what}.",
    "To solve this, note that {who} has {a} {what} at first.",
    "{who} had {a} {what} in total before anything happened.",
)
_STEP = (
    "Then {who} gives away {b} of them, so {a} - {b} = {c} {what} are left.",
    "After that there are {a} - {b} = <<{a}-{b}={c}>>{c} {what}.",
    "Next, {b} more {what} arrive, which makes {a} + {b} = {c}.",
    "The price of {b} {what} at ${a} each is {a} * {b} = ${c}.",
    "Half of {a} is {c}, and {who} keeps {b} of these {what}.",
    "Since each box holds {b} {what}, {who} needs {a} / {b} = {c} boxes.",
    "In {b} days {who} would therefore have {c} {what} altogether.",
    "Adding the {b} {what} from Tuesday gives {c}; wait, that should be {a}.",
)
_LINK = ("So ", "Therefore, ", "Thus ", "Now ", "Hence ", "This means: ", "", "", "", "Okay. ")
_END = (
    "The answer is {c}.\n#### {c}",
    "So the final answer is {c} {what}.\n#### {c}",
    "{who} has {c} {what} left. #### {c}",
    "Therefore the total is {c}.\n\n#### {c}",
)


def answers(problem: int, n: int) -> list[str]:
    """`n` answers to one problem, 300 to 500 characters each, hardly two alike.

    Args:
        problem: which one; its people and things are its own.
        n: how many.
    """
    rng = random.Random(problem)
    who, what = rng.choice(_NAMES), rng.choice(_THINGS)
    base = [rng.randint(2, 90) for _ in range(6)]
    return [_answer(random.Random(problem * 100_003 + at), who, what, base) for at in range(n)]


def _answer(rng: random.Random, who: str, what: str, base: list[int]) -> str:
    def numbers() -> dict[str, object]:
        # Mostly the problem's own numbers, as a model would use them, and some of its mistakes.
        a, b, c = (rng.choice(base) if rng.random() < 0.5 else rng.randint(2, 400) for _ in "abc")
        return {"who": who, "what": what, "a": a, "b": b, "c": c}

    parts = [rng.choice(_OPEN).format(**numbers())]
    while sum(map(len, parts)) < 280:
        parts.append(rng.choice(_LINK) + rng.choice(_STEP).format(**numbers()))
    parts.append(rng.choice(_END).format(**numbers()))
    return rng.choice((" ", "\n")).join(parts)
