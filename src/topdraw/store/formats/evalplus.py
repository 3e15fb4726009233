"""evalplus: samples with a self-contained `solution`, and `.eval_results.json` with statuses.

Not here: completions of a prompt (`formats.humaneval`), running the tests.
Try it: `topdraw import samples.eval_results.json`.

Of results, `evalplus:base` is the verdict of the original tests, `evalplus:plus` that of the
original and the added ones. A timeout is wrong, as evalplus counts it, and told. The stored
`pass_at_k` is not believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.errors import FormatError
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

BASE, PLUS = "evalplus:base", "evalplus:plus"
_KEY = "evalplus"
_USED = ("task_id", "solution", "base_status", "plus_status")


def _sniff(source: Source) -> int:
    if isinstance(source.first.get("eval"), dict) and (source.has("hash") or source.has("date")):
        return 90 if not source.has("samples") and not source.has("plan") else 0
    return 85 if source.has("task_id", "solution") else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records():
        results = record.values.get("eval")
        if not isinstance(results, dict):
            notes.rows += 1
            yield _row(record.values, record.place, notes)
            continue
        for task, found in results.items():
            for one in _of_task(found):
                notes.rows += 1
                place = f"{record.place}, task {task[:60]!r}"
                if not isinstance(one, dict):
                    raise FormatError(f"{place}: a result must be an object.")
                yield _row({"task_id": task, **one}, place, notes)


def _of_task(found: Json) -> list[Json]:
    if isinstance(found, dict):  # a form of 2023: {"nfiles", "base", "plus"} with parallel lists
        pairs = zip(cells.listed(found.get("base")), cells.listed(found.get("plus")), strict=False)
        return [_of_lists(base, plus) for base, plus in pairs]
    return cells.listed(found)


def _of_lists(base: Json, plus: Json) -> Values:
    first, second = cells.listed(base), cells.listed(plus)
    status = first[0] if first else None
    return {
        "base_status": "pass" if status == "success" else status,
        "plus_status": "pass" if second and second[0] == "success" else "fail",
    }


def _row(values: Values, place: str, notes: Notes) -> Row:
    task = cells.identity(values, "task_id", place)
    # evalplus itself takes the completion where there is no solution.
    output = values.get("solution", values.get("completion"))
    more = cells.rest(values, *_USED)
    sample = Sample(
        task,
        NEXT,
        cells.text(output),
        finish_reason="unknown",
        metadata={_KEY: more} if more else {},
    )
    return Row(Problem(task, task), sample, _scores(values, notes))


def _scores(values: Values, notes: Notes) -> dict[str, Score]:
    found = {}
    base = values.get("base_status")
    if base is not None:
        found[BASE] = Score.verdict(base == "pass", note=cells.text(base))
    plus = values.get("plus_status")
    if plus is not None:
        found[PLUS] = Score.verdict(base == plus == "pass", note=cells.text(plus))
    if "timeout" in (base, plus):
        notes.counts["timeouts, counted as wrong"] += 1
    return found


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    results: dict[str, Json] = {}
    for held in problems:
        base = held.scores.get(BASE) or held.scores.get(about.by) or [None] * len(held.samples)
        plus = held.scores.get(PLUS) or [None] * len(held.samples)
        rows: list[Json] = []
        for sample, one, other in zip(held.samples, base, plus, strict=True):
            row: Values = {"task_id": held.problem.id, "solution": sample.output}
            row |= {"base_status": _status(one), "plus_status": _status(other)}
            rows.append(cast("Json", row | cells.kept(sample.metadata, _KEY)))
        results[held.problem.id] = rows
    yield {"date": "1970-01-01 00:00", "hash": "", "eval": results}


def _status(score: Score | None) -> Json:
    if score is None or score.passed is None:
        return None
    known = ("pass", "fail", "timeout")
    return score.note if score.note in known else "pass" if score.passed else "fail"


FORMAT = Format(
    "evalplus", "evalplus samples and .eval_results.json", _sniff, _read, _write, container="object"
)
