"""A plain table of counts or scored samples, read like a run: what people publish of theirs.

Not here: opening one (`topdraw.store.evidence`), its columns (`plain_columns`).
Try it: `python -m pytest tests/store/test_plain.py`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from topdraw._version import __version__
from topdraw.core.billing import Bill
from topdraw.core.records import Decoding, IntArray, Problem, Sample, Score, Usage, sampler_hash
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.store.manifest import SCHEMA, Manifest, Sampler, digest
from topdraw.store.plain_columns import CountColumns, SampleColumns, Texts, take
from topdraw.store.rows import Key

#: The verifier of a table of counts.
CORRECT = "correct"

_LOST = Score.missing("empty in the table")


class PlainTable:
    """A table that is read like a run; get one from `store.evidence.open_evidence`.

    It has the reading members of a `Run`: `path`, `manifest`, `problems`, `samples`, `scorers`,
    `scores`, `bill`, `bill_by_endpoint`, `recovered`. Nothing is ever written.

    Args:
        path: the file.
        columns: counts, or scored samples in the order of their models, problems and indices.
        problems: those that `columns` speaks of.
        models: the models that `columns` speaks of; empty when it names none.
        judge: the verifier of a table of samples; "" when it has none.
        header: names of the file's columns.

    Attributes:
        path: the file.
        models: names of the models, in order; empty when the table names none.
        columns: as given.
        header: as given.
        recovered: always empty: nothing was cut.
    """

    def __init__(
        self,
        path: Path,
        columns: CountColumns | SampleColumns,
        problems: Sequence[Problem],
        *,
        models: Sequence[str] = (),
        judge: str = "",
        header: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.models = tuple(models)
        self.columns = columns
        self.header = tuple(header)
        self.recovered: list[str] = []
        self._problems = tuple(problems)
        self._judge = CORRECT if isinstance(columns, CountColumns) else judge

    def __repr__(self) -> str:
        return f"PlainTable({str(self.path)!r})"

    @property
    def is_counts(self) -> bool:
        """Whether it holds counts alone, so that nobody knows which sample was correct."""
        return isinstance(self.columns, CountColumns)

    @property
    def holds_outputs(self) -> bool:
        """Whether it has a column of outputs."""
        return isinstance(self.columns, SampleColumns) and self.columns.output is not None

    def of(self, model: str) -> PlainTable:
        """The rows of one model, with the problems that it has rows of.

        Args:
            model: as the table's column says.

        Raises:
            UnknownNameError: when the table has no rows of it; says which it has.
        """
        if model not in self.models:
            has = f"it has {_listed(self.models)}" if self.models else "it names no model"
            raise UnknownNameError(f"{self.path} has no model {model!r}; {has}.")
        columns = take(self.columns, self.columns.model == self.models.index(model))
        held, problem = np.unique(columns.problem, return_inverse=True)
        columns = dataclasses.replace(columns, model=np.zeros_like(problem), problem=problem)
        problems = [self._problems[at] for at in held]
        return PlainTable(
            self.path, columns, problems, models=[model], judge=self._judge, header=self.header
        )

    def one_model(self) -> CountColumns | SampleColumns:
        """The columns, of one model.

        Raises:
            ConfigError: when there are several models; says how to name one.
        """
        if len(self.models) > 1:
            raise ConfigError(
                f"{self.path} has {len(self.models)} models: {_listed(self.models)}.",
                hint="Name one with --model NAME.",
            )
        return self.columns

    @functools.cached_property
    def manifest(self) -> Manifest:
        """What a run would say: the file as task, the model, a sampler for each role.

        Raises:
            ConfigError: when there are several models.
        """
        self.one_model()
        return Manifest(
            schema=SCHEMA,
            topdraw=__version__,
            task={
                "name": self.path.name,
                "version": "",
                "options": {},
                "digest": digest(self._problems),
            },
            model={"name": self._model_name},
            seed=0,
            samplers=tuple(self._samplers()),
            created="",
            scorer=self._judge,
        )

    @property
    def _model_name(self) -> str:
        return self.models[0] if self.models else self.path.name.split(".")[0]

    def _samplers(self) -> Iterator[Sampler]:
        columns = self.columns
        if isinstance(columns, CountColumns):
            most = int(columns.n.max(initial=1))
            yield self._sampler("sampled", Decoding(), most)
            return
        for role, at in (("sampled", ~columns.greedy), ("greedy", columns.greedy)):
            if not at.any():
                continue
            known = columns.temperature[at]
            known = known[~np.isnan(known)]
            usual = 0.0 if role == "greedy" else 1.0
            temperature = float(known[0]) if known.size else usual
            most = int(np.bincount(columns.problem[at]).max())
            yield self._sampler(role, Decoding(temperature=temperature), most)

    def _sampler(self, role: str, decoding: Decoding, n: int) -> Sampler:
        identity = {"table": self.path.name, "model": self._model_name, "role": role}
        named: Literal["sampled", "greedy"] = "greedy" if role == "greedy" else "sampled"
        return Sampler(sampler_hash(identity, decoding), named, decoding, max(n, 1))

    @functools.cached_property
    def problems(self) -> dict[str, Problem]:
        """The problems by id, in the order of the table.

        Raises:
            ConfigError: when there are several models.
        """
        self.one_model()
        return {problem.id: problem for problem in self._problems}

    def samples(self, role: str = "sampled") -> list[Sample]:
        """The samples of a role, in the order of the problems, then by index; [] of counts.

        Where the table holds no outputs, its answers stand for them.

        Raises:
            ConfigError: when there are several models.
        """
        columns, sampler = self.one_model(), self.manifest.sampler(role)
        if sampler is None or isinstance(columns, CountColumns):
            return []
        ids, rows = list(self.problems), self.rows(role)
        return [
            Sample(
                problem_id=ids[problem],
                index=index,
                output=output or "",
                finish_reason=end or "unknown",
                sampler=sampler.hash,
                logprob=logprob,
                usage=Usage(output_tokens=max(tokens, 0), estimated=tokens < 0),
            )
            for problem, index, output, end, logprob, tokens in zip(
                columns.problem[rows].tolist(),
                columns.index[rows].tolist(),
                _texts(columns.output or columns.answer, rows),
                _texts(columns.finish_reason, rows),
                columns.logprob[rows].tolist(),
                columns.tokens[rows].tolist(),
                strict=True,
            )
        ]

    def rows(self, role: str = "sampled") -> IntArray:
        """Positions of a role's rows in a table of samples; of counts there are none.

        Raises:
            ConfigError: when there are several models.
        """
        columns = self.one_model()
        if isinstance(columns, CountColumns):
            return np.zeros(0, np.int64)
        return np.flatnonzero(columns.greedy == (role == "greedy"))

    def scorers(self) -> list[str]:
        """The names of the verifiers, ranking scorers and scorers of answers, sorted."""
        columns = self.columns
        if isinstance(columns, CountColumns):
            return [CORRECT]
        return sorted({*columns.verdicts, *columns.values, *columns.votes})

    def scores(self, scorer: str) -> dict[Key, Score]:
        """The scores of a scorer by (sampler hash, problem id, index); empty when it has none.

        An empty verdict or value is missing. Counts have no scores of single samples: empty.

        Raises:
            ConfigError: when there are several models.
        """
        columns = self.one_model()
        if isinstance(columns, CountColumns) or scorer not in self.scorers():
            return {}
        ids = list(self.problems)
        found: dict[Key, Score] = {}
        for sampler in self.manifest.samplers:
            rows = self.rows(sampler.role)
            problem, index = columns.problem[rows].tolist(), columns.index[rows].tolist()
            keys = ((sampler.hash, ids[one], at) for one, at in zip(problem, index, strict=True))
            found.update(zip(keys, _scores(columns, scorer, rows), strict=True))
        return found

    def bill(self) -> Bill:
        """As of a run with no request on record: all 0."""
        return Bill()

    def bill_by_endpoint(self) -> dict[str, Bill]:
        """As of a run with no request on record: empty."""
        return {}


def _scores(columns: SampleColumns, scorer: str, rows: IntArray) -> list[Score]:
    if scorer in columns.verdicts:
        answers = _texts(columns.answer, rows)
        verdicts = columns.verdicts[scorer][rows].tolist()
        return [
            _LOST if verdict < 0 else Score.verdict(bool(verdict), answer=answer)
            for verdict, answer in zip(verdicts, answers, strict=True)
        ]
    if scorer in columns.values:
        values = columns.values[scorer][rows].tolist()
        return [_LOST if math.isnan(value) else Score(value=value) for value in values]
    return [Score(answer=answer) for answer in columns.votes[scorer].listed(rows)]


def _texts(column: Texts | None, rows: IntArray) -> Sequence[str | None]:
    return [None] * rows.size if column is None else column.listed(rows)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:20]))
    return f"{shown}, ..." if len(names) > 20 else shown
