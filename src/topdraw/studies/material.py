"""What a study reads: sets of samples with the model and the task they are of.

Not here: what is made of them (`monkeys`, `greedy`).
Try it: `python -m pytest tests/studies/test_material.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from topdraw.analysis.summary import model_name
from topdraw.core.records import Decoding
from topdraw.errors import StoreError
from topdraw.sampling.sweep import is_sweep, open_sweep
from topdraw.store.evidence import Evidence, open_evidence
from topdraw.store.plain import PlainTable
from topdraw.store.run import Run
from topdraw.studies.folder import Study
from topdraw.studies.plan import Recorded

RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Material:
    """One set of samples.

    Attributes:
        name: of the leg, or of the file.
        part: what the study drew it for; "recorded" for samples that were there before.
        task: name of the task.
        model: name of the model, as people know it.
        evidence: the samples and their scores.
        decoding: how they were drawn; None where nobody says.
        by: the verifier; None for the evidence's own.
        value: the scorer that ranks; None for the usual one.
    """

    name: str
    part: str
    task: str
    model: str
    evidence: Evidence
    decoding: Decoding | None = None
    by: str | None = None
    value: str | None = None


def material_of(study: Study) -> list[Material]:
    """Every set of samples of a study that is there, those drawn first.

    Args:
        study: a study; legs that are not begun are left out.

    Raises:
        StoreError: when a run cannot be read.
        ConfigError: when recorded samples are not where they were.
        FormatError: when a recorded file is no table.
    """
    found = []
    for leg in study.plan.legs:
        run = study.part(leg).run
        if run is not None and run.scorers():
            found.append(Material(leg.name, leg.part, leg.task, leg.model, run, _decoding_of(run)))
    for one in study.plan.recorded:
        found += recorded(one)
    return found


def _decoding_of(evidence: Evidence) -> Decoding | None:
    sampler = evidence.manifest.sampler("sampled")
    return None if sampler is None or not isinstance(evidence, Run) else sampler.decoding


def recorded(one: Recorded) -> list[Material]:
    """The sets of samples that somebody has drawn already: one for each model or cell.

    Args:
        one: where they are.

    Raises:
        StoreError: when a run cannot be read, or has no scores.
        ConfigError: when there is nothing at the path.
        FormatError: when a file is no table.
    """
    if is_sweep(one.path):
        sweep = open_sweep(one.path)
        runs = [(cell.name, sweep.run(cell)) for cell in sweep.cells]
        each: list[tuple[str, Evidence]] = [(name, run) for name, run in runs if run is not None]
    else:
        each = [("", open_evidence(one.path))]
    found = []
    for name, evidence in each:
        if isinstance(evidence, PlainTable) and len(evidence.models) > 1:
            found += [_material(one, evidence.of(model), model) for model in evidence.models]
        else:
            found.append(_material(one, evidence, name))
    return found


def _material(one: Recorded, evidence: Evidence, name: str) -> Material:
    manifest = evidence.manifest
    task, model = str(manifest.task.get("name", "")), model_name(manifest.model)
    if isinstance(evidence, Run) and not evidence.scorers():
        raise StoreError(
            f"The run {one.path} has no scores.", hint=f"Run: topdraw score {one.path}"
        )
    path = evidence.path
    return Material(
        name or path.name,
        RECORDED,
        task or path.name,
        model or name or path.stem,
        evidence,
        _decoding_of(evidence),
        one.by or None,
        one.value or None,
    )
