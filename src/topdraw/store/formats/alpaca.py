"""alpaca_eval: model outputs, and annotations that prefer one of two outputs.

Not here: win rates and their length control (`topdraw.analysis.winrate`).
Try it: `topdraw import model_outputs.json`, `topdraw import annotations.json`.

Outputs are a list of {dataset, instruction, output, generator}; the id of a problem is its
instruction. Of an annotation, `output_2` is the sample and `output_1`, the baseline's, is kept with
the problem. The score `alpaca_eval:ANNOTATOR` is preference - 1: 1 wins over the baseline, 0.5
draws (also written 0), null is missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.errors import FormatError
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

_KEY = "alpaca_eval"
_OUTPUTS = ("instruction", "output", "generator", "dataset")
_OF_PROBLEM = ("instruction", "output_1", "generator_1", "dataset")
_ANNOTATED = (*_OF_PROBLEM, "output_2", "generator_2", "annotator", "preference")


def _sniff_outputs(source: Source) -> int:
    return 90 if source.has("instruction", "output", "generator") else 0


def _sniff_annotations(source: Source) -> int:
    return 92 if source.has("instruction", "output_1", "output_2", "preference") else 0


def _read_outputs(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records(notes):
        values = record.values
        key = _instruction(values, record.place)
        about = {"dataset": values["dataset"]} if "dataset" in values else {}
        sample = _sample(key, values.get("output"), cells.rest(values, *_OUTPUTS))
        problem = Problem(key, key, None, {_KEY: about} if about else {})
        yield Row(problem, sample, model=cells.text(values.get("generator")))


def _read_annotations(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records(notes):
        values = record.values
        key = _instruction(values, record.place)
        about = {name: values[name] for name in _OF_PROBLEM[1:] if name in values}
        sample = _sample(key, values.get("output_2"), cells.rest(values, *_ANNOTATED))
        name = f"{_KEY}:{cells.text(values.get('annotator')) or 'annotator'}"
        score = _preferred(values.get("preference"), record.place)
        model = cells.text(values.get("generator_2"))
        yield Row(Problem(key, key, None, {_KEY: about}), sample, {name: score}, model=model)


def _instruction(values: Values, place: str) -> str:
    found = cells.wanted(values, "instruction", place)
    if not isinstance(found, str):
        raise FormatError(f"{place}: 'instruction' must be a text.")
    return found


def _sample(key: str, output: Json, more: Values) -> Sample:
    metadata: Values = {_KEY: more} if more else {}
    return Sample(key, NEXT, cells.text(output), finish_reason="unknown", metadata=metadata)


def _preferred(value: Json, place: str) -> Score:
    preference = cells.number(value)
    if math.isnan(preference):
        return Score.missing("null judgment")
    if preference != 0 and not 1 <= preference <= 2:
        raise FormatError(f"{place}: a preference lies in 1..2 or is 0, not {preference:g}.")
    return Score(value=preference - 1 if preference else 0.5, note="draw" if not preference else "")


def _write_outputs(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        kept = cells.kept(held.problem.metadata, _KEY)
        for sample in held.samples:
            yield {
                "dataset": kept.get("dataset", about.task),
                "instruction": held.problem.prompt,
                "output": sample.output,
                "generator": about.model,
            } | cells.kept(sample.metadata, _KEY)


def _write_annotations(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        kept = cells.kept(held.problem.metadata, _KEY)
        scores = held.scores.get(about.value, [None] * len(held.samples))
        for sample, score in zip(held.samples, scores, strict=True):
            row: Values = {
                "instruction": held.problem.prompt,
                "output_1": kept.get("output_1", ""),
                "generator_1": kept.get("generator_1", ""),
                "dataset": kept.get("dataset", about.task),
                "output_2": sample.output,
                "generator_2": about.model,
                "annotator": about.value.removeprefix(f"{_KEY}:"),
                "preference": _preference(score),
            }
            yield row | cells.kept(sample.metadata, _KEY)


def _preference(score: Score | None) -> Json:
    if score is None or not 0 <= score.value <= 1:
        return None  # missing, or of a scorer that does not compare two outputs
    return 0 if score.note == "draw" else score.value + 1


OUTPUTS = Format(
    "alpaca", "alpaca_eval model outputs", _sniff_outputs, _read_outputs, _write_outputs,
    container="list", one_each=True,
)  # fmt: skip
ANNOTATIONS = Format(
    "alpaca-annotations", "alpaca_eval annotations", _sniff_annotations, _read_annotations,
    _write_annotations, container="list", one_each=True,
)  # fmt: skip
FORMATS = (ANNOTATIONS, OUTPUTS)
