"""What the greedy study reads for its page: two models, two tasks, temperatures and penalties.

Not here: tests. Try it: `python -m pytest tests/reports/test_study_greedy.py`.
"""

from __future__ import annotations

import functools
from pathlib import Path

from tests.studies.greedy.made import made_material, sure

from topdraw.studies.material import Material

P, N = 40, 8


def made_materials(folder: Path, *, model: str = "large", task: str = "gsm8k") -> list[Material]:
    """A stronger and a weaker model on one task, the stronger at other settings, another task."""
    strong, weak = sure(P, 0.6, N), sure(P, 0.3, N, seed=1)
    rewards = {f"p{at:03d}": row.astype(float).tolist() for at, row in enumerate(weak)}
    worst = {key: [-one for one in each] for key, each in rewards.items()}
    up = sure(P, 0.9, 1, seed=2)[:, 0]
    down = sure(P, 0.1, 1, seed=3)[:, 0]
    mine = functools.partial(made_material, model=model, task=task)
    return [
        mine(folder / "a", strong, greedy=down),
        made_material(folder / "b", weak, greedy=up, model="small", task=task, rewards=rewards),
        made_material(folder / "c", weak, model="small", task="other", rewards=worst),
        mine(folder / "cool", sure(P, 0.2, N), temperature=0.5),
        mine(folder / "hot", sure(P, 0.1, N), temperature=1.5),
        mine(folder / "penalty", sure(P, 0.5, N), repetition_penalty=1.2),
    ]
