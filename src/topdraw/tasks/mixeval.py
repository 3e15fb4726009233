"""MixEval and MixEval-Hard: a mixture of benchmarks, in two parts.

Not here: reading the letter (scorer "choice"); the judge of free-form answers.
Try it: `topdraw tasks mixeval -o path=multiple-choice.json --problems 3`.

Origin of data and prompts: Ni et al. 2024 (arXiv 2406.06565), https://github.com/Psycoy/MixEval,
files multiple-choice.json and free-form.json: an object of objects with problem_type, context,
prompt, options, target (positions from 0, or accepted texts), benchmark_name. At the origin a
judge reads the letter out of the answer, and another one grades free-form answers.
"""

from __future__ import annotations

import dataclasses

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import FormatError
from topdraw.tasks.benchmark import benchmark, known_style
from topdraw.tasks.cells import find, shown, text, texts
from topdraw.tasks.files import Row
from topdraw.tasks.lettered import letter_of, listed
from topdraw.tasks.source import HUB, read_rows

VERSION = "1"
ORIGIN = Origin(
    task="mixeval",
    about="A mixture of benchmarks; the multiple-choice part.",
    page="https://github.com/Psycoy/MixEval",
    licence="none stated",
    scorer="choice",
    hub="MixEval/MixEval",
    config="MixEval",
    split="multiple_choice",
)
_PARTS = {"multiple-choice": "multiple_choice", "free-form": "free_form"}
_CHOICE = "Answer with the option letter from the given choices directly."
_SHORT = "Answer the question shortly."
_STEPS = "Answer the question. \nLet's think step by step."
_REASONED = ("BBH", "GSM8k", "MATH")


@task("mixeval", origin=ORIGIN)
def load(
    *,
    path: str = "",
    problems: int | None = None,
    part: str = "multiple-choice",
    hard: bool = False,
) -> Task:
    """MixEval's questions of one part, from its file, a folder or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        part: "multiple-choice", or "free-form", which has no scorer of its own.
        hard: whether a folder or the hub gives MixEval-Hard.

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming the entry, when it is no question of that part.
        DomainError: when problems < 1 or the part is not known.
    """
    known_style(part, _PARTS, what="part")
    choice = part == "multiple-choice"
    name = "MixEval_Hard" if hard else "MixEval"
    origin = dataclasses.replace(ORIGIN, config=name, split=_PARTS[part])
    if not path.startswith(HUB):
        folder = name.lower().replace("_", "-")
        origin = dataclasses.replace(origin, config=folder, split=part)
    if not choice:
        about = "A mixture of benchmarks; the free-form part, for a judge."
        origin = dataclasses.replace(origin, scorer="", about=about)
    rows = read_rows(path, origin, problems=problems)
    return benchmark(
        origin,
        VERSION,
        rows,
        lambda name, row: (_chosen if choice else _free)(_id(name, row, part), row),
        decoding={"max_tokens": 1024},
    )


def _id(name: str, row: Row, part: str) -> str:
    own = find(row, "id")
    known = isinstance(own, str | int) and own != ""
    return f"mixeval/{part}/{own}" if known else f"mixeval/{part}/{name.rsplit('/')[-1]}"


def _chosen(name: str, row: Row) -> Problem:
    options = texts(row, "options")
    right = find(row, "target")
    if not isinstance(right, list) or len(right) != 1:
        raise FormatError(
            f"{row.place}: 'target' must be a list of one position, not {shown(right)}."
        )
    return Problem(
        id=name,
        prompt=_lines(_context(row), text(row, "prompt"), listed(options, "."), _CHOICE),
        target=letter_of(row, right[0], options),
        metadata={"options": list(options), "benchmark": find(row, "benchmark_name")},
    )


def _free(name: str, row: Row) -> Problem:
    accepted = find(row, "target")
    if not isinstance(accepted, list) or not accepted:
        raise FormatError(
            f"{row.place}: 'target' must be a list of accepted answers, not {shown(accepted)}."
        )
    benchmark_name = find(row, "benchmark_name")
    ask = _STEPS if benchmark_name in _REASONED else _SHORT
    question = text(row, "prompt")
    lines = (_context(row), f"Question: {question}" if ask == _SHORT else question, ask)
    return Problem(
        id=name,
        prompt=_lines(*lines),
        target=accepted,
        metadata={"benchmark": benchmark_name},
    )


def _context(row: Row) -> str:
    value: Json = find(row, "context")
    said = value if isinstance(value, str) else ""
    return "" if said.strip().lower() in ("", "none", "null") else said


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
