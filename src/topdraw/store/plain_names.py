"""Which column of a plain table is what: by the names that people give them, or by `--map`.

Not here: what the cells must be (`topdraw.store.plain_cells`).
Try it: `python -c "from topdraw.store.plain_names import plan; print(plan(['id', 'n', 'c'], {}))"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from topdraw.errors import ConfigError, FormatError

#: Our name of a column to those it may have, the likeliest first; letters and digits count.
NAMES: dict[str, tuple[str, ...]] = {
    "problem": (
        "problem", "problem_id", "task_id", "question_id", "instance_id", "item_id", "doc_id",
        "example_id", "problem_idx", "problem_index", "prompt_idx", "prompt_id", "question_idx",
        "item", "task", "idx", "uid", "id",
    ),
    "model": ("model", "model_name", "model_nickname", "model_id", "model_name_or_path"),
    "n": (
        "n", "num_samples", "n_samples", "num_samples_total", "samples_total", "num_total",
        "total", "trials",
    ),
    "c": (
        "c", "num_correct", "n_correct", "num_samples_correct", "num_samples_passed",
        "correct_count", "successes", "num_successes", "num_passed",
    ),
    "index": (
        "index", "sample_index", "sample_idx", "completion_index", "attempt", "epoch", "trial",
        "rollout",
    ),
    "correct": (
        "correct", "is_correct", "is_corrects", "passed", "pass", "success", "solved", "resolved",
        "verdict", "exact_match", "graded_list", "graded", "accs", "acc", "score",
    ),
    "answer": (
        "answer", "extracted_answer", "final_answer", "prediction", "pred", "parsed_answer",
        "model_answer", "given_answer",
    ),
    "reward": ("reward", "rewards", "rm_score", "reward_score", "pred_score", "orm_score"),
    "logprob": ("logprob", "logprobs", "log_prob", "sum_logprob", "cumulative_logprob"),
    "output": (
        "output", "outputs", "completion", "completions", "response", "responses", "generation",
        "generations", "samples", "solution", "code", "text",
    ),
    "tokens": (
        "tokens", "output_tokens", "completion_tokens", "num_tokens", "n_tokens", "length_tokens",
        "length",
    ),
    "finish_reason": ("finish_reason", "stop_reason"),
    "greedy": ("greedy", "is_greedy"),
    "role": ("role",),
    "temperature": ("temperature", "temp"),
    "prompt": ("prompt", "question", "instruction", "input"),
    "target": ("target", "gold", "gold_answer", "ground_truth", "gt_answer", "gt", "reference"),
}  # fmt: skip

#: A row may have lists of these: one entry for each sample.
LISTED = frozenset({"index", "correct", "answer", "reward", "logprob", "output", "tokens"})

_OF_COUNTS = ("problem", "model", "n", "c", "prompt", "target")
#: With a column of n, these count: a table of counts may say "correct".
_ALSO_C = ("correct", "passed", "solved", "success")


def plain_name(column: str) -> str:
    """A column's name as it is compared: lower case, "_" for all that is no letter or digit.

    Examples:
        >>> plain_name(" Num. Samples Correct")
        'num_samples_correct'
    """
    return re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")


def check_map(columns: Mapping[str, str]) -> None:
    """Refuse a map that names what no table has.

    Args:
        columns: our name of a column to the table's.

    Raises:
        ConfigError: when a name is none of ours.
    """
    for ours in columns:
        if ours not in NAMES:
            raise ConfigError(
                f"{ours!r} is no column of a table; write --map OURS=THEIRS.",
                hint=f"Ours are {', '.join(NAMES)}.",
            )


def is_listed(column: str, columns: Mapping[str, str]) -> bool:
    """Whether a list in this column holds an entry for each sample.

    Args:
        column: the table's name.
        columns: our name to the table's, where it was said.
    """
    said = next((ours for ours, theirs in columns.items() if theirs == column), None)
    if said is not None:
        return said in LISTED
    return any(plain_name(column) in NAMES[ours] for ours in LISTED)


def plan(
    header: Sequence[str], columns: Mapping[str, str], where: str = "The table"
) -> dict[str, str]:
    """Which column is what.

    Args:
        header: the table's columns.
        columns: our name to the table's, where it was said.
        where: what is read, as the subject of a sentence.

    Returns:
        Our name to the table's, for those it has; with "n" and "c" it is a table of counts.

    Raises:
        FormatError: when it lacks a column that was said to be there, or a column of problem ids.

    Examples:
        >>> plan(["prompt_idx", "Num. Samples", "correct"], {})
        {'problem': 'prompt_idx', 'n': 'Num. Samples', 'c': 'correct'}
        >>> plan(["task_id", "passed"], {})
        {'problem': 'task_id', 'correct': 'passed'}
    """
    for ours, theirs in columns.items():
        if theirs not in header:
            raise FormatError(
                f"{where} has no column {theirs!r}, which was to be its {ours}; "
                f"it has {_listed(header)}."
            )
    found = _counts(header, columns) or _found(header, columns, NAMES)
    if "problem" not in found:
        raise FormatError(
            f"{where} has no column of problem ids; it has {_listed(header)}.",
            hint="Name it with --map problem=COLUMN.",
        )
    return found


def is_counts(header: Sequence[str], columns: Mapping[str, str]) -> bool:
    """Whether these are the columns of a table of counts.

    Args:
        header: the table's columns.
        columns: our name to the table's, where it was said.

    Examples:
        >>> is_counts(["task_id", "n", "c"], {}), is_counts(["task_id", "n", "passed", "index"], {})
        (True, False)
    """
    return _counts(header, columns) is not None


def _counts(header: Sequence[str], columns: Mapping[str, str]) -> dict[str, str] | None:
    """The plan of a table of counts; None when it is of samples."""
    names = {ours: NAMES[ours] for ours in _OF_COUNTS} | {"c": (*NAMES["c"], *_ALSO_C)}
    if not columns.keys().isdisjoint(LISTED):
        return None
    found = _found(header, columns, names)
    is_one = {"n", "c"} <= found.keys() and "index" not in _found(header, columns, NAMES)
    return found if is_one else None


def _found(
    header: Sequence[str], columns: Mapping[str, str], names: Mapping[str, Iterable[str]]
) -> dict[str, str]:
    found = {ours: columns[ours] for ours in names if ours in columns}
    free = {plain_name(one): one for one in reversed(header) if one not in columns.values()}
    for ours, known in names.items():
        name = None if ours in found else next((name for name in known if name in free), None)
        if name is not None:
            found[ours] = free.pop(name)
    return {ours: found[ours] for ours in names if ours in found}


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(repr(one[:60]) for one in header[:30])
    return (shown or "none") + (", ..." if len(header) > 30 else "")
