"""WildBench: 1,024 tasks of real users, graded by a judge with a checklist each.

Not here: the judge and the score. No default scorer.
Try it: `topdraw tasks wildbench -o path=FILE --problems 3`.

Origin: Lin et al. 2024 (arXiv 2406.04770), https://github.com/allenai/WildBench; columns
session_id, conversation_input (turns with role and content), checklist, primary_tag,
secondary_tags. A problem is one user turn here: of a longer conversation the turns before the last
are written out above it, with who said them; the turns as they are stand in the metadata.
"""

from __future__ import annotations

from typing import NamedTuple

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import FormatError
from topdraw.tasks.benchmark import benchmark
from topdraw.tasks.cells import find, shown
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows

VERSION = "1"
ORIGIN = Origin(
    task="wildbench",
    about="Tasks of real users, for a judge with a checklist.",
    page="https://huggingface.co/datasets/allenai/WildBench",
    licence="AI2 ImpACT, low risk",
    problems=1024,
    hub="allenai/WildBench",
    config="v2",
)
_NAMES = {"user": "User", "assistant": "Assistant", "system": "System"}


class _Turn(NamedTuple):
    role: str
    content: str


@task("wildbench", origin=ORIGIN)
def load(*, path: str = "", problems: int | None = None) -> Task:
    """WildBench's tasks, from a file, a folder or the hub; no default scorer.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.

    Raises:
        ConfigError: when no path is given or there is no such file.
        FormatError: naming file and line, when a row has no conversation that ends with the user.
        DomainError: when problems < 1.
    """
    rows = read_rows(path, ORIGIN, problems=problems)
    return benchmark(ORIGIN, VERSION, rows, _problem, decoding={"max_tokens": 4096})


def _problem(name: str, row: Row) -> Problem:
    own = find(row, "session_id")
    turns = _turns(row)
    said: list[Json] = [{"role": turn.role, "content": turn.content} for turn in turns]
    return Problem(
        id=f"wildbench/{own}" if isinstance(own, str) and own else name,
        prompt=_prompt(turns),
        metadata={
            "conversation": said,
            "checklist": find(row, "checklist"),
            "primary_tag": find(row, "primary_tag"),
            "secondary_tags": find(row, "secondary_tags"),
        },
    )


def _turns(row: Row) -> list[_Turn]:
    given = find(row, "conversation_input")
    turns: list[_Turn] = []
    for one in given if isinstance(given, list) else ():
        role, content = (one.get("role"), one.get("content")) if isinstance(one, dict) else (0, 0)
        if role in _NAMES and isinstance(role, str) and isinstance(content, str):
            turns.append(_Turn(role, content))
    whole = isinstance(given, list) and len(turns) == len(given)
    if not whole or not turns or turns[-1].role != "user" or not turns[-1].content.strip():
        raise FormatError(
            f"{row.place}: 'conversation_input' must be a list of turns that ends with the "
            f"user's, not {shown(given)}."
        )
    return turns


def _prompt(turns: list[_Turn]) -> str:
    if len(turns) == 1:
        return turns[0].content
    before = "\n\n".join(f"{_NAMES[turn.role]}: {turn.content}" for turn in turns[:-1])
    return f"{before}\n\nUser: {turns[-1].content}\n\nAssistant:"
