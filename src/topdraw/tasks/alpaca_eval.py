"""AlpacaEval: 805 instructions, whose answers a judge compares with a baseline's.

Not here: the judge and the win rate. No default scorer.
Try it: `topdraw tasks alpaca_eval -o path=model_outputs.json --problems 3`.

Origin: Dubois et al. 2024 (arXiv 2404.04475), https://github.com/tatsu-lab/alpaca_eval. Reads
alpaca_eval.json, any model_outputs.json (dataset, instruction, output, generator) and
annotations.json (output_1 and generator_1 are the baseline's). Such files come in any order and
some lack rows: an id is made of the instruction, so that it is the same in all of them.
"""

from __future__ import annotations

import hashlib

from topdraw.core.origin import Origin
from topdraw.core.records import Problem, Task
from topdraw.core.registry import task
from topdraw.tasks.benchmark import benchmark
from topdraw.tasks.cells import find, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows

VERSION = "1"
ORIGIN = Origin(
    task="alpaca_eval",
    about="Instructions whose answers a judge compares with a baseline's.",
    page="https://huggingface.co/datasets/tatsu-lab/alpaca_eval",
    licence="CC BY-NC 4.0",
    problems=805,
    split="eval",
)


@task("alpaca_eval", origin=ORIGIN)
def load(*, path: str = "", problems: int | None = None) -> Task:
    """AlpacaEval's instructions, from any of its files; no default scorer.

    Args:
        path: a file or a folder; see `tasks.source`.
        problems: only the first so many; None takes all.

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming file and entry, when a row has no instruction or one comes twice.
        DomainError: when problems < 1.
    """
    rows = read_rows(path, ORIGIN, problems=problems)
    return benchmark(
        ORIGIN,
        VERSION,
        rows,
        lambda _, row: _problem(row),
        decoding={"max_tokens": 2048},
    )


def instruction_id(instruction: str) -> str:
    """The id of an instruction: the same in every file, whatever the order of its rows.

    Args:
        instruction: as it stands in the file.

    Examples:
        >>> instruction_id("What is 1 + 1?")
        'alpaca_eval/72f8917549de'
    """
    digest = hashlib.sha256(instruction.encode("utf-8", "surrogatepass")).hexdigest()
    return f"alpaca_eval/{digest[:12]}"


def _problem(row: Row) -> Problem:
    instruction = text(row, "instruction")
    return Problem(
        id=instruction_id(instruction),
        prompt=instruction,
        metadata={
            "dataset": find(row, "dataset"),
            "reference": find(row, "output_1", "output"),
            "reference_model": find(row, "generator_1", "generator"),
        },
    )
