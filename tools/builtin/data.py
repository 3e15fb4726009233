"""Training text of the built-in model, generated on the fly: three tasks and arithmetic drills.

Not here: the tasks themselves (`topdraw.tasks`); their held-out problems never come out of here.
Try it: `python -c "from tools.builtin.data import preview; preview()"`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from topdraw.tasks import arithmetic, countdown, functions
from topdraw.tasks.heldout import training_draw

MIX = {"countdown": 0.30, "arithmetic": 0.34, "functions": 0.22, "drill": 0.14}
DIRECT_SHARE = 0.10
_CUMULATIVE = np.cumsum(list(MIX.values()))


@dataclass(frozen=True, slots=True)
class Example:
    """One training text: the user turn and the answer."""

    kind: str
    prompt: str
    answer: str
    concept: str = ""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How hard the word problems and drills are.

    Attributes:
        steps: of a word problem, chosen uniformly.
        largest: of its numbers, chosen uniformly.
        drill_scale: multiplies the largest operands of the drills.
    """

    steps: tuple[int, ...]
    largest: tuple[int, ...]
    drill_scale: int


NARROW = Sizes(steps=(2, 3, 4, 5), largest=(20, 50, 99, 99), drill_scale=1)
WIDE = Sizes(steps=(2, 3, 4, 5, 6, 7, 8), largest=(20, 50, 99, 199, 199, 299), drill_scale=3)


def stream(seed: int, *, sizes: Sizes = NARROW) -> Iterator[Example]:
    """An endless stream of training examples, the same for the same seed.

    Args:
        seed: any integer >= 0.
        sizes: of the word problems and drills.
    """
    rng = np.random.default_rng(seed)
    kinds = list(MIX)
    while True:
        kind = kinds[min(int(np.searchsorted(_CUMULATIVE, rng.random())), len(kinds) - 1)]
        yield _MAKERS[kind](rng, sizes)


def _countdown(rng: np.random.Generator, sizes: Sizes) -> Example:
    del sizes
    game = training_draw(countdown.draw, rng)
    return Example("countdown", game.prompt, game.solution)


def _arithmetic(rng: np.random.Generator, sizes: Sizes) -> Example:
    largest = sizes.largest[int(rng.integers(len(sizes.largest)))]
    story = training_draw(lambda r: arithmetic.draw(r, steps=sizes.steps, largest=largest), rng)
    style: arithmetic.Style = "direct" if rng.random() < DIRECT_SHARE else "steps"
    return Example("arithmetic", story.prompt(style), story.solution(style))


def _functions(rng: np.random.Generator, sizes: Sizes) -> Example:
    del sizes
    shown = 2 if rng.random() < 0.7 else 3
    function = training_draw(lambda r: functions.draw(r, examples=shown, tests=1), rng)
    return Example("functions", function.prompt, function.solution, function.family)


def _drill(rng: np.random.Generator, sizes: Sizes) -> Example:
    """Four small calculations, written as the steps of a word problem are.

    The result digits hold most of the loss of word problems; drills are the cheapest cure.
    """
    pairs = [_calculation(rng, sizes.drill_scale) for _ in range(4)]
    prompt = "Calculate " + ", ".join(text for text, _ in pairs)
    return Example("drill", prompt, "\n".join(f"{text}={value}" for text, value in pairs))


def _calculation(rng: np.random.Generator, scale: int) -> tuple[str, int]:
    kind = int(rng.integers(6))
    if kind == 0:
        a, b = int(rng.integers(2, 990 * scale + 1)), int(rng.integers(2, 449 * scale + 1))
        return f"{a}+{b}", a + b
    if kind == 1:
        b = int(rng.integers(2, 99 * scale + 1))
        a = b + int(rng.integers(1, 899 * scale + 1))
        return f"{a}-{b}", a - b
    if kind == 2:
        a, b = int(rng.integers(2, 10)), int(rng.integers(2, 49 * scale + 1))
        return f"{a}*{b}", a * b
    if kind == 3:
        a, b = int(rng.integers(2, 330 * scale + 1)), int(rng.integers(2, 6))
        return f"{a}*{b}", a * b
    if kind == 4:
        a, b = int(rng.integers(2, 10)), int(rng.integers(2, 109 * scale + 1))
        return f"{a * b}/{a}", b
    game = countdown.draw(rng)
    return game.solution, game.target


_MAKERS = {
    "countdown": _countdown,
    "arithmetic": _arithmetic,
    "functions": _functions,
    "drill": _drill,
}


def concept_counts(seed: int, examples: int) -> Counter[str]:
    """How often each function family comes among the first examples of a stream, by counting."""
    counts: Counter[str] = Counter()
    for _, example in zip(range(examples), stream(seed), strict=False):
        if example.concept:
            counts[example.concept] += 1
    return counts


def preview(examples: int = 12) -> None:
    """Print the start of a stream."""
    for _, example in zip(range(examples), stream(0), strict=False):
        print(f"{example.kind}: {example.prompt!r} -> {example.answer!r}")
