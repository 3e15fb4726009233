"""AlpacaEval 2: a model's result from its annotations.

Not here: its parts (`winrate.plain`, `.controlled`); files (`.read_alpaca`, `.official`).
Try it: `topdraw winrate annotations.json`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from topdraw.analysis.winrate.controlled import (
    Controlled,
    from_weights,
    is_extreme,
    length_controlled,
)
from topdraw.analysis.winrate.lengths import SampleLengths, output_lengths
from topdraw.analysis.winrate.official import Tables, difficulties
from topdraw.analysis.winrate.plain import PlainWinRate, plain_win_rate, win_values
from topdraw.analysis.winrate.points import in_points, per_instruction
from topdraw.analysis.winrate.position import position_bias
from topdraw.analysis.winrate.read_alpaca import Annotations
from topdraw.analysis.winrate.result import Number, Published, Result, failed, repeats
from topdraw.core.records import FloatArray
from topdraw.errors import ConfigError, FormatError, UnknownNameError

#: What an LC win rate is called; only the first two stand beside the leaderboard's.
LC_NAMES = {
    "official tables": "LC",
    "stored weights": "LC (stored weights)",
    "tables given": "LC (tables given)",
    "no official table": "LC without official table",
}
_FEWEST = 5


def alpaca_result(
    found: Annotations,
    *,
    tables: Tables | None = None,
    samples: SampleLengths | None = None,
    level: float = 0.95,
) -> Result:
    """The leaderboard's numbers of a model, and ours.

    Args:
        found: of `read_alpaca.read_annotations`.
        tables: for length control; None for LC without official table.
        samples: what the outputs were chosen among.
        level: confidence level, in (0, 1).

    Raises:
        ConfigError: when stored weights come without difficulties.
        FormatError: when it cannot be told which difficulty belongs to which row.
        UnknownNameError: when there are no stored weights of the model.
    """
    values = win_values(found.preference)
    plain = plain_win_rate(found.preference)
    lost = int(np.isnan(values).sum())
    controlled, by_place = _controlled(found, values, tables or Tables(), level)
    return Result(
        benchmark="AlpacaEval 2",
        model=found.model,
        against=found.baseline,
        part="",
        files=(str(found.path),),
        name="win rate",
        estimate=in_points(
            values,
            instructions=found.instructions,
            level=level,
            missing=lost,
            method="mean preference for the model",
        ),
        published=_published(plain, found, controlled),
        each=per_instruction(found.instructions, values),
        lengths=output_lengths(
            found.instructions, found.length, found.baseline_length, samples=samples, level=level
        ),
        position=position_bias(
            values, found.model_first, instructions=found.instructions, level=level
        ),
        notes=(
            *failed(lost, "annotation"),
            *repeats(found.instructions),
            *_lc_notes(plain, controlled, by_place, found),
        ),
        more=_added(found, controlled),
    )


def _published(plain: PlainWinRate, found: Annotations, controlled: Controlled | None) -> Published:
    known = found.length[~np.isnan(found.length)]
    row: dict[str, Number] = {
        "win_rate": plain.win_rate,
        "standard_error": plain.standard_error,
        "discrete_win_rate": plain.discrete_win_rate,
        "n_wins": plain.n_wins,
        "n_wins_base": plain.n_wins_base,
        "n_draws": plain.n_draws,
        "n_total": plain.n_total,
        "avg_length": int(known.mean()) if known.size else None,
    }
    lc: dict[str, Number] = {}
    if controlled is not None:
        name = LC_NAMES[controlled.basis]
        lc[name] = controlled.estimate
        if not math.isnan(controlled.standard_error):
            lc[f"{name}, SE"] = controlled.standard_error
    return {**row, **lc}


def _added(found: Annotations, controlled: Controlled | None) -> dict[str, dict[str, float]]:
    if controlled is None or controlled.each is None:
        return {}
    each = per_instruction(found.instructions, 100 * controlled.each)
    return {LC_NAMES[controlled.basis]: each}


def _controlled(
    found: Annotations, values: FloatArray, tables: Tables, level: float
) -> tuple[Controlled | None, bool]:
    """The LC win rate, and whether difficulties were looked up by the row's place."""
    delta = found.baseline_length - found.length
    if tables.weights is not None:
        return _stored(found, tables), False
    if int((~np.isnan(values + delta)).sum()) < _FEWEST:
        return None, False
    hard, by_place = None, False
    if tables.difficulty is not None:
        indices, by_place = _indices(found, tables)
        hard = difficulties(tables.difficulty, indices, str(found.path))
    fitted = length_controlled(
        values,
        delta,
        difficulty=hard,
        gamed=tables.gamed,
        official=tables.official,
        instructions=found.instructions,
        level=level,
    )
    return fitted, by_place


def _stored(found: Annotations, tables: Tables) -> Controlled:
    if tables.difficulty is None:
        raise ConfigError(
            "Stored weights need the difficulty of each instruction.",
            hint="Give instruction_difficulty.csv with --difficulty.",
        )
    assert tables.weights is not None  # noqa: S101 - as the caller found
    if found.model not in tables.weights:
        known = ", ".join(sorted(tables.weights)[:8])
        raise UnknownNameError(f"There are no stored weights of {found.model!r}; of {known}.")
    return from_weights(
        tables.weights[found.model], list(tables.difficulty.values()), official=tables.official
    )


def _indices(found: Annotations, tables: Tables) -> tuple[list[int], bool]:
    """The benchmark's number of each row's instruction, and whether it is the row's place."""
    if tables.order is not None:
        return _by_text(found, tables.order), False
    if not np.isnan(found.index).any():
        return [int(one) for one in found.index.tolist()], False
    size, rows = len(tables.difficulty or ()), len(found.instructions)
    if rows != size or len(set(found.instructions)) != rows:
        raise FormatError(
            f"{found.path} has {rows} rows and the difficulty table {size} instructions, so which "
            "row is which instruction is unknown.",
            hint="Give the benchmark's own order with --instructions, such as the baseline's "
            "model_outputs.json.",
        )
    return list(range(rows)), True


def _by_text(found: Annotations, order: Mapping[str, int]) -> list[int]:
    for text, line in zip(found.instructions, found.lines, strict=True):
        if text not in order:
            raise FormatError(
                f"{found.path}, line {line}: the instruction {text[:60]!r} is not in the order "
                "of instructions given."
            )
    return [order[text] for text in found.instructions]


def _lc_notes(
    plain: PlainWinRate, controlled: Controlled | None, by_place: bool, found: Annotations
) -> tuple[str, ...]:
    if controlled is None:
        return ("No LC: it needs the lengths of both outputs, and five usable rows.",)
    name = LC_NAMES[controlled.basis]
    notes = []
    if math.isnan(controlled.value):
        notes.append("No LC: the lengths of the two outputs always differ by the same.")
    elif is_extreme(plain.win_rate, controlled.value):
        notes.append(
            f"{name} is far from the plain win rate: the fit may have failed, or the model plays "
            "on length."
        )
    if controlled.basis == "no official table":
        notes.append(
            f"{name} is fitted on this file alone and is not the leaderboard's LC: do not compare "
            "them."
        )
    elif controlled.basis == "tables given":
        notes.append(f"{name} stands on tables that are not the official ones.")
    if by_place:
        notes.append(
            "Difficulties are looked up by the place of the row, as alpaca_eval does; "
            "--instructions makes sure."
        )
    if found.constant:
        notes.append("All outputs of the model are the same text, which is known to fool LC.")
    return tuple(notes)


def same_order(found: Sequence[Annotations]) -> None:
    """Refuse files whose difficulties would be looked up by place, in different orders.

    Args:
        found: of all files.

    Raises:
        FormatError: when two files of as many rows have the same instructions in another order.
    """
    bare = [one for one in found if np.isnan(one.index).any()]
    for one in bare[1:]:
        first = bare[0].instructions
        if one.instructions != first and sorted(one.instructions) == sorted(first):
            raise FormatError(
                f"{bare[0].path} and {one.path} have the same instructions in different orders, so "
                "which row is which instruction is unknown.",
                hint="Give the benchmark's own order with --instructions.",
            )
