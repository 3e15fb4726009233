r"""Word problems in the form of GSM8K: a few sentences, some steps, `#### answer`.

Not here: reading the answer (scorer "number") and the rule that holds problems out.
Try it: `python -c "import topdraw as td; print(td.load('arithmetic', problems=3).problems[0])"`.

Prompt: `Tom has 12 eggs. He buys 9 more. He gets 4 bags of 6. How many eggs does Tom have now?
Work in steps, then end with #### and the answer.` (one line)
Output: one step a line, then the answer: `12+9=21\n4*6=24\n21+24=45\n#### 45`. Target: `"45"`.
In the style "direct" the last sentence is `Reply only with #### and the answer.` and the output is
`#### 45`. The answer rule (the number after the last `####`) is that of GSM8K (Cobbe et al. 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from topdraw.core.records import Problem, Task
from topdraw.core.registry import task
from topdraw.errors import DomainError
from topdraw.tasks.heldout import held_out_draws

Style = Literal["steps", "direct"]

VERSION = "1"
LARGEST_TOTAL = 10
"""A running total stays at or below this many times `largest`."""
ASK = {
    "steps": "Work in steps, then end with #### and the answer.",
    "direct": "Reply only with #### and the answer.",
}
_HE = ("Tom", "Ben", "Max", "Leo", "Sam", "Ali")
_SHE = ("Ann", "Mia", "Eva", "Zoe", "Ida", "Amy")
_ITEMS = ("eggs", "pens", "cards", "coins", "books", "shells", "beads", "keys", "nuts", "cups")
_START = ("{name} has {n} {items}.", "{name} starts with {n} {items}.")
_GAIN = ("{who} buys {n} more.", "{who} finds {n} more.", "A friend gives {name} {n} more.")
_LOSS = ("{who} loses {n}.", "{who} sells {n}.", "{who} gives away {n}.")
_GROUPS = ("{who} gets {k} bags of {n}.", "{who} buys {k} boxes with {n} in each.")
_TIMES = ("Then the number becomes {n} times as large.",)
_SPLIT = ("{who} makes {n} equal piles and keeps one.",)
_QUESTION = "How many {items} does {name} have now?"


@dataclass(frozen=True, slots=True)
class Story:
    """One word problem with its worked steps.

    Attributes:
        text: the story and its question, without the sentence that asks for a style.
        lines: the steps, such as "12+9=21".
        answer: the final total, >= 1.
        key: canonical: the operations and numbers, without names, items and wording.
    """

    text: str
    lines: tuple[str, ...]
    answer: int
    key: str

    @property
    def steps(self) -> int:
        """How many operations it takes."""
        return len(self.lines)

    def prompt(self, style: Style = "steps") -> str:
        """The user turn for a style."""
        return f"{self.text} {ASK[style]}"

    def solution(self, style: Style = "steps") -> str:
        """A right output for a style."""
        lines = self.lines if style == "steps" else ()
        return "\n".join([*lines, f"#### {self.answer}"])


@dataclass(frozen=True, slots=True)
class _Event:
    templates: tuple[str, ...]
    n: int
    k: int
    lines: tuple[str, ...]
    total: int
    key: str


def draw(
    rng: np.random.Generator, *, steps: Sequence[int] = (5, 6, 7, 8), largest: int = 199
) -> Story:
    """One word problem.

    Args:
        rng: advanced.
        steps: how many operations; one of these is chosen uniformly; each >= 1.
        largest: numbers added or taken are at most this; the running total stays at or below ten
            times as much; >= 10.

    Raises:
        DomainError: if steps is empty or holds a value below 1, or largest < 10.
    """
    if not steps or min(steps) < 1 or largest < 10:
        raise DomainError(f"steps={list(steps)} (each >= 1), largest={largest} (>= 10).")
    wanted = int(steps[int(rng.integers(len(steps)))])
    start = int(rng.integers(2, largest + 1))
    events: list[_Event] = []
    total, left = start, wanted
    while left:
        event = _draw_event(rng, total, left, largest)
        if event is not None:
            events.append(event)
            total, left = event.total, left - len(event.lines)
    return Story(
        text=_tell(rng, start, events),
        lines=tuple(line for event in events for line in event.lines),
        answer=total,
        key=" ".join(["arithmetic", str(start), *(event.key for event in events)]),
    )


def _draw_event(rng: np.random.Generator, total: int, left: int, largest: int) -> _Event | None:
    """One happening that fits the running total; None when the one drawn does not."""
    kind = int(rng.integers(8))
    limit = LARGEST_TOTAL * largest
    if kind < 2:
        return _gain(total, int(rng.integers(2, largest + 1)), limit)
    if kind < 4:
        return _loss(total, int(rng.integers(2, largest + 1)))
    if kind < 6 and left >= 2:
        k, n = int(rng.integers(2, 10)), int(rng.integers(2, max(largest // 2, 9) + 1))
        return _groups(total, k, n, limit)
    if kind == 6:
        return _times(total, int(rng.integers(2, 6)), limit)
    return _split(total, int(rng.integers(2, 10)))


def _gain(total: int, n: int, limit: int) -> _Event | None:
    new = total + n
    return _Event(_GAIN, n, 0, (f"{total}+{n}={new}",), new, f"+{n}") if new <= limit else None


def _loss(total: int, n: int) -> _Event | None:
    new = total - n
    return _Event(_LOSS, n, 0, (f"{total}-{n}={new}",), new, f"-{n}") if new >= 1 else None


def _groups(total: int, k: int, n: int, limit: int) -> _Event | None:
    more = k * n
    new = total + more
    lines = (f"{k}*{n}={more}", f"{total}+{more}={new}")
    return _Event(_GROUPS, n, k, lines, new, f"+{k}*{n}") if new <= limit else None


def _times(total: int, n: int, limit: int) -> _Event | None:
    new = total * n
    return _Event(_TIMES, n, 0, (f"{total}*{n}={new}",), new, f"*{n}") if new <= limit else None


def _split(total: int, n: int) -> _Event | None:
    if total % n or total // n < 2:
        return None
    new = total // n
    return _Event(_SPLIT, n, 0, (f"{total}/{n}={new}",), new, f"/{n}")


def _tell(rng: np.random.Generator, start: int, events: Sequence[_Event]) -> str:
    who, names = (("He", _HE), ("She", _SHE))[int(rng.integers(2))]
    name = names[int(rng.integers(len(names)))]
    items = _ITEMS[int(rng.integers(len(_ITEMS)))]
    sentences = [_pick(rng, _START).format(name=name, n=start, items=items)]
    for event in events:
        template = _pick(rng, event.templates)
        sentences.append(template.format(who=who, name=name, n=event.n, k=event.k))
    return " ".join([*sentences, _QUESTION.format(items=items, name=name)])


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


@task("arithmetic")
def load(
    *,
    problems: int = 200,
    seed: int = 0,
    steps: Sequence[int] = (5, 6, 7, 8),
    largest: int = 199,
    style: Style = "steps",
) -> Task:
    """The word-problem task: held-out problems, the same for the same settings.

    Args:
        problems: how many; a larger number extends the same list.
        seed: >= 0.
        steps: how many operations a problem may take.
        largest: size of the numbers; see `draw`.
        style: "steps" asks for the working, "direct" for the answer alone.

    Raises:
        DomainError: if the settings make no sense or have too few distinct problems.

    Examples:
        >>> load(problems=2).problems[1].id
        'arithmetic/0001'
    """
    if style not in ASK:
        raise DomainError(f"style={style!r}: known are {', '.join(ASK)}.")
    drawn = held_out_draws(
        lambda rng: draw(rng, steps=steps, largest=largest), problems=problems, seed=seed
    )
    return Task(
        name="arithmetic",
        version=VERSION,
        problems=tuple(_problem(i, story, style) for i, story in enumerate(drawn)),
        scorer="number",
        decoding={"max_tokens": 160},
        description="Word problems of a few steps; the answer follows ####.",
    )


def _problem(index: int, story: Story, style: Style) -> Problem:
    return Problem(
        id=f"arithmetic/{index:04d}",
        prompt=story.prompt(style),
        target=str(story.answer),
        metadata={"family": "arithmetic", "steps": story.steps, "style": style},
    )
