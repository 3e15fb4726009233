"""WildBench: a model's WB-Score from its scores, its WB-Reward from its comparisons.

Not here: their formulas (`winrate.wildbench`); files (`.read_wildbench`).
Try it: `topdraw winrate eval_results/model.json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from topdraw.analysis.winrate.lengths import SampleLengths, output_lengths
from topdraw.analysis.winrate.points import in_points, per_instruction
from topdraw.analysis.winrate.position import position_bias
from topdraw.analysis.winrate.read_wildbench import Comparisons, Scores
from topdraw.analysis.winrate.result import Number, Published, Result, failed, repeats
from topdraw.analysis.winrate.wildbench import (
    GROUPS,
    REWARD,
    SCORE,
    group_means,
    outcomes,
    reward_values,
    score_values,
    task_macro,
    wb_reward,
    wb_score,
)
from topdraw.core.records import BoolArray, FloatArray

#: Tasks of the benchmark.
TASKS = 1024


def scores_result(
    found: Scores, *, samples: SampleLengths | None = None, level: float = 0.95
) -> Result:
    """WB-Score of a model, by WildBench's convention and ours.

    Args:
        found: of `read_wildbench.read_scores`.
        samples: what the outputs were chosen among.
        level: confidence level, in (0, 1).
    """
    values = score_values(found.score)
    lost = int(np.isnan(values).sum())
    known = found.score[~np.isnan(found.score)]
    means = group_means(np.where(found.whole, found.score, np.nan), found.groups)
    macro = task_macro({group: (mean - 5) * 20 for group, mean in means.items()})
    published: Published = {
        "WB-Score": wb_score(found.score),
        "task-macro": macro if means else None,
        "mean": float(known.mean()) if known.size else None,
        "n": int(known.size),
        "failed": lost,
        "avg length": _mean_whole(found.length, found.whole),
    }
    return Result(
        benchmark="WildBench",
        model=found.model,
        against="",
        part="",
        files=(str(found.path),),
        name="WB-Score",
        estimate=in_points(
            values,
            instructions=found.instructions,
            scale=SCORE,
            level=level,
            missing=lost,
            method="judge scores",
        ),
        published=published,
        each=per_instruction(found.instructions, values),
        scale=SCORE,
        lengths=output_lengths(found.instructions, found.length, samples=samples, level=level),
        notes=(
            *failed(lost),
            *_absent(len(set(found.instructions))),
            *repeats(found.instructions),
            *_unwhole(found.whole, "in the overall mean, not in the task-macro mean and lengths"),
            *_no_tags(means),
        ),
    )


def comparisons_result(
    found: Comparisons,
    *,
    penalties: Sequence[float] = (500.0,),
    samples: SampleLengths | None = None,
    level: float = 0.95,
) -> Result:
    """WB-Reward of a model against one reference, by WildBench's convention and ours.

    Args:
        found: of `read_wildbench.read_comparisons`.
        penalties: length penalties K to show beside the reward without one.
        samples: what the outputs were chosen among.
        level: confidence level, in (0, 1).
    """
    plain = _outcome(found, None)
    values = reward_values(plain)
    lost = int(np.isnan(values).sum())
    published: dict[str, Number] = {}
    for penalty in (None, *penalties):
        named = "" if penalty is None else f", K={penalty:g}"
        outcome = _outcome(found, penalty)
        means = group_means(np.where(found.whole, outcome, np.nan), found.groups)
        published[f"reward{named}"] = wb_reward(outcome, found.whole)
        published[f"task-macro{named}"] = 100 * task_macro(means) if means else None
    return Result(
        benchmark="WildBench",
        model=found.model,
        against=found.reference,
        part="",
        files=(str(found.path),),
        name="WB-Reward",
        estimate=in_points(
            values,
            instructions=found.instructions,
            scale=REWARD,
            level=level,
            missing=lost,
            method="rewards",
        ),
        published=published | _counts(plain, found.whole),
        each=per_instruction(found.instructions, values),
        scale=REWARD,
        lengths=output_lengths(
            found.instructions, found.length, found.reference_length, samples=samples, level=level
        ),
        position=position_bias(
            values, found.model_first, instructions=found.instructions, level=level
        ),
        notes=(
            *failed(lost),
            *_absent(len(set(found.instructions))),
            *repeats(found.instructions),
            *_unwhole(found.whole, "ties in the reward, and not in the task-macro mean"),
            *_no_tags(found.groups if any(found.groups) else ()),
        ),
    )


def mean_over_references(results: Sequence[Result], *, level: float = 0.95) -> list[Result]:
    """One more result for each model with several references: the mean of its rewards.

    Args:
        results: of `comparisons_result`; others are passed over.
        level: confidence level, in (0, 1).

    Returns:
        Only the new ones. The unit is the task: its rewards against all references are averaged.
    """
    by_model: dict[str, list[Result]] = {}
    for one in results:
        if one.name == "WB-Reward":
            by_model.setdefault(one.model, []).append(one)
    return [
        _averaged(each, level)
        for each in by_model.values()
        if len({one.against for one in each}) > 1
    ]


def _averaged(results: Sequence[Result], level: float) -> Result:
    keys = [key for key in results[0].each if all(key in one.each for one in results)]
    each = {key: float(np.mean([one.each[key] for one in results])) for key in keys}
    rewards = [key for key in results[0].published if key.startswith(("reward", "task-macro"))]
    columns = {key: [one.published.get(key) for one in results] for key in rewards}
    published = {
        key: float(np.mean([value for value in cells if isinstance(value, float)]))
        for key, cells in columns.items()
        if all(isinstance(value, float) for value in cells)
    }
    left = sum(len(one.each) - len(keys) for one in results)
    return replace(
        results[0],
        against=f"mean of {len(results)} references",
        files=tuple(file for one in results for file in one.files),
        estimate=in_points(
            list(each.values()), scale=REWARD, level=level, method="rewards, mean over references"
        ),
        published=published,
        each=each,
        lengths=None,
        position=None,
        notes=(f"{left:,} rewards of tasks without all references left out.",) if left else (),
    )


def _outcome(found: Comparisons, penalty: float | None) -> FloatArray:
    outcome = outcomes(
        found.side, found.extent, found.length, found.reference_length, penalty=penalty
    )
    # The board sums whole rows and divides by all: the others are ties.
    tied: FloatArray = np.where(found.whole | np.isnan(outcome), outcome, 0.0)
    return tied


def _counts(outcome: FloatArray, whole: BoolArray) -> dict[str, Number]:
    kept = outcome[whole]
    named = (("win much", 1.0), ("win", 0.5), ("tie", 0.0), ("lose", -0.5), ("lose much", -1.0))
    counts: dict[str, Number] = {name: int((kept == value).sum()) for name, value in named}
    return counts | {"total": int(outcome.size), "failed": int(np.isnan(outcome).sum())}


def _mean_whole(length: FloatArray, whole: BoolArray) -> float | None:
    kept = length[whole & ~np.isnan(length)]
    return float(kept.mean()) if kept.size else None


def _absent(tasks: int) -> tuple[str, ...]:
    if not 0.9 * TASKS < tasks < TASKS:
        return ()
    return (
        f"{TASKS - tasks} of WildBench's {TASKS:,} tasks are not in the file: their judgments "
        "failed and were dropped before.",
    )


def _unwhole(whole: BoolArray, what: str) -> tuple[str, ...]:
    count = int((~whole).sum())
    return (f"{count} empty or truncated outputs: {what}.",) if count else ()


def _no_tags(means: object) -> tuple[str, ...]:
    if means:
        return ()
    return (
        f"No task-macro mean over the {len(GROUPS)} groups: the rows have no tags; give the "
        "benchmark's with --tags.",
    )
