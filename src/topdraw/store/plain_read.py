"""From the cells of a file to a plain table: problems, models, roles, indices, scorers.

Not here: names of columns (`topdraw.store.plain_names`), single cells (`plain_cells`).
Try it: `python -m pytest tests/store/test_plain_read.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from topdraw.core.records import BoolArray, FloatArray, IntArray, Json, Problem
from topdraw.errors import FormatError
from topdraw.store.plain import PlainTable
from topdraw.store.plain_cells import Reader
from topdraw.store.plain_columns import CountColumns, SampleColumns, Texts, take
from topdraw.store.plain_files import RawTable, read_raw
from topdraw.store.plain_names import NAMES, check_map, plain_name, plan
from topdraw.store.plain_rows import (
    distinct_rows,
    first_repeat,
    first_rows,
    is_constant,
    running_index,
)

#: A column with a longer text is no column of answers.
_LONGEST_ANSWER = 1000
#: Of a table with a row for each k, which repeats the counts.
_K = ("k", "scaling_parameter")
#: Names of verdicts that are as often names of rewards.
_MAYBE = ("score", "acc")
#: Numbers of rows and the like: they neither rank nor vote.
_NO_COLUMN = re.compile(r"|unnamed_\d+|index_level_0|.*_(id|idx|index)|id|idx|seed|timestamp")


def read_table(path: Path, columns: Mapping[str, str]) -> PlainTable:
    """The table in a file.

    Args:
        path: the file.
        columns: our name of a column to the file's, where it was said.

    Raises:
        ConfigError: when `columns` names what no table has.
        FormatError: when it is no table of counts or scored samples; names the row and column.
    """
    check_map(columns)
    raw = read_raw(path, columns)
    if not raw.lines.size:
        raise FormatError(f"{path} is empty: it has no row.")
    names = plan(list(raw.columns), columns, str(path))
    reading = _Reading(raw, Reader(raw), names)
    if "c" in names and "n" in names:
        return reading.counts()
    return _Reading(raw, reading.reader, reading.reconsidered(columns)).samples()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A file while it is read.

    Attributes:
        raw: its cells.
        reader: of them.
        names: our name of a column to the file's.
    """

    raw: RawTable
    reader: Reader
    names: Mapping[str, str]

    def reconsidered(self, said: Mapping[str, str]) -> dict[str, str]:
        """The names once cells were looked at: a "score" may rank, an "answer" be the right one.

        Args:
            said: those that the user gave; they stand.
        """
        names = dict(self.names)
        judge = names.get("correct", "")
        if (
            "correct" not in said
            and plain_name(judge) in _MAYBE
            and not self.reader.can_judge(judge)
        ):
            del names["correct"]
        others = [one for one in self.raw.columns if one not in names.values()]
        other = next((one for one in others if plain_name(one) in NAMES["answer"]), None)
        if other and "answer" not in said and self._is_about(names["answer"], self._ids()):
            names.setdefault("target", names["answer"])
            names["answer"] = other
        return names

    def counts(self) -> PlainTable:
        problem = self._ids()
        model = self._models()
        n = self.reader.whole(self.names["n"])
        c = self.reader.whole(self.names["c"])
        if (c > n).any():
            at = int((c > n).argmax())
            raise FormatError(f"{self.raw.where(at)}: {c[at]} correct of {n[at]} samples.")
        columns = CountColumns(_codes(model, n), problem.codes, n, c)
        kept = self._said_once(columns)
        self._refuse_twice(problem, model, kept, lambda at: "counts of")
        extra = [name for name in self.raw.columns if name not in self.names.values()]
        problems = self._problems(problem, [one for one in extra if not _is_no_column(one)])
        order = kept[np.lexsort((columns.problem[kept], columns.model[kept]))]
        return PlainTable(self.raw.path, take(columns, order), problems, models=_words(model))

    def _said_once(self, columns: CountColumns) -> IntArray:
        """All rows; of a table of pass@k with a row for each k, those that say something new."""
        if not any(plain_name(name) in _K for name in self.raw.columns):
            return np.arange(columns.n.size)
        return distinct_rows((columns.c, columns.n, columns.problem, columns.model))

    def samples(self) -> PlainTable:
        problem = self._ids()
        model = self._models()
        temperature = self._numbers("temperature")
        greedy = self._greedy(model, temperature)
        index = self._index(problem, model, greedy)
        about, extra = self._extra(problem)
        judge = self.names.get("correct", "")
        columns = SampleColumns(
            model=_codes(model, index),
            problem=problem.codes,
            index=index,
            greedy=greedy,
            temperature=temperature,
            tokens=self._tokens(index.size),
            logprob=self._numbers("logprob"),
            verdicts={name: self.reader.verdicts(name) for name in self._verifiers(extra)},
            values=dict(self._values(extra)),
            votes={name: self.reader.texts(name) for name in self._voters(extra)},
            answer=self._texts("answer"),
            output=self._texts("output"),
            finish_reason=self._texts("finish_reason"),
        )
        self._require_scores(columns)
        order = np.lexsort((index, problem.codes, columns.model))
        return PlainTable(
            self.raw.path,
            take(columns, order),
            self._problems(problem, about),
            models=_words(model),
            judge=judge or next(iter(columns.verdicts), ""),
            header=tuple(self.raw.columns),
        )

    def _ids(self) -> Texts:
        return self.reader.names(self.names["problem"], "the id of a problem")

    def _models(self) -> Texts | None:
        name = self.names.get("model")
        return None if name is None else self.reader.names(name, "the name of a model")

    def _numbers(self, ours: str) -> FloatArray:
        if ours not in self.names:
            return np.full(self.raw.lines.size, np.nan)
        return self.reader.numbers(self.names[ours])

    def _tokens(self, rows: int) -> IntArray:
        if "tokens" not in self.names:
            return np.full(rows, -1, np.int64)
        return self.reader.whole(self.names["tokens"], empty=-1)

    def _texts(self, ours: str) -> Texts | None:
        return self.reader.texts(self.names[ours]) if ours in self.names else None

    def _greedy(self, model: Texts | None, temperature: FloatArray) -> BoolArray:
        """Which rows are greedy references: those said to be, or at temperature 0 beside others."""
        if "greedy" in self.names:
            said: BoolArray = self.reader.verdicts(self.names["greedy"]) == 1
            return said
        if "role" in self.names:
            roles = self.reader.texts(self.names["role"])
            known = [at for at, word in enumerate(roles.words) if word.strip().lower() == "greedy"]
            named: BoolArray = np.isin(roles.codes, known)
            return named
        greedy: BoolArray = np.zeros(temperature.size, bool)
        of = _codes(model, greedy)
        for at in range(int(of.max(initial=0)) + 1):
            mine: BoolArray = of == at
            above = np.unique(temperature[mine & (temperature > 0)])
            if above.size > 1:
                told = ", ".join(f"{one:g}" for one in above[:5])
                raise FormatError(
                    f"{self.raw.path} mixes samples at temperatures {told}; a table has those of "
                    "one temperature, and greedy ones at 0.",
                    hint="Keep one temperature, or say which is which in a column `model`.",
                )
            if above.size:
                greedy[mine & (temperature == 0)] = True
        return greedy

    def _index(self, problem: Texts, model: Texts | None, greedy: BoolArray) -> IntArray:
        """As its column says, else the order of the rows."""
        if "index" in self.names:
            index = self.reader.whole(self.names["index"])
            more = (index, greedy.astype(np.int64))
            rows = np.arange(index.size)
            self._refuse_twice(problem, model, rows, lambda at: f"sample {index[at]} of", *more)
            return index
        return running_index((greedy.astype(np.int64), problem.codes, _codes(model, greedy)))

    def _refuse_twice(
        self,
        problem: Texts,
        model: Texts | None,
        rows: IntArray,
        told: Callable[[int], str],
        *more: IntArray,
    ) -> None:
        """Refuse rows that say something of one problem of one model twice."""
        columns = (*more, problem.codes, _codes(model, problem.codes))
        again = first_repeat([one[rows] for one in columns])
        if again is not None:
            at = int(rows[again])
            of = f" of model {model.at(at)!r}" if model is not None else ""
            raise FormatError(
                f"{self.raw.where(at)}: {told(at)} problem {problem.at(at)!r}{of} came before.",
                hint="Where another column tells them apart, keep the rows of one of its values.",
            )

    def _extra(self, problem: Texts) -> tuple[list[str], list[str]]:
        """Columns that have no role of ours: those about problems, and those about samples."""
        rest = [
            name
            for name in self.raw.columns
            if name not in self.names.values() and not _is_no_column(name)
        ]
        about = [name for name in rest if self._is_about(name, problem)]
        return about, [name for name in rest if name not in about]

    def _is_about(self, name: str, problem: Texts) -> bool:
        """Whether a column has one cell for each problem, and some problem several samples."""
        if np.bincount(problem.codes).max(initial=0) < 2:
            return False
        return is_constant(self.raw.columns[name].codes, problem.codes)

    def _verifiers(self, extra: Sequence[str]) -> Iterator[str]:
        if "correct" in self.names:
            yield self.names["correct"]
        yield from (name for name in extra if self.reader.looks_judged(name))

    def _values(self, extra: Sequence[str]) -> Iterator[tuple[str, FloatArray]]:
        """Ranking scorers: the reward and the log-probability under our names, others by theirs."""
        for ours in ("reward", "logprob"):
            if ours in self.names:
                yield ours, self.reader.numbers(self.names[ours])
        for name in extra:
            if self.reader.looks_numeric(name):
                yield name, self.reader.numbers(name)

    def _voters(self, extra: Sequence[str]) -> Iterator[str]:
        if "answer" in self.names:
            yield self.names["answer"]
        for name in extra:
            if not self.reader.looks_judged(name) and not self.reader.looks_numeric(name):
                words = self.raw.columns[name].words
                if words and max(len(str(word)) for word in words) <= _LONGEST_ANSWER:
                    yield name

    def _require_scores(self, columns: SampleColumns) -> None:
        if not columns.verdicts and not columns.values and not columns.votes:
            raise FormatError(
                f"{self.raw.path} has neither counts (n, c) nor anything that scores a sample "
                f"(correct, reward, answer); its columns are {', '.join(self.raw.columns)}.",
                hint="Name it with --map correct=COLUMN.",
            )

    def _problems(self, problem: Texts, about: Sequence[str]) -> list[Problem]:
        """The problems in order, with what their first row says about them."""
        first = first_rows(problem.codes)
        prompts, targets = self._texts("prompt"), self._texts("target")
        return [
            Problem(
                id=word,
                prompt=(prompts.at(row) if prompts is not None else None) or word,
                target=targets.at(row) if targets is not None else None,
                metadata={name: self._json(name, row) for name in about},
            )
            for word, row in zip(problem.words, first.tolist(), strict=True)
        ]

    def _json(self, name: str, row: int) -> Json:
        raw = self.raw.columns[name]
        code = int(raw.codes[row])
        return None if code < 0 else raw.words[code]


def _codes(model: Texts | None, like: IntArray | BoolArray) -> IntArray:
    return np.zeros(like.size, np.int64) if model is None else model.codes


def _words(model: Texts | None) -> tuple[str, ...]:
    return () if model is None else model.words


def _is_no_column(name: str) -> bool:
    return _NO_COLUMN.fullmatch(plain_name(name)) is not None
