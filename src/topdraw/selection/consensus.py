"""Minimum Bayes risk: the output that is most like all the others.

Not here: how alike two texts are (`selection.similarity`).
Try it: `topdraw select RUN --selector "mbr(chrf)"`.
"""

from __future__ import annotations

import numpy as np

from topdraw.core.records import Candidates, FloatArray
from topdraw.core.registry import selector
from topdraw.selection.pick import spread
from topdraw.selection.vote import TIE

#: What `mbr` calls equality of the extracted answers.
BY_ANSWER = "answer"


@selector("mbr")
def mbr(candidates: Candidates, /, *, by: str = BY_ANSWER) -> FloatArray:
    """The output of least expected loss when the others are taken for the truth; ties share.

    arg max over i of mean_j u(y_i, y_j), the mean over all samples that are not missing, itself
    included, with u a similarity. By "answer", u is 1 for two equal answers and 0 else: then it is
    exactly the majority vote. By the similarity of texts it chooses where answers cannot be
    compared (summaries, translations, essays).

    Args:
        candidates: the samples of one problem.
        by: "answer", a similarity of texts ("f1", "chrf", or a registered one), or the name of
            stored comparisons.

    Returns:
        Shape (n,). Unknown similarities (NaN) are left out of the mean, and a sample without any
        is never chosen; all 0 when there is none.

    References:
        Kumar & Byrne 2004; on samples: Eikema & Aziz 2022 (arXiv 2108.04718); votes as a special
        case: Bertsch et al. 2023 (arXiv 2310.01387).
    """
    usable = np.flatnonzero(~candidates.missing)
    if by == BY_ANSWER:
        answer = candidates.answer[usable]
        alike = ((answer[:, None] == answer[None, :]) & (answer >= 0)).astype(float)
    elif by in candidates.pairs:
        alike = candidates.pairs[by][np.ix_(usable, usable)]
    else:
        return np.zeros(candidates.n)
    known = ~np.isnan(alike)
    counts = known.sum(axis=1)
    summed = np.where(known, alike, 0.0).sum(axis=1)
    gain = np.full(candidates.n, -np.inf)
    gain[usable] = np.where(counts > 0, summed / np.maximum(counts, 1), -np.inf)
    top = gain.max(initial=-np.inf)
    if not np.isfinite(top):
        return np.zeros(candidates.n)
    return spread(gain >= top - TIE * max(abs(top), 1.0))


def _needs(*, by: str = BY_ANSWER) -> tuple[str, ...]:
    return (BY_ANSWER,) if by == BY_ANSWER else (f"pairs:{by}",)


mbr.needs_with = _needs  # type: ignore[attr-defined]  # read when resolved
