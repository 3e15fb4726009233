"""What an import found, counted while it goes on in a few bytes per sample, and said at its end.

Not here: printing it (`topdraw.cli.import_command`).
Try it: `python -m pytest tests/store/formats/test_report.py`.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from topdraw.core.records import IntArray, Json, Score
from topdraw.store.formats.protocol import Notes


@dataclass(slots=True)
class ScorerTally:
    """What came with the samples under the name of one scorer.

    Attributes:
        scored: scores of sampled samples that are not missing.
        judged: of these, those with a verdict.
        passed: of these, those that passed.
        missing: scores that the source could not make.
    """

    scored: int = 0
    judged: int = 0
    passed: int = 0
    missing: int = 0

    def add(self, score: Score) -> None:
        """Count a score."""
        self.missing += score.is_missing
        self.scored += not score.is_missing
        self.judged += score.passed is not None
        self.passed += score.passed is True


@dataclass(slots=True)
class Tally:
    """Who has how many samples, and which texts came twice; 24 bytes a sample, no texts.

    Attributes:
        place: problem id to its number, in the order of the file.
        scorers: scores of the sampled samples by scorer.
        models: samples by model, where the file names them.
    """

    place: dict[str, int] = field(default_factory=dict)
    scorers: dict[str, ScorerTally] = field(default_factory=dict)
    models: Counter[str] = field(default_factory=Counter)
    _next: array[int] = field(default_factory=lambda: array("q"))
    _next_greedy: array[int] = field(default_factory=lambda: array("q"))
    _prompt: array[int] = field(default_factory=lambda: array("q"))
    _problem: array[int] = field(default_factory=lambda: array("q"))
    _text: array[int] = field(default_factory=lambda: array("q"))

    def problem(self, key: str, prompt: str) -> tuple[int, bool, bool]:
        """A problem's number, whether it is new, and whether its prompt is as it was before."""
        at = self.place.get(key)
        mark = hash(prompt)
        if at is not None:
            return at, False, self._prompt[at] == mark
        at = self.place[key] = len(self.place)
        self._next.append(0)
        self._next_greedy.append(0)
        self._prompt.append(mark)
        return at, True, True

    def index(self, at: int, asked: int, *, greedy: bool) -> int:
        """The index of the next sample of a problem: as asked for where that is free for sure."""
        following = self._next_greedy if greedy else self._next
        index = max(asked, following[at])
        following[at] = index + 1
        return index

    def note(self, at: int, output: str) -> None:
        """Count a sampled sample of a problem."""
        self._problem.append(at)
        self._text.append(hash((at, output)))

    def has(self, at: int, index: int) -> bool:
        """Whether a problem has a sample of that index already."""
        return index < self._next[at]

    @property
    def greedy(self) -> int:
        """Greedy samples."""
        return sum(self._next_greedy)

    def counts(self) -> IntArray:
        """Sampled samples of each problem, shape (problems,)."""
        found = np.frombuffer(self._problem, np.int64) if self._problem else np.zeros(0, np.int64)
        return np.bincount(found, minlength=len(self.place)).astype(np.int64)

    def repeats(self) -> tuple[int, int]:
        """Samples whose text an earlier one of their problem has, and of how many problems."""
        if not self._text:
            return 0, 0
        texts = np.frombuffer(self._text, np.int64)
        _, first = np.unique(texts, return_index=True)
        again = np.ones(texts.size, bool)
        again[first] = False
        problems = np.unique(np.frombuffer(self._problem, np.int64)[again])
        return int(again.sum()), int(problems.size)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import read, kept and left out.

    Attributes:
        run: the run that was made.
        format: name of the format.
        files: names of the files.
        rows: records read.
        problems: distinct problems.
        samples: sampled samples.
        greedy: greedy reference samples.
        fewest: sampled samples of the problem that has the fewest.
        median: of the problem in the middle.
        most: of the problem that has the most.
        dropped: reason to how many records or samples were left out for it.
        first_dropped: reason to the place of the first of them.
        filters: names of the filters whose rows were merged.
        extractor: how answers were taken, where the file says it.
        models: samples by model, where the file names them.
        scorers: what came with the samples.
        by: the verifier that reports take by default; "" when the file has no verdicts.
        repeated: samples whose text an earlier one of their problem has, to the letter.
        repeating: problems that have such samples.
        warnings: sentences.
    """

    run: str
    format: str
    files: tuple[str, ...]
    rows: int
    problems: int
    samples: int
    greedy: int
    fewest: int
    median: float
    most: int
    dropped: Mapping[str, int]
    first_dropped: Mapping[str, str]
    filters: tuple[str, ...]
    extractor: str
    models: Mapping[str, int]
    scorers: Mapping[str, ScorerTally]
    by: str
    repeated: int
    repeating: int
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Json]:
        """All of it as JSON values."""
        return dataclasses.asdict(self)


def conclude(
    tally: Tally, notes: Notes, *, run: str, format_name: str, files: Sequence[str]
) -> ImportReport:
    """The report of an import that is through."""
    counts = tally.counts()
    repeated, repeating = tally.repeats()
    by = default_verifier(tally, int(counts.sum()))
    return ImportReport(
        run=run,
        format=format_name,
        files=tuple(files),
        rows=notes.rows,
        problems=len(tally.place),
        samples=int(counts.sum()),
        greedy=tally.greedy,
        fewest=int(counts.min()) if counts.size else 0,
        median=float(np.median(counts)) if counts.size else 0.0,
        most=int(counts.max(initial=0)),
        dropped=dict(notes.dropped),
        first_dropped=dict(notes.first_dropped),
        filters=tuple(notes.filters),
        extractor=notes.extractor,
        models=dict(tally.models),
        scorers=dict(tally.scorers),
        by=by,
        repeated=repeated,
        repeating=repeating,
        warnings=tuple(_warnings(tally, notes, counts, repeated, repeating)),
    )


def default_verifier(tally: Tally, samples: int) -> str:
    """The first scorer with a verdict, or a missing score, on every sample; "" when there is none.

    A verdict on some of the samples, such as the one that a filter of lm-eval left, says nothing
    of the rest and is no default.
    """
    for name, one in tally.scorers.items():
        if one.judged and one.judged + one.missing == samples:
            return name
    return ""


def _warnings(
    tally: Tally, notes: Notes, counts: IntArray, repeated: int, repeating: int
) -> list[str]:
    found = list(notes.warnings)
    if len(tally.models) > 1:
        names = ", ".join(name[:40] for name in list(tally.models)[:6])
        found.append(
            f"Samples of {len(tally.models)} models are one run ({names}); --model NAME keeps one."
        )
    if repeated:
        found.append(
            f"{repeated:,} of {int(counts.sum()):,} samples repeat an earlier one of their problem"
            f" to the letter ({repeating:,} problems): a low temperature, or a cache."
        )
    if counts.size and counts.min() != counts.max():
        found.append(
            f"Problems have unequal numbers of samples, {counts.min():,} to {counts.max():,}:"
            f" pass@k goes up to k = {counts.min():,}."
        )
    found += [f"{count:,} {what}." for what, count in notes.counts.items() if count]
    for name, one in tally.scorers.items():
        if one.missing:
            found.append(f"{one.missing:,} scores by {name} are missing: left out of n.")
    return found
