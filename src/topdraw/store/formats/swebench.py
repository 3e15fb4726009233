"""SWE-bench: predictions out and in, official reports in; N reports are N attempts.

Not here: grading patches, which the official harness does in containers of its own.
Try it: `topdraw import model.run-1.json model.run-2.json`, then `topdraw report RUN`.

Predictions are `{"instance_id", "model_name_or_path", "model_patch"}` per line. Reports are the
harness' `<model>.<run id>.json`, schema 2 (`swebench/harness/reporting.py` at 7a21e057). Of an
instance, a report says: resolved, right; unresolved, error (the patch did not apply, or the tests
did not end) and empty patch, wrong; infrastructure failure, missing, though the harness keeps it
among the unresolved. Not submitted is no attempt. The harness takes one prediction per instance
and file: `write_attempts` writes one file per attempt.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import FormatError, StoreError
from topdraw.store.formats.cells import identity, kept, rest, text, wanted
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

RESOLVED = "swebench:resolved"
_KEY = "swebench"
_PREDICTION = ("instance_id", "model_name_or_path", "model_patch", "attempt")
_WRONG = {
    "unresolved_ids": "unresolved",
    "error_ids": "error: the patch did not apply, or the tests did not end",
    "empty_patch_ids": "empty patch",
}
_INFRA, _AMBIGUOUS, _UNSUBMITTED = "infra_failure_ids", "ambiguous_failure_ids", "incomplete_ids"
_DIFF = re.compile(r"^(?:diff --git |--- |Index: )", re.MULTILINE)
_FENCE = re.compile(r"^```(?:diff|patch)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _sniff_predictions(source: Source) -> int:
    return 95 if source.has("instance_id", "model_patch") else 0


def _sniff_report(source: Source) -> int:
    return 95 if source.has("resolved_ids", "unresolved_ids") else 0


def _read_predictions(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    notes.task = notes.task or _KEY
    for place, values in ((one.place, one.values) for one in source.records(notes)):
        key = identity(values, "instance_id", place)
        patch = wanted(values, "model_patch", place)
        if not isinstance(patch, str | None):
            raise FormatError(f"{place}: 'model_patch' must be a text.")
        more = rest(values, *_PREDICTION)
        sample = Sample(
            key, NEXT, text(patch), finish_reason="unknown", metadata={_KEY: more} if more else {}
        )
        yield Row(Problem(key, key), sample, model=text(values.get("model_name_or_path")))


def _read_report(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    notes.task = notes.task or _KEY
    model = source.path.name.removesuffix(".json").rsplit(".", 1)[0]
    for record in source.records(notes):
        ids = {name: _ids(record.values, name, record.place) for name in _LISTS}
        for name in ids[_UNSUBMITTED]:
            notes.drop("instances that were not submitted", f"{record.place}: {name[:80]}")
        for key, score in _outcomes(ids).items():
            if score.is_missing:
                notes.counts["infrastructure failures, left out as missing"] += 1
            about: Values = {"report": source.path.name, "outcome": score.note or "infrastructure"}
            sample = Sample(key, NEXT, "", finish_reason="unknown", metadata={_KEY: about})
            yield Row(Problem(key, key), sample, {RESOLVED: score}, model=model)


_LISTS = ("resolved_ids", *_WRONG, _INFRA, _AMBIGUOUS, _UNSUBMITTED)


def _ids(values: Values, name: str, place: str) -> list[str]:
    found = values.get(name, [])
    known = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    if not isinstance(found, list) or len(known) != len(found):
        raise FormatError(f"{place}: {name!r} must be a list of texts.")
    return known


def _outcomes(ids: Mapping[str, list[str]]) -> dict[str, Score]:
    """What a report says of each instance that was submitted, sorted."""
    found: dict[str, Score] = {}
    for name, note in _WRONG.items():
        found |= {key: Score.verdict(False, note=note) for key in ids[name]}
    for key in ids[_AMBIGUOUS]:
        found[key] = Score.verdict(False, note="ambiguous failure")
    found |= {key: Score.missing("infrastructure failure") for key in ids[_INFRA]}
    found |= {key: Score.verdict(True, note="resolved") for key in ids["resolved_ids"]}
    return dict(sorted(found.items()))


def patch_of(output: str) -> str:
    r"""The patch in an output: a diff as it stands, else the last diff block, else from a diff on.

    Args:
        output: of a model.

    Examples:
        >>> patch_of("Fixed:\n```diff\n--- a/x\n+++ b/x\n```\n")
        '--- a/x\n+++ b/x\n'
        >>> patch_of("no patch")
        ''
    """
    first = _DIFF.search(output)
    if first is not None and not output[: first.start()].strip():
        return output
    blocks = _FENCE.findall(output)
    if blocks:
        return str(blocks[-1])
    return output[first.start() :] if first is not None else ""


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        for sample in held.samples:
            row: Values = {
                "instance_id": held.problem.id,
                "model_name_or_path": about.model,
                "model_patch": patch_of(sample.output),
            }
            row |= kept(sample.metadata, _KEY)
            yield row | ({"attempt": sample.index} if len(held.samples) > 1 else {})


def write_attempts(
    problems: Iterable[Held], about: About, folder: str | os.PathLike[str]
) -> list[Path]:
    """Write one file of predictions per attempt, as the official harness takes them.

    Args:
        problems: of a run, with their samples; the i-th sample is the i-th attempt.
        about: the run.
        folder: made when it is not there; files are `attempt-<i>.jsonl`.

    Returns:
        The files, in order of the attempts.

    Raises:
        StoreError: when they cannot be written, or one is there already.
    """
    rows: dict[int, list[str]] = {}
    for values in _write(problems, about):
        attempt = values.pop("attempt", 0)
        assert isinstance(attempt, int)  # noqa: S101  written above
        rows.setdefault(attempt, []).append(json.dumps(values) + "\n")
    place = Path(folder)
    files = []
    try:
        place.mkdir(parents=True, exist_ok=True)
        for attempt in sorted(rows):
            files.append(place / f"attempt-{attempt}.jsonl")
            with files[-1].open("x", encoding="utf-8") as file:
                file.writelines(rows[attempt])
    except OSError as error:
        raise StoreError(f"Cannot write predictions to {folder}: {error}.") from error
    return files


PREDICTIONS = Format(
    "swebench", "SWE-bench predictions", _sniff_predictions, _read_predictions, _write
)
REPORT = Format(
    "swebench-report", "SWE-bench reports, one per attempt", _sniff_report, _read_report
)
FORMATS = (PREDICTIONS, REPORT)
