"""A run whose samples and scores are read once, for a study that looks at them many times.

Not here: runs as they are stored (`store.run`); nothing may be drawn into a kept one.
Try it: `python -m pytest tests/studies/test_kept.py`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from topdraw.core.records import Sample, Score
from topdraw.store.manifest import Manifest
from topdraw.store.rows import Key
from topdraw.store.run import Run
from topdraw.studies.material import Material


class KeptRun(Run):
    """A run as it was when it was first read; whoever reads must not change what is handed out."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        super().__init__(path, manifest)
        self._drawn: dict[str, list[Sample]] = {}
        self._scored: dict[str, dict[Key, Score]] = {}

    def samples(self, role: str = "sampled") -> list[Sample]:
        """As `Run.samples`, read once.

        Raises:
            StoreError: when a file cannot be read.
        """
        if role not in self._drawn:
            self._drawn[role] = super().samples(role)
        return self._drawn[role]

    def scores(self, scorer: str) -> dict[Key, Score]:
        """As `Run.scores`, read once.

        Raises:
            StoreError: when a file cannot be read.
        """
        if scorer not in self._scored:
            self._scored[scorer] = super().scores(scorer)
        return self._scored[scorer]

    def forget(self) -> None:
        """Let go of what was read."""
        self._drawn.clear()
        self._scored.clear()


def kept(material: Material) -> Material:
    """The same samples, read once; a table is in memory anyway.

    Args:
        material: any.
    """
    run = material.evidence
    if not isinstance(run, Run):
        return material
    return dataclasses.replace(material, evidence=KeptRun(run.path, run.manifest))


def forget(material: Material) -> None:
    """Let go of what a kept run has read.

    Args:
        material: kept or not.
    """
    if isinstance(material.evidence, KeptRun):
        material.evidence.forget()
