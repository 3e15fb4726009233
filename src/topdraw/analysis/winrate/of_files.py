"""Results of any mix of judgment files: which benchmark each is of is seen from its rows.

Not here: what a benchmark makes of its rows (`winrate.of_alpaca` and its siblings).
Try it: `topdraw winrate FILE FILE`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from topdraw.analysis.winrate.lengths import SampleLengths
from topdraw.analysis.winrate.of_alpaca import alpaca_result, same_order
from topdraw.analysis.winrate.of_arena import arena_result
from topdraw.analysis.winrate.of_mixeval import mixeval_results
from topdraw.analysis.winrate.of_style import styled_results
from topdraw.analysis.winrate.of_wildbench import (
    comparisons_result,
    mean_over_references,
    scores_result,
)
from topdraw.analysis.winrate.official import Tables
from topdraw.analysis.winrate.read_alpaca import Annotations, read_annotations
from topdraw.analysis.winrate.read_answers import Answers
from topdraw.analysis.winrate.read_arena import Judgments, read_judgments
from topdraw.analysis.winrate.read_mixeval import Split, read_split
from topdraw.analysis.winrate.read_wildbench import (
    Comparisons,
    Scores,
    Tags,
    read_comparisons,
    read_scores,
)
from topdraw.analysis.winrate.result import Difference, Result, differences
from topdraw.errors import FormatError
from topdraw.store.json_rows import JsonRow, json_rows

_Read = Annotations | Judgments | Scores | Comparisons | Split
_SPLIT_KEYS = ("judge_score", "judge_option", "eval_result")
_KNOWN = (
    "alpaca_eval annotations (preference), Arena-Hard judgments (games), WildBench scores "
    "(session_id, score) and comparisons (model_outputs, winner), MixEval judged files "
    "(benchmark_name, judge_score)"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are read and numbers made.

    Attributes:
        tables: for AlpacaEval's length control.
        tags: of WildBench's tasks.
        reference: which model of a WildBench comparison is the reference.
        penalties: WildBench's length penalties.
        strong: how often Arena-Hard's ">>" counts.
        samples: what the judged outputs were chosen among.
        level: confidence level of each interval.
        seed: of Arena-Hard's bootstrap.
        answers: for Arena-Hard's style control.
    """

    tables: Tables | None = None
    tags: Tags | None = None
    reference: str | None = None
    penalties: tuple[float, ...] = (500.0,)
    strong: int = 3
    samples: SampleLengths | None = None
    level: float = 0.95
    seed: int = 0
    answers: Answers | None = None


@dataclass(frozen=True, slots=True)
class WinRates:
    """What the files say.

    Attributes:
        results: one for each model and benchmark, in the order of the files.
        differences: of each two results that can be compared.
    """

    results: tuple[Result, ...]
    differences: tuple[Difference, ...]


def win_rates(
    paths: Sequence[str | os.PathLike[str]], *, settings: Settings | None = None
) -> WinRates:
    """Every model's numbers, by the convention of its benchmark and ours, and the differences.

    Args:
        paths: files of judgments, at least one; several files are several models.
        settings: how.

    Raises:
        ConfigError, FormatError, UnknownNameError: as the benchmarks' own functions; messages name
            file and line.
    """
    chosen = settings or Settings()
    read = [one for path in paths for one in _read(json_rows(path), chosen)]
    if chosen.tables is not None and chosen.tables.difficulty and not chosen.tables.order:
        same_order([one for one in read if isinstance(one, Annotations)])
    made = [_result(one, chosen) for one in read if not isinstance(one, Split | Judgments)]
    made += _arena([one for one in read if isinstance(one, Judgments)], chosen)
    made += mean_over_references(made, level=chosen.level)
    made += mixeval_results([one for one in read if isinstance(one, Split)], level=chosen.level)
    results = _told_apart(made)
    return WinRates(tuple(results), tuple(differences(results, level=chosen.level)))


def kind_of(rows: Sequence[JsonRow]) -> str:
    """The benchmark and kind of a file, from the fields of its rows.

    Args:
        rows: of one file.

    Raises:
        FormatError: when no row has the fields of one that is known.
    """
    for row in rows:
        keys = row.fields.keys()
        if "games" in keys:
            return "arena"
        if "model_outputs" in keys:
            return "wildbench comparisons"
        if "preference" in keys or {"output_1", "output_2"} <= keys:
            return "alpaca"
        if any(key in keys for key in _SPLIT_KEYS):
            return "mixeval"
        if "session_id" in keys and ("score" in keys or "parsed_result" in keys):
            return "wildbench scores"
    seen = ", ".join(map(str, rows[0].fields)) or "nothing"
    raise FormatError(
        f"{rows[0].where}: these are no judgments that topdraw knows; the row has {seen[:200]}.",
        hint=f"Known are {_KNOWN}.",
    )


def _read(rows: Sequence[JsonRow], chosen: Settings) -> Sequence[_Read]:
    kind = kind_of(rows)
    if kind == "alpaca":
        return read_annotations(rows)
    if kind == "arena":
        return read_judgments(rows)
    if kind == "mixeval":
        return [read_split(rows)]
    if kind == "wildbench scores":
        return [read_scores(rows, chosen.tags)]
    return [read_comparisons(rows, chosen.tags, chosen.reference)]


def _arena(judgments: Sequence[Judgments], chosen: Settings) -> list[Result]:
    strong, level, seed = chosen.strong, chosen.level, chosen.seed
    made = [arena_result(one, strong=strong, level=level, rng=seed) for one in judgments]
    if chosen.answers is None:
        return made
    return styled_results(made, judgments, chosen.answers, strong=strong, level=level, rng=seed)


def _result(one: Annotations | Scores | Comparisons, chosen: Settings) -> Result:
    level, samples = chosen.level, chosen.samples
    if isinstance(one, Annotations):
        return alpaca_result(one, tables=chosen.tables, samples=samples, level=level)
    if isinstance(one, Scores):
        return scores_result(one, samples=samples, level=level)
    return comparisons_result(one, penalties=chosen.penalties, samples=samples, level=level)


def _told_apart(results: Sequence[Result]) -> list[Result]:
    """Two results of a kind with one name take the names of their files, or else numbers."""
    names = [(one.kind, one.model) for one in results]
    found: list[Result] = []
    for one, name in zip(results, names, strict=True):
        told = f"{one.model} ({one.files[0]})" if names.count(name) > 1 else one.model
        again = sum(told == each.model.split(" #")[0] and each.kind == one.kind for each in found)
        found.append(replace(one, model=f"{told} #{again + 1}" if again else told))
    return found
