"""AQuA-RAT: 254 algebraic word problems with five options.

Not here: reading the letter (scorer "choice"). Prompt: `topdraw.tasks.lettered`.
Try it: `topdraw tasks aqua -o path=FILE --problems 3`.

Origin: Ling et al. 2017 (arXiv 1705.04146), https://github.com/google-deepmind/AQuA; columns
question, options ("A)5"), rationale, correct. The letters before the options are taken off.
"""

from __future__ import annotations

from topdraw.core.origin import Origin
from topdraw.core.records import Problem, Task
from topdraw.core.registry import task
from topdraw.tasks.benchmark import benchmark
from topdraw.tasks.cells import find, text, texts
from topdraw.tasks.files import Row
from topdraw.tasks.lettered import bare, letter_of, step_by_step
from topdraw.tasks.source import read_rows

VERSION = "1"
ORIGIN = Origin(
    task="aqua",
    about="Algebraic word problems with five options.",
    page="https://github.com/google-deepmind/AQuA",
    licence="Apache-2.0",
    problems=254,
    scorer="choice",
    hub="deepmind/aqua_rat",
    config="raw",
)


@task("aqua", origin=ORIGIN)
def load(*, path: str = "", problems: int | None = None) -> Task:
    """AQuA's multiple-choice problems, from a file, a folder or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1.
    """
    rows = read_rows(path, ORIGIN, problems=problems)
    return benchmark(ORIGIN, VERSION, rows, _problem, decoding={"max_tokens": 1024})


def _problem(name: str, row: Row) -> Problem:
    options = bare(texts(row, "options"))
    return Problem(
        id=name,
        prompt=step_by_step(text(row, "question"), options),
        target=letter_of(row, find(row, "correct", "answer"), options),
        metadata={"options": list(options), "rationale": find(row, "rationale")},
    )
