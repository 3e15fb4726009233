import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topdraw.analysis.winrate.mixeval import judged_score, overall

_scores = st.lists(st.floats(0, 1), max_size=20)


@given(_scores, _scores)
def test_overall_is_the_mean_but_for_the_rounding(free: list[float], choice: list[float]) -> None:
    found, both = overall(free, choice), [*free, *choice]
    if not both:
        assert math.isnan(found)
        return
    assert found == pytest.approx(100 * sum(both) / len(both), abs=0.0501)
    assert found == pytest.approx(overall(choice, free))


def test_each_split_is_rounded_to_three_decimals_first() -> None:
    # 2/3 -> 0.667 and 1/7 -> 0.143; weights 3/10 and 7/10.
    found = overall([1, 1, 0], [1, 0, 0, 0, 0, 0, 0])
    assert found == pytest.approx(100 * (0.667 * 0.3 + 0.143 * 0.7), abs=1e-12)
    assert overall([math.nan, 1.0], []) == 100.0


@pytest.mark.parametrize(
    ("said", "score"),
    [("[[0.5]]", 0.5), ("[0.3] or [[1]]", 1.0), ("[0.25]", 0.25), ("[[1.]]", 1.0)],
)
def test_the_judges_number_is_the_first_in_double_brackets(said: str, score: float) -> None:
    assert judged_score(said) == score


@pytest.mark.parametrize("said", [None, "", "0.5", "[[7]]", "[[x]]"])
def test_a_judge_that_gives_none_gives_none(said: str | None) -> None:
    assert math.isnan(judged_score(said))
