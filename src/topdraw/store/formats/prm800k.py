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
        about: Values = {"answer": field, "texts": texts, **cells.rest(values, *used)}
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
        nothing: list[Score | None] = [None] * len(held.samples)
        verdicts = held.scores.get(about.by, nothing)
        rewards = held.scores.get(about.value, nothing)
        name = about.value.rpartition(":")[2] or _REWARDS[0]
        for sample, verdict, reward in zip(held.samples, verdicts, rewards, strict=True):
            kept = cells.kept(sample.metadata, _KEY)
            field = cells.text(kept.pop("answer", None)) or "answer"
            texts = cells.text(kept.pop("texts", "text"))
            row: Values = {"problem": held.problem.prompt}
            if texts:
                row[texts] = [*sample.output.split("\n")] if texts == "steps" else sample.output
            row[field] = verdict.answer if verdict else None
            row["is_correct"] = verdict.passed if verdict else None
            if reward is not None:
                row[name] = reward.value
            yield row | kept


FORMAT = Format("prm800k", "PRM800K scored samples", _sniff, _read, _write)
