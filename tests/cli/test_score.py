"""`topdraw score`: what it says of scores."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Topdraw
from tests.conftest import TinyRun

_CUTTING = """
from topdraw import Score


def f(problem, samples):
    return [Score(value=1.0, note="cut right: 8 of 9 tokens read" * s.index) for s in samples]
"""


def test_texts_that_were_cut_are_counted(
    topdraw: Topdraw, tiny_run: TinyRun, tmp_path: Path
) -> None:
    run = str(tiny_run({"p1": ["a", "b"], "p2": ["c", "d"]}).path)
    (tmp_path / "cutting.py").write_text(_CUTTING)
    spec = f"{tmp_path}/cutting.py:f"
    assert topdraw("score", run, "--with", spec).out == "f: 4 scored, 2 of a text that was cut\n"
    assert json.loads(topdraw("score", run, "--with", spec, "--json").out)["cut"] == 2
