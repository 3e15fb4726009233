"""MixEval: model responses to its free-form and multiple-choice parts, with or without a judgment.

Not here: its score, which rounds each part first (`topdraw.analysis.winrate`).
Try it: `topdraw import judge_results_ff_model_judge_gpt-3.5-turbo-0125.jsonl`.

`mixeval:judge` is the judge's number from 0 to 1 of a free-form response, or the verdict on a
choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Problem, Sample, Score
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

_KEY = "mixeval"
_NAME = f"{_KEY}:judge"
_JUDGED = ("judge_score", "eval_result")
_USED = ("id", "response", "target", "formated_input", *_JUDGED)


def _sniff(source: Source) -> int:
    return 90 if source.has("problem_type", "benchmark_name", "response") else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records(notes):
        values = record.values
        name = cells.text(values.get("benchmark_name"))
        # Its two parts number their problems alike.
        key = f"{values.get('problem_type')}/{name}/{cells.identity(values, 'id', record.place)}"
        prompt = cells.text(values.get("formated_input") or values.get("prompt"))
        metadata = {_KEY: {"id": values["id"], **cells.rest(values, *_USED)}}
        problem = Problem(key, prompt or key, values.get("target"), metadata)
        output = cells.text(cells.wanted(values, "response", record.place))
        sample = Sample(key, NEXT, output, finish_reason="unknown")
        yield Row(problem, sample, _scores(values, notes))


def _scores(values: Values, notes: Notes) -> dict[str, Score]:
    field = next((one for one in _JUDGED if one in values), None)
    if field is None:
        return {}
    passed = cells.verdict(values[field]) if field == "eval_result" else None
    if passed is not None:
        return {_NAME: Score.verdict(passed)}
    return {_NAME: cells.valued(cells.number(values[field]), why="null judgment")}


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        scores = held.scores.get(about.by or about.value, [None] * len(held.samples))
        for sample, score in zip(held.samples, scores, strict=True):
            row: Values = {"id": held.problem.id, "target": held.problem.target}
            row |= cells.kept(held.problem.metadata, _KEY)
            row |= {"formated_input": held.problem.prompt, "response": sample.output}
            if score is not None and not score.is_missing:
                judged = score.passed is not None
                row["eval_result" if judged else "judge_score"] = (
                    score.passed if judged else score.value
                )
            yield row


FORMAT = Format("mixeval", "MixEval responses and judgments", _sniff, _read, _write, one_each=True)
