"""A problem's view made ready for the page: links, words, and texts cut to size.

Not here: markup (page.html) and which samples are shown (`views`).
Try it: `python -m pytest tests/reports/test_cards.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from topdraw.reports.strategies import chosen_name, look
from topdraw.reports.views import ProblemView, SampleView
from topdraw.reports.visible import plain, visible

_TITLE = 220
_HEAD_CHARACTERS, _HEAD_LINES = 700, 12
_HEAD_BYTES, _TAIL_BYTES = 2000, 2400
_WORDS = {
    "passed": ("✓", "passed"),
    "failed": ("✗", "failed"),
    "missing": ("?", "score missing"),
    "unscored": ("?", "not scored yet"),
    "missed": ("✗", "missed"),
    "never": ("○", "never solved"),
    "solved": ("✓", "solved"),
    "unanswered": ("?", "no score"),
}


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with its beginning in sight and some of the rest folded away.

    Attributes:
        head: markup of the beginning.
        tail: markup of what is folded; empty when the head is all.
        folded: characters in the tail.
        cut: characters in neither.
    """

    head: Markup
    tail: Markup
    folded: int
    cut: int


@dataclass(frozen=True, slots=True)
class SampleCard:
    """A sample ready for the page.

    Attributes:
        view: what it shows.
        icon: of its verdict; differs by shape, not by colour alone.
        word: of its verdict.
        text: its output.
        remarks: the verifier's reason, the answer, the ranking score, an unusual end.
        chips: (CSS key, strategy, probability) of who chose it.
    """

    view: SampleView
    icon: str
    word: str
    text: Folded
    remarks: tuple[str, ...]
    chips: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A problem ready for the page.

    Attributes:
        view: what it shows.
        slug: its anchor, "problem-..."; unique on the page.
        icon: of its outcome.
        word: of its outcome.
        title: the beginning of its prompt in one line.
        whole: whether `title` is all of the prompt.
        prompt: its prompt.
        target: what the verifier compares with, shortened; "" when there is nothing.
        picked: (CSS key, strategy, probability of a correct pick).
        samples: its samples, the greedy one first.
        wrong: CSS keys of strategies that rather pick a wrong sample, greedy included; for filters.
        block: all its samples, packed; "" when only `samples` are in the page.
    """

    view: ProblemView
    slug: str
    icon: str
    word: str
    title: str
    whole: bool
    prompt: Folded
    target: str
    picked: tuple[tuple[str, str, float], ...]
    samples: tuple[SampleCard, ...]
    wrong: tuple[str, ...] = ()
    block: str = ""

    @property
    def size(self) -> int:
        """About how many bytes of a page it takes, on the safe side."""
        texts = [self.prompt, *(sample.text for sample in self.samples)]
        marked = sum(len(str(text.head).encode()) + len(str(text.tail).encode()) for text in texts)
        return marked + 4000 + sum(map(_frame_size, self.samples))


def _frame_size(sample: SampleCard) -> int:
    """About how many bytes stand around the text of a sample."""
    chips = sum(100 + len(name.encode()) for _, name, _ in sample.chips)
    return 800 + chips + 2 * sum(len(each.encode()) for each in sample.remarks)


def fitting(made: Sequence[Card], most_bytes: int) -> list[Card]:
    """The first of the cards, as many as fit.

    Args:
        made: in the order shown.
        most_bytes: of markup.
    """
    room, kept = most_bytes, []
    for card in made:
        room -= card.size
        if room < 0:
            break
        kept.append(card)
    return kept


def cards(problems: Sequence[ProblemView]) -> list[Card]:
    """Problems ready for the page, with anchors that differ.

    Args:
        problems: in the order shown.
    """
    taken: set[str] = set()
    made = []
    for view in problems:
        icon, word = _WORDS[view.outcome]
        made.append(
            Card(
                view=view,
                slug=_slug(view.problem_id, taken),
                icon=icon,
                word=word,
                title=short(view.prompt, _TITLE),
                whole=len(view.prompt) <= _TITLE and "\n" not in view.prompt.strip(),
                prompt=fold(view.prompt),
                target=short(view.target, 300),
                picked=_chips(view.picked),
                samples=tuple(_sample_card(each) for each in _with_greedy(view)),
                wrong=_wrong(view),
            )
        )
    return made


def fold(text: str) -> Folded:
    """The first lines of a text, and more of it folded away; both bounded in bytes.

    Args:
        text: anything, lone surrogates included.
    """
    lines = text[: _HEAD_CHARACTERS + 1].splitlines(keepends=True)
    length = min(sum(map(len, lines[:_HEAD_LINES])), _HEAD_CHARACTERS)
    if len(text) <= _HEAD_CHARACTERS * 1.15 and text.count("\n") < _HEAD_LINES * 1.5:
        length = len(text)
    head = visible(text[:length], _HEAD_BYTES)
    shown = length - head.hidden
    tail = visible(text[shown:], _TAIL_BYTES)
    return Folded(head.html, tail.html, len(text) - shown - tail.hidden, tail.hidden)


def short(text: str, limit: int = 120) -> str:
    """A text for one line: plain, without line breaks, at most about `limit` characters."""
    return " ".join(plain(text, limit).split())


def percent(probability: float) -> str:
    """A probability in whole percent, never 0% or 100% unless it is."""
    if 0 < probability < 0.005:
        return "< 1%"
    if 0.995 <= probability < 1 - 1e-9:
        return "> 99%"
    return f"{probability:.0%}"


def two(value: float) -> str:
    """A probability in two decimals; "" when it is NaN."""
    return "" if math.isnan(value) else f"{value:.2f}"


def _with_greedy(view: ProblemView) -> Sequence[SampleView]:
    return view.samples if view.greedy is None else (view.greedy, *view.samples)


def _wrong(view: ProblemView) -> tuple[str, ...]:
    picked = tuple(look(name).key for name, probability in view.picked if probability < 0.5)
    return (*picked, *(("greedy",) if view.greedy and view.greedy.verdict == "failed" else ()))


def _sample_card(view: SampleView) -> SampleCard:
    icon, word = _WORDS[view.verdict]
    return SampleCard(view, icon, word, fold(view.output), _remarks(view), _chips(view.weights))


def _remarks(view: SampleView) -> tuple[str, ...]:
    remarks = [short(view.note)] if view.note else []
    if view.answer is not None and view.answer.strip() != view.output.strip():
        remarks.append(f"answer {short(view.answer)}")
    if not math.isnan(view.value):
        remarks.append(f"score {view.value:.3g}".replace("-", "\u2212"))
    if view.finish_reason not in ("stop", ""):
        remarks.append(f"ended by {short(view.finish_reason)}")
    return tuple(remarks)


def _chips(weights: Sequence[tuple[str, float]]) -> tuple[tuple[str, str, float], ...]:
    return tuple((look(name).key, chosen_name(name), weight) for name, weight in weights)


def _slug(problem_id: str, taken: set[str]) -> str:
    base = "problem-" + (re.sub(r"[^A-Za-z0-9]+", "-", problem_id).strip("-")[:80] or "x")
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    taken.add(slug)
    return slug
