"""A table of plain cells, for people and programs: CSV, LaTeX, and aligned text.

Not here: what stands in it. Try it: `topdraw report RUN --csv`.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TypeAlias

from topdraw.core.estimate import Estimate
from topdraw.reports.visible import plain

#: None and NaN are cells without a number: empty in CSV, a dash for people.
Cell: TypeAlias = str | int | float | Estimate | None

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "\n": " ",
    **{mark: "\\" + mark for mark in "&%$#_{}"},
}
_FORMULA = ("=", "+", "-", "@", "\t")


@dataclass(frozen=True, slots=True)
class Tabular:
    """A table.

    Attributes:
        columns: their headings.
        rows: each with one cell for each column.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def turned(table: Tabular) -> Tabular:
    """The table with its rows as columns, headed by what stands first in each.

    Args:
        table: with one column or more.

    Examples:
        >>> turned(Tabular(("model", "a", "b"), (("m", 1, 2),)))
        Tabular(columns=('model', 'm'), rows=(('a', 1), ('b', 2)))
    """
    first, *others = table.columns
    heads = (shown(row[0]) for row in table.rows)
    rows = ((name, *(row[at] for row in table.rows)) for at, name in enumerate(others, start=1))
    return Tabular((first, *heads), tuple(rows))


def csv_text(table: Tabular) -> str:
    """The table as CSV with all digits; a column with estimates is three: value, low, high.

    Args:
        table: any table. A text that a spreadsheet would run as a formula gets an apostrophe, and
            invisible characters are named.
    """
    wide = [any(isinstance(row[at], Estimate) for row in table.rows) for at in _places(table)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            name
            for heading, three in zip(map(_bare, table.columns), wide, strict=True)
            for name in ([heading, f"{heading} low", f"{heading} high"] if three else [heading])
        ]
    )
    for row in table.rows:
        writer.writerow(
            [
                value
                for cell, three in zip(row, wide, strict=True)
                for value in (_three(cell) if three else [_bare(cell)])
            ]
        )
    return out.getvalue()


def latex_text(table: Tabular) -> str:
    r"""The table as a LaTeX `tabular` with the rules of booktabs; all text is escaped.

    Args:
        table: any table.

    Examples:
        >>> print(latex_text(Tabular(("a_1",), ((0.5,),))), end="")
        \begin{tabular}{l}
        \toprule
        a\_1 \\
        \midrule
        0.5 \\
        \bottomrule
        \end{tabular}
    """
    align = "l" + "r" * (len(table.columns) - 1)
    lines = [
        " & ".join(_escaped(cell) for cell in cells) + r" \\"
        for cells in (table.columns, *[[shown(cell) for cell in row] for row in table.rows])
    ]
    head, *body = lines
    top = (rf"\begin{{tabular}}{{{align}}}", r"\toprule", head, r"\midrule")
    return "\n".join([*top, *body, r"\bottomrule", r"\end{tabular}", ""])


def aligned_text(table: Tabular) -> str:
    """The table as aligned text without any control sequence, for terminals, pipes and logs.

    Args:
        table: any table; its first column stands to the left.
    """
    grid = [[plain(shown(cell), 60) for cell in row] for row in (table.columns, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in grid
    )


def shown(cell: Cell) -> str:
    """A cell for people: estimates to their standard error, numbers to four digits or whole.

    Whole and broken numbers of one column look alike: both with commas up to a trillion.

    Examples:
        >>> shown(0.123456), shown(None), shown(1234), shown(1.0864e8)
        ('0.1235', '-', '1,234', '108,640,000')
    """
    if isinstance(cell, bool | str):
        return str(cell)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "-"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if 1000 <= abs(cell) < 1e12 else f"{cell:.4g}"
    return str(cell)


def _places(table: Tabular) -> range:
    return range(len(table.columns))


def _three(cell: Cell) -> list[str | int | float]:
    if isinstance(cell, Estimate):
        return [_bare(cell.value), _bare(cell.low), _bare(cell.high)]
    return [_bare(cell), "", ""]


def _bare(cell: Cell) -> str | int | float:
    if cell is None or isinstance(cell, Estimate) or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, str):
        # A lone carriage return would end the row, a lone surrogate has no encoding.
        text = plain(cell, len(cell))
        return "'" + text if text.startswith(_FORMULA) else text
    return cell


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(mark, mark) for mark in plain(text, 200))
