"""Requests kept as a run: the problem, its candidates, their scores, and which were served.

Not here: what the run says; `topdraw report RUN` does.
Try it: `topdraw serve proxy --record runs/served`, and then `topdraw report runs/served`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Self

from topdraw.core.billing import Answered, Asked
from topdraw.core.records import Decoding, Json, Problem, Task, sampler_hash
from topdraw.errors import ResumeConflict
from topdraw.models.given import Given
from topdraw.servers.proxy.judging import ServedJudge
from topdraw.servers.proxy.reply import Answer
from topdraw.store.comparisons import add_comparisons, claim_comparisons
from topdraw.store.growing import ProblemWriter
from topdraw.store.judging import judge_writer
from topdraw.store.manifest import FILE, Sampler
from topdraw.store.run import BillWriter, Run, ScoreWriter

_IDENTITY: Mapping[str, Json] = {"kind": "proxy"}
_TASK = Task("served", "1", ())
# Long settings, such as schemas and pictures, are what was asked, not what came of it.
_LONGEST_TEXT = 2_000
_LEFT_OUT = frozenset({"messages", "prompt", "tools", "model"})


class Recorder:
    """Adds answered requests to a run; a context manager. Not safe to share between threads.

    Args:
        path: of the run; made when it is not there.
        n: candidates of a request, usually.
        scorer: name of the scorer that says what is correct, for reports; "" for none.
        sources: digest of each scorer's code by name.
        judge: who compares candidates; None for nobody.
        models: that the scorers ask and pay for, by name; "" for none.

    Raises:
        ResumeConflict: when there is a run of something else, or by another version of a scorer.
        StoreError: when it cannot be written.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        n: int,
        scorer: str,
        sources: Mapping[str, str],
        judge: ServedJudge | None = None,
        models: Mapping[str, str] | None = None,
    ) -> None:
        self.run = _run(Path(path), n, scorer)
        self._sources = sources
        for name, source in sources.items():
            self.run.check_source(name, source)
        self._models = dict(models or {})
        if judge is not None:
            for name in judge.names:
                self._models[name] = judge.who(name).model
                claim_comparisons(self.run, name, judge.who(name).source)
        self._judging: dict[str, BillWriter] = {}
        self._stack = ExitStack()
        self._scores: dict[str, ScoreWriter] = {}

    def __enter__(self) -> Self:
        self._problems = self._stack.enter_context(ProblemWriter(self.run))
        self._samples = self._stack.enter_context(self.run.writer())
        self._bill = self._stack.enter_context(self.run.bill_writer())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self.run.seal()

    def add(self, answer: Answer, problem: Given) -> None:
        """Store one answered request.

        Args:
            answer: with everything that came of it.
            problem: what was asked.

        Raises:
            StoreError: when some of it could not be stored.
        """
        self._problems.append(_kept(answer, problem))
        places = {at: place for place, at in enumerate(answer.chosen.order)}
        sampler = sampler_hash(_IDENTITY, Decoding())
        samples = [
            replace(sample, sampler=sampler, metadata={"served": places.get(at)})
            for at, sample in enumerate(answer.samples)
        ]
        self._samples.append_all(samples, sampler)
        for name, found in answer.scores.items():
            writer = self._writer(name)
            for sample, score in zip(samples, found, strict=True):
                writer.append(sample, score)
        for judged in answer.judged:
            rows = [replace(row, sampler=sampler) for row in judged.rows]
            add_comparisons(self.run, judged.name, rows)
        _charge(self._bill, answer.tally.lines)
        for name, part in answer.judge.parts.items():
            if part.lines:
                _charge(self._judge_bill(name), part.lines)

    def _judge_bill(self, name: str) -> BillWriter:
        writer = self._judging.get(name)
        if writer is None:
            opened = judge_writer(self.run, name, self._models.get(name, ""))
            writer = self._judging[name] = self._stack.enter_context(opened)
        return writer

    def _writer(self, name: str) -> ScoreWriter:
        writer = self._scores.get(name)
        if writer is None:
            opened = self.run.score_writer(name, source=self._sources.get(name, ""))
            writer = self._scores[name] = self._stack.enter_context(opened)
        return writer


def _charge(bill: BillWriter, lines: Sequence[tuple[Asked, Answered]]) -> None:
    for asked, answered in lines:
        bill.end(bill.begin(asked), answered)


def _run(path: Path, n: int, scorer: str) -> Run:
    if (path / FILE).exists():
        run = Run.open(path)
        if run.manifest.model.get("kind") != _IDENTITY["kind"]:
            raise ResumeConflict(
                f"{path} is a run of something else.", hint="Name a new folder with --record."
            )
        return run
    sampler = Sampler(sampler_hash(_IDENTITY, Decoding()), "sampled", Decoding(), n)
    task = replace(_TASK, scorer=scorer)
    return Run.create(path, task=task, model=_IDENTITY, samplers=[sampler], seed=0)


def _kept(answer: Answer, problem: Given) -> Problem:
    """The problem as it is stored: the conversation as text, settings, and what was chosen."""
    settings: dict[str, Json] = {k: v for k, v in problem.body.items() if k not in _LEFT_OUT}
    metadata: dict[str, Json] = {
        "model": answer.model,
        "messages": _clipped(problem.body.get("messages")),
        "settings": _clipped(settings),
        "strategy": answer.strategy.select,
        "chosen": list(answer.chosen.order),
        "seed": answer.seed,
        "seconds": answer.seconds,
        "notes": list(answer.notes),
    }
    return Problem(problem.id, problem.prompt, metadata=metadata)


def _clipped(value: Json, depth: int = 0) -> Json:
    """The value without what is too long or too deep to be read, pictures above all."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else value[:200] + "..."
    if depth > 8:
        return "..."
    if isinstance(value, list):
        return [_clipped(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {name: _clipped(one, depth + 1) for name, one in value.items()}
    return value
