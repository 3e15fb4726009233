"""Which heights of a matrix give each row the same bits, so that batching changes no sample.

A BLAS may compute a row of `x @ w` in another order of additions when x has another height, or
when the row stands elsewhere. Found with NumPy's OpenBLAS 0.3.31, one thread: its AVX-512 and SSE
kernels give a row the same bits in every height that is a multiple of 8, wherever it stands; its
AVX2 (Haswell, Zen) kernel has two classes of rows which repeat every 12. With several threads
neither need hold. So it is measured when an engine starts, and a sample stands in a row chosen by
its index alone. The last resort, one fixed height, holds for any BLAS.

Not here: what is multiplied (`network.py`) or who stands where (`engine.py`).
Try it: `python -c "import numpy as np; from topdraw.models.builtin.rows import find_plan;
print(find_plan([np.ones((128, 64), np.float32)]))"`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from topdraw.models.builtin.weights import Float32Array

WIDTH = 128
_PATTERNS = ((1, 8), (1, 16), (1, 32), (12, 12), (12, 24), (16, 16), (32, 32), (64, 64))
_SHUFFLES = 2


@dataclass(frozen=True)
class Plan:
    """The promise: in every height that is a multiple of `tile`, at most `width`, the bits of a row
    depend on its content and on its place modulo `period`, on nothing else.

    Attributes:
        period: places that are equal modulo this give equal bits; divides `tile`.
        tile: heights are multiples of this.
        width: largest height; a multiple of `tile`.
    """  # noqa: D205  # the promise is one sentence

    period: int
    tile: int
    width: int

    def height(self, rows: int) -> int:
        """The smallest allowed height for that many rows."""
        return -(-rows // self.tile) * self.tile


def find_plan(matrices: Sequence[Float32Array], *, width: int = WIDTH) -> Plan:
    """The plan with the smallest period that holds for products with all these matrices.

    Args:
        matrices: shape (in, out) each, as they will be multiplied from the left by rows.
        width: largest height wanted.

    Returns:
        A plan that was found to hold on this machine now, or one with a single height, which needs
        no check: the same position in a product of the same shape is the same computation.
    """
    for period, tile in _PATTERNS:
        plan = Plan(period, tile, width // tile * tile)
        if plan.width and all(holds(plan, matrix) for matrix in matrices):
            return plan
    return Plan(width, width, width)


def holds(plan: Plan, matrix: Float32Array, *, rows_each: int = 1) -> bool:
    """Whether products with a matrix keep a plan's promise, tried on random rows.

    Args:
        plan: the promise.
        matrix: shape (in, out).
        rows_each: consecutive rows that one sample contributes.
    """
    if plan.tile == plan.width:
        return True
    rng = np.random.default_rng(plan.width)
    samples = rng.standard_normal((plan.width, rows_each * matrix.shape[0]), dtype=np.float32)

    def product(order: slice | np.ndarray) -> Float32Array:
        rows = samples[order].reshape(-1, matrix.shape[0])
        result: Float32Array = (rows @ matrix).reshape(len(rows) // rows_each, -1)
        return result

    reference = product(slice(None))
    for height in range(plan.tile, plan.width + 1, plan.tile):
        for _ in range(_SHUFFLES):
            block = rng.integers(0, plan.width // plan.period, height)
            order = np.arange(height) % plan.period + plan.period * block
            if not np.array_equal(product(order), reference[order]):
                return False
    return True
