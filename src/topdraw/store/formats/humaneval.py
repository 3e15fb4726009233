"""HumanEval samples and results: `{"task_id", "completion"}` per line, results add `passed`.

Not here: self-contained solutions and statuses (`formats.evalplus`), running the tests.
Try it: `topdraw import samples.jsonl --format humaneval`.

As human-eval's `evaluate_functional_correctness` reads and writes them (openai/human-eval). The
order of the lines numbers the samples of a task.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import FormatError
from topdraw.store.formats.cells import identity, judged, kept, rest, text, verdict, wanted
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

PASSED = "humaneval:passed"
_USED = ("task_id", "completion", "result", "passed")


def _sniff(source: Source) -> int:
    return 80 if source.has("task_id", "completion") and not source.has("solution") else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for place, values in ((one.place, one.values) for one in source.records(notes)):
        task = identity(values, "task_id", place)
        completion = wanted(values, "completion", place)
        if not isinstance(completion, str | None):
            raise FormatError(f"{place}: 'completion' must be a text.")
        more = rest(values, *_USED)
        sample = Sample(
            task,
            NEXT,
            text(completion),
            finish_reason="unknown",
            metadata={"humaneval": more} if more else {},
        )
        yield Row(Problem(task, task), sample, _scores(values, notes))


def _scores(values: Values, notes: Notes) -> dict[str, Score]:
    if "passed" not in values:
        return {}
    result = text(values.get("result"))
    if result == "timed out":
        notes.counts["timeouts, counted as wrong"] += 1
    return {PASSED: judged(verdict(values["passed"]), note=result)}


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        scores = held.scores.get(about.by, [None] * len(held.samples))
        for sample, score in zip(held.samples, scores, strict=True):
            row: Values = {"task_id": held.problem.id, "completion": sample.output}
            row |= kept(sample.metadata, "humaneval")
            if score is not None and score.passed is not None:
                told = score.note or ("passed" if score.passed else "failed")
                row |= {"result": told, "passed": score.passed}
            yield row


FORMAT = Format("humaneval", "HumanEval samples and results (human-eval)", _sniff, _read, _write)
