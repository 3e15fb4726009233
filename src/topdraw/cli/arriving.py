"""Candidates of one question as they arrive: each is scored at once, and is a line on stderr.

Scoring is that of `topdraw score`, in a thread beside the draw: what is scored is in the run, and
is not scored, or paid, again. A scorer that says `together = True` has to see all candidates of a
problem; it waits for the end of the draw.

Not here: the bar below the lines (`display`), the choice (`ask`).
Try it: `topdraw ask "Ben has 3 keys. He finds 4 more. How many keys does Ben have now?" -n 8`.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from topdraw.cli.pace import many
from topdraw.cli.shown import line
from topdraw.core.records import Sample, Score
from topdraw.errors import TopdrawError
from topdraw.store.run import Run

Say: TypeAlias = Callable[[str], None]

_WIDEST = 100
_GRACE_SECONDS = 5.0


class Arriving:
    """Scores candidates while others are being drawn, and says a line of each.

    Args:
        place: of the run.
        scorers: as the command line names them.
        say: shows a line.
    """

    def __init__(self, place: str | os.PathLike[str], scorers: Sequence[str], say: Say) -> None:
        self._place, self._say = place, say
        self._scorers = [spec for spec in dict.fromkeys(scorers) if scores_alone(spec)]
        self._new: list[Sample] = []
        self._lock, self._came = threading.Lock(), threading.Event()
        self._over = self._silent = False
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def begin(self) -> None:
        """Start to look out for candidates."""
        self._thread.start()

    def add(self, sample: Sample) -> None:
        """Take note of a candidate that is on disk; it may be called in an event loop."""
        with self._lock:
            self._new.append(sample)
        self._came.set()

    def end(self, *, wait: bool) -> None:
        """No more will come.

        Args:
            wait: for those that came to be scored and shown.
        """
        self._over, self._silent = True, not wait
        self._came.set()
        # A thread that dies with the interpreter while it is in DuckDB takes the process down.
        self._thread.join(None if wait else _GRACE_SECONDS)

    def _follow(self) -> None:
        while not (self._over and not self._new) and not self._silent:
            self._came.wait()
            self._came.clear()
            with self._lock:
                batch, self._new = sorted(self._new, key=lambda sample: sample.index), []
            scores = self._scores(batch)
            for sample in batch:
                if not self._silent:
                    self._say(candidate_line(sample, scores.get(sample.index, {}), room()))

    def _scores(self, batch: Sequence[Sample]) -> Mapping[int, Mapping[str, Score]]:
        from topdraw.scoring.engine import score
        from topdraw.scoring.resolve import resolve_scorer

        found: dict[int, dict[str, Score]] = {}
        if not batch:
            return found
        try:
            for spec in self._scorers if not self._silent else ():
                run = score(Run.open(self._place), spec)
                name = resolve_scorer(spec).name
                scored = run.scores(name)
                for one in batch:
                    key = (one.sampler, one.problem_id, one.index)
                    if key in scored:
                        found.setdefault(one.index, {})[name] = scored[key]
        except (TopdrawError, OSError):
            self._scorers = []  # said when the draw is over and the command scores again
        return found


def scores_alone(spec: str) -> bool:
    """Whether a scorer may be handed some of a problem's samples before the others."""
    from topdraw.scoring.resolve import resolve_scorer

    return not getattr(resolve_scorer(spec).scorer, "together", False)


@contextmanager
def arriving(
    scorers: Sequence[str], place: str | os.PathLike[str], say: Say
) -> Iterator[Callable[[Sample], None]]:
    """Score and show what arrives while the block runs; gives whom to tell of each candidate.

    Args:
        scorers: as the command line names them.
        place: of the run.
        say: shows a line.
    """
    each = Arriving(place, scorers, say)
    each.begin()
    try:
        yield each.add
    except BaseException:
        each.end(wait=False)
        raise
    each.end(wait=True)


def room() -> int:
    """Columns for a line on stderr."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _WIDEST
    except OSError:
        return _WIDEST


def candidate_line(
    sample: Sample, scores: Mapping[str, Score], width: int, *, mark: str = " "
) -> str:
    """One candidate on one line: index, tokens, scores, and its answer or how its text begins.

    Args:
        sample: the candidate.
        scores: of it, by the names of scorers.
        width: columns there are.
        mark: before the index: "*" for the one that was chosen.

    Examples:
        >>> four = Sample("q", 3, "2 + 2 = 4")
        >>> candidate_line(four, {"reward": Score(value=0.25), "number": Score(answer="4")}, 60)
        '   3     0 tokens  reward 0.25  answer 4'
        >>> candidate_line(four, {}, 40, mark="*")
        '*  3     0 tokens  “2 + 2 = 4”'
    """
    told = [f"{mark}{sample.index:>3} {many(sample.usage.output_tokens, 'token'):>12}"]
    told += [text for name, score in scores.items() if (text := score_words(name, score))]
    answer = next((score.answer for score in scores.values() if score.answer is not None), None)
    if sample.finish_reason not in ("stop", ""):
        told.append(f"({line(sample.finish_reason, 20)})")
    head = "  ".join(told)
    left = max(width - len(head) - 12, 16)
    told.append(f"answer {line(answer, left)}" if answer is not None else _text(sample, left))
    return clipped("  ".join(told), width)


def _text(sample: Sample, limit: int) -> str:
    return f"“{line(sample.output, limit)}”" if sample.output.strip() else "(no text)"


def score_words(name: str, score: Score) -> str:
    """A score in a few words; "" when it says nothing but an answer."""
    called = line(name, 24)
    if score.is_missing:
        return f"{called} missing"
    if score.passed is not None:
        return f"{called} {'passed' if score.passed else 'failed'}"
    return "" if math.isnan(score.value) else f"{called} {score.value:.4g}"


def clipped(text: str, width: int) -> str:
    """A line cut to so many columns, wide characters counted as two.

    Args:
        text: one line.
        width: columns, >= 1.
    """
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 1)) + "…"
