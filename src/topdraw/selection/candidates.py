"""From a run's samples and scores to the arrays that selectors see, problem by problem.

Not here: the choice (`selection.pick`, `.vote`, `.posterior`) and what it is worth (`analysis`).
Try it: `python -m pytest tests/selection/test_candidates.py`.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Sequence

import numpy as np

from topdraw.core.classes import Equivalent, classes, equivalence
from topdraw.core.records import Candidates, Sample, Score
from topdraw.errors import ConfigError
from topdraw.selection.ensemble import resolve_value
from topdraw.selection.extras import Role as Role
from topdraw.selection.extras import Scores as Scores
from topdraw.selection.extras import scores_of as scores_of
from topdraw.selection.extras import with_extras
from topdraw.selection.tables import table_candidates
from topdraw.store.evidence import Evidence
from topdraw.store.plain import PlainTable

_UNSCORED = Score.missing("not scored yet")
_NO_VALUE = Score.missing("a scorer of the ensemble has no value")


class NoVerdict(ConfigError):
    """A scorer was taken for a verifier, and gives values alone."""


def candidates(
    run: Evidence,
    *,
    by: str | None = None,
    value: str | None = None,
    answer: str | None = None,
    role: Role = "sampled",
    samples: Sequence[Sample] | None = None,
    needs: Sequence[str] = (),
) -> dict[str, Candidates]:
    """The samples of each problem as arrays, in the order of the problems.

    Args:
        run: a run with its samples and scores, or a table.
        by: the verifier that fills `passed`; None leaves it False everywhere.
        value: the scorer that fills `value`, or several as one ("worst(a,b)", see
            `selection.ensemble`); None leaves it NaN. "logprob" falls back on the mean
            log-probability stored with each sample when no scorer of that name was run.
        answer: the scorer whose `answer` makes the classes of a vote; default `by`. Equal texts
            are one class, and where the scorer brings an equivalence, what that joins (see
            `core.classes`).
        role: which samples: the drawn ones, or those at temperature 0.
        samples: `run.samples(role)` when it was read already; a table needs none.
        needs: what a selector declared; "score:NAME" and "pairs:NAME" fill `scores` and `pairs`,
            see `selection.extras`.

    Returns:
        One entry for each problem of the run; problems without samples have n = 0. A sample is
        `missing` when its `by` score is missing or not there yet (without `by`: its `value`
        score). A value that is missing while the verdict is there is NaN, and never wins.

    Raises:
        UnknownNameError: if the run holds no scores by one of these scorers.
        NoVerdict: if `by` scored a sample and gave no verdict.
        ConfigError: if an ensemble is not one, a table has several models, or texts are needed that
            it does not hold.
        DomainError: if a table counts more samples than fit in memory.
    """
    if isinstance(run, PlainTable):
        found = table_candidates(run, by=by, value=value, answer=answer, role=role)
        return with_extras(run, found, needs, role=role)
    drawn = run.samples(role) if samples is None else samples
    verdicts = _scores(run, by, drawn)
    values = _values(run, value, drawn)
    answers = verdicts if answer is None else _scores(run, answer, drawn)
    grouped: dict[str, list[Sample]] = {problem_id: [] for problem_id in run.problems}
    for sample in drawn:
        grouped.setdefault(sample.problem_id, []).append(sample)
    at_zero = {s.hash for s in run.manifest.samplers if s.role == "greedy" or s.decoding.greedy}
    equivalent = equivalence(by if answer is None else answer)
    found = {
        problem_id: _arrays(group, by or "", verdicts, values, answers, at_zero, equivalent)
        for problem_id, group in grouped.items()
    }
    return with_extras(run, found, needs, role=role, samples=drawn)


def of_samples(
    samples: Sequence[Sample],
    *,
    verdicts: Sequence[Score] | None = None,
    values: Sequence[Score] | None = None,
    answers: Sequence[Score] | None = None,
    equivalent: Equivalent | None = None,
) -> Candidates:
    """The samples of one problem that is in no run, as the same arrays.

    Args:
        samples: drawn above temperature 0.
        verdicts: one per sample; None leaves `passed` False everywhere.
        values: one per sample; None leaves `value` NaN.
        answers: one per sample; default `verdicts`.
        equivalent: of these answers, see `core.classes`.

    Raises:
        NoVerdict: if a verdict is none.
    """
    votes = verdicts if answers is None else answers
    keyed = functools.partial(_keyed, samples)
    scores = keyed(verdicts), keyed(values), keyed(votes)
    return _arrays(samples, "with", *scores, set(), equivalent)


def _keyed(samples: Sequence[Sample], scores: Sequence[Score] | None) -> Scores | None:
    if scores is None:
        return None
    keys = [(sample.sampler, sample.problem_id, sample.index) for sample in samples]
    return dict(zip(keys, scores, strict=True))


def _values(run: Evidence, value: str | None, drawn: Sequence[Sample]) -> Scores | None:
    """The scores that rank: a scorer's, or those that several have as one."""
    source = None if value is None else resolve_value(value, known=run.scorers())
    if source is None or source.how is None:
        return _scores(run, value, drawn)
    members = [_scores(run, name, drawn) or {} for name in source.members]
    places: dict[str, int] = {}
    problem = np.array([places.setdefault(s.problem_id, len(places)) for s in drawn], np.int64)
    looked_up = [_look_up(drawn, each) or [] for each in members]
    rows = np.array([[score.value for score in each] for each in looked_up], float)
    return {
        (s.sampler, s.problem_id, s.index): _NO_VALUE if math.isnan(one) else Score(value=one)
        for s, one in zip(drawn, source(rows, problem).tolist(), strict=True)
    }


def _scores(run: Evidence, scorer: str | None, drawn: Sequence[Sample]) -> Scores | None:
    if scorer is None:
        return None
    if scorer == "logprob" and scorer not in run.scorers():
        key_of = operator.attrgetter("sampler", "problem_id", "index")
        return {key_of(sample): Score(value=sample.mean_logprob) for sample in drawn}
    return scores_of(run, scorer)


def _arrays(
    drawn: Sequence[Sample],
    by: str,
    verdicts: Scores | None,
    values: Scores | None,
    answers: Scores | None,
    at_zero: set[str],
    equivalent: Equivalent | None,
) -> Candidates:
    found = _look_up(drawn, verdicts)
    ranks = _look_up(drawn, values)
    basis = found if found is not None else ranks
    return Candidates(
        value=np.array([s.value for s in ranks] if ranks else [math.nan] * len(drawn), float),
        answer=_classes(drawn, _look_up(drawn, answers), equivalent),
        passed=np.array(_passed(found, by) if found else [False] * len(drawn), bool),
        length_tokens=np.array([s.usage.output_tokens for s in drawn], np.int64),
        logprob=np.array([s.logprob for s in drawn], float),
        missing=np.array([s.is_missing for s in basis] if basis else [False] * len(drawn), bool),
        greedy=np.array([s.sampler in at_zero for s in drawn], bool),
    )


def _look_up(drawn: Sequence[Sample], scores: Scores | None) -> list[Score] | None:
    if scores is None:
        return None
    return [scores.get((s.sampler, s.problem_id, s.index), _UNSCORED) for s in drawn]


def _passed(found: Sequence[Score], by: str) -> list[bool]:
    if any(score.passed is None and not score.is_missing for score in found):
        raise NoVerdict(
            f"The scorer {by!r} gives values but no verdict; nothing can be counted correct by it.",
            hint="Name a verifier: --by SCORER, in audits --gold; this one ranks: --value SCORER.",
        )
    return [bool(score.passed) for score in found]


def _classes(
    drawn: Sequence[Sample], found: Sequence[Score] | None, equivalent: Equivalent | None
) -> np.ndarray:
    texts = [None if s.is_missing else s.answer for s in found] if found else [None] * len(drawn)
    return np.array(classes(texts, equivalent), np.int64)
