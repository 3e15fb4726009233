"""PRM800K's scored samples: one sample a row, with its verdict and two rewards.

Not here: the labels of steps, which are training data.
Try it: `topdraw import scored-test-samples.jsonl`.

`{"problem", "answer" or "given_answer", "is_correct", "prm_score", "orm_score"}`, 1,860 rows a
problem; the problem's text is its id. Rows may hold the steps (`steps`, or `text`): the output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

VERDICT = "prm800k:is_correct"
_REWARDS = ("prm_score", "orm_score")
_TEXTS = ("text", "solution", "steps")
_KEY = "prm800k"


def _sniff(source: Source) -> int:
    has_reward = source.has("prm_score") or source.has("orm_score")
    return 90 if source.has("problem", "is_correct") and has_reward else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records(notes):
        values = record.values
        key = cells.identity(values, "problem", record.place)
        field = next((one for one in ("given_answer", "answer") if one in values), "answer")
        answer = cells.text(values.get(field)) or None
        notes.extractor = f"the source's own, in the field {field!r}"
        texts = next((one for one in _TEXTS if one in values), "")
        used = ("problem", field, "is_correct", *_REWARDS, texts)
        as_read: Values = {"answer": field, "texts": texts, "said": values.get(field)}
        about: Values = {"fields": as_read, "more": cells.rest(values, *used)}
        output = _joined(values[texts]) if texts else answer or ""
        sample = Sample(key, NEXT, output, finish_reason="unknown", metadata={_KEY: about})
        scores = {VERDICT: cells.judged(cells.verdict(values.get("is_correct")), answer=answer)}
        for name in _REWARDS:
            if name in values:
                scores[f"{_KEY}:{name}"] = cells.valued(cells.number(values[name]))
        yield Row(Problem(key, key), sample, scores)


def _joined(value: Json) -> str:
    if isinstance(value, list):
        return "\n".join(map(cells.text, value))
    return cells.text(value)


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        for at, sample in enumerate(held.samples):
            scores = {name: own[at] for name, own in held.scores.items()}
            kept = cells.kept(sample.metadata, _KEY)
            fields = cells.nested(kept.get("fields"))
            texts = cells.text(fields.get("texts", "text"))
            row: Values = {"problem": held.problem.prompt}
            if texts:
                row[texts] = [*sample.output.split("\n")] if texts == "steps" else sample.output
            row |= _verdict(scores.get(about.by), fields)
            row |= _rewards(scores, about.value)
            yield row | cells.nested(kept.get("more"))


def _verdict(verdict: Score | None, fields: Values) -> Values:
    """Answer and verdict, the answer as it was read where the scorer has no other."""
    said = fields.get("said")
    answer = verdict.answer if verdict else None
    return {
        cells.text(fields.get("answer")) or "answer": (
            said if answer is None or answer == cells.text(said) else answer
        ),
        "is_correct": verdict.passed if verdict else None,
    }


def _rewards(scores: Mapping[str, Score | None], value: str) -> Values:
    """Both rewards of the source, and the value asked for: a row has one, or is none of these."""
    names = {f"{_KEY}:{name}": name for name in _REWARDS}
    found = {names[name]: one.value for name, one in scores.items() if name in names and one}
    other = scores.get(value) if value not in names else None
    if other is not None:
        found[value.rpartition(":")[2] if found else _REWARDS[0]] = other.value
    return {**(found or {_REWARDS[0]: None})}


FORMAT = Format("prm800k", "PRM800K scored samples", _sniff, _read, _write)
