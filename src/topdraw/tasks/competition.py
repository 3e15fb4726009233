"""AIME and AMC: contest problems whose answer is a number.

Not here: reading the answer (scorer "number", which reads the box). Prompt: `topdraw.tasks.boxed`.
Try it: `topdraw tasks aime -o path=FILE --problems 3`.

Any file with problem (or question) and answer will do. The default sets are the validation sets
of AI-MO on the hub: AIME 2022 to 2024 (90 problems, answers 0 to 999) and AMC 12 of 2022 and 2023
(83 problems, reworded to have a number as answer). Another year: `-o path=hf:math-ai/aime25 -o
split=test`.
"""

from __future__ import annotations

import dataclasses

from topdraw.core.origin import Origin
from topdraw.core.records import Problem, Task
from topdraw.core.registry import task
from topdraw.tasks.benchmark import benchmark
from topdraw.tasks.boxed import DECODING, asked
from topdraw.tasks.cells import find, number_text, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows

VERSION = "1"
AIME = Origin(
    task="aime",
    about="AIME contest problems; the answer is a whole number from 0 to 999.",
    page="https://huggingface.co/datasets/AI-MO/aimo-validation-aime",
    licence="Apache-2.0",
    problems=90,
    scorer="number",
    hub="AI-MO/aimo-validation-aime",
    split="train",
)
AMC = Origin(
    task="amc",
    about="AMC 12 contest problems; the answer is a number.",
    page="https://huggingface.co/datasets/AI-MO/aimo-validation-amc",
    licence="Apache-2.0",
    problems=83,
    scorer="number",
    hub="AI-MO/aimo-validation-amc",
    split="train",
)


@task("aime", origin=AIME)
def load_aime(
    *,
    path: str = "",
    problems: int | None = None,
    style: str = "zero-shot",
    split: str = AIME.split,
) -> Task:
    """AIME problems, from a file, a folder or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "zero-shot" asks for steps and a box, "plain" for nothing.
        split: of a folder or of the hub.

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1 or the style is not known.
    """
    return _task(dataclasses.replace(AIME, split=split), path, problems, style)


@task("amc", origin=AMC)
def load_amc(
    *,
    path: str = "",
    problems: int | None = None,
    style: str = "zero-shot",
    split: str = AMC.split,
) -> Task:
    """AMC 12 problems, from a file, a folder or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "zero-shot" asks for steps and a box, "plain" for nothing.
        split: of a folder or of the hub.

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1 or the style is not known.
    """
    return _task(dataclasses.replace(AMC, split=split), path, problems, style)


def _task(origin: Origin, path: str, problems: int | None, style: str) -> Task:
    def problem(name: str, row: Row) -> Problem:
        own = find(row, "id", "problem_id", "problem_idx")
        known = isinstance(own, str | int) and not isinstance(own, bool) and own != ""
        return Problem(
            id=f"{origin.task}/{own}" if known else name,
            prompt=asked(text(row, "problem", "question"), style),
            target=number_text(row, "answer", "expected_answer", "target"),
            metadata={
                key: value for key in ("year", "url") if (value := find(row, key)) is not None
            },
        )

    rows = read_rows(path, origin, problems=problems)
    return benchmark(origin, VERSION, rows, problem, decoding=DECODING.get(style))
