"""The split rule of the generated tasks: which problems are for testing, decided by a hash.

Not here: the problems; each family module draws its own and names each by a canonical key.
Try it: `python -c "from topdraw.tasks.heldout import is_held_out; print(is_held_out('1 2 3=7'))"`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np

from topdraw.errors import DomainError

BUCKETS = 10
PATIENCE = 20_000


class Keyed(Protocol):
    """A drawn problem that can name itself canonically."""

    @property
    def key(self) -> str:
        """Equal for two problems that are the same up to wording and order."""


ProblemT = TypeVar("ProblemT", bound=Keyed)


def is_held_out(key: str) -> bool:
    """Whether the problem with this canonical key is for testing only.

    True iff the BLAKE2b hash of the key falls in one of ten buckets: about 10 % of all problems,
    the same ones on every machine and in every version.

    Args:
        key: canonical key; any text.

    Examples:
        >>> sum(is_held_out(str(i)) for i in range(1000))
        89
    """
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % BUCKETS == 0


def training_draw(
    draw: Callable[[np.random.Generator], ProblemT], rng: np.random.Generator
) -> ProblemT:
    """The next drawn problem that is not held out.

    Args:
        draw: makes one problem.
        rng: advanced by the draw and by every rejected one.

    Raises:
        DomainError: if `PATIENCE` draws in a row are held out.
    """
    for _ in range(PATIENCE):
        problem = draw(rng)
        if not is_held_out(problem.key):
            return problem
    raise DomainError(f"{PATIENCE} problems in a row were held out: the settings leave too few.")


def held_out_draws(
    draw: Callable[[np.random.Generator], ProblemT], *, problems: int, seed: int
) -> list[ProblemT]:
    """Distinct held-out problems, the same for the same seed; more of them extend the list.

    Args:
        draw: makes one problem.
        problems: how many, >= 1.
        seed: >= 0; another seed gives another list.

    Raises:
        DomainError: if problems < 1, seed < 0, or the settings have fewer distinct problems.
    """
    if problems < 1 or seed < 0:
        raise DomainError(f"problems={problems}, seed={seed}: need problems >= 1 and seed >= 0.")
    rng = np.random.default_rng(seed)
    found: dict[str, ProblemT] = {}
    barren = 0
    while len(found) < problems:
        problem = draw(rng)
        barren += 1
        if is_held_out(problem.key) and problem.key not in found:
            found[problem.key] = problem
            barren = 0
        if barren > PATIENCE:
            raise DomainError(
                f"Only {len(found)} distinct held-out problems were found, {problems} were asked.",
                hint="Ask for fewer problems or widen the difficulty settings.",
            )
    return list(found.values())
