"""A run whose drawing a rule stopped: which of its samples each number may look at.

Not here: why these are unbiased (`analysis.stopping`), the strategies (`analysis.strategies`).
Try it: `python -m pytest tests/analysis/test_stopped.py`.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.samples_used import Source, require_samples, whole_k
from topdraw.analysis.stopping import Outcome, guaranteed, outcome, stopped_coverage
from topdraw.core.records import Candidates, FloatArray, IntArray, Sample, Score
from topdraw.core.until import Until
from topdraw.errors import DomainError
from topdraw.selection.candidates import scores_of
from topdraw.store.evidence import Evidence

_UNSCORED = Score.missing("not scored yet")


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run whose drawing a rule stopped.

    Attributes:
        run: the run.
        until: the rule.
        cap: most samples of a problem.
        first: samples that every problem has, whatever they hold.
        outcomes: for each problem of the run.
        unfinished: problems with samples that the rule has not ended, in order.
    """

    run: Evidence
    until: Until
    cap: int
    first: int
    outcomes: Mapping[str, Outcome]
    unfinished: tuple[str, ...]

    @property
    def per_problem(self) -> float:
        """Mean number of samples of a problem, of those that have any."""
        drawn = [each.drawn for each in self.outcomes.values() if each.drawn]
        return sum(drawn) / max(len(drawn), 1)

    @property
    def _start(self) -> str:
        return "the first sample" if self.first == 1 else f"the first {self.first} samples"

    def corrects(self, by: str) -> bool:
        """Whether coverage by this verifier has its own estimator beyond the first samples."""
        return self.until.rule == "pass" and self.until.by == by

    def start(self, found: Mapping[str, Candidates]) -> dict[str, Candidates]:
        """The first samples of each problem, as many as all have; none where they are not there."""
        return {
            key: _head(one, self.first if self.outcomes[key].drawn >= self.first else 0)
            for key, one in found.items()
        }

    def all_drawn(self, found: Mapping[str, Candidates]) -> dict[str, Candidates]:
        """The samples of each problem that the rule looked at."""
        return {key: _head(one, self.outcomes[key].drawn) for key, one in found.items()}

    def require_start(self, k: int, what: str) -> None:
        """Refuse k samples where the rule guarantees fewer.

        Args:
            k: samples used.
            what: what was asked for, as the subject of the sentence.

        Raises:
            DomainError: naming the rule and what to do instead.
        """
        if k > self.first:
            raise DomainError(
                f"{what} cannot be had from a run drawn {self.until}: beyond {self._start}, "
                "how many a problem has depends on what they hold.",
                hint=f"Ask for k <= {self.first}, or draw a run without --until.",
            )

    def coverage(self, found: Mapping[str, Candidates], ks: Sequence[int], what: str) -> FloatArray:
        """`stopped_coverage` of problems by the verifier that the rule waited for.

        Args:
            found: candidates by that verifier, all samples of each problem.
            ks: samples used.
            what: what was asked for, as the subject of a sentence.

        Raises:
            DomainError: if a k is below 1 or above the cap, or some problem without a pass has
                fewer scored samples.
        """
        before, last, correct = self._batches(found)
        n = np.where(correct > 0, self.cap, before + last)
        drawn = np.array([one.n for one in found.values()], np.int64)
        for k in ks:
            self._require(list(found), n, whole_k(k), what, Source(self.run, self.until.by, drawn))
        return stopped_coverage(before, last, correct, ks)

    def reach(self, found: Mapping[str, Candidates]) -> int:
        """The largest k that `coverage` knows for these problems."""
        before, last, correct = self._batches(found)
        return int(np.where(correct > 0, self.cap, before + last).min(initial=self.cap))

    def _batches(self, found: Mapping[str, Candidates]) -> tuple[IntArray, IntArray, IntArray]:
        rows = []
        for key, one in found.items():
            end, start = self.outcomes[key].drawn, self.outcomes[key].before
            scored = ~one.missing[:end]
            right = one.passed[:end] & scored
            rows.append((scored[:start].sum(), scored[start:].sum(), right[start:].sum()))
        before, last, correct = np.array(rows, np.int64).reshape(-1, 3).T
        return before, last, correct

    def _require(self, keys: list[str], n: IntArray, k: int, what: str, source: Source) -> None:
        path = shlex.quote(str(self.run.path))
        if k > self.cap:
            raise DomainError(
                f"{what} is beyond this run: it was drawn {self.until}, at most {self.cap}.",
                hint=f"Draw more with `topdraw sample --resume {path} -n {k}`.",
            )
        short = [key for key, has in zip(keys, n, strict=True) if has < k]
        waiting = [key for key in short if not self.outcomes[key].ended]
        if k >= 1 and waiting:
            raise DomainError(
                f"{what} waits for {waiting[0]!r}: it was to be drawn {self.until}, and "
                f"{self.outcomes[waiting[0]].drawn} of at most {self.cap} samples have not ended "
                "it.",
                hint=f"Draw the rest with `topdraw sample --resume {path}`.",
            )
        require_samples(keys, n, k, what, source)

    def about_all(self) -> str:
        """What an estimate over all samples drawn stands on, for its `method`."""
        return (
            f"all samples drawn {self.until}: {self.per_problem:.1f} per problem on average, "
            f"at most {self.cap}{self._open}"
        )

    def about_start(self) -> str:
        """What an estimate over the first samples stands on, for its `method`."""
        return f"over {self._start} alone, for more were drawn {self.until}"

    def about_coverage(self) -> str:
        """What an estimate of coverage stands on, for its `method`."""
        return f"corrected for samples drawn {self.until}{self._open}"

    @property
    def _open(self) -> str:
        count = len(self.unfinished)
        return f", {count} unfinished {'problem' if count == 1 else 'problems'}" if count else ""


def stopped(run: Evidence, samples: Sequence[Sample] | None = None) -> Stopped | None:
    """The rule that stopped the drawing of a run, applied again to what is stored; None without.

    Args:
        run: a run; scored by the rule's scorer where it has a rule.
        samples: `run.samples()` when it was read already.

    Raises:
        UnknownNameError: if the run holds no scores by the rule's scorer.
        StoreError: if the run cannot be read.
    """
    until, sampler = run.manifest.until, run.manifest.sampler("sampled")
    if until is None or sampler is None:
        return None
    scores = scores_of(run, until.by)
    judged: dict[str, list[Score]] = {problem_id: [] for problem_id in run.problems}
    drawn: Counter[str] = Counter()
    for sample in run.samples() if samples is None else samples:
        each = judged.setdefault(sample.problem_id, [])
        drawn[sample.problem_id] += 1
        # After a gap, samples are not of a complete batch.
        if sample.index == len(each):
            key = (sample.sampler, sample.problem_id, sample.index)
            each.append(scores.get(key, _UNSCORED))
    outcomes = {key: outcome(until, sampler.n, each) for key, each in judged.items()}
    unfinished = tuple(key for key, one in outcomes.items() if drawn[key] and not one.ended)
    first = guaranteed(until, sampler.n)
    return Stopped(run, until, sampler.n, first, outcomes, unfinished)


def _head(one: Candidates, count: int) -> Candidates:
    return one.take(np.arange(count))
