from pathlib import Path

import numpy as np
import pytest

from topdraw.core.billing import Bill
from topdraw.core.records import Score
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.store.plain import CORRECT, PlainTable
from topdraw.store.plain_read import read_table

SAMPLES = """problem,index,correct,answer,reward,guess,temperature,tokens,finish_reason,model
a,1,0,5,0.25,y,0.7,4,length,M
a,0,1,4,0.5,x,0.7,3,stop,M
b,0,,7,,z,0.7,,,M
a,0,1,4,,x,0,3,stop,M
"""


def _table(folder: Path, text: str) -> PlainTable:
    path = folder / "my.samples.csv"
    path.write_text(text)
    return read_table(path, {})


def test_samples_are_in_order_with_what_the_table_says_of_them(tmp_path: Path) -> None:
    table = _table(tmp_path, SAMPLES)
    drawn, greedy = table.samples(), table.samples("greedy")
    assert [(s.problem_id, s.index) for s in drawn] == [("a", 0), ("a", 1), ("b", 0)]
    assert [s.usage.output_tokens for s in drawn] == [3, 4, 0]
    assert [s.usage.estimated for s in drawn] == [False, False, True]
    assert [s.finish_reason for s in drawn] == ["stop", "length", "unknown"]
    assert [s.output for s in drawn] == ["4", "5", "7"], "answers stand for outputs"
    assert [(s.problem_id, s.index) for s in greedy] == [("a", 0)]
    assert {s.sampler for s in drawn}.isdisjoint(s.sampler for s in greedy)
    assert table.samples("other") == []


def test_scores_are_by_the_key_of_each_sample_of_both_roles(tmp_path: Path) -> None:
    table = _table(tmp_path, SAMPLES)
    assert table.scorers() == ["answer", "correct", "guess", "reward"]
    judged = table.scores("correct")
    keys = [
        (s.sampler, s.problem_id, s.index) for s in (*table.samples(), *table.samples("greedy"))
    ]
    assert set(judged) == set(keys)
    yes, no, lost, reference = (judged[key] for key in keys)
    assert yes == reference == Score.verdict(True, answer="4")
    assert no == Score.verdict(False, answer="5")
    assert lost.is_missing
    values = [table.scores("reward")[key].value for key in keys]
    np.testing.assert_array_equal(values, [0.5, 0.25, np.nan, np.nan])
    assert table.scores("reward")[keys[2]].is_missing
    assert [table.scores("guess")[key].answer for key in keys] == ["x", "y", "z", "x"]
    assert table.scores("nobody") == {}


def test_the_manifest_says_what_the_file_says(tmp_path: Path) -> None:
    manifest = _table(tmp_path, SAMPLES).manifest
    assert manifest.task["name"] == "my.samples.csv"
    assert manifest.model == {"name": "M"}
    assert manifest.scorer == "correct"
    told = {one.role: (one.decoding.temperature, one.n) for one in manifest.samplers}
    assert told == {"sampled": (0.7, 2), "greedy": (0.0, 1)}
    counts = _table(tmp_path, "problem,n,c\na,5,1\nb,9,0\n").manifest
    assert (counts.scorer, counts.model) == (CORRECT, {"name": "my"})
    assert [(one.role, one.n) for one in counts.samplers] == [("sampled", 9)]


def test_counts_have_no_samples_and_no_scores_of_samples(tmp_path: Path) -> None:
    table = _table(tmp_path, "problem,n,c\na,5,1\n")
    assert table.is_counts
    assert table.scorers() == [CORRECT]
    assert table.samples() == []
    assert table.scores(CORRECT) == {}
    assert table.rows().size == 0
    assert table.manifest.sampler("greedy") is None


def test_several_models_are_read_one_at_a_time(tmp_path: Path) -> None:
    text = "problem,n,c,model\na,5,1,P\nb,5,2,P\nb,7,3,Q\n"
    table = _table(tmp_path, text)
    assert table.models == ("P", "Q")
    for read in (
        lambda: table.manifest,
        lambda: table.problems,
        lambda: table.samples(),
        lambda: table.scores(CORRECT),
        lambda: table.rows(),
    ):
        with pytest.raises(ConfigError, match=r"has 2 models: 'P', 'Q'\. Name one with --model"):
            read()
    assert list(table.of("P").problems) == ["a", "b"]
    assert list(table.of("Q").problems) == ["b"]
    assert table.of("Q").models == ("Q",)
    assert table.of("Q").of("Q").manifest.model == {"name": "Q"}
    with pytest.raises(UnknownNameError, match=r"no model 'R'; it has 'P', 'Q'"):
        table.of("R")
    with pytest.raises(UnknownNameError, match=r"it names no model"):
        _table(tmp_path, "problem,n,c\na,5,1\n").of("P")


def test_many_models_are_not_all_listed(tmp_path: Path) -> None:
    rows = "".join(f"a,5,1,m{at}\n" for at in range(40))
    with pytest.raises(ConfigError, match=r"has 40 models: 'm0', .*'m19', \.\.\."):
        _table(tmp_path, "problem,n,c,model\n" + rows).one_model()


def test_models_of_samples_keep_their_own_samples(tmp_path: Path) -> None:
    text = "id,correct,answer,model\na,1,x,P\nb,0,y,Q\na,0,z,Q\nb,1,w,P\n"
    table = _table(tmp_path, text)
    for name, verdicts in (("P", [True, True]), ("Q", [False, False])):
        one = table.of(name)
        assert list(one.problems) == ["a", "b"]
        assert [score.passed for score in one.scores("correct").values()] == verdicts


def test_a_table_was_never_charged_nor_cut(tmp_path: Path) -> None:
    table = _table(tmp_path, SAMPLES)
    assert table.bill() == Bill()
    assert table.bill_by_endpoint() == {}
    assert table.recovered == []
    assert repr(table) == f"PlainTable('{table.path}')"
