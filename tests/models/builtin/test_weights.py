"""Weights are read whole or refused with one sentence."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from topdraw.errors import FormatError, UnknownNameError
from topdraw.models.builtin.weights import STAGES, digest_of, load


@pytest.mark.parametrize("stage", STAGES)
def test_shipped_weights_are_float32_and_finite(stage: str) -> None:
    weights = load(stage)
    assert len(weights.tensors) == 2 + 9 * weights.config.layers
    assert all(array.dtype == np.float32 for array in weights.tensors.values())
    assert all(np.isfinite(array).all() for array in weights.tensors.values())
    assert sum(array.size for array in weights.tensors.values()) == 943_232


def test_digest_names_the_file(folder: Path) -> None:
    content = (folder / "builtin.safetensors").read_bytes()
    expected = hashlib.sha256(content).hexdigest()[:16]
    assert load("builtin", folder=folder).digest == expected == digest_of("builtin", folder=folder)
    assert digest_of("small", folder=folder) != expected


def test_unknown_stage_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"named 'smal'.*Did you mean 'small'"):
        load("smal")


@pytest.mark.parametrize("damage", ["missing", "cut", "config"])
def test_damaged_files_are_one_sentence(folder: Path, tmp_path: Path, damage: str) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "builtin.safetensors"
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        (tmp_path / "config.json").write_text("{}")
    with pytest.raises(FormatError, match="cannot be read"):
        load("builtin", folder=tmp_path)
