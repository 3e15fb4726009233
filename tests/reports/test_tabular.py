import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.hostile import HOSTILE

from topdraw.core.estimate import Estimate
from topdraw.reports.tabular import Cell, Tabular, aligned_text, csv_text, latex_text, shown

HALF = Estimate(0.5, 0.4, 0.6, n=100)
TABLE = Tabular(
    ("strategy", "k", "solved", "usd"),
    (("vote", 10, HALF, 0.25), ("oracle", 1000, Estimate(math.nan), None)),
)

_CELLS = st.one_of(
    st.none(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_infinity=False),
    st.text(),
    st.builds(Estimate, *[st.floats(0, 1)] * 3),
)


@st.composite
def tables(draw: st.DrawFn) -> Tabular:
    width = draw(st.integers(1, 4))
    row = st.lists(_CELLS, min_size=width, max_size=width).map(tuple)
    columns = draw(st.lists(st.text(min_size=1), min_size=width, max_size=width))
    return Tabular(tuple(columns), tuple(draw(st.lists(row, max_size=4))))


def _read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_has_all_digits_and_three_columns_for_an_estimate() -> None:
    third = Tabular(("a", "b"), ((1 / 3, HALF),))
    assert csv_text(third) == "a,b,b low,b high\n0.3333333333333333,0.5,0.4,0.6\n"


def test_csv_leaves_cells_without_a_number_empty() -> None:
    assert _read(csv_text(TABLE))[2] == ["oracle", "1000", "", "", "", ""]
    mixed = Tabular(("a",), ((HALF,), (2,), (None,), (math.nan,)))
    assert _read(csv_text(mixed))[1:] == [["0.5", "0.4", "0.6"], ["2", "", ""], *[[""] * 3] * 2]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_csv_does_not_let_a_spreadsheet_run_text(text: str) -> None:
    assert _read(csv_text(Tabular(("a",), ((text,),))))[1] == ["'" + text]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_one_cell_of_a_file_that_encodes(text: str) -> None:
    written = csv_text(Tabular((text, "b"), ((text, "x\ry"),)))
    written.encode()
    rows = _read(written)
    assert [len(row) for row in rows] == [2, 2]
    assert rows[0][0] == rows[1][0]


@given(tables())
def test_csv_comes_back_with_as_many_rows_and_columns(table: Tabular) -> None:
    width = sum(
        3 if any(isinstance(row[at], Estimate) for row in table.rows) else 1
        for at in range(len(table.columns))
    )
    rows = _read(csv_text(table))
    assert len(rows) == len(table.rows) + 1
    assert {len(row) for row in rows} == {width}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_csv_numbers_come_back_to_the_last_bit(number: float) -> None:
    assert float(_read(csv_text(Tabular(("a",), ((number,),))))[1][0]) == number


def test_latex_escapes_and_aligns() -> None:
    text = latex_text(Tabular(("50% & more_", "b"), (("a\\b{c}~^$#", HALF),)))
    assert r"\begin{tabular}{lr}" in text
    assert r"50\% \& more\_ & b \\" in text
    assert r"a\textbackslash{}b\{c\}\textasciitilde{}\textasciicircum{}\$\#" in text
    assert "0.50 [0.40, 0.60]" in text
    hostile = latex_text(Tabular(("a",), (("<b>\n\nc",),)))
    assert r"\textless{}b\textgreater{}  c \\" in hostile


@given(tables())
def test_latex_has_a_line_for_every_row_and_balanced_braces(table: Tabular) -> None:
    body = latex_text(table).replace(r"\{", "").replace(r"\}", "")
    assert body.count("{") == body.count("}")
    lines = [line for line in latex_text(table).split("\n") if line.endswith(r" \\")]
    assert len(lines) >= len(table.rows) + 1


def test_aligned_text_stands_in_columns() -> None:
    assert aligned_text(TABLE) == (
        "strategy      k             solved   usd\n"
        "vote         10  0.50 [0.40, 0.60]  0.25\n"
        "oracle    1,000                  -     -"
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless_on_a_terminal(text: str) -> None:
    told = aligned_text(Tabular((text or "a",), ((text,), ("b",))))
    told.encode()
    assert not set(told) & set("\x00\x07\x1b\x7f\u202e\u2028\ufeff")


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (None, "-"),
        (math.nan, "-"),
        (Estimate(math.nan), "-"),
        (1234567, "1,234,567"),
        (0.00012345, "0.0001234"),
        ("as it is", "as it is"),
        (True, "True"),
        (HALF, "0.50 [0.40, 0.60]"),
    ],
)
def test_cells_for_people(cell: Cell, told: str) -> None:
    assert shown(cell) == told
