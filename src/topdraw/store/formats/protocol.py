"""What a foreign format is: how it is recognised, read and written, as one value.

Not here: opening files (`formats.source`), making runs (`formats.importing`), the formats.
Try it: `python -c "from topdraw.store.formats.known import FORMATS; print(list(FORMATS))"`.

A format's file defines `FORMAT = Format(...)` and is listed in `formats.known`. It reads records
(the rows of a file) into rows (one sample each, with the scores that came with it), and writes
problems with their samples back as records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from topdraw.core.records import Decoding, Json, Problem, Sample, Score

if TYPE_CHECKING:
    from topdraw.store.formats.source import Source

Values: TypeAlias = dict[str, Json]
#: Index of a sample that takes the next free one of its problem.
NEXT = -1


@dataclass(frozen=True, slots=True)
class Row:
    """One sample of a file, or what a file says of a sample that another file holds.

    Attributes:
        problem: what it answers; the first row of an id says its prompt and target.
        sample: its text; index `NEXT` unless the file numbers its samples, from 0. None in files
            of judgments alone, whose scores go to the problem's sample `index`.
        scores: what the file says of it, by the name of the scorer, such as "humaneval:passed".
        greedy: whether it is the reference at temperature 0.
        model: who drew it; "" when the file does not say.
        index: of the sample that the scores are of, when there is no sample here.
    """

    problem: Problem
    sample: Sample | None
    scores: Mapping[str, Score] = field(default_factory=dict)
    greedy: bool = False
    model: str = ""
    index: int = 0


@dataclass(slots=True)
class Notes:
    """What is learnt of a file while it is read; a reader adds to it.

    Attributes:
        model: who drew the samples; "" when nobody says.
        task: name of the task; "" when nobody says.
        decoding: how they were drawn; None when nobody says.
        extractor: how answers were taken from outputs, where the file says it.
        filters: names of the filters whose rows were merged.
        rows: records read.
        dropped: reason to how many records or samples were left out for it.
        first_dropped: reason to the place of the first of them.
        warnings: sentences for the user.
        counts: what is worth a warning when there is any, such as "timeouts", to how many.
        seen: what a reader has to remember from one file to the next: a name to a mark, and to
            how many samples there are of it so far.
    """

    model: str = ""
    task: str = ""
    decoding: Decoding | None = None
    extractor: str = ""
    filters: dict[str, None] = field(default_factory=dict)
    rows: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    first_dropped: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    seen: dict[str, tuple[str, int]] = field(default_factory=dict)

    def drop(self, reason: str, place: str) -> None:
        """Note that a record or a sample was left out, and why."""
        self.dropped[reason] += 1
        self.first_dropped.setdefault(reason, place)


@dataclass(frozen=True, slots=True)
class Held:
    """A problem of a run with its samples, as a writer gets it.

    Attributes:
        problem: the problem.
        samples: in the order of their indices; those of both roles, greedy ones last.
        scores: scorer to one score per sample, None where it has none.
        picked: position of the chosen sample; None when none can be chosen.
        rejected: position of the worst sample, for preference data; None when none is worse.
    """

    problem: Problem
    samples: Sequence[Sample]
    scores: Mapping[str, Sequence[Score | None]]
    picked: int | None = None
    rejected: int | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a run says of itself, as a writer gets it.

    Attributes:
        model: name of the model.
        task: name of the task.
        by: the verifier whose verdicts are written; "" when there is none.
        value: the scorer whose values are written; "" when there is none.
        decoding: how the samples were drawn.
        hints: what the source of an imported run said of itself, by format.
    """

    model: str = ""
    task: str = ""
    by: str = ""
    value: str = ""
    decoding: Decoding = field(default_factory=Decoding)
    hints: Mapping[str, Json] = field(default_factory=dict)


Sniff: TypeAlias = "Callable[[Source], int]"
Read: TypeAlias = "Callable[[Source, Notes, Mapping[str, str]], Iterator[Row]]"
Write: TypeAlias = Callable[[Iterable[Held], About], Iterator[Values]]


@dataclass(frozen=True, slots=True)
class Format:
    """A foreign format.

    Attributes:
        name: what users type.
        about: one line: whose files these are.
        sniff: how sure it is, from the first records of a file: 0 is no, 100 is certain.
        read: the rows of a file; the mapping says which column is what, where a user said it.
            Raises FormatError with the place for what is no such file.
        write: a run's problems as records; None when topdraw does not write it.
        container: what a written file is: an object per line, one list, or one object.
        one_each: whether it holds one sample a problem, so that a selector has to choose.
    """

    name: str
    about: str
    sniff: Sniff
    read: Read
    write: Write | None = None
    container: Literal["lines", "list", "object"] = "lines"
    one_each: bool = False
