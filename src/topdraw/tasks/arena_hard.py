"""Arena-Hard: hard prompts of real users, whose answers a judge compares with a baseline's.

Not here: the judge and the win rate. No default scorer.
Try it: `topdraw tasks arena_hard -o path=question.jsonl --problems 3`.

Origin: Li et al. 2024 (arXiv 2406.11939), https://github.com/lmarena/arena-hard-auto. Reads
question.jsonl of v2.0 (uid, category, subcategory, prompt) and of v0.1 (question_id, category,
cluster, turns).
"""

from __future__ import annotations

from topdraw.core.origin import Origin
from topdraw.core.records import Problem, Task
from topdraw.core.registry import task
from topdraw.errors import FormatError
from topdraw.tasks.benchmark import benchmark
from topdraw.tasks.cells import find, shown, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows

VERSION = "1"
ORIGIN = Origin(
    task="arena_hard",
    about="Hard prompts whose answers a judge compares with a baseline's.",
    page="https://github.com/lmarena/arena-hard-auto",
    licence="Apache-2.0",
    problems=750,
    split="question",
)


@task("arena_hard", origin=ORIGIN)
def load(*, path: str = "", problems: int | None = None) -> Task:
    """Arena-Hard's prompts, from question.jsonl or its folder; no default scorer.

    Args:
        path: a file or a folder; see `tasks.source`.
        problems: only the first so many; None takes all.

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming file and line, when a row has no prompt or more than one turn.
        DomainError: when problems < 1.
    """
    rows = read_rows(path, ORIGIN, problems=problems)
    return benchmark(ORIGIN, VERSION, rows, _problem, decoding={"max_tokens": 4096})


def _problem(name: str, row: Row) -> Problem:
    own = find(row, "uid", "question_id")
    return Problem(
        id=f"arena_hard/{own}" if isinstance(own, str) and own else name,
        prompt=_prompt(row),
        metadata={
            key: value
            for key in ("category", "subcategory", "cluster")
            if (value := find(row, key)) is not None
        },
    )


def _prompt(row: Row) -> str:
    turns = find(row, "turns")
    if turns is None:
        return text(row, "prompt")
    first = turns[0] if isinstance(turns, list) and len(turns) == 1 else None
    content = first.get("content") if isinstance(first, dict) else None
    if not isinstance(content, str) or not content.strip():
        raise FormatError(
            f"{row.place}: 'turns' must be a list of one turn with a text, not {shown(turns)}."
        )
    return content
