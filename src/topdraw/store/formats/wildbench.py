"""WildBench: a judge's marks of 1 to 10 for a model's output, and pairwise comparisons.

Not here: WB-Score, WB-Reward and their weights (`topdraw.analysis.winrate`).
Try it: `topdraw import eval_results/gpt-4o.json`.

`wildbench:score` is the mark itself, 1 to 10. Of pairs, `wildbench:reward` is +1 for much better,
+0.5 for slightly better, 0 for a tie and mirrored, for the model that the file tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

_KEY = "wildbench"
_WORTH = (0.0, 0.5, 1.0)  # by extent: tie, slightly, much
_USED = ("session_id", "model_test", "model_output", "score")


def _sniff(source: Source) -> int:
    return (
        90
        if source.has("session_id") and (source.has("model_output") or source.has("model_outputs"))
        else 0
    )


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for record in source.records(notes):
        values = record.values
        key = cells.identity(values, "session_id", record.place)
        model = cells.text(values.get("model_test"))
        outputs = cells.nested(values.get("model_outputs"))
        scores = _paired(values, model) if outputs else _marked(values)
        output = cells.text(values.get("model_output", outputs.get(model)))
        sample = Sample(
            key,
            NEXT,
            output,
            finish_reason="length" if output.endswith("... (truncated)") else "unknown",
            metadata={_KEY: cells.rest(values, *_USED)},
        )
        yield Row(Problem(key, _prompt(values) or key), sample, scores, model=model)


def _prompt(values: Values) -> str:
    turns = [cells.nested(one) for one in cells.listed(values.get("conversation_input"))]
    return "\n\n".join(cells.text(one.get("content")) for one in turns)


def _marked(values: Values) -> dict[str, Score]:
    mark = values.get("score", cells.nested(values.get("parsed_result")).get("score"))
    return {f"{_KEY}:score": cells.valued(cells.number(mark), why="null judgment")}


def _paired(values: Values, model: str) -> dict[str, Score]:
    extent, winner = cells.whole(values.get("extent"), -1), cells.text(values.get("winner"))
    if not 0 <= extent < len(_WORTH):
        return {f"{_KEY}:reward": Score.missing("null judgment")}
    worth = _WORTH[extent]
    return {f"{_KEY}:reward": Score(value=worth if winner == model else -worth, note=winner)}


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        scores = held.scores.get(about.value, [None] * len(held.samples))
        for sample, score in zip(held.samples, scores, strict=True):
            row: Values = {
                "session_id": held.problem.id,
                "model_test": about.model,
                "model_output": sample.output,
                "score": _mark(score),
            }
            yield row | cells.kept(sample.metadata, _KEY)


def _mark(score: Score | None) -> Json:
    if score is None or not 1 <= score.value <= 10:
        return None  # missing, or of a scorer that gives no marks
    return f"{score.value:g}"


FORMAT = Format(
    "wildbench", "WildBench evaluation results", _sniff, _read, _write, container="list",
    one_each=True,
)  # fmt: skip
