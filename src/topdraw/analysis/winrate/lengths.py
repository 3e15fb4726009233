"""How long the judged outputs are: against the baseline's, and against the mean sample.

Not here: length control (`winrate.controlled`); lengths in tokens (`analysis.chosen_lengths`).
Try it: `topdraw winrate annotations.json --samples RUN`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from topdraw.analysis.variability_lengths import mean_length
from topdraw.analysis.winrate.cells import identity
from topdraw.analysis.winrate.points import per_instruction
from topdraw.core.estimate import Estimate
from topdraw.errors import FormatError
from topdraw.store.json_rows import JsonRow, json_rows
from topdraw.store.run import Run

_IDS = ("instruction", "uid", "question_id", "session_id", "id", "problem_id", "problem", "prompt")
_OUTPUTS = ("output", "outputs", "samples", "completion", "response", "text")


@dataclass(frozen=True, slots=True)
class OutputLengths:
    """Characters of outputs, over instructions.

    Attributes:
        chosen: of the judged outputs of the model.
        less_baseline: that less the baseline's output, paired; None where it is not stored.
        less_mean_sample: that less the mean sample of the same instruction, paired; None without
            samples.
        mean_sample: of the mean sample; None without samples.
        samples: how many stand behind it.
    """

    chosen: Estimate
    less_baseline: Estimate | None = None
    mean_sample: Estimate | None = None
    less_mean_sample: Estimate | None = None
    samples: int = 0


@dataclass(frozen=True, slots=True)
class SampleLengths:
    """Characters of the samples that a chosen output was chosen among.

    Attributes:
        mean: of each instruction, by its text and by its id.
        count: of each, likewise.
    """

    mean: Mapping[str, float]
    count: Mapping[str, int]


def output_lengths(
    instructions: Sequence[str],
    length: ArrayLike,
    baseline_length: ArrayLike | None = None,
    *,
    samples: SampleLengths | None = None,
    level: float = 0.95,
) -> OutputLengths | None:
    """Lengths of the judged outputs, each instruction counted once.

    Args:
        instructions: of each row.
        length: shape (rows,): characters of the model's output; NaN is left out.
        baseline_length: likewise of the baseline's.
        samples: of `read_samples`.
        level: confidence level, in (0, 1).

    Returns:
        None when no length is known.

    Examples:
        >>> found = output_lengths(["a", "b"], [10, 30], [20, 20])
        >>> found.chosen.value, found.less_baseline.value
        (20.0, 0.0)
    """
    chosen = per_instruction(instructions, length)
    if not chosen:
        return None

    def told(values: Iterable[float], what: str) -> Estimate:
        return mean_length(list(values), level=level, method=f"characters, {what}")

    own = np.asarray(length, dtype=float)
    gap = {} if baseline_length is None else per_instruction(
        instructions, own - np.asarray(baseline_length, dtype=float)
    )  # fmt: skip
    shared = [] if samples is None else [key for key in chosen if key in samples.mean]
    if samples is None or not shared:
        return OutputLengths(
            chosen=told(chosen.values(), "judged outputs"),
            less_baseline=told(gap.values(), "less the baseline, paired") if gap else None,
        )
    return OutputLengths(
        chosen=told(chosen.values(), "judged outputs"),
        less_baseline=told(gap.values(), "less the baseline, paired") if gap else None,
        mean_sample=told([samples.mean[key] for key in shared], "mean sample"),
        less_mean_sample=told(
            [chosen[key] - samples.mean[key] for key in shared], "chosen less mean sample, paired"
        ),
        samples=sum(samples.count[key] for key in shared),
    )


def read_samples(path: str) -> SampleLengths:
    """Lengths of the samples in a run, or in a file of outputs.

    Args:
        path: a run's directory; or JSON rows with an instruction (or its id) and an `output`, a
            text or a list of texts, one row or several for each instruction.

    Raises:
        FormatError: when a row has no instruction or no output.
        StoreError: when a directory is no run.
    """
    found: dict[str, list[int]] = {}
    if Path(path).is_dir():
        run = Run.open(path)
        for sample in run.samples():
            for key in {sample.problem_id, run.problems[sample.problem_id].prompt}:
                found.setdefault(key, []).append(len(sample.output))
    else:
        for row in json_rows(path):
            key = identity(row, _IDS, "the instruction")
            found.setdefault(key, []).extend(map(len, _outputs(row)))
    return SampleLengths(
        {key: math.fsum(each) / len(each) for key, each in found.items()},
        {key: len(each) for key, each in found.items()},
    )


def _outputs(row: JsonRow) -> list[str]:
    for name in _OUTPUTS:
        value = row.fields.get(name)
        if isinstance(value, str):
            return [value]
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return [str(one) for one in value]
    raise FormatError(f"{row.where} has no 'output' that is a text or a list of texts.")
