"""What a table holds, counted: the same as of the run of its samples."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from topdraw.analysis.census import census
from topdraw.analysis.table_tallies import tallies_of_table, verdicts_of_table
from topdraw.errors import ConfigError
from topdraw.store.evidence import open_evidence
from topdraw.store.plain import PlainTable

SAMPLES = """problem,correct,reward,output,tokens,finish_reason,greedy,guess
a,1,0.5,x,3,stop,0,p
a,0,,x,,length,0,q
a,,0.1,y,4,,0,p
b,1,0.2, ,5,stop,0,p
b,0,0.3,,6,stop,0,q
a,1,0.4,z,9,stop,1,p
"""


def _table(folder: Path, text: str) -> PlainTable:
    path = folder / "t.csv"
    path.write_text(text)
    table = open_evidence(path)
    assert isinstance(table, PlainTable)
    return table


def test_samples_are_counted_by_role_problem_text_and_end(tmp_path: Path) -> None:
    sampled, greedy = census(_table(tmp_path, SAMPLES)).roles
    assert dataclasses.asdict(sampled) == {
        "role": "sampled", "wanted": 5, "drawn": 5, "fewest": 2, "most": 3, "short": 0,
        "repeated": 1, "uniform": 0, "empty": 2,
        "finish_reasons": {"stop": 3, "length": 1, "unknown": 1},
        "prompt_tokens": 0, "output_tokens": 18, "estimated": True,
    }  # fmt: skip
    assert (greedy.role, greedy.drawn, greedy.fewest, greedy.most) == ("greedy", 1, 0, 1)
    assert (greedy.output_tokens, greedy.estimated) == (9, False)


def test_scorers_are_counted_of_the_drawn_samples(tmp_path: Path) -> None:
    table = _table(tmp_path, SAMPLES)
    told = {name: tuple(verdicts_of_table(table, name)) for name in table.scorers()}
    assert told == {"correct": (4, 4, 2, 1), "reward": (4, 0, 0, 1), "guess": (5, 0, 0, 0)}
    assert [one.scorer for one in census(table).scorers] == ["correct", "guess", "reward"]


def test_without_texts_nothing_repeats_and_nothing_is_empty(tmp_path: Path) -> None:
    one = census(_table(tmp_path, "problem,correct\na,1\na,1\n")).roles[0]
    assert (one.repeated, one.uniform, one.empty, one.finish_reasons) == (0, 0, 0, {})


def test_counts_are_as_many_samples_as_they_say(tmp_path: Path) -> None:
    held = census(_table(tmp_path, "problem,n,c\na,10,3\nb,0,0\nc,7,7\n"))
    (one,) = held.roles
    assert (one.drawn, one.fewest, one.most, one.wanted, held.problems) == (17, 0, 10, 17, 3)
    (scorer,) = held.scorers
    assert (scorer.scorer, scorer.judged, scorer.passed, scorer.missing) == ("correct", 17, 10, 0)


def test_several_models_are_counted_one_at_a_time(tmp_path: Path) -> None:
    table = _table(tmp_path, "problem,n,c,model\na,10,3,P\na,5,1,Q\n")
    with pytest.raises(ConfigError, match="2 models"):
        tallies_of_table(table)
    assert tallies_of_table(table.of("Q"))["sampled"].drawn == {"a": 5}
