"""Bias of judges of pairs: hand-counted, and recovered from judges scripted to have it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import TinyRun

from topdraw.analysis.pair_audit import pair_audit
from topdraw.analysis.summary import summarize
from topdraw.core.records import Score
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.reports.pair_audit_panel import judges_panel, pair_notes, pairs_table
from topdraw.reports.tabular import aligned_text
from topdraw.store.comparisons import Comparison, add_comparisons
from topdraw.store.evidence import open_evidence
from topdraw.store.run import Run


def scored(run: Run, right: Mapping[str, Sequence[bool]]) -> Run:
    run.add_scores(
        "gold", [(s, Score.verdict(right[s.problem_id][s.index])) for s in run.samples()]
    )
    return run


def rows(run: Run, *told: tuple[str, int, int, float | None]) -> list[Comparison]:
    (sampler,) = {sample.sampler for sample in run.samples()}
    return [
        Comparison(key, sampler, a, b, math.nan if p is None else p, "" if p is not None else "no")
        for key, a, b, p in told
    ]


def test_every_number_is_counted_by_hand(tiny_run: TinyRun) -> None:
    run = tiny_run({"p": ["1", "22", "333"], "q": ["4", "4", "55"]})
    scored(run, {"p": [True, False, False], "q": [True, True, False]})
    told = rows(
        run,
        ("p", 0, 1, 1.0),  # the right, short one, shown first
        ("p", 1, 0, 1.0),  # and the other way round: position bias
        ("p", 0, 2, 1.0),
        ("p", 2, 0, 0.0),  # both orders agree
        ("p", 1, 2, 0.5),
        ("q", 0, 1, 0.5),  # equal outputs: nobody was asked
        ("q", 2, 0, 0.8),  # the wrong one, longer
        ("q", 1, 2, None),
    )
    add_comparisons(run, "j", told)
    found = pair_audit(run, "j", gold="gold")
    assert (found.problems, found.questions, found.pairs) == (2, 7, 4)
    assert found.first_wins.value == pytest.approx((1 + 1 + 1 + 0 + 0.5 + 0.8) / 6)
    assert found.consistent.value == pytest.approx(1 / 2)
    # Pairs: p01 even, p02 to the short, p12 even, q20 to the long by 0.8.
    assert found.longer_wins.value == pytest.approx((0.5 + 0 + 0.5 + 0.8) / 4)
    assert found.right_wins.value == pytest.approx((0.5 + 1 + 0.2) / 3)
    assert found.gold_longer_wins.value == 0.0
    assert found.missing.value == pytest.approx(1 / 7)
    assert "right over wrong" in aligned_text(pairs_table([found]))
    without = pair_audit(run, "j")
    assert without.gold == ""
    assert math.isnan(without.right_wins.value)


@pytest.mark.parametrize("bias", [0.5, 0.7, 0.9])
def test_a_scripted_position_bias_lies_in_the_interval(tiny_run: TinyRun, bias: float) -> None:
    """A judge that takes the first with probability `bias`, whatever it is shown."""
    outputs = {f"p{at}": [str(i) for i in range(5)] for at in range(30)}
    run = scored(tiny_run(outputs), {key: [True, False, False, True, False] for key in outputs})
    rng = np.random.default_rng(int(bias * 10))
    told = [
        (key, a, b, float(rng.random() < bias))
        for key in outputs
        for a in range(5)
        for b in range(5)
        if a != b
    ]
    add_comparisons(run, "j", rows(run, *told))
    found = pair_audit(run, "j", gold="gold")
    assert found.first_wins.low <= bias <= found.first_wins.high
    # Both orders agree when one takes the first and the other the second.
    agree = 2 * bias * (1 - bias)
    assert found.consistent.low <= agree <= found.consistent.high
    assert found.right_wins.low <= 0.5 <= found.right_wins.high
    notes = " ".join(pair_notes(found))
    assert ("biased towards what is shown first" in notes) == (bias > 0.5)
    assert "not shown to prefer right ones" in notes


def test_a_judge_of_length_is_found_out(tiny_run: TinyRun) -> None:
    outputs = {f"p{at}": ["1", "22", "333", "4444"] for at in range(20)}
    run = scored(tiny_run(outputs), {key: [True, True, False, False] for key in outputs})
    told = [
        (key, a, b, float(a > b)) for key in outputs for a in range(4) for b in range(4) if a != b
    ]
    add_comparisons(run, "j", rows(run, *told))
    found = pair_audit(run, "j", gold="gold")
    assert (found.longer_wins.value, found.gold_longer_wins.value) == (1.0, 0.0)
    assert (found.first_wins.value, found.consistent.value) == (0.5, 1.0)
    assert "more often than the right one is the longer" in " ".join(pair_notes(found))


def test_the_page_has_a_panel_when_there_are_comparisons(tiny_run: TinyRun, tmp_path: Path) -> None:
    run = scored(
        tiny_run({"p": ["1", "2"], "q": ["1", "2"]}), {"p": [True, False], "q": [True] * 2}
    )
    summary = summarize(run, by="gold")
    assert judges_panel(run, summary) is None
    add_comparisons(run, "j", rows(run, ("p", 0, 1, 1.0), ("p", 1, 0, 0.0)))
    panel = judges_panel(run, summary)
    assert panel is not None
    table = tmp_path / "t.csv"
    table.write_text("problem,correct\np,1\np,0\n")
    assert judges_panel(open_evidence(table), summary) is None
    assert "j prefers the right one in" in panel.claim


def test_what_is_not_there_is_said(tiny_run: TinyRun, tmp_path: Path) -> None:
    run = tiny_run({"p": ["1", "2"]})
    with pytest.raises(ConfigError, match="no comparisons 'j'"):
        pair_audit(run, "j")
    add_comparisons(run, "j", rows(run, ("p", 0, 1, 1.0)))
    with pytest.raises(UnknownNameError, match="no scores by 'gold'"):
        pair_audit(run, "j", gold="gold")
