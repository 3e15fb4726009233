"""From foreign files to a run, row by row, in the memory of their problems' ids.

Not here: the formats; what is counted on the way (`formats.report`).
Try it: `topdraw import samples.jsonl --out runs/imported`.

The run is made in a folder beside its own and moved there when it is whole: a file that turns out
to be broken leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO

import msgspec

from topdraw._version import __version__
from topdraw.core.records import Decoding, Json, Problem, Sample, Score, sampler_hash
from topdraw.errors import ConfigError, FormatError, StoreError
from topdraw.store.folders import PROBLEMS
from topdraw.store.formats.known import find, recognise
from topdraw.store.formats.protocol import NEXT, Format, Notes, Row
from topdraw.store.formats.report import ImportReport, ScorerTally, Tally, conclude
from topdraw.store.formats.source import Source, open_source
from topdraw.store.manifest import SCHEMA, Manifest, Sampler, digest, write_manifest
from topdraw.store.rows import ProblemRow, pack_problem, unpack_problem
from topdraw.store.run import Run
from topdraw.store.writers import SampleWriter, ScoreWriter

#: Key of what an import stores in the manifest.
IMPORT = "import"
#: Rows, or characters of outputs, that are written together.
_BATCH_ROWS, _BATCH_CHARACTERS = 512, 4 << 20
#: Samples between two words on how many rows were read.
_TOLD_SAMPLES = 1024
_MOST_SCORERS = 100
_MOST_MODELS = 1000
_UNNAMED = Manifest(SCHEMA, __version__, {}, {}, 0, (), "", "")


@dataclass(frozen=True)
class TaskProblems:
    """The problems that imported samples answer, where the user named their task.

    Attributes:
        name: of the task.
        version: of the task.
        problems: they replace what a file says of a prompt and a target.
        scorer: the task's own; the default of a run whose file brought no verdicts.
    """

    name: str
    version: str
    problems: tuple[Problem, ...]
    scorer: str = ""

    @cached_property
    def _by_id(self) -> dict[str, Problem]:
        return {one.id: one for one in self.problems}

    @cached_property
    def _by_prompt(self) -> dict[str, Problem]:
        return {one.prompt: one for one in self.problems}

    @cached_property
    def _by_number(self) -> dict[str, Problem]:
        """By what stands behind the last "/" of an id, where that is a number and tells apart."""
        numbers = [one.id.rpartition("/")[2] for one in self.problems]
        found = {str(int(n)): one for n, one in zip(numbers, self.problems, strict=True)
                 if n.isdecimal() and len(n) < 20}  # fmt: skip
        return found if len(found) == len(self.problems) else {}

    def find(self, problem: Problem) -> Problem | None:
        """The problem of the task that a file means, by its id, its prompt or its number.

        Another tool's "900" is "game24/0900" here. A number alone may mean another problem: where
        the file has a prompt, the task's must contain it.
        """
        exact = self._by_id.get(problem.id) or self._by_prompt.get(problem.prompt)
        if exact is not None:
            return exact
        near = self._by_number.get(problem.id)
        if near is None or problem.prompt in (problem.id, ""):
            return near
        return near if problem.prompt in near.prompt else None


def import_files(
    paths: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    format_name: str | None = None,
    columns: Mapping[str, str] | None = None,
    model: str | None = None,
    task: TaskProblems | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> ImportReport:
    """Make a run of foreign files.

    Nothing that a file says of all its samples is believed: only samples and the scores of single
    samples are kept, those as scores of a scorer that is named after the source.

    Args:
        paths: files of one format; several say more samples, or more of the same samples.
        out: the run's directory; nothing may be there.
        format_name: of which format they are; None looks.
        columns: our name of a column to the file's, for rows of any names.
        model: keeps the samples of this model alone.
        task: whose problems the samples answer; rows of other problems are left out.
        on_rows: called now and then with how many rows were read so far; a short file never does.

    Returns:
        What was read, kept and left out.

    Raises:
        ConfigError: when there is no such file, the files are of several formats, or `columns`
            names what no sample has.
        UnknownNameError: when there is no such format.
        FormatError: when a file cannot be read, with its line, or no sample of it is wanted;
            nothing is left behind.
        StoreError: when something is at `out`, or it cannot be written.
    """
    sources = [open_source(Path(path)) for path in paths]
    form = _one_format(sources, format_name, columns)
    folder = Path(os.path.abspath(out))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{out} is there already.", hint="Name a new folder with --out.")
    with _draft(folder) as draft:
        notes, tally = Notes(), Tally()
        key = sampler_hash(
            {"kind": "imported", "format": form.name, "files": [one.path.name for one in sources]},
            Decoding(),
        )
        every = _told(_all_rows(form, sources, notes, columns or {}), notes, on_rows)
        rows = _chosen(every, model, task, notes)
        with _Keeping(draft, key, tally, notes) as keeping:
            for row in rows:
                keeping.add(row)
        _refuse_nothing(tally, notes, sources, model)
        files = [one.path.name for one in sources]
        report = conclude(tally, notes, run=str(out), format_name=form.name, files=files)
        write_manifest(draft, _manifest(draft, key, tally, notes, report, task))
    return report


def _one_format(
    sources: Sequence[Source], name: str | None, columns: Mapping[str, str] | None
) -> Format:
    if columns and name not in (None, "plain"):
        raise ConfigError(f"--map is for rows of any names, and {name!r} has its own.")
    if name is not None:
        return find(name)
    if columns:
        return find("plain")
    found = {one.path: recognise(one) for one in sources}
    if len({one.name for one in found.values()}) > 1:
        told = ", ".join(f"{path} is {one.name}" for path, one in found.items())
        raise ConfigError(
            f"These files are of several formats: {told}.", hint="Import them one by one."
        )
    return next(iter(found.values()))


def _all_rows(
    form: Format, sources: Iterable[Source], notes: Notes, columns: Mapping[str, str]
) -> Iterator[Row]:
    for source in sources:
        yield from form.read(source, notes, columns)


def _told(
    rows: Iterable[Row], notes: Notes, on_rows: Callable[[int], None] | None
) -> Iterator[Row]:
    """The same rows; now and then somebody hears how many were read."""
    for at, row in enumerate(rows, 1):
        if on_rows is not None and at % _TOLD_SAMPLES == 0:
            on_rows(notes.rows)
        yield row


def _chosen(
    rows: Iterable[Row], model: str | None, task: TaskProblems | None, notes: Notes
) -> Iterator[Row]:
    """The rows that were asked for, with the problems that were asked for."""
    for row in rows:
        if model is not None and row.model != model:
            notes.drop(f"samples of another model than {model!r}", row.model or "no model named")
        elif task is None:
            yield row
        elif (problem := task.find(row.problem)) is None:
            notes.drop(f"samples of no problem of the task {task.name!r}", row.problem.id[:80])
        else:
            yield replace(row, problem=problem)


@contextlib.contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A folder beside another one, which it becomes when all went well."""
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.importing")
    try:
        draft.mkdir(parents=True)
        yield draft
        os.rename(draft, folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"No run can be made at {folder}: {error}.") from error
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


class _Keeping:
    """Writers of a run that is being made: its problems, samples and scores."""

    def __init__(self, folder: Path, key: str, tally: Tally, notes: Notes) -> None:
        self._run = Run(folder, _UNNAMED)
        self._keys = {False: key, True: f"{key}-greedy"}
        self._tally, self._notes = tally, notes
        self._stack = contextlib.ExitStack()
        self._problems: IO[bytes] = self._stack.enter_context(open(folder / PROBLEMS, "xb"))
        self._samples: SampleWriter = self._stack.enter_context(self._run.writer(durability="none"))
        self._scorers: dict[str, ScoreWriter] = {}
        self._waiting: list[Sample] = []
        self._scored: dict[str, list[tuple[Sample, Score]]] = {}
        self._rows = self._characters = 0

    def __enter__(self) -> _Keeping:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        with self._stack:
            if kind is None:
                self._flush()

    def add(self, row: Row) -> None:
        at, is_new, is_same = self._tally.problem(row.problem.id, row.problem.prompt)
        if is_new:
            self._problems.write(pack_problem(row.problem) + b"\n")
        elif not is_same:
            self._notes.counts[
                "rows whose prompt is not their problem's first; that one is kept"
            ] += 1
        sample = self._sample(row, at)
        for scorer, score in row.scores.items():
            self._score(scorer, sample, score, greedy=row.greedy)
        self._rows += 1
        self._characters += len(sample.output)
        if self._rows >= _BATCH_ROWS or self._characters >= _BATCH_CHARACTERS:
            self._flush()

    def _sample(self, row: Row, at: int) -> Sample:
        tally, given = self._tally, row.sample
        if given is None and tally.has(at, row.index):
            return Sample(row.problem.id, row.index, "", sampler=self._keys[False])
        if given is None:
            self._notes.counts["judgments came without the text they judge"] += 1
            given = Sample(row.problem.id, row.index, "", finish_reason="unknown")
        index = tally.index(at, given.index, greedy=row.greedy)
        if given.index not in (NEXT, index):
            self._notes.counts["samples were numbered anew: their index came twice or late"] += 1
        sample = _keyed(given, row.problem.id, index, self._keys[row.greedy])
        self._waiting.append(sample)
        if not row.greedy:
            tally.note(at, sample.output)
        if row.model and (row.model in tally.models or len(tally.models) < _MOST_MODELS):
            tally.models[row.model] += 1
        return sample

    def _score(self, scorer: str, sample: Sample, score: Score, *, greedy: bool) -> None:
        if scorer not in self._scorers:
            if len(self._scorers) == _MOST_SCORERS:
                raise FormatError(f"The file has more than {_MOST_SCORERS} scorers.")
            made = self._run.score_writer(scorer, durability="none")
            self._scorers[scorer] = self._stack.enter_context(made)
            self._tally.scorers[scorer] = ScorerTally()
        if not greedy:
            self._tally.scorers[scorer].add(score)
        self._scored.setdefault(scorer, []).append((sample, score))

    def _flush(self) -> None:
        for key in self._keys.values():
            batch = [one for one in self._waiting if one.sampler == key]
            if batch:
                self._samples.append_all(batch, key)
        for scorer, scored in self._scored.items():
            self._scorers[scorer].append_all(scored)
        self._waiting, self._scored = [], {}
        self._rows = self._characters = 0


def _keyed(sample: Sample, problem: str, index: int, key: str) -> Sample:
    return Sample(
        problem,
        index,
        sample.output,
        sample.finish_reason,
        key,
        sample.seed,
        sample.logprob,
        sample.usage,
        sample.metadata,
    )


def _refuse_nothing(
    tally: Tally, notes: Notes, sources: Sequence[Source], model: str | None
) -> None:
    if tally.place:
        return
    told = "; ".join(f"{count:,} {reason}" for reason, count in notes.dropped.items())
    first = next(iter(notes.first_dropped.values()), "")
    where = f" (the first: {first})" if first else ""
    raise FormatError(
        f"{sources[0].path} holds no sample to import" + (f": {told}{where}." if told else "."),
        hint="" if model is None else "--model takes a name as the file has it.",
    )


def _manifest(
    folder: Path,
    key: str,
    tally: Tally,
    notes: Notes,
    report: ImportReport,
    task: TaskProblems | None,
) -> Manifest:
    models = list(tally.models)
    model = models[0] if len(models) == 1 else notes.model or _several(models)
    decoding = notes.decoding or Decoding()
    # The fewest, not the most: nothing is left to be drawn, and what is beyond n counts as well.
    samplers = [Sampler(key, "sampled", decoding, max(report.fewest, 1))]
    if tally.greedy:
        samplers.append(Sampler(f"{key}-greedy", "greedy", Decoding(temperature=0.0), 1))
    identity: dict[str, Json] = {
        "kind": "imported",
        "model": model,
        "format": report.format,
        "files": list(report.files),
    }
    if notes.decoding is None:
        identity["decoding"] = "unknown"
    facts: dict[str, Json] = {
        "format": report.format,
        "rows": report.rows,
        "filters": list(report.filters),
        "extractor": report.extractor,
        "dropped": dict(report.dropped),
        "warnings": list(report.warnings),
    }
    return replace(
        _UNNAMED,
        task={
            "name": task.name
            if task
            else notes.task or report.files[0].split(".")[0] or "imported",
            "version": task.version if task else "imported",
            "options": {},
            "digest": digest(_stored_problems(folder)),
        },
        model=identity,
        samplers=tuple(samplers),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        scorer=report.by or (task.scorer if task else ""),
        extra={IMPORT: facts},
    )


def _several(models: Sequence[str]) -> str:
    return f"{len(models)} models" if models else "unknown"


def _stored_problems(folder: Path) -> Iterator[Problem]:
    parse = msgspec.json.Decoder(ProblemRow).decode
    with open(folder / PROBLEMS, "rb") as file:
        for line in file:
            yield unpack_problem(parse(line))
