from pathlib import Path

import numpy as np
import pytest
from tests.analysis.made_run import NO, YES, made_run
from tests.studies.monkeys.made import law_counts, of_counts

from topdraw.analysis.coverage import coverage_curve
from topdraw.analysis.estimates import Counts
from topdraw.analysis.scaling.of_run import MeasuredCoverage, measured
from topdraw.core.until import Until
from topdraw.studies.monkeys.rise import at, rise


def test_decades_add_up_to_the_whole_rise(tmp_path: Path) -> None:
    (one,) = of_counts(tmp_path, {"m": law_counts(-3, -0.3, n=2000, problems=60)}, n=2000)
    spans = [(each.start, each.end) for each in one.rise.decades]
    assert spans == [(1, 10), (10, 100), (100, 1000), (1000, 2000)]
    whole = one.band.estimates[-1].value - one.band.estimates[0].value
    assert sum(each.gain.value for each in one.rise.decades) == pytest.approx(whole)
    assert all(each.gain.low <= each.gain.value <= each.gain.high for each in one.rise.decades)


def test_a_straight_line_over_log_k_has_no_bend_and_no_error() -> None:
    ks = np.array([1, 2, 5, 10, 20, 50, 100])
    row = 0.1 + 0.3 * np.log10(ks)
    ids = tuple("abcdefgh")
    # Solved is given, so that coverage is read off the table.
    hundred = np.full(8, 100)
    counts = Counts(ids, hundred, hundred // 2, hundred, 0, ())
    known = MeasuredCoverage(counts, ks, np.tile(row, (8, 1)), np.ones(8, bool))
    found = rise(known, None)
    assert found.bend.value == pytest.approx(0)
    assert found.line_error.value == pytest.approx(0)
    assert np.isnan(found.law_error.value)
    assert np.isnan(found.less.value)


def test_a_law_that_is_one_is_closer_than_a_line(tmp_path: Path) -> None:
    (one,) = of_counts(tmp_path, {"m": law_counts(-2, -0.45, n=1000, problems=300)}, n=1000)
    assert one.law is not None
    assert one.rise.law_error.value == one.law.residual
    assert one.rise.law_error.low <= one.law.residual <= one.rise.law_error.high
    assert one.rise.less.value == pytest.approx(one.rise.line_error.value - one.law.residual)
    assert one.rise.less.low > 0
    assert one.rise.bend.low > 0


def test_four_problems_have_no_interval(tmp_path: Path) -> None:
    (one,) = of_counts(tmp_path, {"m": [1, 5, 9, 20]}, n=100)
    assert np.isnan(one.rise.less.low)


def test_coverage_is_exact_where_counts_are(tmp_path: Path) -> None:
    (one,) = of_counts(tmp_path, {"m": [1, 5, 9, 20]}, n=100)
    counts = one.known.counts
    exact = coverage_curve(counts.n, counts.c, [7, 55])
    assert at(one.known, [7, 55]).tolist() == exact.tolist()


def test_of_a_stopped_run_coverage_is_read_between_what_is_known(tmp_path: Path) -> None:
    verdicts = {f"p{at}": [NO] * at + [YES] for at in range(2, 8)}
    run = made_run(tmp_path / "r", verdicts, until=Until("pass", by="judge"), cap=10)
    known = measured(run, by="judge")
    assert known.solved is not None
    assert at(known, [int(known.ks[-1])])[:, 0] == pytest.approx(known.table[:, -1])
