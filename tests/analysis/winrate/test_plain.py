import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.winrate.plain import plain_win_rate, win_values
from topdraw.store.json_rows import json_rows

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "winrate.json").read_text())
BOARD = GOLDEN["alpaca_eval2"]
_preferences = st.lists(st.floats(1, 2) | st.sampled_from([0.0, 1.0, 1.5, 2.0]), min_size=1)


@given(_preferences)
def test_swapping_the_sides_mirrors_the_row(preferences: list[float]) -> None:
    own = plain_win_rate(preferences)
    other = plain_win_rate([3 - one if one else 0.0 for one in preferences])
    assert own.win_rate + other.win_rate == pytest.approx(100)
    assert (own.n_wins, own.n_draws) == (other.n_wins_base, other.n_draws)
    assert own.standard_error == pytest.approx(other.standard_error, nan_ok=True, abs=1e-9)
    assert own.n_wins + own.n_wins_base + own.n_draws == own.n_total == len(preferences)


@given(_preferences, st.randoms())
def test_the_order_of_rows_does_not_matter(preferences: list[float], shuffle: object) -> None:
    mixed = sorted(preferences)
    assert plain_win_rate(mixed).win_rate == pytest.approx(plain_win_rate(preferences).win_rate)
    assert plain_win_rate(mixed).discrete_win_rate == pytest.approx(
        plain_win_rate(preferences).discrete_win_rate
    )


@given(st.integers(1, 30))
def test_draws_of_either_kind_are_half(rows: int) -> None:
    for draw in (0.0, 1.5):
        found = plain_win_rate([draw] * rows)
        assert (found.win_rate, found.discrete_win_rate, found.n_draws) == (50.0, 50.0, rows)


def test_null_and_what_is_no_preference_are_left_out() -> None:
    found = plain_win_rate([2.0, math.nan, 3.0, 0.5, -1.0, 1.0])
    assert (found.n_total, found.win_rate) == (2, 50.0)
    assert np.isnan(win_values([math.nan, 2.01])).all()


def test_nothing_and_one_row_have_no_error() -> None:
    assert math.isnan(plain_win_rate([]).win_rate)
    assert math.isnan(plain_win_rate([math.nan]).discrete_win_rate)
    assert math.isnan(plain_win_rate([2.0]).standard_error)


@pytest.mark.parametrize("name", BOARD["rows"])
def test_the_compact_file_gives_the_leaderboard(shared_data: Path, name: str) -> None:
    rows = json_rows(shared_data / "alpaca_eval2" / "annotations_compact.jsonl.gz")
    _equals_board([row.fields for row in rows if row.fields["generator_2"] == name], name)


@pytest.mark.parametrize("name", ["claude-2", "FuseChat-Llama-3.2-3B-Instruct"])
def test_every_annotation_file_gives_the_leaderboard(shared_data: Path, name: str) -> None:
    rows = json_rows(shared_data / "alpaca_eval2" / f"{name}.annotations.json.gz")
    _equals_board([row.fields for row in rows], name)


def _equals_board(rows: list[dict[str, object]], name: str) -> None:
    found = plain_win_rate([float(str(row["preference"])) for row in rows])
    board = BOARD["rows"][name]
    for column in ("win_rate", "standard_error", "discrete_win_rate"):
        assert getattr(found, column) == pytest.approx(board[column], abs=BOARD["tolerance"])
    for column in ("n_wins", "n_wins_base", "n_draws", "n_total"):
        assert getattr(found, column) == board[column]


def test_the_golden_rows_are_those_of_the_leaderboard(shared_data: Path) -> None:
    with (shared_data / "alpaca_eval2" / "leaderboard_rows.csv").open() as file:
        rows = {row[""]: row for row in csv.DictReader(file)}
    assert rows.keys() == BOARD["rows"].keys()
    for name, row in BOARD["rows"].items():
        assert {key: float(rows[name][key]) for key in row} == row
