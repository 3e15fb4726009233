"""SVAMP: 1,000 one-step word problems, varied so that pattern matching fails.

Not here: reading the answer (scorer "number").
Try it: `topdraw tasks svamp -o path=FILE --problems 3`.

Origin of data and answer rule: Patel et al. 2021 (arXiv 2103.07191),
https://github.com/arkilpatel/SVAMP; columns ID, Body, Question, Answer, Type, Equation.
The hub's copy has 300 of them as its test split. Prompts: see `topdraw.tasks.word_problem`.
"""

from __future__ import annotations

from topdraw.core.origin import Origin
from topdraw.core.records import Problem, Task
from topdraw.core.registry import task
from topdraw.tasks.benchmark import benchmark
from topdraw.tasks.cells import find, number_text, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows
from topdraw.tasks.word_problem import DECODING, worded

VERSION = "1"
ORIGIN = Origin(
    task="svamp",
    about="One-step word problems in varied wordings; the answer is a number.",
    page="https://github.com/arkilpatel/SVAMP",
    licence="MIT",
    problems=1000,
    scorer="number",
    hub="ChilleD/SVAMP",
)


@task("svamp", origin=ORIGIN)
def load(*, path: str = "", problems: int | None = None, style: str = "zero-shot") -> Task:
    """SVAMP's word problems, from a file, a folder or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "zero-shot" (chain of thought), "8-shot" (Wei et al.) or "plain".

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1 or the style is not known.
    """

    def problem(name: str, row: Row) -> Problem:
        own = find(row, "id")
        return Problem(
            id=f"svamp/{own}" if isinstance(own, str) and own else name,
            prompt=worded(_question(row), style),
            target=number_text(row, "answer"),
            metadata={"type": find(row, "type"), "equation": find(row, "equation")},
        )

    rows = read_rows(path, ORIGIN, problems=problems)
    return benchmark(ORIGIN, VERSION, rows, problem, decoding=DECODING.get(style))


def _question(row: Row) -> str:
    """Body and question as one text; a body's last full stop is often missing."""
    body = text(row, "body").strip()
    stop = "" if body[-1] in ".?!," else "."
    return f"{body}{stop} {text(row, 'question').strip()}"
