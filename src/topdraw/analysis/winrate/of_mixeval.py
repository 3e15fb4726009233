"""MixEval: a model's overall score from its judged splits.

Not here: the formula (`winrate.mixeval`); files (`.read_mixeval`).
Try it: `topdraw winrate judge_results_ff_*.jsonl judge_results_mp_*.jsonl`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topdraw.analysis.winrate.mixeval import overall
from topdraw.analysis.winrate.points import in_points, per_instruction
from topdraw.analysis.winrate.read_mixeval import FREE_FORM, MULTIPLE_CHOICE, Split
from topdraw.analysis.winrate.result import Result, failed, repeats
from topdraw.core.records import FloatArray


def mixeval_results(splits: Sequence[Split], *, level: float = 0.95) -> list[Result]:
    """The result of each model, its splits taken together.

    Args:
        splits: of `read_mixeval.read_split`, of any models.
        level: confidence level, in (0, 1).
    """
    by_model: dict[str, list[Split]] = {}
    for one in splits:
        by_model.setdefault(one.model, []).append(one)
    return [_result(model, each, level) for model, each in by_model.items()]


def _result(model: str, splits: Sequence[Split], level: float) -> Result:
    stored = {kind: _joined(splits, kind) for kind in (FREE_FORM, MULTIPLE_CHOICE)}
    judged = np.concatenate([one.judged for one in splits])
    every = np.concatenate([one.stored for one in splits])
    instructions = [name for one in splits for name in one.instructions]
    lost = int(np.isnan(every).sum())
    drawn = int((np.isnan(judged) & ~np.isnan(every)).sum())
    return Result(
        benchmark="MixEval",
        model=model,
        against="",
        part="" if all(one.size for one in stored.values()) else splits[0].kind,
        files=tuple(str(one.path) for one in splits),
        name="overall",
        estimate=in_points(
            judged,
            instructions=instructions,
            level=level,
            missing=lost + drawn,
            method="scores of both splits",
        ),
        published={
            "overall": overall(stored[FREE_FORM], stored[MULTIPLE_CHOICE]),
            FREE_FORM: _rounded(stored[FREE_FORM]),
            MULTIPLE_CHOICE: _rounded(stored[MULTIPLE_CHOICE]),
            "n": int((~np.isnan(every)).sum()),
            "drawn at random": drawn,
        },
        each=per_instruction(instructions, judged),
        notes=(
            *failed(lost),
            *_drawn(drawn),
            *repeats(instructions),
            *_one_split(splits, stored),
        ),
    )


def _joined(splits: Sequence[Split], kind: str) -> FloatArray:
    parts = [one.stored for one in splits if one.kind == kind]
    joined: FloatArray = np.concatenate(parts) if parts else np.empty(0)
    return joined


def _rounded(values: FloatArray) -> float | None:
    return overall(values, []) if values.size else None


def _drawn(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    return (
        f"{count} scores were drawn at random by MixEval because its judge gave none: in its "
        "number, not in ours.",
    )


def _one_split(splits: Sequence[Split], stored: dict[str, FloatArray]) -> tuple[str, ...]:
    if all(one.size for one in stored.values()):
        return ()
    return (f"Only the {splits[0].kind} split was given; the overall score takes both.",)
