"""What a run or a table holds: samples by role, texts that repeat, how outputs ended, tokens.

Not here: whether the samples are right (`coverage`), what they cost (`Run.bill`).
Try it: `topdraw show RUN`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from topdraw.analysis.table_tallies import tallies_of_table, verdicts_of_table
from topdraw.analysis.tallies import Tally, tallies_of_parts, tallies_of_rows
from topdraw.store.evidence import Evidence
from topdraw.store.plain import PlainTable
from topdraw.store.table import columns


@dataclass(frozen=True, slots=True)
class Holdings:
    """The samples of one role.

    Attributes:
        role: "sampled" or "greedy".
        wanted: samples asked for; with a stopping rule, the most; of a table, those drawn.
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
    """What a run or a table holds.

    Attributes:
        problems: how many it has.
        roles: its samples by role.
        scorers: the scores of the role "sampled".
    """

    problems: int
    roles: tuple[Holdings, ...]
    scorers: tuple[Scored, ...]


def census(run: Evidence) -> Census:
    """Count what a run or a table holds.

    Args:
        run: the run, or a table of one model. Of texts and ends that a table does not hold,
            nothing is counted.

    Raises:
        StoreError: when a file cannot be read.
        ConfigError: when a table has several models.
    """
    if isinstance(run, PlainTable):
        tallies, asked = tallies_of_table(run), dict.fromkeys(("sampled", "greedy"), 0)
    else:
        tallies = tallies_of_parts(run) or tallies_of_rows(run)
        asked = {one.role: one.n for one in run.manifest.samplers}
    problems = len(run.problems)
    return Census(
        problems,
        tuple(
            _holdings(role, tallies[role], problems, n)
            for role, n in asked.items()
            if role in tallies
        ),
        tuple(_scored(run, scorer) for scorer in run.scorers()),
    )


def _holdings(role: str, tally: Tally, problems: int, n: int) -> Holdings:
    """Of a role for which n samples a problem were asked for; 0 where nobody knows."""
    counts = [*tally.drawn.values()] + [0] * (problems - len(tally.drawn))
    drawn = sum(counts)
    return Holdings(
        role=role,
        wanted=problems * n or drawn,
        drawn=drawn,
        fewest=min(counts, default=0),
        most=max(counts, default=0),
        short=sum(count < n for count in counts),
        repeated=drawn - sum(tally.texts.values()),
        uniform=sum(tally.texts[key] == 1 and count > 1 for key, count in tally.drawn.items()),
        empty=tally.empty,
        finish_reasons=dict(sorted(tally.ends.items(), key=lambda item: (-item[1], item[0]))),
        prompt_tokens=tally.prompt_tokens,
        output_tokens=tally.output_tokens,
        estimated=tally.estimated,
    )


def _scored(run: Evidence, scorer: str) -> Scored:
    if isinstance(run, PlainTable):
        return Scored(scorer, *verdicts_of_table(run, scorer))
    found = columns(run, scorer)
    judged = found.judged & ~found.missing
    return Scored(
        scorer=scorer,
        scored=int((~found.missing).sum()),
        judged=int(judged.sum()),
        passed=int((judged & found.passed).sum()),
        missing=int(found.missing.sum()),
    )
