from pathlib import Path

import numpy as np
import pytest
from tests.conftest import TinyRun

from topdraw.analysis.accuracy import accuracy
from topdraw.analysis.comparison import compare_measures
from topdraw.analysis.select import select
from topdraw.core.records import Score
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.selection.candidates import candidates
from topdraw.store.comparisons import Comparison, add_comparisons
from topdraw.store.evidence import open_evidence
from topdraw.store.run import Run

OUTPUTS = {"p": ["7", "8", "a 8"], "q": ["1", "1", "2"]}


@pytest.fixture
def run(tiny_run: TinyRun) -> Run:
    run = tiny_run(OUTPUTS, targets={"p": "8", "q": "1"}, scorer="number")
    samples = run.samples()
    passed = {"7": False, "8": True, "a 8": True, "1": True, "2": False}
    run.add_scores(
        "number", [(s, Score.verdict(passed[s.output], answer=s.output[-1])) for s in samples]
    )
    public = [(s, Score.verdict(s.output != "7")) for s in samples if s.output != "2"]
    run.add_scores("public", public)
    run.add_scores("length", [(s, Score(value=-float(s.index))) for s in samples])
    return run


def test_scores_and_similarities_come_when_they_are_needed(run: Run) -> None:
    plain = candidates(run, by="number")["p"]
    assert not plain.scores
    assert not plain.pairs
    found = candidates(
        run, by="number", needs=("answer", "score:public", "score:length", "pairs:f1")
    )
    assert found["p"].scores["public"].tolist() == [0, 1, 1]
    assert found["q"].scores["public"].tolist()[:2] == [1, 1]
    assert np.isnan(found["q"].scores["public"][2])
    assert found["p"].scores["length"].tolist() == [0, -1, -2]
    assert found["p"].pairs["f1"][1].round(3).tolist() == [0, 1, 0.667]


def test_a_filter_on_a_public_check_is_a_strategy_like_any(run: Run) -> None:
    by_length = accuracy(run, "filter(public, best_of_n)", value="length")
    assert by_length.value == 1
    assert accuracy(run, "best_of_n", value="length").value == 0.5
    of_two = accuracy(run, "filter(public, best_of_n)", value="length", k=2)
    assert of_two.value == pytest.approx(1)
    chosen = select(run, "filter(public, best_of_n)", value="length")
    assert [one.sample.index for one in chosen if one.sample] == [1, 0]
    compared = compare_measures(run, [("filter(public, random)@2", "pass@1")])
    assert compared.lines[0].difference.value > 0


def test_a_filter_on_the_verdict_itself_is_called_what_it_is(run: Run) -> None:
    assert "CHOOSER = JUDGE" in accuracy(run, "filter(number, random)").method
    assert "CHOOSER = JUDGE" not in accuracy(run, "filter(public, random)").method


def test_what_a_judge_said_chooses(run: Run) -> None:
    sampler = run.samples()[0].sampler
    said = [("p", 0, 1, 0.0), ("p", 1, 2, 1.0), ("q", 0, 2, 0.9)]
    add_comparisons(run, "judge", [Comparison(p, sampler, a, b, x) for p, a, b, x in said])
    for spec in ("round_robin(judge)", "knockout(judge)", "swiss(judge)"):
        chosen = select(run, spec)
        assert chosen[0].sample is not None
        assert chosen[0].sample.index == 1
    assert accuracy(run, "round_robin(judge)").value == 1
    at_two = accuracy(run, "knockout(judge)", k=2)  # p: always 1; q: sample 0 beats 2 in 0.9
    assert at_two.value == pytest.approx(0.95)


def test_unknown_names_say_what_there_is(run: Run) -> None:
    with pytest.raises(UnknownNameError, match="no scores by 'tests'; it has"):
        accuracy(run, "filter(tests, random)")
    with pytest.raises(
        UnknownNameError, match=r"no similarity or stored comparison named 'f2'.*Known: f1, chrf"
    ):
        accuracy(run, "mbr(f2)")


def test_tables_have_scores_and_texts_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = ["p,0,1,0,aa b", "p,1,0,1,aa", "p,2,1,1,aa c", "q,0,1,,x", "q,1,0,1,y"]
    path.write_text("problem,index,correct,public,output\n" + "\n".join(rows) + "\n")
    table = open_evidence(path)
    assert accuracy(table, "filter(public, random)").value == pytest.approx((0.5 + 0) / 2)
    found = candidates(table, needs=("pairs:f1",))
    assert found["p"].pairs["f1"].shape == (3, 3)
    assert accuracy(table, "mbr(f1)").value == pytest.approx((0 + 0.5) / 2)
    bare = tmp_path / "bare.csv"
    bare.write_text("problem,index,correct\np,0,1\np,1,0\n")
    with pytest.raises(ConfigError, match=r"similarity 'f1' compares texts; .* holds none"):
        accuracy(open_evidence(bare), "mbr(f1)")
    with pytest.raises(UnknownNameError, match="no similarity or stored comparison named 'judge'"):
        accuracy(table, "knockout(judge)")
