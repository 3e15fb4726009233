"""What reward models have to say besides scores: one line on stderr, once for each model.

Not here: what concerns one sample; that stands in its note.
Try it: `python -m pytest tests/scoring/rewards/test_told.py`.
"""

from __future__ import annotations

import logging

_LOG = logging.getLogger("topdraw.scoring.rewards")
_said: set[tuple[str, str]] = set()


def say_once(model: str, what: str) -> None:
    """Tell people something about a model, the first time.

    Args:
        model: its name.
        what: one sentence.
    """
    if (model, what) not in _said:
        _said.add((model, what))
        _LOG.warning("%s: %s", model, what)
