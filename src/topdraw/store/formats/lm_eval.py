"""lm-eval's `--log_samples` files: one row per (document, filter), K responses in each.

Not here: the averages in lm-eval's results JSON, of which nothing but the model's name is read.
Try it: `topdraw import samples_gsm8k_2026-11-20T09-27-47.617566.jsonl`.

Format of lm-evaluation-harness 0.4. Rows of one `doc_id` and `doc_hash` hold the same responses,
filtered in different ways: they are merged. A row's metrics belong to the response that its filter
left: they become scores of those samples whose text it is, or of the only sample, under the name
`lm-eval:METRIC`, or `lm-eval:METRIC,FILTER` where the filter has a name. A metric of an answer that
was made of several samples judges none of them: it is kept as the note of the first. Multiple
choice has one request per choice: the output is the likeliest choice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.errors import FormatError
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Record, Source

_KEY = "lm_eval"
_KEPT = ("doc", "arguments", "doc_hash", "prompt_hash", "target_hash")
_NAME = re.compile(r"(?:.*_)?samples_(.+)_[0-9]{4}-[0-9]{2}-[0-9]{2}T.*")
#: Metrics that are verdicts; a value of 0 or 1 of another metric may be a rank or a loss.
_VERDICTS = ("exact_match", "acc", "acc_norm", "pass@1", "f1", "em", "prompt_level", "inst_level")


def _sniff(source: Source) -> int:
    if source.has("lm_eval_version", "results"):
        return 90
    return 95 if source.has("doc_id", "doc", "resps") else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    stem = _NAME.fullmatch(source.path.name)
    notes.task = notes.task or (stem.group(1) if stem else "")
    places: dict[tuple[str, str], int] = {}
    for record in source.records(notes):
        if "results" in record.values and "resps" not in record.values:
            notes.model = notes.model or cells.text(record.values.get("model_name"))
            notes.drop("file of averages, which are not believed", record.place)
            continue
        name = cells.text(record.values.get("filter")) or "none"
        notes.filters[name] = None
        if name != "none":
            notes.extractor = f"lm-eval's filters: {', '.join(notes.filters)}"
        yield from _rows(record, notes, places, "" if name == "none" else f",{name}")


def _rows(
    record: Record, notes: Notes, places: dict[tuple[str, str], int], suffix: str
) -> Iterator[Row]:
    """The samples of a document when it comes first in a file; else what a filter made of them.

    Args:
        record: the row.
        notes: of all files.
        places: document of this file to the index of its first sample. Another file with the same
            document, as of another seed, has further samples of it.
        suffix: of the names of scorers.
    """
    values, place = record.values, record.place
    doc, mark = cells.identity(values, "doc_id", place), cells.text(values.get("doc_hash"))
    # Two tasks in one import: their documents are numbered alike, and differ in the hash.
    name = doc if notes.seen.get(doc, (mark, 0))[0] == mark else f"{doc}#{mark[:8]}"
    outputs = _outputs(values, place)
    is_new = (doc, mark) not in places
    if is_new:
        _, so_far = notes.seen.get(name, (mark, 0))
        places[doc, mark] = so_far
        notes.seen[name] = mark, so_far + len(outputs)
    problem = _problem(name, values, place)
    scores = _scores(values, outputs, notes, suffix)
    for at, output in enumerate(outputs):
        own = {metric: by_sample[at] for metric, by_sample in scores.items() if at in by_sample}
        index = places[doc, mark] + at
        if is_new:
            yield Row(problem, Sample(name, index, output, finish_reason="unknown"), own)
        elif own:
            yield Row(problem, None, own, index=index)


def _problem(name: str, values: Values, place: str) -> Problem:
    cells.wanted(values, "doc", place)
    kept: Values = {field: values[field] for field in _KEPT if field in values}
    return Problem(name, _prompt(values) or name, values.get("target"), {_KEY: kept})


def _requests(values: Values) -> list[list[Json]]:
    """The arguments of each request; older files have lists, newer ones numbered objects."""
    found = values.get("arguments")
    if isinstance(found, dict):
        return [list(cells.nested(one).values()) for one in found.values()]
    return [cells.listed(one) for one in cells.listed(found)]


def _prompt(values: Values) -> str:
    requests = _requests(values)
    return cells.text(requests[0][0]) if requests and requests[0] else ""


def _outputs(values: Values, place: str) -> list[str]:
    resps = cells.wanted(values, "resps", place)
    if not isinstance(resps, list) or not all(isinstance(one, list) for one in resps):
        raise FormatError(f"{place}: 'resps' must be a list of lists of responses.")
    if not resps:
        return []
    if all(isinstance(one, str | None) for one in cells.listed(resps[0])):
        return [cells.text(one) for one in cells.listed(resps[0])]
    return [_likeliest(resps, _requests(values))]


def _likeliest(resps: list[Json], requests: list[list[Json]]) -> str:
    """The continuation of the largest log-likelihood; responses are (log-likelihood, is greedy)."""
    likelihoods = [cells.number(_first(_first(one))) for one in resps]
    best = max(range(len(resps)), key=lambda at: _or_least(likelihoods[at]))
    request = requests[best] if best < len(requests) else []
    return cells.text(request[1]) if len(request) > 1 else str(best)


def _first(value: Json) -> Json:
    return value[0] if isinstance(value, list) and value else value


def _or_least(value: float) -> float:
    return -math.inf if math.isnan(value) else value


def _scores(
    values: Values, outputs: list[str], notes: Notes, suffix: str
) -> dict[str, dict[int, Score]]:
    """Of each metric, the scores of the samples that it is of, by their position."""
    filtered = cells.listed(values.get("filtered_resps"))
    left = filtered[0] if len(filtered) == 1 else None
    about = [at for at, output in enumerate(outputs) if len(outputs) == 1 or output == left]
    found = {}
    for metric in map(cells.text, cells.listed(values.get("metrics"))):
        if metric not in values:
            continue
        answer = left if isinstance(left, str) and len(left) <= 1000 else None
        score = _score(metric, values[metric], answer)
        if outputs and not about:
            notes.counts["metrics judge a filter's answer and no single sample: kept as notes"] += 1
            told = f"{metric} {cells.text(values[metric])[:80]} of the filter's answer"
            score = Score(answer=answer, note=told)
        found[f"lm-eval:{metric}{suffix}"] = dict.fromkeys(about or [0], score)
    return found


def _score(metric: str, value: Json, answer: str | None) -> Score:
    passed = cells.verdict(value)
    if passed is not None and (isinstance(value, bool) or metric.startswith(_VERDICTS)):
        return Score.verdict(passed, answer=answer)
    return cells.valued(cells.number(value), why=f"{cells.text(value)[:60]!r} is no number")


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    metric = about.by.rpartition(":")[2].partition(",")[0] or "exact_match"
    for at, held in enumerate(problems):
        kept = cells.kept(held.problem.metadata, _KEY)
        name = held.problem.id.partition("#")[0]
        settings: Values = {"until": list(about.decoding.stop), "do_sample": True}
        prompt: Values = {"arg_0": held.problem.prompt, "arg_1": settings}
        row: Values = {
            "doc_id": int(name) if name.isdecimal() else at,
            "doc": kept.get("doc", {"id": held.problem.id}),
            "target": cells.text(held.problem.target),
            "arguments": kept.get("arguments", {"gen_args_0": prompt}),
            "resps": [[sample.output for sample in held.samples]],
            "filtered_resps": [sample.output for sample in held.samples[:1]],
            "filter": "none",
            "metrics": [],
        }
        row |= {field: kept[field] for field in _KEPT[2:] if field in kept}
        first = next(iter(held.scores.get(about.by, ())), None)
        if first is not None and not first.is_missing:
            row |= {"metrics": [metric], metric: first.value}
        yield row


FORMAT = Format("lm-eval", "lm-evaluation-harness --log_samples", _sniff, _read, _write)
