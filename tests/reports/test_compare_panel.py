from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import LOST, NO, YES, made_run

from topdraw.analysis.comparison import compare, compare_measures
from topdraw.analysis.orders import orders_of
from topdraw.reports.compare_panel import (
    comparison_notes,
    comparison_panel,
    comparison_sentence,
    comparisons_sentence,
    orders_panels,
    orders_sentence,
    orders_table,
    ranks_table,
    reversal_sentence,
)
from topdraw.reports.panels import render_panels
from topdraw.store.run import Run


def _run(
    folder: Path, seed: int, skill: float, *, ids: range = range(40), greedy: float = -1
) -> Run:
    rng = np.random.default_rng(seed)
    verdicts = {f"p{i}": [YES if x < skill else NO for x in rng.random(8)] for i in ids}
    first = {key: [YES if rng.random() < greedy else NO] for key in verdicts}
    return made_run(folder, verdicts, greedy=first if greedy >= 0 else None)


@pytest.fixture
def good(tmp_path: Path) -> Run:
    return _run(tmp_path / "good", 0, 0.7, greedy=0.2)


@pytest.fixture
def bad(tmp_path: Path) -> Run:
    return _run(tmp_path / "bad", 1, 0.3, ids=range(4, 46), greedy=0.9)


def test_the_sentence_names_the_better_run_either_way(good: Run, bad: Run) -> None:
    for pair in ((good, bad), (bad, good)):
        said = comparison_sentence(compare(*pair, ks=[1, 8], selectors=[]))
        assert said.startswith("good beats bad at pass@1 by 0.")
        assert said.endswith("are allowed for, and at greedy it is the other way round.")
    within = comparison_sentence(compare_measures(good, [("pass@1", "pass@8")]))
    assert within.startswith("pass@8 beats pass@1 by 0.")


def test_what_cannot_be_told_apart_is_said(good: Run) -> None:
    said = comparison_sentence(compare(good, good, ks=[1], names=("one", "two")))
    assert said.startswith("one and two cannot be told apart: the largest difference is 0")
    within = comparison_sentence(compare_measures(good, [("pass@1", "majority@1")]))
    assert within.startswith("Nothing here can be told apart")


def test_several_comparisons_are_all_told(tmp_path: Path, good: Run, bad: Run) -> None:
    like = _run(tmp_path / "like", 0, 0.7)
    found = [compare(good, other, ks=[1], selectors=[]) for other in (bad, like)]
    said = comparisons_sentence(found)
    assert "good beats bad" in said
    assert "good and like cannot be told apart" in said
    assert comparisons_sentence(found * 3).startswith("Of 6 others, good differs from bad, bad")


def test_a_difference_stands_by_interval_and_test(good: Run, bad: Run) -> None:
    line = compare(good, bad, ks=[1]).lines[1]
    assert line.stands
    assert not replace(line, adjusted_p=0.06).stands
    assert not replace(line, difference=replace(line.difference, low=-0.01)).stands


def test_runs_that_tie_are_said_to(tmp_path: Path) -> None:
    first = {f"p{i}": [YES] for i in range(9)}
    one = made_run(tmp_path / "one", {f"p{i}": [YES, NO] for i in range(9)}, greedy=first)
    two = made_run(tmp_path / "two", {f"p{i}": [NO, NO] for i in range(9)}, greedy=first)
    said = orders_sentence(orders_of([one, two]))
    assert said.startswith("one is first with one sample")
    assert "under greedy decoding one and two tie for first, 1.0" in said


def test_notes_name_what_was_left_out(tmp_path: Path, good: Run, bad: Run) -> None:
    notes = comparison_notes(compare(good, bad, ks=[1]))
    assert notes[0] == "Left out: 4 problems that good alone has (p0, p1, p2, ...)."
    assert notes[1].startswith("Left out: 6 problems that bad alone")
    lost = made_run(tmp_path / "lost", {"p5": [YES, LOST]})
    assert "1 samples have no score" in comparison_notes(compare(good, lost, ks=[1]))[-1]


def test_panels_make_a_page_that_escapes_names(tmp_path: Path, good: Run, bad: Run) -> None:
    found = compare(good, bad, ks=[1, 8], names=("<i>good", "bad & worse"))
    order = orders_of([good, bad], names=["<i>good", "bad & worse"])
    page = render_panels(
        "Runs compared",
        comparison_sentence(found),
        [comparison_panel(found), *orders_panels(order)],
    )
    assert "<i>good" not in page
    assert "&lt;i&gt;good" in page
    assert page.count('class="figure wide"') == 2


def test_who_wins_and_what_reverses(tmp_path: Path, good: Run, bad: Run) -> None:
    order = orders_of([good, bad])
    assert orders_sentence(order).startswith("good is first with one sample")
    assert "under greedy decoding it is bad" in orders_sentence(order)
    assert reversal_sentence(order).startswith(
        "Greedy decoding and sampling name different winners"
    )
    assert len(orders_table(order).rows) == 2
    assert ranks_table(order).columns[-1] == "rank by greedy"
    plain = orders_of([good, _run(tmp_path / "plain", 2, 0.5)])
    assert orders_sentence(plain).endswith("over 40 problems.")
    assert "P(order reverses)" not in orders_table(plain).columns
    assert ranks_table(plain).columns == ("run", "one sample (mean)", "rank")
    assert reversal_sentence(plain) == "Each two runs over the same problems."
    same = orders_of([good, _run(tmp_path / "low", 3, 0.2, greedy=0.0)])
    assert "agree on the winner of all 1 pairs" in reversal_sentence(same)
    assert "and under greedy decoding" in orders_sentence(same)
