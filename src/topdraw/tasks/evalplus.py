"""HumanEval+ and MBPP+: the same functions with many more inputs, or generated test source.

Not here: running and comparing (scorer "unit_tests").
Try it: `topdraw tasks humaneval+ -o path=HumanEvalPlus.jsonl.gz --problems 3`.

Origin: Liu et al. 2023 (arXiv 2305.01210), https://github.com/evalplus/evalplus. Two forms are
read: the release files (`task_id, prompt, entry_point, canonical_solution, base_input, plus_input,
atol`), where right is what the reference solution gives; and the hub's (`test`), whose test source
is run unchanged. Types that JSON does not have, and the tasks that are compared in another way, are
those of `evalplus/data/mbpp.py` and `evalplus/eval/_special_oracle.py` at 26d6d00b.
"""

from __future__ import annotations

from collections.abc import Mapping

from topdraw.core.origin import Origin
from topdraw.core.records import Json, Problem, Task
from topdraw.core.registry import task
from topdraw.errors import FormatError
from topdraw.tasks.benchmark import benchmark, known_style
from topdraw.tasks.cells import find, text, texts
from topdraw.tasks.files import Row
from topdraw.tasks.humaneval import STOP, STYLES, asked, decoding
from topdraw.tasks.mbpp import called
from topdraw.tasks.source import read_rows

VERSION = "1"
HUMANEVAL = Origin(
    task="humaneval+",
    about="HumanEval's functions with some 80 times as many tests.",
    page="https://github.com/evalplus/humanevalplus_release/releases",
    licence="Apache-2.0",
    problems=164,
    scorer="unit_tests",
    hub="evalplus/humanevalplus",
)
MBPP = Origin(
    task="mbpp+",
    about="MBPP's cleaned functions with some 35 times as many tests.",
    page="https://github.com/evalplus/mbppplus_release/releases",
    licence="Apache-2.0",
    problems=378,
    scorer="unit_tests",
    hub="evalplus/mbppplus",
)
MBPP_STOP = ('\n"""', "\nassert")


@task("humaneval+", origin=HUMANEVAL)
def load_humaneval(
    *, path: str = "", problems: int | None = None, style: str = "completion"
) -> Task:
    """HumanEval+'s functions, from evalplus' release file or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "completion" or "chat", as of `humaneval`.

    Raises:
        ConfigError: when no path is given, or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1 or the style is not known.
    """
    return _load(HUMANEVAL, path, problems, style, STOP)


@task("mbpp+", origin=MBPP)
def load_mbpp(*, path: str = "", problems: int | None = None, style: str = "completion") -> Task:
    """MBPP+'s functions, from evalplus' release file or the hub.

    Args:
        path: a file, a folder or `hf`; see `tasks.source`.
        problems: only the first so many; None takes all.
        style: "completion": the data set's docstring, whose answer is a whole program; "chat":
            the same in a code block behind one sentence.

    Raises:
        ConfigError: when no path is given, or there is no such file.
        FormatError: naming file and line, when a row is no problem.
        DomainError: when problems < 1 or the style is not known.
    """
    return _load(MBPP, path, problems, style, MBPP_STOP)


def _load(
    origin: Origin, path: str, problems: int | None, style: str, stop: tuple[str, ...]
) -> Task:
    known_style(style, STYLES)

    def problem(_: str, row: Row) -> Problem:
        prompt = text(row, "prompt")
        name = _name(row, origin)
        # HumanEval's prompt is the head of the program; MBPP's is a docstring that stands alone.
        head = prompt if origin is HUMANEVAL else ""
        target = _target(row, origin, name)
        return Problem(name, asked(prompt, style), {**target, "head": head})

    rows = read_rows(path, origin, problems=problems)
    return benchmark(origin, VERSION, rows, problem, decoding=decoding(style, stop))


def _name(row: Row, origin: Origin) -> str:
    said = find(row, "task_id")
    if isinstance(said, int) and not isinstance(said, bool):
        return f"Mbpp/{said}" if origin is MBPP else f"HumanEval/{said}"
    return text(row, "task_id")


def _target(row: Row, origin: Origin, name: str) -> dict[str, Json]:
    solution = text(row, "canonical_solution", "code")
    if find(row, "test") is not None:
        return {"entry": _entry(row), "test": text(row, "test"), "solution": solution}
    number = name.rpartition("/")[2]
    key = int(number) if number.isdecimal() else -1
    entry = text(row, "entry_point")
    shape = _SHAPES.get(key, ()) if origin is MBPP else ()
    oracle = _ORACLES.get(entry, "") if origin is MBPP else _HUMANEVAL_ORACLES.get(entry, "")
    return {
        "entry": entry,
        "inputs": {"base": _inputs(row, "base_input"), "plus": _inputs(row, "plus_input")},
        "atol": _atol(row),
        "shape": [*shape],
        "oracle": oracle,
        "solution": solution,
    }


def _entry(row: Row) -> str:
    """The function's name; the hub's MBPP+ says it only in its assertions."""
    if find(row, "entry_point") is not None:
        return text(row, "entry_point")
    return called(row, texts(row, "test_list")[0])


def _inputs(row: Row, column: str) -> list[Json]:
    value = find(row, column)
    if value in (None, "", {}):
        return []
    if not isinstance(value, list) or not all(isinstance(call, list) for call in value):
        raise FormatError(f"{row.place}: {column!r} must be a list of lists of arguments.")
    return value


def _atol(row: Row) -> float:
    value = find(row, "atol")
    return float(value) if isinstance(value, int | float) else 0.0


def _shapes(groups: Mapping[tuple[str, ...], tuple[int, ...]]) -> dict[int, tuple[str, ...]]:
    return {number: shape for shape, numbers in groups.items() for number in numbers}


# By number of the task; the codes are those of `scoring.arguments`.
_SHAPES = _shapes(
    {
        ("t",): (
            *(2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616),
            *(630, 726, 740, 744, 809),
        ),
        ("[t",): (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
        ("[t", "-"): (75, 413, 444, 753),
        ("-", "t"): (106, 750),
        ("[s",): (115,),
        ("f", "c"): (124,),
        ("t", "-"): (250, 307, 405, 446, 617, 720, 763, 808),
        ("tt",): (259, 278, 401, 445),
        ("{t", "-"): (722,),
        ("c",): (252,),
        ("T",): (580, 615, 791),
    }
)

_ORACLES = {
    **dict.fromkeys(
        (
            *("similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly"),
            *("larg_nnum", "intersection_array", "find_dissimilar", "Diff"),
        ),
        "set",
    ),
    **dict.fromkeys(("check_str", "text_match_three", "text_starta_endb"), "something"),
    "are_equivalent": "anything",
    "sum_div": "zero too",
    "surface_Area": "surface",
    "digit_distance_nums": "digits",
}
_HUMANEVAL_ORACLES = {"find_zero": "root"}
