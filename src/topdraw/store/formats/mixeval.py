"""MixEval: model responses to its free-form and multiple-choice parts, with or without a judgment.

Not here: its score, which rounds each part first (`topdraw.analysis.winrate`).
Try it: `topdraw import judge_results_ff_model_judge_gpt-3.5-turbo-0125.jsonl`.

`mixeval:judge` is the judge's number from 0 to 1 of a free-form response, or the verdict on a
choice: `eval_result`, else whether `judge_option` is the letter of the target.
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
_OPTION = "judge_option"
_OF_SAMPLE = (_OPTION, "judge_response")
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
        said = {field: values[field] for field in _OF_SAMPLE if field in values}
        metadata = {_KEY: {"id": values["id"], **cells.rest(values, *_USED, *_OF_SAMPLE)}}
        problem = Problem(key, prompt or key, values.get("target"), metadata)
        output = cells.text(cells.wanted(values, "response", record.place))
        kept: Values = {_KEY: said} if said else {}
        sample = Sample(key, NEXT, output, finish_reason="unknown", metadata=kept)
        yield Row(problem, sample, _scores(values, notes))


def _scores(values: Values, notes: Notes) -> dict[str, Score]:
    field = next((one for one in _JUDGED if one in values), None)
    if field is None:
        return {_NAME: _chosen(values)} if _is_choice(values) and _OPTION in values else {}
    passed = cells.verdict(values[field]) if field == "eval_result" else None
    if passed is not None:
        return {_NAME: Score.verdict(passed)}
    return {_NAME: cells.valued(cells.number(values[field]), why="null judgment")}


def _chosen(values: Values) -> Score:
    """Whether the option that the judge read in a response is the target's."""
    said, target = values[_OPTION], cells.listed(values.get("target"))
    options = cells.listed(values.get("options"))
    at = target[0] if len(target) == 1 else None
    if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < len(options):
        return Score.missing("no target that is the number of an option")
    if not isinstance(said, str):
        return Score.missing("null judgment")
    return Score.verdict(said == chr(ord("A") + at), answer=said)


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        scores = held.scores.get(about.by or about.value, [None] * len(held.samples))
        for sample, score in zip(held.samples, scores, strict=True):
            row: Values = {"id": held.problem.id, "target": held.problem.target}
            row |= cells.kept(held.problem.metadata, _KEY)
            row |= {"formated_input": held.problem.prompt, "response": sample.output}
            row |= cells.kept(sample.metadata, _KEY)
            yield row | _judgment(score, row)


def _judgment(score: Score | None, row: Values) -> Values:
    """What was said of a response, null where that is missing."""
    if score is None or (_OPTION in row and _is_choice(row) and _is_same(score, _chosen(row))):
        return {}
    if score.is_missing:
        return {"eval_result" if _is_choice(row) else "judge_score": None}
    if score.passed is not None:
        return {"eval_result": score.passed}
    return {"judge_score": score.value}


def _is_same(a: Score, b: Score) -> bool:
    return (a.passed, a.is_missing) == (b.passed, b.is_missing)


def _is_choice(values: Values) -> bool:
    return "options" in values or "choice" in cells.text(values.get("problem_type")).lower()


FORMAT = Format("mixeval", "MixEval responses and judgments", _sniff, _read, _write, one_each=True)
