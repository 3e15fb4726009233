"""HumanEval: 164 Python functions to write from their signature and docstring; comes with topdraw.

Not here: running what a model wrote; scorer "unit_tests". More tests: `topdraw.tasks.evalplus`.
Try it: `topdraw run humaneval --problems 3 --model builtin -n 2`.

Origin of data, prompt and tests, all unchanged: Chen et al. 2021 (arXiv 2107.03374),
https://github.com/openai/human-eval. Rows hold `task_id, prompt, entry_point, canonical_solution,
test`; a program is right iff `check(entry_point)` of its test raises nothing.
Prompts: "completion" is the data set's own, and outputs end at a new statement at top level, as
in the paper's section 2.1; "chat" shows it in a code block behind one sentence.
"""

from __future__ import annotations

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.tasks.benchmark import benchmark, known_style
from topdraw.tasks.cells import find, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import read_rows

VERSION = "1"
STOP = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
STYLES = ("completion", "chat")
ASK = (
    "Complete this Python function. Answer with the whole program, imports included, "
    "in one Markdown code block."
)
ORIGIN = Origin(
    task="humaneval",
    about="Write a Python function from its docstring; judged by unit tests.",
    page="https://github.com/openai/human-eval",
    licence="MIT",
    problems=164,
    scorer="unit_tests",
    hub="openai/openai_humaneval",
    packaged="humaneval.jsonl.gz",
    packaged_problems=164,
)


@task("humaneval", origin=ORIGIN)
def load(*, path: str = "", problems: int | None = None, style: str = "completion") -> Task:
    """HumanEval's functions: all 164 packaged, or rows of the same form from elsewhere.

    Args:
        path: a file, a folder, `hf`, or "" for the packaged rows; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "completion" or "chat".

    Raises:
        ConfigError: when there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1 or the style is not known.

    Examples:
        >>> load(problems=1).problems[0].target["entry"]
        'has_close_elements'
    """
    known_style(style, STYLES)

    def problem(_: str, row: Row) -> Problem:
        head = text(row, "prompt")
        target: dict[str, Json] = {
            "entry": text(row, "entry_point"),
            "head": head,
            "test": text(row, "test"),
            "solution": find(row, "canonical_solution"),
        }
        return Problem(text(row, "task_id"), asked(head, style), target)

    rows = read_rows(path, ORIGIN, problems=problems)
    return benchmark(ORIGIN, VERSION, rows, problem, decoding=decoding(style, STOP))


def asked(head: str, style: str) -> str:
    """The prompt in a style: the head itself, or a request to complete it."""
    return head if style == "completion" else f"{ASK}\n\n```python\n{head.strip()}\n```\n"


def decoding(style: str, stop: tuple[str, ...]) -> dict[str, Json]:
    """What a user did not set: 512 tokens and where to stop, or 1,024 tokens for a chat."""
    if style == "chat":
        return {"max_tokens": 1024}
    return {"max_tokens": 512, "stop": [*stop]}
