"""The strategies a report compares, each as a matrix of expected correctness, problem by k.

Not here: intervals and differences (`analysis.summary`).
Try it: `python -m pytest tests/analysis/test_summary.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.analysis.accuracy import SELF_JUDGED
from topdraw.analysis.curves import Values, at_all, at_ks, scored
from topdraw.core.records import Candidates, FloatArray, Sample
from topdraw.selection.candidates import candidates
from topdraw.selection.pick import greedy
from topdraw.selection.resolve import resolve_selector
from topdraw.store.run import Run


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy on the problems of a report.

    Attributes:
        name: unique key, as in `Curve.strategy`.
        label: what to print.
        chooser: the scorer that chooses, or "".
        values: shape (problems, ks + 1). Expected correctness at each k, and last at k = n; NaN
            where it chooses nobody.
        method: "exact", or how it was simulated.
        flat: True when it costs one sample, whatever k.
        real: whether it could be used without knowing the verdicts, and chooses among k.
    """

    name: str
    label: str
    chooser: str
    values: FloatArray
    method: str
    flat: bool = False
    real: bool = True

    @property
    def at_n(self) -> FloatArray:
        """Shape (problems,). Expected correctness at k = n."""
        return self.values[:, -1]


def strategies(
    run: Run,
    kept: Mapping[str, Candidates],
    ks: Sequence[int],
    *,
    by: str,
    value: str,
    samples: Sequence[Sample],
    rng: np.random.Generator,
) -> list[Strategy]:
    """All strategies that the run has data for, in the order of a report.

    Args:
        run: a scored run.
        kept: candidates of the answered problems by `by` and `value`, without missing samples.
        ks: samples used; the last is n.
        by: the verifier.
        value: the ranking scorer; "" for none.
        samples: the run's drawn samples.
        rng: for what is simulated.
    """
    problems = list(kept.values())

    def measured(spec: str, among: Sequence[Candidates] = problems) -> Values:
        return at_ks(resolve_selector(spec), among, ks, rng=rng)

    found = [*_greedy(run, kept, by, len(ks))]
    one = measured("random")
    found.append(Strategy("random", "one sample (mean)", "", *_both(one), flat=True, real=False))
    votes = any((each.answer >= 0).any() for each in problems)
    ranks = bool(value) and _has_values(problems)
    warning = f" ({SELF_JUDGED.format(by)})" if value == by else ""
    if votes:
        found.append(Strategy("majority", "majority vote", "", *_both(measured("majority"))))
    if ranks:
        label = f"best of k by {value}{warning}"
        best = _both(measured("best_of_n"))
        found.append(Strategy("best_of_n", label, value, *best, real=not warning))
    if ranks and votes:
        label = f"vote weighted by {value}{warning}"
        weighted = _both(measured("weighted_majority"))
        found.append(Strategy("weighted_majority", label, value, *weighted, real=not warning))
    for other, among in _other_rankings(run, kept, by, value, samples):
        best = _both(measured("best_of_n", among))
        found.append(Strategy(other, f"best of k by {other}", other, *best))
    oracle = _both(measured("oracle"))
    found.append(Strategy("oracle", "oracle (pass@k)", by, *oracle, real=False))
    return found


def _both(result: Values) -> tuple[FloatArray, str]:
    return result.values, result.method


def _has_values(problems: Sequence[Candidates]) -> bool:
    return any(not np.isnan(each.value).all() for each in problems)


def _greedy(run: Run, kept: Mapping[str, Candidates], by: str, width: int) -> Iterator[Strategy]:
    if run.manifest.sampler("greedy") is None:
        return
    drawn = candidates(run, by=by, role="greedy")
    values = at_all(greedy, [drawn[key] for key in kept])
    if not np.isnan(values).all():
        columns = np.repeat(values[:, None], width, axis=1)
        yield Strategy("greedy", "greedy", "", columns, "exact", flat=True, real=False)


def _other_rankings(
    run: Run, kept: Mapping[str, Candidates], by: str, value: str, samples: Sequence[Sample]
) -> Iterator[tuple[str, list[Candidates]]]:
    """Ranking scorers besides `value`: stored ones without a verdict, and the log-probability."""
    for name in sorted({*run.scorers(), "logprob"} - {by, value, ""}):
        if name in run.scorers() and any(s.passed is not None for s in run.scores(name).values()):
            continue
        found = candidates(run, by=by, value=name, samples=samples)
        among = [scored(found[key]) for key in kept]
        if _has_values(among):
            yield name, among
