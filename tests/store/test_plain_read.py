from __future__ import annotations

import contextlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.made_tables import SUFFIXES, write_table

from topdraw.errors import ConfigError, FormatError
from topdraw.store.plain import PlainTable
from topdraw.store.plain_columns import CountColumns, SampleColumns
from topdraw.store.plain_read import read_table


def _table(folder: Path, text: str, name: str = "t.csv", **columns: str) -> PlainTable:
    path = folder / name
    path.write_text(text)
    return read_table(path, columns)


def _samples(table: PlainTable) -> SampleColumns:
    assert isinstance(table.columns, SampleColumns)
    return table.columns


def _counts(table: PlainTable) -> CountColumns:
    assert isinstance(table.columns, CountColumns)
    return table.columns


COUNTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
        lambda text: text.strip().lower() not in ("", "nan")
    ),
    st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=COUNTS, suffix=st.sampled_from(SUFFIXES))
def test_counts_come_back_whatever_the_file(
    tmp_path: Path, counts: dict[str, tuple[int, int]], suffix: str
) -> None:
    rows = [{"task_id": key, "n": n, "c": c} for key, (n, c) in counts.items()]
    table = read_table(write_table(tmp_path / f"t{suffix}", rows), {})
    assert list(table.problems) == list(counts)
    columns = _counts(table)
    assert [*zip(columns.n.tolist(), columns.c.tolist(), strict=True)] == list(counts.values())


VERDICT = st.sampled_from([True, False, None])
REWARD = st.one_of(st.none(), st.floats(-1e9, 1e9))
SAMPLE = st.tuples(VERDICT, st.sampled_from(["4", "five, or 5", None]), REWARD)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    samples=st.dictionaries(st.sampled_from("pqr"), st.lists(SAMPLE, min_size=1, max_size=5)),
    suffix=st.sampled_from([".csv", ".jsonl"]),
    has_index=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_samples_come_back_whatever_the_file_and_the_order_of_its_rows(
    tmp_path: Path,
    samples: dict[str, list[tuple[bool | None, str | None, float | None]]],
    suffix: str,
    has_index: bool,
    order: object,
) -> None:
    rows = [
        {"problem": key, "index": at, "correct": verdict, "answer": answer, "reward": reward}
        for key, each in samples.items()
        for at, (verdict, answer, reward) in enumerate(each)
    ]
    if not rows:
        return
    if has_index:
        order.shuffle(rows)  # type: ignore[attr-defined]  # Hypothesis' own Random
    else:
        rows = [{key: row[key] for key in row if key != "index"} for row in rows]
    table = read_table(write_table(tmp_path / f"t{suffix}", rows), {})
    for sample in table.samples():
        verdict, answer, reward = samples[sample.problem_id][sample.index]
        key = (sample.sampler, sample.problem_id, sample.index)
        judged, ranked = table.scores("correct")[key], table.scores("reward")[key]
        assert judged.is_missing == (verdict is None)
        assert judged.passed == verdict
        assert judged.answer == (None if verdict is None else answer)
        assert ranked.is_missing == (reward is None)
        assert ranked.value == reward or reward is None
    assert len(table.samples()) == len(rows)
    assert [*table.problems] == [*dict.fromkeys(str(row["problem"]) for row in rows)]


def test_a_table_of_counts_may_name_models_and_say_more_of_problems(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,n,c,model,level\n1,5,2,B,easy\n2,5,0,B,\n1,7,7,A,easy\n")
    assert table.models == ("B", "A")
    assert _counts(table).n.tolist() == [5, 5, 7]
    assert table.of("A").problems["1"].metadata == {"level": "easy"}
    assert table.of("B").problems["2"].metadata == {"level": None}


def test_rows_for_each_k_say_the_counts_once(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,n,c,k,pass@k\n1,5,2,1,.4\n1,5,2,2,.7\n2,5,0,1,0\n2,5,0,2,0\n")
    assert _counts(table).n.tolist() == [5, 5]
    with pytest.raises(FormatError, match=r"line 3: counts of problem '1' came before"):
        _table(tmp_path, "id,n,c,k\n1,5,2,1\n1,5,3,2\n")
    with pytest.raises(FormatError, match=r"line 3: counts of problem '1' came before"):
        _table(tmp_path, "id,n,c\n1,5,2\n1,5,2\n")


def test_the_order_of_rows_is_the_index_of_each_problem_model_and_role(tmp_path: Path) -> None:
    text = "id,correct,model,greedy\n1,1,A,0\n2,0,A,0\n1,0,A,0\n1,1,B,0\n1,1,A,1\n"
    table = _table(tmp_path, text)
    columns = _samples(table.of("A"))
    assert columns.index.tolist() == [0, 0, 1, 0]
    assert columns.greedy.tolist() == [False, True, False, False]
    assert _samples(table.of("B")).index.tolist() == [0]


def test_a_sample_told_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"line 4: sample 3 of problem 'a' came before"):
        _table(tmp_path, "id,index,correct\na,3,1\na,4,1\na,3,0\n")
    with pytest.raises(FormatError, match=r"line 3: .* of model 'M' came before"):
        _table(tmp_path, "id,index,correct,model\na,3,1,M\na,3,0,M\n")
    both = "id,index,correct,temperature\na,0,1,0\na,0,0,0.7\n"
    assert len(_table(tmp_path, both).samples("greedy")) == 1


@pytest.mark.parametrize(
    ("text", "greedy"),
    [
        ("id,correct,temperature\na,1,0.7\na,1,0\n", [False, True]),
        ("id,correct,temperature\na,1,0\na,1,0\n", [False, False]),
        ("id,correct,greedy\na,1,false\na,1,true\na,0,\n", [False, True, False]),
        ("id,correct,role\na,1,sampled\na,1,Greedy\na,0,\n", [False, True, False]),
        ("id,correct\na,1\n", [False]),
        ("id,correct,temperature,model\na,1,0,A\na,1,0,B\na,1,1,B\n", [False, True, False]),
    ],
)
def test_greedy_samples_are_those_said_to_be_or_at_zero_beside_others(
    tmp_path: Path, text: str, greedy: list[bool]
) -> None:
    columns = _samples(_table(tmp_path, text))
    order = np.lexsort((columns.index, ~columns.greedy, columns.model))
    assert sorted(columns.greedy[order].tolist()) == sorted(greedy)


def test_who_samples_at_zero_alone_drew_at_zero(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,correct,temperature\na,1,0\na,0,0\n")
    sampler = table.manifest.sampler("sampled")
    assert sampler is not None
    assert sampler.decoding.greedy
    assert table.manifest.sampler("greedy") is None


def test_several_temperatures_are_no_one_way_of_drawing(tmp_path: Path) -> None:
    text = "id,correct,temperature{}\na,1,0.2{}\na,1,0.8{}\n"
    with pytest.raises(FormatError, match=r"mixes samples at temperatures 0\.2, 0\.8"):
        _table(tmp_path, text.format("", "", ""))
    assert _table(tmp_path, text.format(",model", ",A", ",B")).models == ("A", "B")


def test_columns_without_a_role_rank_vote_judge_or_are_about_problems(tmp_path: Path) -> None:
    text = "id,correct,depth,guess,strict,level,long\n"
    for at, level in ((1, 5), (1, 5), (2, 3)):
        text += f"{at},1,{0.5 * at + len(text)},g{len(text)},{'yes' if at == 1 else 'no'},{level},"
        text += "x" * 2000 + f"{len(text)}\n"
    table = _table(tmp_path, text)
    assert set(table.scorers()) == {"correct", "depth", "guess"}
    assert table.problems["1"].metadata == {"strict": "yes", "level": "5"}
    columns = _samples(table)
    assert set(columns.verdicts) == {"correct"}
    assert set(columns.values) == {"depth"}
    assert set(columns.votes) == {"guess"}


def test_a_column_of_words_is_a_second_verifier(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,passed,strict\n1,1,yes\n1,1,no\n1,0,\n")
    assert table.manifest.scorer == "passed"
    assert _samples(table).verdicts["strict"].tolist() == [1, 0, -1]
    alone = _table(tmp_path, "id,base\n1,fail\n1,pass\n")
    assert alone.manifest.scorer == "base"


def test_numbers_of_rows_neither_rank_nor_vote(tmp_path: Path) -> None:
    table = _table(tmp_path, ",id,completion_id,seed,Unnamed: 3,passed\n0,1,0,5,x,1\n1,1,1,6,y,0\n")
    assert table.scorers() == ["passed"]


def test_rewards_and_logprobs_have_our_names(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,passed,RM Score,cumulative_logprob\n1,1,0.5,-3\n1,0,,\n")
    columns = _samples(table)
    np.testing.assert_array_equal(columns.values["reward"], [0.5, math.nan])
    np.testing.assert_array_equal(columns.logprob, columns.values["logprob"])


def test_a_score_that_is_no_verdict_ranks(tmp_path: Path) -> None:
    table = _table(tmp_path, "id,score\na,0.25\na,0.5\n")
    assert (table.scorers(), table.manifest.scorer) == (["score"], "")
    assert _samples(table).values["score"].tolist() == [0.25, 0.5]
    assert _table(tmp_path, "id,score\na,0\na,1\n").manifest.scorer == "score"
    with pytest.raises(FormatError, match=r"column 'score' is '0.25'; it must be a verdict"):
        _table(tmp_path, "id,score\na,0.25\n", correct="score")


def test_an_answer_that_is_the_same_for_all_samples_is_the_target_beside_another(
    tmp_path: Path,
) -> None:
    text = "id,answer,prediction,correct\na,4,4,1\na,4,5,0\nb,7,7,1\n"
    table = _table(tmp_path, text)
    assert table.problems["a"].target == "4"
    assert [score.answer for score in table.scores("correct").values()] == ["4", "5", "7"]
    said = _table(tmp_path, text, answer="answer")
    assert [score.answer for score in said.scores("correct").values()] == ["4", "4", "7"]
    alone = _table(tmp_path, "id,answer,correct\na,4,1\na,4,1\n")
    assert [score.answer for score in alone.scores("correct").values()] == ["4", "4"]


def test_a_map_says_which_column_is_what(tmp_path: Path) -> None:
    text = "question,ok,text,x\nWhat?,1,fine,9\nWhat?,0,bad,8\n"
    names = {"problem": "question", "correct": "ok", "reward": "x"}
    table = _table(tmp_path, text, **names)
    assert list(table.problems) == ["What?"]
    assert table.scorers() == ["ok", "reward"]
    assert [sample.output for sample in table.samples()] == ["fine", "bad"]
    with pytest.raises(ConfigError, match=r"'gold_label' is no column"):
        _table(tmp_path, text, gold_label="ok")
    with pytest.raises(FormatError, match=r"has no column 'qu'"):
        _table(tmp_path, text, problem="qu")


def test_prompts_and_targets_are_those_of_the_first_row(tmp_path: Path) -> None:
    text = "id,question,gold,correct\na,1+1?,2,1\na,,,0\nb,,,0\n"
    table = _table(tmp_path, text)
    one, other = table.problems.values()
    assert (one.prompt, one.target, other.prompt, other.target) == ("1+1?", "2", "b", None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("problem,n,c\n", r"is empty: it has no row"),
        ("problem,n,c\na,5,6\n", r"line 2: 6 correct of 5 samples"),
        ("problem,n,c\na,5,-1\n", r"line 2, column 'c' is '-1'; it must be a whole number"),
        ("problem,n,c\na,-5,0\n", r"line 2, column 'n' is '-5'"),
        ("problem,n,c\na,5.5,1\n", r"line 2, column 'n' is '5.5'"),
        ("problem,n,c\na,5,\n", r"line 2, column 'c' is empty"),
        ("problem,n,c\na,nan,1\n", r"line 2, column 'n' is 'nan'"),
        (f"problem,n,c\na,{10**30},1\n", r"line 2, column 'n' is '1000"),
        (f"problem,n,c\na,{'9' * 5000},1\n", r"line 2, column 'n' is '9999.*\.\.\.; it must"),
        ("problem,n,c\n,5,1\n", r"line 2, column 'problem' is empty; it must be the id"),
        ("problem,n,c\nNaN,5,1\n", r"line 2, column 'problem' is 'NaN'"),
        ("problem,n,c,model\na,5,1,\n", r"line 2, column 'model' is empty"),
        ("problem\na\n", r"has neither counts \(n, c\) nor anything that scores.*problem"),
        ("n,c\n5,1\n", r"no column of problem ids; it has 'n', 'c'"),
        ("problem,correct\na,0.5\n", r"line 2, column 'correct' is '0.5'; it must be a verdict"),
        ("problem,index,correct\na,-1,1\n", r"line 2, column 'index' is '-1'"),
        ("problem,index,correct\na,,1\n", r"line 2, column 'index' is empty"),
        ("problem,correct,reward\na,1,good\n", r"line 2, column 'reward' is 'good'"),
        ("problem,correct,tokens\na,1,-4\n", r"line 2, column 'tokens' is '-4'"),
        ("problem,correct,temperature\na,1,hot\n", r"line 2, column 'temperature' is 'hot'"),
        ("problem,correct,greedy\na,1,2\n", r"line 2, column 'greedy' is '2'"),
    ],
)
def test_a_hostile_table_is_refused_where_it_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FormatError, match=told) as caught:
        _table(tmp_path, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [10**400, True, [1, 2], {"a": 1}, 1.5, -0.5])
def test_hostile_json_counts_are_refused_too(tmp_path: Path, bad: object) -> None:
    text = json.dumps({"problem": "a", "n": bad, "c": 0})
    with pytest.raises(FormatError, match=r"line 1, column 'n' is"):
        _table(tmp_path, text, "t.jsonl")


def test_an_id_that_is_nan_in_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"line 1, column 'problem' is empty"):
        _table(tmp_path, '{"problem": NaN, "n": 1, "c": 1}', "t.jsonl")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200) | st.text(alphabet='idnc,1\n"\r.', max_size=60).map(str.encode)
)
def test_no_bytes_make_anything_but_a_table_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    for suffix in (".csv", ".jsonl", ".json"):
        path = tmp_path / f"t{suffix}"
        path.write_bytes(content)
        with contextlib.suppress(FormatError):
            assert read_table(path, {}).scorers()


def test_shared_samples_with_rewards_open_as_they_are(shared_data: Path) -> None:
    path = shared_data / "math_rm" / "math_cot_8samples_first40.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    table = read_table(path, {})
    assert len(table.problems) == 40
    assert {"reward", "score"} <= set(table.scorers())
    columns = _samples(table)
    assert columns.verdicts["score"].sum() == sum(sum(row["score"]) for row in rows)
    told = np.array([value[0] for row in rows for value in row["pred_score"]])
    np.testing.assert_array_equal(columns.values["reward"], told)
    assert columns.answer is not None
    answers = [columns.answer.at(at) for at in range(columns.index.size)]
    assert answers == [one or None for row in rows for one in row["pred"]]


def test_shared_samples_with_counts_open_as_counts(shared_data: Path) -> None:
    table = read_table(shared_data / "humaneval" / "codegen16b_100samples_tasks0_39.jsonl.gz", {})
    columns = _counts(table)
    assert columns.n.tolist() == [100] * 40
    assert (columns.c / columns.n).mean() == pytest.approx(0.41275, abs=1e-12)
