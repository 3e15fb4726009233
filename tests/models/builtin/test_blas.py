"""BLAS is held to one thread inside the block, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from topdraw.models.builtin import blas


def test_one_thread_inside_and_as_before_outside() -> None:
    before = blas.threads()
    with blas.one_thread():
        assert blas.threads() in (1, None)
        with blas.one_thread():
            assert blas.threads() in (1, None)
        assert blas.threads() in (1, None)
    assert blas.threads() == before


def test_an_error_inside_restores_the_threads() -> None:
    before = blas.threads()
    with pytest.raises(ZeroDivisionError), blas.one_thread():
        _ = 1 // 0
    assert blas.threads() == before


def test_an_unknown_blas_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "_knob", lambda: None)
    with blas.one_thread():
        assert blas.threads() is None


def test_no_library_beside_numpy_is_an_unknown_blas(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(np, "__file__", f"{tmp_path}/numpy/__init__.py")
    assert blas._knob.__wrapped__() is None
