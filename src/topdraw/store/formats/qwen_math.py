"""Qwen2.5-Math: N samples of a problem in a row, with answers, verdicts and rewards.

Not here: rows of other names (`formats.plain`).
Try it: `topdraw import math_cot_100.jsonl`.

Fields: idx, question, gt, code or response (texts), pred (answers), score (verdicts), pred_score
(rewards, each a number or a list of one).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

_KEY = "qwen_math"
VERDICT, REWARD = "qwen-math:score", "qwen-math:pred_score"
_TEXTS = ("code", "response")


def _texts(values: Values) -> str:
    return next((one for one in _TEXTS if isinstance(values.get(one), list)), _TEXTS[0])


def _sniff(source: Source) -> int:
    lists = all(isinstance(source.first.get(name), list) for name in ("pred", "score"))
    return 90 if lists and source.has("idx") and source.has(_texts(source.first)) else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    notes.extractor = "the source's own, in the field 'pred'"
    for record in source.records(notes):
        values, place = record.values, record.place
        key = cells.identity(values, "idx", place)
        field = _texts(values)
        outputs = cells.listed(cells.wanted(values, field, place))
        lists = {name: cells.listed(values.get(name)) for name in ("pred", "score", "pred_score")}
        lists = {name: found for name, found in lists.items() if found}
        cells.equally_long({field: outputs, **lists}, place)
        used = ("idx", "question", "gt", "pred", "score", "pred_score", field)
        about: Values = {"texts": field, **cells.rest(values, *used)}
        prompt = cells.text(values.get("question"))
        problem = Problem(key, prompt or key, values.get("gt"), {_KEY: about})
        for at, output in enumerate(outputs):
            own = {name: found[at] for name, found in lists.items()}
            sample = Sample(key, NEXT, cells.text(output), finish_reason="unknown")
            yield Row(problem, sample, _scores(own, notes))


def _scores(own: Values, notes: Notes) -> dict[str, Score]:
    found = {}
    if "score" in own:
        answer = cells.text(own.get("pred")) or None
        if answer is None:
            notes.counts["samples have no answer that the source could read"] += 1
        found[VERDICT] = cells.judged(cells.verdict(own["score"]), answer=answer)
    if "pred_score" in own:
        found[REWARD] = cells.valued(cells.number(own["pred_score"]))
    return found


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        kept = cells.kept(held.problem.metadata, _KEY)
        field = cells.text(kept.pop("texts", None)) or _TEXTS[0]
        row: Values = {"idx": _number(held.problem.id), "question": held.problem.prompt}
        row |= {"gt": held.problem.target, **kept}
        row[field] = [sample.output for sample in held.samples]
        verdicts, rewards = held.scores.get(about.by), held.scores.get(about.value)
        if verdicts is not None:
            row["pred"] = [(one.answer if one else None) or "" for one in verdicts]
            row["score"] = [one.passed if one else None for one in verdicts]
        if rewards is not None:
            row["pred_score"] = [[one.value if one else None] for one in rewards]
        yield row


def _number(key: str) -> Json:
    return int(key) if key.isdecimal() and str(int(key)) == key else key


FORMAT = Format("qwen-math", "Qwen2.5-Math samples with rewards", _sniff, _read, _write)
