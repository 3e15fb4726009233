"""What is compared: a strategy with its number of samples, as in "majority@10", problem by problem.

Not here: differences of two of them (`analysis.comparison`), means of one (`analysis.accuracy`).
Try it: `python -c "from topdraw.analysis.measures import *; print(measure('best_of_n@10'))"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from topdraw.analysis import coverage
from topdraw.analysis.accuracy import default_value
from topdraw.analysis.curves import Values, at_all, at_ks, scored
from topdraw.analysis.estimates import judge
from topdraw.analysis.samples_used import Source, require_samples
from topdraw.analysis.stopped import Stopped, stopped
from topdraw.core.records import Candidates, FloatArray
from topdraw.core.seeds import Rng
from topdraw.errors import ConfigError
from topdraw.selection import pick
from topdraw.selection.candidates import candidates
from topdraw.selection.extras import with_extras
from topdraw.selection.resolve import NamedSelector, resolve_selector
from topdraw.store.evidence import Evidence

_SPEC = re.compile(r"\s*(?:(?P<hat>pass\^)(?P<all>\d+)|(?P<name>.+?)@(?P<k>\d+))\s*", re.DOTALL)
GREEDY = "greedy"
COVERAGE = "pass@"


@dataclass(frozen=True, slots=True)
class Measure:
    """A strategy with its number of samples.

    Attributes:
        name: what it is called: "pass@10", "pass^3", "majority@10", "greedy".
        k: samples used; 1 for greedy.
        selector: what chooses; None for pass^k.
    """

    name: str
    k: int
    selector: NamedSelector | None = field(repr=False, default=None)

    @property
    def is_coverage(self) -> bool:
        """Whether it is pass@k, that is, the oracle."""
        return self.selector is not None and self.selector.function is pick.oracle

    @property
    def is_greedy(self) -> bool:
        """Whether it looks at the greedy samples."""
        return self.selector is not None and "greedy" in self.selector.needs


def measure(spec: str) -> Measure:
    """The measure that a text stands for.

    Args:
        spec: "pass@K", "pass^K", "greedy", or any selector with its samples, "majority@K".

    Raises:
        ConfigError: if it is none of these, or the selector does not take its options.
        UnknownNameError: if nobody registered the selector.

    Examples:
        >>> measure("pass@10"), measure("posterior(0.5)@4").k
        (Measure(name='pass@10', k=10), 4)
    """
    if spec.strip() == GREEDY:
        return Measure(GREEDY, 1, resolve_selector("greedy"))
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise ConfigError(
            f"{spec!r} is nothing to compare.",
            hint="Write pass@K, pass^K, greedy, or a selector with its samples: majority@K.",
        )
    if match["hat"]:
        return Measure(f"pass^{int(match['all'])}", int(match["all"]))
    return of_selector(match["name"], int(match["k"]))


def of_selector(name: str, k: int) -> Measure:
    """A selector with its number of samples.

    Args:
        name: its spec; "pass" and "oracle" are coverage, "random" and "mean" the mean sample.
        k: samples used.

    Raises:
        ConfigError: if the selector does not take its options.
        UnknownNameError: if nobody registered it.
    """
    oracle = name in ("pass", "oracle")
    selector = resolve_selector("oracle" if oracle else "random" if name == "mean" else name)
    return Measure(f"{COVERAGE}{k}" if oracle else f"{selector.name}@{k}", k, selector)


@dataclass(frozen=True, slots=True)
class Contender:
    """A run or table under comparison, read once.

    Attributes:
        name: what it is called.
        run: where its samples come from.
        by: the verifier.
        value: the scorer that ranks; "" when there is none.
        found: for each problem its candidates, those without a score included.
        rule: what stopped its drawing; None without a rule.
    """

    name: str
    run: Evidence
    by: str
    value: str
    found: Mapping[str, Candidates] = field(repr=False)
    rule: Stopped | None = field(repr=False, default=None)

    @property
    def answered(self) -> tuple[str, ...]:
        """Problems with a scored sample."""
        return tuple(key for key, one in self.found.items() if not one.missing.all())

    @property
    def missing(self) -> int:
        """Samples without a score."""
        return sum(int(one.missing.sum()) for one in self.found.values())

    def reach(self, keys: Iterable[str]) -> int:
        """The largest k that all these problems have scored samples for; 0 for none."""
        start = self.found if self.rule is None else self.rule.start(self.found)
        return min((int((~start[key].missing).sum()) for key in keys), default=0)


def contender(
    run: Evidence, *, by: str | None = None, value: str | None = None, name: str = ""
) -> Contender:
    """Read a run for comparison.

    Args:
        run: a scored run, or a table.
        by: the verifier; default the task's own.
        value: the scorer that ranks; default "reward" when there is one, else "logprob".
        name: what to call it; default the last part of its path.

    Raises:
        ConfigError: if there is no verifier, or no scored sample.
        UnknownNameError: if the run has no scores by one of them.
    """
    by = judge(run, by)
    samples = run.samples()
    value = value or default_value(run, by, samples)
    found = candidates(run, by=by, value=value, samples=samples)
    made = Contender(
        name or Path(run.path).name, run, by, value or "", found, stopped(run, samples)
    )
    if not made.answered:
        raise ConfigError(f"{run.path} has no sample scored by {by!r}.")
    return made


def measured(one: Contender, what: Measure, keys: Sequence[str], *, rng: Rng = 0) -> FloatArray:
    """A measure on some problems of a run.

    Args:
        one: the run.
        what: the measure.
        keys: problems, each with a scored sample.
        rng: seed or generator of simulated subsets.

    Returns:
        Shape (keys,), in [0, 1]; NaN where the strategy chooses nobody.

    Raises:
        DomainError: if a problem has fewer than k scored samples, or the rule that stopped the
            drawing does not guarantee k of each.
        ConfigError: if the run has no greedy samples and the measure needs them.
    """
    return valued(one, what, keys, rng=rng).values[:, 0]


def valued(one: Contender, what: Measure, keys: Sequence[str], *, rng: Rng = 0) -> Values:
    """`measured`, with how it was made: exact or simulated, and what a stopping rule left.

    Args:
        one: the run.
        what: the measure.
        keys: problems, each with a scored sample.
        rng: seed or generator of simulated subsets.

    Returns:
        Values of shape (keys, 1).

    Raises:
        DomainError: as `measured`.
        ConfigError: as `measured`.
    """
    if what.is_greedy:
        return Values(_greedy(one, keys)[:, None], "one greedy sample")
    if one.rule is not None and what.is_coverage and one.rule.corrects(one.by):
        found = {key: one.found[key] for key in keys}
        corrected = one.rule.coverage(found, [what.k], what.name)
        return Values(corrected, f"exact, {one.rule.about_coverage()}")
    needs = () if what.selector is None else what.selector.needs
    found, basis = with_extras(one.run, {key: one.found[key] for key in keys}, needs), ""
    if one.rule is not None:
        one.rule.require_start(what.k, what.name)
        found, basis = one.rule.start(found), f", {one.rule.about_start()}"
    problems = [scored(found[key]) for key in keys]
    n = np.array([each.n for each in problems], np.int64)
    drawn = np.array([found[key].n for key in keys], np.int64)
    require_samples(keys, n, what.k, f"{what.name} of {one.name}", Source(one.run, one.by, drawn))
    if what.selector is None:
        c = np.array([int(each.passed.sum()) for each in problems], np.int64)
        return Values(coverage.pass_hat_k(n, c, what.k)[:, None], f"exact{basis}")
    made = at_ks(what.selector, problems, [what.k], rng=rng)
    return Values(made.values, made.method + basis)


def has_greedy(one: Contender) -> bool:
    """Whether the run drew greedy samples."""
    return one.run.manifest.sampler("greedy") is not None


def can_choose(one: Contender, name: str) -> bool:
    """Whether the run has what a selector goes by: answers to vote with, values to rank by."""
    needs = resolve_selector(name).needs
    some = [each for each in one.found.values() if each.n]
    lacks = {
        "answer": all((each.answer < 0).all() for each in some),
        "value": all(np.isnan(each.value).all() for each in some),
        "logprob": all(np.isnan(each.logprob).all() for each in some),
    }
    return not any(lacks.get(need, False) for need in needs)


def _greedy(one: Contender, keys: Sequence[str]) -> FloatArray:
    if not has_greedy(one):
        raise ConfigError(f"{one.run.path} has no greedy samples.")
    drawn = candidates(one.run, by=one.by, role="greedy")
    return at_all(pick.greedy, [drawn[key] for key in keys])
