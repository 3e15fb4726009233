import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.winrate.points import in_points
from topdraw.analysis.winrate.wildbench import (
    GROUP_OF_TAG,
    GROUPS,
    REWARD,
    SCORE,
    group_means,
    groups_of,
    outcomes,
    reward_values,
    score_values,
    task_macro,
    wb_reward,
    wb_score,
)

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "winrate.json").read_text())
_SCORES, _REWARDS = GOLDEN["wildbench_scores"], GOLDEN["wildbench_rewards"]


@pytest.mark.parametrize("row", _SCORES["rows"], ids=lambda row: str(row["model"]))
def test_scores_are_the_boards_to_all_digits(row: dict[str, dict[str, int]]) -> None:
    scores = np.repeat([float(one) for one in row["counts"]], list(row["counts"].values()))
    assert scores.size == int(str(row["total"]))
    published = 10 * float(str(row["adjusted_score"]))
    assert wb_score(scores) == pytest.approx(published, abs=_SCORES["tolerance"])
    ours = in_points(score_values(scores), scale=SCORE)
    assert ours.value == pytest.approx(published, abs=1e-9)
    macro = task_macro({key: float(one) for key, one in row["task_categorized_scores"].items()})
    assert macro == pytest.approx(row["task_macro_score"], abs=_SCORES["tolerance"])


@pytest.mark.parametrize("row", _REWARDS["rows"], ids=lambda row: f"{row['table']} {row['model']}")
def test_rewards_are_the_boards_to_all_digits(row: dict[str, int]) -> None:
    named = {"win_much": 1.0, "win": 0.5, "tie": 0.0, "lose": -0.5, "lose_much": -1.0}
    counted = np.repeat(list(named.values()), [row[one] for one in named])
    whole = np.arange(row["total"]) < counted.size
    outcome = np.concatenate([counted, np.ones(row["total"] - counted.size)])
    found = wb_reward(outcome, whole)
    assert found == pytest.approx(100 * row["reward"], abs=100 * _REWARDS["tolerance"])
    rewards: dict[str, float] = row["task_categorized_rewards"]  # type: ignore[assignment]
    assert task_macro(rewards) == pytest.approx(row["task_macro_reward"], abs=1e-12)


_rows = st.lists(
    st.tuples(
        st.sampled_from([1.0, 0.0, -1.0]),
        st.sampled_from([1.0, 2.0]),
        st.integers(0, 3000),
        st.integers(0, 3000),
    ),
    min_size=1,
    max_size=20,
)


@given(_rows, st.none() | st.floats(0, 2000))
def test_swapping_the_sides_mirrors_the_reward(
    rows: list[tuple[float, float, int, int]], penalty: float | None
) -> None:
    side, extent, own, other = np.array(rows, dtype=float).T
    one = outcomes(side, extent, own, other, penalty=penalty)
    two = outcomes(-side, extent, other, own, penalty=penalty)
    assert one == pytest.approx(-two)


@given(_rows, st.floats(0, 2000))
def test_the_penalty_only_makes_slight_wins_of_the_longer_a_tie(
    rows: list[tuple[float, float, int, int]], penalty: float
) -> None:
    side, extent, own, other = np.array(rows, dtype=float).T
    plain, less = outcomes(side, extent, own, other), outcomes(
        side, extent, own, other, penalty=penalty
    )  # fmt: skip
    longer = np.where(side > 0, own - other, other - own)
    changed = plain != less
    assert ((np.abs(plain[changed]) == 0.5) & (longer[changed] > penalty)).all()
    assert (less[changed] == 0).all()
    kept = ~changed & (np.abs(plain) == 0.5)
    assert (longer[kept] <= penalty).all()


def test_a_winner_without_extent_is_no_judgment_and_a_tie_needs_none() -> None:
    found = outcomes([1, 0, np.nan], [np.nan, np.nan, 2], [1, 1, 1], [1, 1, 1])
    assert np.isnan(found).tolist() == [True, False, True]


def test_every_tag_has_a_group_with_a_weight() -> None:
    assert set(GROUP_OF_TAG.values()) == set(GROUPS)
    assert groups_of(["Nobody knows"]) == []
    assert sum(GROUPS.values()) == 4.75


def test_failed_rows_are_in_no_mean() -> None:
    assert group_means([np.nan, 2.0], [["a"], ["a", "a"]]) == {"a": 2.0}
    assert wb_score([np.nan, 7.0]) == 40.0
    assert np.isnan(wb_score([np.nan]))
    assert np.isnan(wb_reward([], []))
    assert wb_reward([1.0, np.nan], [True, True]) == 50.0


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=30))
def test_our_reward_is_theirs_where_nothing_failed(outcome: list[float]) -> None:
    theirs = wb_reward(outcome, np.ones(len(outcome), bool))
    assert in_points(reward_values(outcome), scale=REWARD).value == pytest.approx(theirs, abs=1e-9)
