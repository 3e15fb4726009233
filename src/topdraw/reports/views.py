"""What a page shows of one problem: its samples, alike ones together, and who chose them.

Not here: markup. Every function is pure, so that a page can be tested without a run.
Try it: `python -m pytest tests/reports/test_views.py`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from topdraw.core.records import FloatArray, Problem, Sample, Score

if TYPE_CHECKING:
    from topdraw.analysis.summary import ProblemRow

Verdict = Literal["passed", "failed", "missing", "unscored"]
Outcome = Literal["missed", "never", "solved", "unanswered"]

_CHOSEN_FIRST = 8
_TALLIED = 6


@dataclass(frozen=True, slots=True)
class SampleView:
    """One distinct output of a problem.

    Attributes:
        output: the text.
        count: samples with this output and verdict.
        index: the smallest index among them.
        verdict: what the verifier said; "missing" when it failed, "unscored" when never asked.
        note: the verifier's reason, or why the score is missing; may be empty.
        answer: the extracted answer; None when there is none.
        value: the ranking scorer's largest value among them; NaN when it has none.
        weights: probability that each strategy picks one of them, by strategy, positive ones only.
        tokens: output tokens of the first of them; 0 when unknown.
        finish_reason: why the first of them ended.
        indices: the indices of all of them, rising.
    """

    output: str
    count: int
    index: int
    verdict: Verdict
    note: str = ""
    answer: str | None = None
    value: float = math.nan
    weights: tuple[tuple[str, float], ...] = ()
    tokens: int = 0
    finish_reason: str = "stop"
    indices: tuple[int, ...] = ()

    @property
    def chosen(self) -> float:
        """The largest probability that any strategy gives it."""
        return max((weight for _, weight in self.weights), default=0.0)


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """How often an answer came.

    Attributes:
        answer: its text; None stands for outputs without an answer.
        count: samples.
        passed: whether the verifier accepted it at least once.
    """

    answer: str | None
    count: int
    passed: bool


@dataclass(frozen=True, slots=True)
class ProblemView:
    """One problem as a page shows it.

    Attributes:
        problem_id: its id.
        prompt: its prompt.
        target: what the verifier compares with, as text; "" when there is nothing.
        n: scored samples.
        c: correct samples.
        missing: samples that the verifier failed on.
        outcome: "missed" when a correct sample was drawn but is mostly not picked, "never" when
            none is correct, "solved" otherwise, "unanswered" without a scored sample.
        picked: probability that each strategy picks a correct sample, by strategy.
        samples: distinct outputs: chosen ones first, then the most frequent of each verdict.
        left_out: samples that are in none of `samples`.
        answers: the most frequent answers.
        answers_left_out: distinct answers beyond `answers`.
        unscored: samples without a score so far.
        greedy: the output at temperature 0; None when there is none.
        every: all distinct outputs, by their smallest index.
    """

    problem_id: str
    prompt: str
    target: str
    n: int
    c: int
    missing: int
    outcome: Outcome
    picked: tuple[tuple[str, float], ...]
    samples: tuple[SampleView, ...]
    left_out: int
    answers: tuple[AnswerCount, ...]
    answers_left_out: int
    unscored: int = 0
    greedy: SampleView | None = None
    every: tuple[SampleView, ...] = ()

    @property
    def total(self) -> int:
        """How many samples it has, alike ones counted apart."""
        return sum(view.count for view in self.every)


def problem_view(
    row: ProblemRow,
    problem: Problem,
    samples: Sequence[Sample],
    scores: Sequence[Score | None],
    values: Sequence[float],
    weights: Mapping[str, FloatArray],
    *,
    most: int = 20,
    greedy: tuple[Sample, Score | None] | None = None,
) -> ProblemView:
    """What to show of a problem.

    Args:
        row: its counts.
        problem: the problem.
        samples: all its samples.
        scores: the verifier's score of each; None where it was never asked.
        values: the ranking scorer's value of each; NaN where it has none.
        weights: for each strategy, shape (samples,): its probability of picking each.
        most: distinct outputs kept, >= 1.
        greedy: the sample at temperature 0 with its score.

    Raises:
        ValueError: if the lengths differ.
    """
    groups = _groups(samples, scores, values, weights)
    kept = representative(groups, most)
    answers = _tally(scores)
    picked = tuple(
        (name, float(sum(w for w, s in zip(weight, scores, strict=True) if s and s.passed)))
        for name, weight in weights.items()
    )
    return ProblemView(
        problem_id=problem.id,
        prompt=problem.prompt,
        target=_as_text(problem.target),
        n=row.n,
        c=row.c,
        missing=row.missing,
        outcome=outcome(row),
        picked=picked,
        samples=tuple(kept),
        left_out=len(samples) - sum(group.count for group in kept),
        answers=tuple(answers[:_TALLIED]),
        answers_left_out=max(0, len(answers) - _TALLIED),
        unscored=row.unscored,
        greedy=_alone(*greedy, [("greedy", 1.0)]) if greedy else None,
        every=tuple(groups),
    )


def outcome(row: ProblemRow) -> Outcome:
    """How a problem ended at k = n: see `ProblemView`.

    Args:
        row: its counts; strategies whose value is NaN are ignored.
    """
    if not row.n:
        return "unanswered"
    if not row.c:
        return "never"
    return "missed" if _gap(row) > 0.5 else "solved"


def worst_first(rows: Sequence[ProblemRow]) -> list[ProblemRow]:
    """Problems by what choosing lost: a right sample was drawn and not picked.

    Equal losses come with the most correct samples first, for those are the most surprising.
    """
    share = {row.problem_id: row.c / row.n if row.n else -1.0 for row in rows}
    return sorted(rows, key=lambda row: (-_gap(row), -share[row.problem_id], row.problem_id))


def shown_problems(rows: Sequence[ProblemRow], most: int = 12) -> list[ProblemRow]:
    """A few problems worth opening: mostly missed ones, some never solved and some solved.

    Args:
        rows: all problems.
        most: how many, >= 0.

    Returns:
        At most `most` rows, worst gap first, then those never solved, then solved ones.
    """
    kinds: dict[Outcome, list[ProblemRow]] = {"missed": [], "never": [], "solved": []}
    for row in worst_first(rows):
        kinds.setdefault(outcome(row), []).append(row)
    # The hardest of the solved ones: an easy one teaches nothing.
    kinds["solved"].sort(key=lambda row: row.c / row.n)
    few = max(most // 6, 1)
    spare = max(0, most - min(len(kinds["never"]), few) - min(len(kinds["solved"]), few))
    chosen = kinds["missed"][:spare] + kinds["never"][:few] + kinds["solved"][:few]
    taken = {row.problem_id for row in chosen}
    rest = [row for row in kinds["solved"] + kinds["never"] if row.problem_id not in taken]
    chosen = (chosen + rest)[:most]
    rank: dict[str, int] = {"missed": 0, "never": 1, "solved": 2}
    return sorted(chosen, key=lambda row: rank[outcome(row)])


def _gap(row: ProblemRow) -> float:
    picked = [value for value in (row.majority, row.best_of_n) if math.isfinite(value)]
    # Where nothing chooses, nothing is lost.
    return float(row.c > 0) - max(picked) if picked else 0.0


def representative(groups: Sequence[SampleView], most: int) -> list[SampleView]:
    """At most `most` outputs: those chosen, then the most frequent of each verdict in turn."""
    chosen = sorted((g for g in groups if g.chosen > 0), key=lambda g: (-g.chosen, g.index))
    kept = chosen[: min(_CHOSEN_FIRST, most)]
    rest: dict[Verdict, list[SampleView]] = {}
    for group in sorted(groups, key=lambda g: (-g.count, g.index)):
        if group not in kept:
            rest.setdefault(group.verdict, []).append(group)
    while len(kept) < most and any(rest.values()):
        for verdict in ("passed", "failed", "missing", "unscored"):
            if rest.get(verdict) and len(kept) < most:
                kept.append(rest[verdict].pop(0))
    return kept


def _groups(
    samples: Sequence[Sample],
    scores: Sequence[Score | None],
    values: Sequence[float],
    weights: Mapping[str, FloatArray],
) -> list[SampleView]:
    alike: dict[tuple[str, Verdict], list[int]] = {}
    for at, (sample, score, _) in enumerate(zip(samples, scores, values, strict=True)):
        alike.setdefault((sample.output, _verdict(score)), []).append(at)
    views = []
    for (_, verdict), members in alike.items():
        first, score = samples[members[0]], scores[members[0]]
        chosen = [(name, float(weight[members].sum())) for name, weight in weights.items()]
        alone = _alone(first, score, chosen)
        best = _largest(values[at] for at in members)
        where = tuple(sorted(samples[at].index for at in members))
        views.append(replace(alone, count=len(members), verdict=verdict, value=best, indices=where))
    return sorted(views, key=lambda view: view.indices)


def _alone(sample: Sample, score: Score | None, chosen: Iterable[tuple[str, float]]) -> SampleView:
    """A sample, its score and who chose it."""
    return SampleView(
        output=sample.output,
        count=1,
        index=sample.index,
        verdict=_verdict(score),
        note=(score.missing_reason or score.note) if score else "",
        answer=score.answer if score else None,
        weights=tuple((name, weight) for name, weight in chosen if weight > 0.0005),
        tokens=sample.usage.output_tokens,
        finish_reason=sample.finish_reason,
    )


def _largest(values: Iterable[float]) -> float:
    return max((value for value in values if not math.isnan(value)), default=math.nan)


def _verdict(score: Score | None) -> Verdict:
    if score is None:
        return "unscored"
    if score.is_missing:
        return "missing"
    return "passed" if score.passed else "failed"


def _tally(scores: Sequence[Score | None]) -> list[AnswerCount]:
    known = [score for score in scores if score is not None and not score.is_missing]
    passed = {score.answer for score in known if score.passed}
    counted = Counter(score.answer for score in known).most_common()
    return [AnswerCount(answer, count, answer in passed) for answer, count in counted]


def _as_text(target: object) -> str:
    if target is None:
        return ""
    return target if isinstance(target, str) else json.dumps(target, ensure_ascii=False)
