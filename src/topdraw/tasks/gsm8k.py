"""GSM8K: 1,319 grade-school word problems, answered by a number after `####`.

Not here: reading the answer (scorer "number").
Try it: `topdraw run gsm8k --problems 5 -n 4`.

Origin of data and answer rule: Cobbe et al. 2021 (arXiv 2110.14168),
https://github.com/openai/grade-school-math. The packaged 200 are the even test rows 0, 2, ... 398.
Prompts: see `topdraw.tasks.word_problem`.
"""

from __future__ import annotations

import dataclasses
import re

from topdraw.core.origin import Origin
from topdraw.core.records import Problem, Task
from topdraw.core.registry import task
from topdraw.errors import FormatError
from topdraw.tasks.benchmark import benchmark, in_split
from topdraw.tasks.cells import text
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows
from topdraw.tasks.word_problem import DECODING, worded

VERSION = "1"
MARK = "####"
_NUMBER = re.compile(r"-?\$?[0-9.,]+")
ORIGIN = Origin(
    task="gsm8k",
    about="Grade-school word problems; the answer is a number.",
    page="https://github.com/openai/grade-school-math",
    licence="MIT",
    problems=1319,
    scorer="number",
    hub="openai/gsm8k",
    config="main",
    packaged="gsm8k_test_even_200.jsonl",
    packaged_problems=200,
)


@task("gsm8k", origin=ORIGIN)
def load(
    *,
    path: str = "",
    problems: int | None = None,
    style: str = "zero-shot",
    split: str = ORIGIN.split,
) -> Task:
    """GSM8K's word problems: 200 packaged, all 1,319 from a file or the hub.

    Args:
        path: a file, a folder, `hf`, or "" for the packaged rows; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "zero-shot" (chain of thought), "8-shot" (Wei et al.) or "plain".
        split: "test", or "train" for training; ids of other splits than test say so.

    Raises:
        ConfigError: when there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1 or the style is not known.

    Examples:
        >>> load(problems=2).problems[1].id, load(problems=2).problems[1].target
        ('gsm8k/0002', '70000')
    """

    def problem(name: str, row: Row) -> Problem:
        solution = text(row, "answer", "ground_truth", "solution")
        return Problem(
            id=in_split(name, split),
            prompt=worded(text(row, "question", "problem"), style),
            target=_final(row.place, solution),
            metadata={"solution": solution},
        )

    packaged = ORIGIN.packaged if split == ORIGIN.split else ""
    origin = dataclasses.replace(ORIGIN, split=split, packaged=packaged)
    rows = read_rows(path, origin, problems=problems)
    return benchmark(
        ORIGIN, VERSION, rows, problem, decoding=DECODING.get(style), packaged=not path
    )


def _final(place: str, solution: str) -> str:
    """What the last line has behind `####` or `A:`, or a number alone; commas stay."""
    last = solution.strip().rsplit("\n", 1)[-1]
    _, mark, answer = last.removeprefix("A:").rpartition(MARK)
    number = answer.strip()
    if not any(map(str.isdecimal, number)) or (not mark and not _NUMBER.fullmatch(number)):
        raise FormatError(
            f"{place}: 'answer' must end in {MARK} and a number, not in {solution[-40:]!r}."
        )
    return number
