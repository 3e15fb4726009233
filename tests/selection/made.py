"""Candidates from a few columns, and Hypothesis strategies for them.

Not here: candidates of a stored run; `tests/selection/test_candidates.py` makes those.
Try it: `python -c "from tests.selection.made import made; print(made(value=[1, 2]))"`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from topdraw.core.records import Candidates


def made(
    *,
    value: Sequence[float] | None = None,
    answer: Sequence[int] | None = None,
    passed: Sequence[bool] | None = None,
    missing: Sequence[bool] | None = None,
    greedy: Sequence[bool] | None = None,
) -> Candidates:
    """Candidates with these columns; the others are blank."""
    n = next(len(c) for c in (value, answer, passed, missing, greedy) if c is not None)
    return Candidates(
        value=np.full(n, np.nan) if value is None else np.array(value, dtype=float),
        answer=np.full(n, -1) if answer is None else np.array(answer, dtype=np.int64),
        passed=np.array([False] * n if passed is None else passed, dtype=bool),
        length_tokens=np.zeros(n, dtype=np.int64),
        logprob=np.full(n, np.nan),
        missing=np.array([False] * n if missing is None else missing, dtype=bool),
        greedy=np.array([False] * n if greedy is None else greedy, dtype=bool),
    )


VALUES = st.sampled_from([-1e308, -3.5, -1.0, 0.0, 0.25, 1.0, 2.0, 700.0, np.inf, -np.inf, np.nan])


@st.composite
def any_candidates(draw: st.DrawFn, *, most: int = 8, missing: bool = True) -> Candidates:
    """Candidates with ties, NaNs, infinities, outputs without an answer and missing scores."""
    n = draw(st.integers(1, most))
    flags = st.lists(st.booleans(), min_size=n, max_size=n)
    return made(
        value=draw(st.lists(VALUES, min_size=n, max_size=n)),
        answer=draw(st.lists(st.integers(-1, 3), min_size=n, max_size=n)),
        passed=draw(flags),
        missing=draw(flags) if missing else None,
        greedy=draw(flags),
    )
