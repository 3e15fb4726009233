"""Classes of equal answers: by equal text, or by an equivalence that a scorer brings with it.

Not here: when two answers are equal; a scorer says so in its attribute `equivalent`.
Try it: `python -c "from topdraw.core.classes import *; print(classes(['a', 'b', 'a']))"`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from topdraw.core.registry import get_scorer
from topdraw.errors import UnknownNameError

Equivalent: TypeAlias = Callable[[str, str], bool]


def classes(answers: Sequence[str | None], equivalent: Equivalent | None = None) -> list[int]:
    """The class of each answer, numbered as they are first seen; -1 for none.

    An answer joins the first class whose *representative*, the answer seen first in it, it is
    equivalent to. Equivalence of answers is not transitive (50% is both 50 and 0.5), so that
    classes are defined by their representatives, and the order of the answers can matter.

    Args:
        answers: of one problem, in the order of its samples.
        equivalent: called with a representative and an answer of another text; by default only
            equal texts are one class.

    Examples:
        >>> classes(["1/2", None, "0.5", "1/2"], lambda a, b: {a, b} == {"1/2", "0.5"})
        [0, -1, 0, 0]
    """
    seen: dict[str, int] = {}
    representatives: list[str] = []
    for answer in answers:
        if answer is None or answer in seen:
            continue
        equal = (
            i for i, one in enumerate(representatives) if equivalent and equivalent(one, answer)
        )
        at = next(equal, len(representatives))
        if at == len(representatives):
            representatives.append(answer)
        seen[answer] = at
    return [-1 if answer is None else seen[answer] for answer in answers]


def equivalence(scorer: str | None) -> Equivalent | None:
    """The equivalence of answers that a registered scorer brings, in its attribute `equivalent`.

    Args:
        scorer: its name; None, and names of scorers that are not installed here, have none.

    Examples:
        >>> equivalence("number") is None, equivalence("nobody's") is None
        (True, True)
    """
    if scorer is None:
        return None
    try:
        found: Equivalent | None = getattr(get_scorer(scorer), "equivalent", None)
    except (UnknownNameError, ImportError):
        return None
    return found
