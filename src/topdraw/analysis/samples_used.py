"""How many samples a number is about: k as a whole number, and enough scored samples for it.

Not here: what is computed from k samples (`coverage`, `selected`, `vote_curve`, `simulated`).
Try it: `python -c "from topdraw.analysis.samples_used import whole_k; whole_k(2.5)"`.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.core.records import IntArray
from topdraw.errors import DomainError
from topdraw.store.evidence import Evidence
from topdraw.store.plain import PlainTable


@dataclass(frozen=True, slots=True)
class Source:
    """Where scored samples come from, to say how there can be more of them.

    Attributes:
        run: the run, or the table.
        by: the scorer whose scores count.
        drawn: shape (problems,). Samples of each problem, those without a score included.
    """

    run: Evidence
    by: str
    drawn: IntArray


def whole_k(k: object) -> int:
    """k, a number of samples, as a plain integer.

    Args:
        k: any integer, of NumPy too; no float, no bool, no text.

    Raises:
        DomainError: if it is no whole number.

    Examples:
        >>> whole_k(2.5)
        Traceback (most recent call last):
        ...
        topdraw.errors.DomainError: k is 2.5; it must be a whole number.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer):
        shown = k.item() if isinstance(k, np.generic) else k
        raise DomainError(f"k is {shown!r}; it must be a whole number.")
    return int(k)


def require_samples(
    problem_ids: Sequence[str], n: IntArray, k: int, what: str, source: Source | None = None
) -> None:
    """Refuse k that some problem has too few scored samples for.

    Args:
        problem_ids: names of the problems.
        n: shape (problems,). Scored samples of each.
        k: samples used.
        what: what was asked for, as the subject of the sentence.
        source: for the command that makes more of them.

    Raises:
        DomainError: if k < 1 or any n < k, naming the poorest problem.
    """
    if k < 1:
        raise DomainError(f"{what} needs k >= 1.")
    if n.size and int(n.min()) < k:
        poorest = int(n.argmin())
        raise DomainError(
            f"{what} needs at least {k} scored samples per problem; "
            f"{problem_ids[poorest]!r} has {int(n[poorest])}.",
            hint=_hint(k, int(n[poorest]), poorest, source),
        )


def _hint(k: int, scored: int, problem: int, source: Source | None) -> str:
    if source is None:
        return f"Draw more with `topdraw sample -n {k}`."
    if isinstance(source.run, PlainTable):
        return f"Ask for k <= {scored}: {source.run.path} holds no more."
    path, drawn = shlex.quote(str(source.run.path)), int(source.drawn[problem])
    if drawn < k:
        return f"Draw more with `topdraw sample --resume {path} -n {k}`."
    lost = drawn - scored
    return (
        f"{lost} of its {drawn} samples {'has' if lost == 1 else 'have'} no score; "
        f"try `topdraw score {path} {shlex.quote(source.by)}`."
    )
