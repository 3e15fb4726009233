"""Logs of tree-of-thought-llm: the final outputs of a puzzle, with whether each is right.

Not here: the steps of the search, which are kept with the problem and not judged.
Try it: `topdraw import gpt-4_0.7_naive_standard_sample_100_start900_end1000.json`.

`{"idx", "ys": [text], "accs": [bool] or "infos": [{"r": 0 or 1}], "usage_so_far"}`; usage is
cumulative over the file, so that a puzzle's is the difference to the one before. Its output tokens
are shared out evenly among its samples and marked as estimated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from topdraw.core.records import Decoding, Json, Problem, Sample, Score, Usage
from topdraw.errors import FormatError
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

_KEY = "tree_of_thought"
PASSED = "tree-of-thought:r"
_USED = ("idx", "ys", "accs", "infos")
_NAME = re.compile(r"(?P<model>.+)_(?P<temperature>[0-9.]+)_(?:naive|propose|sample).*")


def _sniff(source: Source) -> int:
    return 90 if source.has("idx", "ys") else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    named = _NAME.fullmatch(source.path.name)
    if named:
        notes.model = notes.model or named["model"]
        notes.decoding = notes.decoding or Decoding(temperature=cells.number(named["temperature"]))
    before = 0
    for record in source.records(notes):
        values, place = record.values, record.place
        key = cells.identity(values, "idx", place)
        outputs = cells.listed(cells.wanted(values, "ys", place))
        usage = cells.nested(values.get("usage_so_far"))
        so_far = cells.whole(usage.get("completion_tokens"))
        tokens = max(so_far - before, 0) // max(len(outputs), 1)
        before = so_far or before
        scores = _scores(values, len(outputs), place)
        problem = Problem(key, key, None, {_KEY: cells.rest(values, *_USED)})
        for output, score in zip(outputs, scores, strict=True):
            sample = Sample(
                key,
                NEXT,
                cells.text(output),
                finish_reason="unknown",
                usage=Usage(output_tokens=tokens, estimated=True),
            )
            yield Row(problem, sample, score)


def _scores(values: Values, n: int, place: str) -> list[dict[str, Score]]:
    """Of each output; empty where a log says nothing of it."""
    found: list[Json] = cells.listed(values.get("accs"))
    if not found:
        found = [cells.nested(one).get("r") for one in cells.listed(values.get("infos"))]
    if found and len(found) != n:
        raise FormatError(f"{place}: it has {n} outputs and {len(found)} verdicts.")
    return [{} if one is None else {PASSED: _score(one)} for one in found or [None] * n]


def _score(value: Json) -> Score:
    """A verdict; of a crossword, the share that is right; of a text, a mark."""
    passed = cells.verdict(value)
    if passed is not None:
        return Score.verdict(passed)
    number = cells.number(value)
    if 0 < number < 1:
        return Score(value=number, passed=False)
    return cells.valued(number)


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        key = held.problem.id
        row: Values = {"idx": int(key) if key.isdecimal() else key}
        row["ys"] = [sample.output for sample in held.samples]
        verdicts = held.scores.get(about.by)
        if verdicts is not None:
            row |= _written(verdicts)
        yield row | cells.kept(held.problem.metadata, _KEY)


def _written(verdicts: Sequence[Score | None]) -> Values:
    if all(one is None or one.value in (0, 1) for one in verdicts):
        return {"accs": [one.passed if one else None for one in verdicts]}
    return {"infos": [{"r": one.value if one else None} for one in verdicts]}


FORMAT = Format(
    "tree-of-thought", "tree-of-thought-llm logs", _sniff, _read, _write, container="list"
)
