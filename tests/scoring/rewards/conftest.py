"""Tiny checkpoints, made once; the hub is never asked.

Not here: how they are made (`tiny`).
Try it: `python -m pytest tests/scoring/rewards`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Make = Callable[[Path], str]


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever asks for the hub fails at once."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small are slower with more, and other tests run beside them."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Make], str]:
    """`checkpoint("name", make)` is the folder of a checkpoint, made the first time."""
    made: dict[str, str] = {}

    def get(name: str, make: Make) -> str:
        if name not in made:
            made[name] = make(tmp_path_factory.mktemp(name))
        return made[name]

    return get
