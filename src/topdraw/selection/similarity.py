"""How alike the texts of one problem are: token F1, chrF, or a function of your own.

Not here: what is chosen by it (`selection.consensus`).
Try it: `python -c "from topdraw.selection.similarity import *; print(token_f1(['a b', 'a c']))"`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from topdraw.core.records import FloatArray
from topdraw.errors import ConfigError

#: From the n texts of a problem to shape (n, n): row hypothesis, column reference.
Similarity: TypeAlias = Callable[[Sequence[str]], FloatArray]

#: By name, as `mbr(NAME)` finds them.
SIMILARITIES: dict[str, Similarity] = {}

#: Only so many first characters of a text are compared by chrF.
LONGEST = 4000
_ORDERS, _BETA = 6, 2.0
_TOKEN = re.compile(r"\w+|[^\w\s]")


def similarity(name: str) -> Callable[[Similarity], Similarity]:
    """Register a similarity under a name that `mbr(NAME)` takes.

    Raises:
        ConfigError: when decorating, if another one has the name.

    Examples:
        >>> @similarity("same-length")
        ... def same_length(texts):
        ...     return pairwise(texts, lambda a, b: float(len(a) == len(b)))
        >>> same_length(["ab", "cd", "e"]).tolist()
        [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """

    def decorate(function: Similarity) -> Similarity:
        known = SIMILARITIES.setdefault(name, function)
        if known is not function and known.__qualname__ != function.__qualname__:
            raise ConfigError(f"The similarity name {name!r} is already taken.")
        SIMILARITIES[name] = function
        return function

    return decorate


def pairwise(texts: Sequence[str], compare: Callable[[str, str], float]) -> FloatArray:
    """The similarity matrix of a function of two texts; equal pairs are compared once.

    Args:
        texts: n texts.
        compare: similarity of a hypothesis and a reference; NaN when unknown.

    Returns:
        Shape (n, n).
    """
    words, place = _distinct(texts)
    table = np.array([[compare(a, b) for b in words] for a in words], float)
    spread: FloatArray = table.reshape(len(words), len(words))[np.ix_(place, place)]
    return spread


@similarity("f1")
def token_f1(texts: Sequence[str], /) -> FloatArray:
    """F1 of the words and marks that two texts share, counted with repeats, letter case aside.

    2 |A and B| / (|A| + |B|) over multisets; symmetric. Two texts without a word are alike.

    Returns:
        Shape (n, n), in [0, 1].

    Examples:
        >>> token_f1(["the cat sat", "The cat"]).round(2).tolist()
        [[1.0, 0.8], [0.8, 1.0]]

    References:
        Rajpurkar et al. 2016 (arXiv 1606.05250), without dropping articles and marks.
    """
    words, place = _distinct(texts)
    counts = [Counter(_TOKEN.findall(text.lower())) for text in words]
    sizes = np.array([each.total() for each in counts], float)
    both = sizes[:, None] + sizes[None, :]
    shared = 2 * _overlaps(counts)
    table: FloatArray = np.divide(shared, both, out=np.ones_like(both), where=both > 0)
    return table[np.ix_(place, place)]


@similarity("chrf")
def chrf(texts: Sequence[str], /) -> FloatArray:
    """ChrF of each text against each: F-score of character n-grams, n = 1..6, recall twice.

    Precision and recall are averaged over the orders that both texts are long enough for, then
    F = 5 P R / (4 P + R). White space is left out; the first 4,000 characters count.

    Returns:
        Shape (n, n), in [0, 1]; row hypothesis, column reference. Two texts without a letter are
        alike.

    Examples:
        >>> chrf(["abc", "abd"]).round(3).tolist()
        [[1.0, 0.389], [0.389, 1.0]]

    References:
        Popovic 2015, chrF: character n-gram F-score for automatic MT evaluation; beta = 2 and the
        orders that count as in sacreBLEU.
    """
    words, place = _distinct(texts)
    plain = ["".join(text[:LONGEST].split()) for text in words]
    precision = np.zeros((len(words), len(words)))
    recall, orders = precision.copy(), precision.copy()
    for order in range(1, _ORDERS + 1):
        counts = [Counter(text[i : i + order] for i in range(len(text) - order + 1))
                  for text in plain]  # fmt: skip
        sizes = np.array([each.total() for each in counts], float)
        counted = (sizes[:, None] > 0) & (sizes[None, :] > 0)
        shared = _overlaps(counts)
        precision += np.divide(shared, sizes[:, None], out=np.zeros_like(shared), where=counted)
        recall += np.divide(shared, sizes[None, :], out=np.zeros_like(shared), where=counted)
        orders += counted
    p, r = (each / np.maximum(orders, 1) for each in (precision, recall))
    below = _BETA**2 * p + r
    table: FloatArray = np.divide(
        (1 + _BETA**2) * p * r, below, out=np.zeros_like(p), where=below > 0
    )
    empty = np.array([not text for text in plain], bool)
    table[np.ix_(empty, empty)] = 1.0
    return table[np.ix_(place, place)]


def _distinct(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """The distinct texts, and where each text is among them."""
    places: dict[str, int] = {}
    place = [places.setdefault(text, len(places)) for text in texts]
    return list(places), place


def _overlaps(counts: Sequence[Counter[str]]) -> FloatArray:
    """Shape (n, n): how many pieces two texts share, counted with repeats."""
    holders: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, each in enumerate(counts):
        for piece, number in each.items():
            holders[piece].append((at, number))
    shared = np.zeros((len(counts), len(counts)))
    for held in holders.values():
        where, number = np.array(held).T
        shared[np.ix_(where, where)] += np.minimum.outer(number, number)
    return shared
