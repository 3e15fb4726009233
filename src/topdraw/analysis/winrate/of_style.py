"""Arena-Hard under style control: the results of one category, each with one more number.

Not here: the fit (`winrate.style`), answers (`winrate.read_answers`).
Try it: `topdraw winrate judgments.jsonl --answers model.jsonl --answers baseline.jsonl`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from topdraw.analysis.winrate.read_answers import Answers
from topdraw.analysis.winrate.read_arena import Judgments
from topdraw.analysis.winrate.result import Number, Result
from topdraw.analysis.winrate.style import Styled, style_controlled, style_features
from topdraw.analysis.winrate.verdicts import battles
from topdraw.core.records import FloatArray
from topdraw.core.seeds import Rng
from topdraw.errors import FormatError

_Counts = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Battles:
    value: FloatArray
    counts: list[_Counts]
    baseline: list[_Counts]
    questions: list[str]


def styled_results(
    results: Sequence[Result],
    judgments: Sequence[Judgments],
    answers: Answers,
    *,
    strong: int = 3,
    level: float = 0.95,
    rng: Rng = 0,
) -> list[Result]:
    """The results with style-controlled win rates among what is published.

    Args:
        results: of `of_arena.arena_result`, one for each of `judgments`.
        judgments: in the same order.
        answers: of all models and baselines among them.
        strong: as there.
        level: confidence level, in (0, 1).
        rng: seed or generator of their bootstrap.

    Raises:
        FormatError: when an answer is not among `answers`.
    """
    by_kind: dict[tuple[bool, str, str], list[int]] = {}
    for at, one in enumerate(judgments):
        by_kind.setdefault((one.old, one.category, one.baseline), []).append(at)
    found = list(results)
    for places in by_kind.values():
        parts = {at: _battles(judgments[at], answers, strong) for at in places}
        used = [at for at in places if parts[at].value.size]
        if used:
            fit = _fit([parts[at] for at in used], level, rng)
            for model, at in enumerate(used):
                found[at] = _with(found[at], fit, model, len(used))
    return found


def _battles(found: Judgments, answers: Answers, strong: int) -> _Battles:
    value, row = battles(found.games, strong=strong, old=found.old).repeated()
    questions = [found.instructions[at] for at in row.tolist()]
    return _Battles(
        value,
        [_of(answers, found.model, one) for one in questions],
        [_of(answers, found.baseline, one) for one in questions],
        questions,
    )


def _of(answers: Mapping[tuple[str, str], _Counts], model: str, question: str) -> _Counts:
    key = (model.rsplit("/", 1)[-1], question)
    if key not in answers:
        raise FormatError(
            f"Style control needs the answer of {model!r} to {question!r}; no answer file has it.",
            hint="Give the files of all models and of the baseline with --answers.",
        )
    return answers[key]


def _fit(parts: Sequence[_Battles], level: float, rng: Rng) -> Styled:
    own = np.array([one for part in parts for one in part.counts], dtype=float)
    other = np.array([one for part in parts for one in part.baseline], dtype=float)
    return style_controlled(
        np.concatenate([part.value for part in parts]),
        np.repeat(np.arange(len(parts)), [part.value.size for part in parts]),
        style_features(own, other),
        [one for part in parts for one in part.questions],
        models=len(parts),
        level=level,
        rng=rng,
    )


def _with(result: Result, fit: Styled, model: int, models: int) -> Result:
    theirs = fit.theirs[model]
    more: dict[str, Number] = {
        "style-controlled": fit.estimates[model],
        "their style median": theirs.score,
        "their style 5 %": theirs.low,
        "their style 95 %": theirs.high,
    }
    note = (
        "Style is standardised over the battles loaded together: with other models beside it, the "
        f"style-controlled number changes ({models} here)."
    )
    lost = math.isnan(fit.estimates[model].value)
    return replace(
        result,
        published={**result.published, **more},
        notes=(
            *result.notes,
            note,
            *(("No style-controlled number: no finite fit exists.",) if lost else ()),
        ),
    )
