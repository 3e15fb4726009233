"""Foreign files made for tests, and short ways through import and export.

Not here: real files; those are in the folder of the fixture `shared_data`.
Try it: `python -m pytest tests/store/formats`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from topdraw.core.records import Sample, Score
from topdraw.store.formats.exporting import about, held, write
from topdraw.store.formats.importing import TaskProblems, import_files
from topdraw.store.formats.known import find
from topdraw.store.formats.protocol import Notes, Row
from topdraw.store.formats.report import ImportReport
from topdraw.store.formats.source import open_source
from topdraw.store.run import Run

Values = dict[str, Any]


class Imported(NamedTuple):
    """A run that was made, and what the import said of it."""

    report: ImportReport
    run: Run

    @property
    def outputs(self) -> list[tuple[str, int, str]]:
        """Problem, index and output of each sample."""
        return [(one.problem_id, one.index, one.output) for one in self.run.samples()]

    def scores(self, scorer: str) -> list[Score | None]:
        """What a scorer said of each sample, in their order."""
        found = self.run.scores(scorer)
        return [found.get(key(one)) for one in self.run.samples()]


def key(sample: Sample) -> tuple[str, str, int]:
    """The identity of a sample."""
    return sample.sampler, sample.problem_id, sample.index


def lines(path: Path, records: Iterable[object]) -> Path:
    """A file with one record a line."""
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


def document(path: Path, value: object) -> Path:
    """A file that is one JSON document, on several lines."""
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
    return path


def imported(
    paths: Path | Sequence[Path],
    *,
    format_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    model: str | None = None,
    task: TaskProblems | None = None,
) -> Imported:
    """The run of some files, made beside the first in a folder of its own."""
    all_paths = [paths] if isinstance(paths, Path) else list(paths)
    folder = all_paths[0].parent
    folder = folder / f"run-{len(list(folder.iterdir()))}"
    report = import_files(
        all_paths, folder, format_name=format_name, columns=columns, model=model, task=task
    )
    return Imported(report, Run.open(folder))


def rows(path: Path, format_name: str) -> list[Row]:
    """The rows of a file, without making a run."""
    return list(find(format_name).read(open_source(path), Notes(), {}))


def exported(run: Run, format_name: str, *, by: str = "", value: str = "") -> Any:  # noqa: ANN401
    """A run as a file of a format: its records, or its one object."""
    form = find(format_name)
    facts = about(run, by=by or run.manifest.scorer, value=value)
    data = b"".join(write(form, held(run, scorers=run.scorers()), facts))
    if form.container == "lines":
        return [json.loads(line) for line in data.split(b"\n") if line]
    return json.loads(data)
