"""Expected accuracy of a selector on a run: weights times verdicts, never a Monte Carlo of picks.

Not here: the selectors (`selection`), the comparison of several of them (`analysis.summary`).
Try it: `python -m pytest tests/analysis/test_accuracy.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from topdraw.analysis.curves import Values, at_all, at_ks, scored
from topdraw.analysis.estimates import judge
from topdraw.analysis.intervals import mean_estimate
from topdraw.analysis.samples_used import Source, require_samples, whole_k
from topdraw.analysis.simulated import SUBSETS
from topdraw.analysis.stopped import Stopped, stopped
from topdraw.core.estimate import Estimate
from topdraw.core.protocols import Selector
from topdraw.core.records import Candidates, Sample
from topdraw.core.seeds import Rng
from topdraw.errors import ConfigError
from topdraw.selection import pick
from topdraw.selection.candidates import Role, candidates
from topdraw.selection.ensemble import resolve_value
from topdraw.selection.resolve import NamedSelector, resolve_selector
from topdraw.store.evidence import Evidence, EvidenceOrPath, open_evidence
from topdraw.store.plain import PlainTable

#: What a number is called whose chooser has seen the verdicts it is judged by.
SELF_JUDGED = "CHOOSER = JUDGE: both are {!r}, so this is a bound like the oracle, not a result"


def accuracy(
    run: EvidenceOrPath,
    selector: str | Selector,
    *,
    by: str | None = None,
    value: str | None = None,
    k: int | None = None,
    level: float = 0.95,
    rng: Rng = 0,
    subsets: int = SUBSETS,
) -> Estimate:
    """Expected share of problems that the selector's choice gets right.

    Over all scored samples of each problem (the default), the dot product of the selector's weights
    with the verdicts; for k of them, its mean over all subsets of k samples. Both are exact, but
    for k and a selector without a closed form, and for large tournaments: `method` states what was
    simulated, and for k its error.

    Args:
        run: a scored run, a table, or the path of either.
        selector: a spec ("majority", "posterior(0.5)") or a function of `Candidates`. One that
            needs "greedy" looks at the run's greedy samples, all of them whatever k is.
        by: the verifier whose verdicts count and whose answers vote; default the task's own.
        value: the scorer that ranks; default "reward" when the run has it, else "logprob".
        k: samples used, 1 <= k <= the scored samples of every problem; None uses all.
        level: confidence level of the interval.
        rng: seed or generator of simulated subsets.
        subsets: random subsets for each k where simulated.

    Returns:
        The estimate over problems. Problems without a scored sample, or in which the selector
        chooses nobody, are left out and counted in `method`; missing samples in `missing`.

    Raises:
        UnknownNameError: if the selector is unknown, or the run has no scores by a scorer.
        ConfigError: if the run lacks what the selector needs.
        DomainError: if k is not whole or < 1, or a problem has fewer than k scored samples, or the
            rule that stopped the drawing does not guarantee k samples of each.
    """
    run = open_evidence(run)
    k = None if k is None else whole_k(k)
    resolved = resolve_selector(selector)
    by = judge(run, by)
    value = value or (default_value(run, by) if "value" in resolved.needs else None)
    role: Role = "greedy" if "greedy" in resolved.needs else "sampled"
    k = None if role == "greedy" else k
    samples = run.samples(role)
    found = candidates(run, by=by, value=value, role=role, samples=samples, needs=resolved.needs)
    _require_needs(run, resolved, found.values(), by, value)
    rule = stopped(run, samples) if role == "sampled" else None
    used, basis = found, "" if k else "all samples"
    if rule is not None:
        used, basis = _basis(rule, resolved, found, by, k)
    answered = {key: scored(one) for key, one in used.items() if not one.missing.all()}
    drawn = np.array([used[key].n for key in answered], dtype=np.int64)
    if rule is not None and k is not None and _is_coverage(rule, resolved, by):
        table = rule.coverage({key: found[key] for key in answered}, [k], f"{resolved.name} of {k}")
        result = Values(table, f"k = {k}, exact")
    else:
        result = _values(Source(run, by, drawn), resolved, answered, k, rng, subsets)
    method = ", ".join(filter(None, (resolved.name, result.method, basis)))
    if sees_verdicts(resolved, by, value):
        method = f"{SELF_JUDGED.format(by)}; {method}"
    left = len(found) - len(answered)
    return mean_estimate(
        result.values[:, 0],
        level=level,
        missing=sum(int(one.missing.sum()) for one in used.values()),
        method=method + (f", {left} unanswered problems left out" if left else ""),
    )


def sees_verdicts(resolved: NamedSelector, by: str, value: str | None) -> bool:
    """Whether a selector goes by the very scorer that says what is correct.

    Args:
        resolved: the selector.
        by: the verifier.
        value: the scorer that ranks.
    """
    ranks = value is not None and "value" in resolved.needs
    return f"score:{by}" in resolved.needs or (ranks and by in resolve_value(value or "").members)


def _basis(
    rule: Stopped, resolved: NamedSelector, found: dict[str, Candidates], by: str, k: int | None
) -> tuple[dict[str, Candidates], str]:
    """The samples a number may look at under a stopping rule, and what to say of them."""
    if k is not None and _is_coverage(rule, resolved, by):
        return rule.all_drawn(found), rule.about_coverage()
    if k is None and resolved.function is not pick.uniform:
        return rule.all_drawn(found), rule.about_all()
    if k is not None:
        rule.require_start(k, f"{resolved.name} of {k}")
    return rule.start(found), rule.about_start()


def _is_coverage(rule: Stopped, resolved: NamedSelector, by: str) -> bool:
    return resolved.function is pick.oracle and rule.corrects(by)


def _values(
    source: Source,
    resolved: NamedSelector,
    answered: Mapping[str, Candidates],
    k: int | None,
    rng: Rng,
    subsets: int,
) -> Values:
    problems = list(answered.values())
    if k is None:
        most = max((one.n for one in problems), default=0)
        return Values(at_all(resolved, problems)[:, None], resolved.simulates(most) or "exact")
    n = np.array([one.n for one in problems], dtype=np.int64)
    require_samples(list(answered), n, k, f"{resolved.name} of {k}", source)
    result = at_ks(resolved, problems, [k], rng=rng, subsets=subsets)
    return Values(result.values, f"k = {k}, {result.method}")


def default_value(
    run: Evidence, by: str = "", samples: Sequence[Sample] | None = None
) -> str | None:
    """The scorer that ranks when none is named: "reward", else "logprob", else none.

    Args:
        run: a run with its scores, or a table.
        by: the verifier, which is never a default: chooser and judge are kept apart.
        samples: the run's samples, when they were read already.
    """
    known = [name for name in run.scorers() if name != by]
    if "reward" in known:
        return "reward"
    if "logprob" in known:
        return "logprob"
    drawn = run.samples() if samples is None else samples
    return "logprob" if any(not np.isnan(s.mean_logprob) for s in drawn) else None


def _require_needs(
    run: Evidence, resolved: NamedSelector, found: Iterable[Candidates], by: str, value: str | None
) -> None:
    """Refuse a selector that has nothing to go by in this run."""
    if resolved.ordered and isinstance(run, PlainTable) and run.is_counts:
        raise ConfigError(
            f"{resolved.name} needs the samples in their order; {run.path} holds counts alone."
        )
    problems = [one for one in found if one.n]
    if not problems:
        role = "greedy" if "greedy" in resolved.needs else "drawn"
        can = role == "greedy" and not isinstance(run, PlainTable)
        hint = "Draw them with `topdraw sample --greedy`." if can else ""
        raise ConfigError(f"{run.path} has no {role} samples.", hint=hint)
    lacks = {
        "value": all(np.isnan(one.value).all() for one in problems),
        "answer": all((one.answer < 0).all() for one in problems),
        "logprob": all(np.isnan(one.logprob).all() for one in problems),
    }
    source = {"value": repr(value) if value else "no scorer", "answer": repr(by)}
    for need in resolved.needs:
        if lacks.get(need):
            raise ConfigError(
                f"{resolved.name} needs the {need} of the samples; "
                f"{source.get(need, 'the model')} gave none in {run.path}.",
                hint="Score it with another scorer, or name one with --value (value=... in Python)."
                if need == "value"
                else "",
            )
