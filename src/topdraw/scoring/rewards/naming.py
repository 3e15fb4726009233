"""What the scores of a reward model are called, and which of its options do not matter for that.

Not here: options themselves (`scoring.options`).
Try it: `python -m pytest tests/scoring/rewards/test_naming.py`.
"""

from __future__ import annotations

import os
import re

#: Where and how fast it runs is not what it is.
ASIDE = ("device", "batch_size", "concurrency", "url", "key_env")


def score_name(kind: str, /, *, model: str = "", **options: object) -> str:
    """The name of a model's scores: its own last part, and what was chosen of it.

    Args:
        kind: of scorer, when the model has no name.
        model: a folder or a name on the hub.
        options: the others given; those that choose a part of it count, and the revision.

    Examples:
        >>> score_name("reward_model", model="sfairXC/FsfairX-LLaMA3-RM-v0.1", dtype="float32")
        'FsfairX-LLaMA3-RM-v0.1'
        >>> score_name("process_reward", model="models/prm/", reduce="min")
        'prm-min'
    """
    own = os.path.basename(os.path.normpath(model)) if model else kind
    revision = str(options.get("revision") or "")
    if re.fullmatch(r"[0-9a-f]{40}", revision):
        options["revision"] = revision[:8]
    chosen = [
        str(options[key])
        for key in ("objective", "reduce", "label", "revision")
        if options.get(key)
    ]
    return re.sub(r"[^\w.+-]+", "-", "-".join([own, *chosen])).strip("-.") or kind
