"""Two models whose scaling is known, for tests of its figure and panels.

Not here: real models. Try it: `python -m pytest tests/reports/test_fit_panel.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from topdraw.analysis.scaling.reading import Scaling, scaling_of
from topdraw.store.evidence import open_evidence
from topdraw.store.plain import PlainTable


def made_scaling(folder: Path) -> list[Scaling]:
    """A model with a hostile name, and one with a fifth of its chances."""
    rows = [
        f"{model},p{i},200,{min(round(200 * chance * factor), 200)}\n"
        for model, factor in (("<large>", 1.0), ("small", 0.2))
        for i, chance in enumerate(np.geomspace(0.002, 0.9, 30))
    ]
    (folder / "counts.csv").write_text("model,problem,n,c\n" + "".join(rows))
    table = open_evidence(folder / "counts.csv")
    assert isinstance(table, PlainTable)
    return [
        scaling_of(table.of(name), name=name, extrapolate=[2_000, 90_000], draws=5)
        for name in table.models
    ]
