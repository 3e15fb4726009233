"""The Game of 24: reach 24 with four numbers, each used once; fractions are allowed on the way.

Not here: checking an expression (scorer "countdown", with exact fractions).
Try it: `topdraw run game24 --problems 5 -n 4`.

Origin of puzzles and rule: Yao et al. 2023 (arXiv 2305.10601), section 4.1,
https://github.com/princeton-nlp/tree-of-thought-llm (MIT), src/tot/data/24/24.csv; the paper's 100
test puzzles, rows 900 to 999 of it, are packaged. Prompts in our own words after the paper's: "io"
shows five games with their answers, "cot" also the three steps to each, "plain" only the rule.
The rule reads the last line, without `Answer:` before and `= 24` behind.
"""

from __future__ import annotations

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import DomainError, FormatError
from topdraw.tasks.benchmark import benchmark, known_style
from topdraw.tasks.cells import find, shown, text
from topdraw.tasks.files import Row
from topdraw.tasks.source import known_count, read_rows

VERSION = "1"
GOAL = 24
ORIGIN = Origin(
    task="game24",
    about="Reach 24 with four numbers, each used once.",
    page="https://github.com/princeton-nlp/tree-of-thought-llm",
    licence="MIT",
    problems=100,
    scorer="countdown",
    packaged="game24_900_999.csv",
    packaged_problems=100,
)
_RULE = (
    "Use each of the four numbers exactly once, with + - * / and parentheses, to make an "
    "expression that equals 24."
)
_LAST = "End with one line: Answer: EXPRESSION = 24"
_SOLVED = (
    (
        "1 2 3 4",
        ("1 * 2 = 2 (left: 2 3 4)", "2 * 3 = 6 (left: 4 6)", "4 * 6 = 24 (left: 24)"),
        "1 * 2 * 3 * 4",
    ),
    (
        "2 5 6 7",
        ("7 - 5 = 2 (left: 2 2 6)", "2 * 2 = 4 (left: 4 6)", "4 * 6 = 24 (left: 24)"),
        "(7 - 5) * 2 * 6",
    ),
    (
        "3 3 8 8",
        ("8 / 3 = 8/3 (left: 3 8 8/3)", "3 - 8/3 = 1/3 (left: 8 1/3)", "8 / 1/3 = 24 (left: 24)"),
        "8 / (3 - 8 / 3)",
    ),
    (
        "4 4 10 10",
        ("10 * 10 = 100 (left: 4 4 100)", "100 - 4 = 96 (left: 4 96)", "96 / 4 = 24 (left: 24)"),
        "(10 * 10 - 4) / 4",
    ),
    (
        "1 6 7 12",
        ("7 - 1 = 6 (left: 6 6 12)", "6 + 6 = 12 (left: 12 12)", "12 + 12 = 24 (left: 24)"),
        "7 - 1 + 6 + 12",
    ),
)
_DECODING: dict[str, dict[str, Json]] = {
    "io": {"max_tokens": 64, "stop": ["\nNumbers:"]},
    "cot": {"max_tokens": 256, "stop": ["\nNumbers:"]},
    "plain": {"max_tokens": 512},
}


@task("game24", origin=ORIGIN)
def load(
    *, path: str = "", problems: int | None = None, style: str = "plain", start: int = 0
) -> Task:
    """The Game of 24: the paper's 100 puzzles, or those of a file.

    Args:
        path: a file or folder with a column `puzzle` or `Puzzles`; "" for the packaged ones.
        problems: only the first so many; None takes all.
        style: "plain" (the rule alone), "io" or "cot" (five examples, without or with steps).
        start: rows of the file to leave out first; 900 of the original's file, with
            problems=100, gives the paper's.

    Raises:
        ConfigError: when there is no such file.
        FormatError: naming file and line, when a row is no puzzle.
        DomainError: when problems < 1, start < 0, or the style is not known.

    Examples:
        >>> load(problems=1).problems[0].target
        {'numbers': [4, 5, 6, 10], 'target': 24, 'fractions': True}
    """
    known_style(style, _DECODING)
    known_count(problems)
    if start < 0:
        raise DomainError(f"start={start}: at least 0.")
    wanted = None if problems is None else problems + start
    rows = [_indexed(*one) for one in enumerate(read_rows(path, ORIGIN, problems=wanted))][start:]
    if not rows:
        raise DomainError(f"start={start} leaves no puzzle.")
    return benchmark(
        ORIGIN,
        VERSION,
        rows,
        lambda name, row: _problem(name, row, style),
        decoding=_DECODING[style],
        packaged=not path,
    )


def _indexed(position: int, row: Row) -> Row:
    if find(row, "idx", "index") is not None:
        return row
    return row._replace(values={**row.values, "idx": position})


def _problem(name: str, row: Row, style: str) -> Problem:
    numbers = _numbers(row)
    return Problem(
        id=name,
        prompt=_prompt(" ".join(map(str, numbers)), style),
        target={"numbers": list(numbers), "target": GOAL, "fractions": True},
    )


def _numbers(row: Row) -> list[int]:
    words = text(row, "puzzle", "puzzles").split()
    if len(words) != 4 or not all(word.isascii() and word.isdecimal() for word in words):
        puzzle = shown(find(row, "puzzle", "puzzles"))
        raise FormatError(f"{row.place}: a puzzle is four whole numbers, not {puzzle}.")
    return [int(word) for word in words]


def _prompt(numbers: str, style: str) -> str:
    if style == "plain":
        return f"{_RULE}\nNumbers: {numbers}\n{_LAST}"
    cot = style == "cot"
    solved = [
        "\n".join(
            [f"Numbers: {given}", *(("Steps:", *steps) if cot else ()), f"Answer: {found} = 24"]
        )
        for given, steps, found in _SOLVED
    ]
    asked = f"Numbers: {numbers}\n{'Steps:' if cot else 'Answer:'}"
    return "\n".join([_RULE, *solved, asked])
