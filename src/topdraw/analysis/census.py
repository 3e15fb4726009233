"""What a run holds: samples by role, texts that repeat, how outputs ended, tokens.

Not here: whether the samples are right (`coverage`), what they cost (`Run.bill`).
Try it: `topdraw show RUN`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from topdraw.store.rows import SampleRow
from topdraw.store.run import Run, Sampler
from topdraw.store.table import columns


@dataclass(frozen=True, slots=True)
class Holdings:
    """The samples of one role.

    Attributes:
        role: "sampled" or "greedy".
        wanted: samples asked for; with a stopping rule, the most.
        drawn: samples on disk.
        fewest: samples of the problem that has the fewest.
        most: samples of the problem that has the most.
        short: problems with fewer samples than were asked for.
        repeated: samples whose text an earlier one of the same problem has, to the letter.
        uniform: problems with at least two samples, all of one text.
        empty: samples without text.
        finish_reasons: samples by how they ended, the commonest first.
        prompt_tokens: as many as a server without any sharing would have read.
        output_tokens: in all samples.
        estimated: whether any of the tokens are estimates.
    """

    role: str
    wanted: int
    drawn: int
    fewest: int
    most: int
    short: int
    repeated: int
    uniform: int
    empty: int
    finish_reasons: Mapping[str, int]
    prompt_tokens: int
    output_tokens: int
    estimated: bool

    @property
    def repeated_share(self) -> float:
        """Share of the samples whose text repeats an earlier one; 0 when there are none."""
        return self.repeated / self.drawn if self.drawn else 0.0


@dataclass(frozen=True, slots=True)
class Scored:
    """What one scorer has said of a role's samples.

    Attributes:
        scorer: its name.
        scored: samples with a score.
        judged: of these, those with a verdict.
        passed: of these, those that passed.
        missing: samples that the scorer failed on.
    """

    scorer: str
    scored: int
    judged: int
    passed: int
    missing: int


@dataclass(frozen=True, slots=True)
class Census:
    """What a run holds.

    Attributes:
        problems: how many it has.
        roles: its samples by role.
        scorers: the scores of the role "sampled".
    """

    problems: int
    roles: tuple[Holdings, ...]
    scorers: tuple[Scored, ...]


def census(run: Run) -> Census:
    """Count what a run holds.

    Raises:
        StoreError: when a file cannot be read.
    """
    tallies = {sampler.role: _Tally() for sampler in run.manifest.samplers}
    by_hash: dict[str, list[Sampler]] = {}
    for sampler in run.manifest.samplers:
        by_hash.setdefault(sampler.hash, []).append(sampler)
    for row in cast("Iterable[SampleRow]", run.sample_ledger().rows()):
        for sampler in by_hash.get(row.sampler, ()):
            if row.index < sampler.end:
                tallies[sampler.role].add(row)
    problems = len(run.problems)
    return Census(
        problems,
        tuple(_holdings(one, tallies[one.role], problems) for one in run.manifest.samplers),
        tuple(_scored(run, scorer) for scorer in run.scorers()),
    )


@dataclass(slots=True)
class _Tally:
    drawn: Counter[str] = field(default_factory=Counter)
    texts: dict[str, set[int]] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False

    def add(self, row: SampleRow) -> None:
        problem = row.key[1]
        self.drawn[problem] += 1
        # The hash stands for the text: a million texts need not be in memory at once.
        self.texts.setdefault(problem, set()).add(hash((row.output, row.original)))
        self.ends[row.finish_reason] += 1
        self.empty += not row.output.strip()
        self.prompt_tokens += row.prompt_tokens
        self.output_tokens += row.output_tokens
        self.estimated |= row.usage_estimated


def _holdings(sampler: Sampler, tally: _Tally, problems: int) -> Holdings:
    counts = list(tally.drawn.values()) + [0] * (problems - len(tally.drawn))
    drawn = tally.drawn.total()
    return Holdings(
        role=sampler.role,
        wanted=problems * sampler.n,
        drawn=drawn,
        fewest=min(counts, default=0),
        most=max(counts, default=0),
        short=sum(count < sampler.n for count in counts),
        repeated=drawn - sum(map(len, tally.texts.values())),
        uniform=sum(
            len(texts) == 1 and tally.drawn[problem] > 1 for problem, texts in tally.texts.items()
        ),
        empty=tally.empty,
        finish_reasons=dict(tally.ends.most_common()),
        prompt_tokens=tally.prompt_tokens,
        output_tokens=tally.output_tokens,
        estimated=tally.estimated,
    )


def _scored(run: Run, scorer: str) -> Scored:
    found = columns(run, scorer)
    judged = found.judged & ~found.missing
    return Scored(
        scorer=scorer,
        scored=int((~found.missing).sum()),
        judged=int(judged.sum()),
        passed=int((judged & found.passed).sum()),
        missing=int(found.missing.sum()),
    )
