"""OpenAI's GSM8K example solutions: one problem a line, one solution of each of several solvers.

Not here: GSM8K's questions, which are a task.
Try it: `topdraw import example_model_solutions.jsonl --model 175b_verification`.

Every field that is an object with `solution` and `is_correct` is a solver. They become the samples
of one problem, in the order of the line; `--model` keeps one solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from topdraw.core.records import Json, Problem, Sample
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import NEXT, About, Format, Held, Notes, Row, Values
from topdraw.store.formats.source import Source

_KEY = "gsm8k_solutions"
VERDICT = "gsm8k-solutions:is_correct"


def _solvers(values: Values) -> dict[str, Values]:
    return {
        name: found
        for name, found in values.items()
        if isinstance(found, dict) and "solution" in found
    }


def _sniff(source: Source) -> int:
    return 90 if source.has("question", "ground_truth") and _solvers(source.first) else 0


def _read(source: Source, notes: Notes, columns: Mapping[str, str]) -> Iterator[Row]:
    for number, record in enumerate(source.records(notes)):
        values = record.values
        solvers = _solvers(values)
        key = cells.name(values.get("index")) or str(number)
        about = cells.rest(values, "question", "ground_truth", *solvers)
        prompt = cells.text(cells.wanted(values, "question", record.place))
        problem = Problem(key, prompt, values.get("ground_truth"), {_KEY: about} if about else {})
        for name, found in solvers.items():
            sample = Sample(
                key,
                NEXT,
                cells.text(found["solution"]),
                finish_reason="unknown",
                metadata={"model": name},
            )
            verdict = cells.judged(cells.verdict(found.get("is_correct")))
            yield Row(problem, sample, {VERDICT: verdict}, model=name)


def _write(problems: Iterable[Held], about: About) -> Iterator[Values]:
    for held in problems:
        row: Values = {**cells.kept(held.problem.metadata, _KEY)}
        row |= {"question": held.problem.prompt, "ground_truth": held.problem.target}
        verdicts = held.scores.get(about.by, [None] * len(held.samples))
        for sample, verdict in zip(held.samples, verdicts, strict=True):
            name = cells.text(sample.metadata.get("model")) or f"{about.model}_{sample.index}"
            solved: Json = verdict.passed if verdict else None
            row[name] = {"is_correct": solved, "solution": sample.output}
        yield row


FORMAT = Format("gsm8k-solutions", "OpenAI's GSM8K example model solutions", _sniff, _read, _write)
