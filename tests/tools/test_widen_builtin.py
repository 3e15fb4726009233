"""Tests of the second training: it starts from a stage's weights and repeats from its seed.

Not here: the first training (`test_train_builtin.py`).
Try it: `python -m pytest tests/tools/test_widen_builtin.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tools.train_builtin import train
from tools.widen_builtin import widen


@pytest.mark.slow
def test_a_tiny_widening_repeats_from_its_seed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    train(seed=3, steps=2, out=source, batch_tokens=300, tokenizer_examples=500)
    for name in ("a", "b"):
        out = tmp_path / name
        widen(stage="small", steps=3, seed=5, source=source, out=out, batch_tokens=300)
    first, second = ((tmp_path / n / "small.safetensors").read_bytes() for n in ("a", "b"))
    assert first == second
    assert first != (source / "small.safetensors").read_bytes()
    facts = json.loads((tmp_path / "a" / "small.json").read_text())
    assert facts["widening"]["steps"] == 3
    assert facts["steps"] == json.loads((source / "small.json").read_text())["steps"]
