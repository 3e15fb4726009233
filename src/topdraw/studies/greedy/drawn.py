"""One set of samples, read once: every strategy on every problem, and the lengths.

Not here: what is made of several sets (`reading`, `settings`, `passing`).
Try it: `python -m pytest tests/studies/greedy/test_drawn.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from topdraw.analysis.accuracy import default_value
from topdraw.analysis.estimates import judge
from topdraw.analysis.stopped import stopped
from topdraw.analysis.strategies import Pool, Strategy, strategies
from topdraw.core.records import Candidates, FloatArray
from topdraw.core.seeds import generator
from topdraw.errors import ConfigError
from topdraw.selection.candidates import candidates
from topdraw.studies.material import Material

#: Strategies that cost one sample, and the bound that knows the truth.
GREEDY, SAMPLED, ORACLE, MAJORITY, BEST = "greedy", "random", "oracle", "majority", "best_of_n"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A set of samples with what each strategy makes of it.

    Attributes:
        material: where it comes from.
        by: the verifier.
        keys: problems with a scored sample, in order.
        n: samples that each of them has.
        strategies: of `analysis.strategies`, each a matrix of problem by k.
        tokens: shape (problems,). Mean output tokens of a sample; NaN where unknown.
        missing: samples without a score.
    """

    material: Material
    by: str
    keys: tuple[str, ...]
    n: int
    strategies: tuple[Strategy, ...] = field(repr=False)
    tokens: FloatArray = field(repr=False)
    missing: int = 0

    def strategy(self, name: str) -> Strategy | None:
        """A strategy by its name; None where there is no data for it."""
        return next((one for one in self.strategies if one.name == name), None)

    def values(self, name: str, k: int, keys: Sequence[str]) -> FloatArray | None:
        """A strategy at k on some problems; NaN on those that are not here.

        Args:
            name: of the strategy.
            k: samples used; those that cost one sample have every k.
            keys: problem ids.

        Returns:
            Shape (keys,); None where the strategy, or its k, is not there.
        """
        one = self.strategy(name)
        if one is None or not (one.flat or k in one.ks):
            return None
        return self.on(keys, one.values[:, 0 if one.flat else one.ks.index(k)])

    def single(self, keys: Sequence[str]) -> FloatArray:
        """The share of samples that is correct on some problems; NaN on those not here."""
        values = self.values(SAMPLED, 1, keys)
        return np.full(len(keys), np.nan) if values is None else values

    def on(self, keys: Sequence[str], values: FloatArray) -> FloatArray:
        """Numbers of its problems in the order of other keys, NaN where there is none.

        Args:
            keys: problem ids.
            values: shape (problems,).
        """
        known = dict(zip(self.keys, values.tolist(), strict=True))
        return np.array([known.get(key, np.nan) for key in keys], float)


def drawn(material: Material, *, rng: int = 0) -> Drawn:
    """Read a set of samples.

    Args:
        material: a scored run, or a table.
        rng: seed of what is simulated.

    Raises:
        ConfigError: if there is no verifier, or no sample scored by it.
        UnknownNameError: if there are no scores by a scorer that was named.
    """
    run = material.evidence
    by, samples = judge(run, material.by), run.samples()
    value = material.value or default_value(run, by, samples) or ""
    found = candidates(run, by=by, value=value or None, samples=samples)
    rule = stopped(run, samples)
    seen = found if rule is None else rule.all_drawn(found)
    keys = tuple(key for key, one in seen.items() if not one.missing.all())
    start = Pool(keys, 0, rule).start(found)
    n = min((one.n for one in start if one.n), default=0)
    if not n:
        raise ConfigError(f"{run.path} has no sample scored by {by!r}.")
    ks = doubling(n)
    made = strategies(
        run,
        found,
        Pool(keys, n, rule),
        ks,
        ks,
        by=by,
        value=value,
        samples=samples,
        rng=generator(rng),
    )
    return Drawn(
        material=material,
        by=by,
        keys=keys,
        n=n,
        strategies=tuple(made),
        tokens=np.array([_tokens(found[key]) for key in keys]),
        missing=sum(int(one.missing.sum()) for one in found.values()),
    )


def doubling(n: int) -> tuple[int, ...]:
    """1, 2, 4, ... as far as n, and n: the N of the paper's figures.

    Args:
        n: the largest, >= 1.

    Examples:
        >>> doubling(20)
        (1, 2, 4, 8, 16, 20)
    """
    return tuple(sorted({2**power for power in range(n.bit_length())} | {n}))


def _tokens(one: Candidates) -> float:
    known = one.length_tokens[one.length_tokens > 0]
    return float(known.mean()) if known.size else np.nan
