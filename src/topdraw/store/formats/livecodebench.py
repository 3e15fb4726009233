"""LiveCodeBench outputs: lists of raw outputs, extracted programs and verdicts per problem.

Not here: running the programs; its stored `pass@1` is not believed.
Try it: `topdraw import Scenario.codegeneration_10_0.2_eval_all.json`.

`{"question_id", "output_list", "code_list", "graded_list", "pass@1"}`; before it is graded a file
lacks the last two. The program, `code_list`, becomes the sample: it is what was judged; the raw
output is kept beside it where it differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Problem, Sample, Score
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

_KEY = "livecodebench"
PASSED = "livecodebench:graded"
_LISTS = ("output_list", "code_list", "graded_list", "metadata")
_USED = ("question_id", "question_content", "pass@1", *_LISTS)


def _sniff(source: Source) -> int:
    return (
        90
        if source.has("question_id") and (source.has("code_list") or source.has("output_list"))
        else 0
    )


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records(notes):
        values, place = record.values, record.place
        key = cells.identity(values, "question_id", place)
        lists = {name: cells.listed(values.get(name)) for name in _LISTS if values.get(name)}
        facts = lists.pop("metadata", [])
        n = cells.equally_long(lists, place)
        if len(facts) == n:
            lists["metadata"] = facts
        prompt = cells.text(values.get("question_content"))
        problem = Problem(key, prompt or key, None, {_KEY: cells.rest(values, *_USED)})
        for at in range(n):
            own = {name: found[at] for name, found in lists.items()}
            yield Row(problem, _sample(key, own), _scores(own))


def _sample(key: str, own: Values) -> Sample:
    code, output = own.get("code_list"), own.get("output_list")
    kept: Values = {} if code is None or output in (None, code) else {"output": output}
    if "metadata" in own:
        kept["metadata"] = own["metadata"]
    text = cells.text(output if code is None else code)
    metadata: Values = {_KEY: kept} if kept else {}
    return Sample(key, NEXT, text, finish_reason="unknown", metadata=metadata)


def _scores(own: Values) -> dict[str, Score]:
    if "graded_list" not in own:
        return {}
    return {PASSED: cells.judged(cells.verdict(own["graded_list"]))}


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        kept = [cells.kept(sample.metadata, _KEY) for sample in held.samples]
        row: Values = {"question_id": held.problem.id, "question_content": held.problem.prompt}
        row |= cells.kept(held.problem.metadata, _KEY)
        row["output_list"] = [
            one.get("output", sample.output) for one, sample in zip(kept, held.samples, strict=True)
        ]
        row["code_list"] = [sample.output for sample in held.samples]
        verdicts = held.scores.get(about.by)
        if verdicts is not None:
            row["graded_list"] = [one.passed if one else None for one in verdicts]
        if any("metadata" in one for one in kept):
            row["metadata"] = [one.get("metadata") for one in kept]
        yield row


FORMAT = Format(
    "livecodebench", "LiveCodeBench output lists", _sniff, _read, _write, container="list"
)
