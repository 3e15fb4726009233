"""Import then export is the identity on what a format can hold, and export then import too."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.formats.made import Values, document, exported, imported, lines, rows

from topdraw.core.records import Problem, Sample, Score
from topdraw.store.formats.exporting import write
from topdraw.store.formats.known import FORMATS, find, recognise
from topdraw.store.formats.protocol import About, Held
from topdraw.store.formats.source import open_source

RECORDS: dict[str, list[Values]] = {
    "humaneval": [
        {"task_id": "HumanEval/0", "completion": "    return 1\n", "result": "passed",
         "passed": True},
        {"task_id": "HumanEval/0", "completion": "", "result": "failed: x", "passed": False,
         "time": 1.5},
    ],
    "lm-eval": [
        {"doc_id": 3, "doc": {"q": "1+1", "n": [1, None]}, "target": "2",
         "arguments": {"gen_args_0": {"arg_0": "1+1=", "arg_1": {"until": ["\n"]}}},
         "resps": [["2", "two"]], "filtered_resps": ["2"], "filter": "none", "metrics": [],
         "doc_hash": "ab", "prompt_hash": "cd", "target_hash": "ef"},
    ],
    "livecodebench": [
        {"question_id": "q1", "question_content": "Add.", "difficulty": "easy",
         "output_list": ["```x```", "y"], "code_list": ["x", "y"], "graded_list": [True, False]},
    ],
    "alpaca": [
        {"dataset": "helpful_base", "instruction": "Say hi.", "output": "hi", "generator": "m"},
        {"dataset": "koala", "instruction": "Say ho.", "output": "", "generator": "m", "x": 1},
    ],
    "alpaca-annotations": [
        {"instruction": "Say hi.", "output_1": "a", "generator_1": "base", "dataset": "d",
         "output_2": "b", "generator_2": "m", "annotator": "judge", "preference": preference,
         "raw_completion": {"text": "m"}}
        for preference in (1.25,)
    ] + [
        {"instruction": f"{at}", "output_1": "a", "generator_1": "base", "dataset": "d",
         "output_2": "b", "generator_2": "m", "annotator": "judge", "preference": preference}
        for at, preference in enumerate([None, 0, 2.0])
    ],
    "arena-hard": [
        {"uid": "u1", "ans_id": "x", "model": "m", "messages": [
            {"role": "user", "content": "Hi?"},
            {"role": "assistant", "content": {"answer": "Hello."}}],
         "tstamp": 1.5, "metadata": {"token_len": 3, "bold_count": {"**": 0, "__": 0}}},
    ],
    "wildbench": [
        {"session_id": "s", "model_test": "m", "model_output": "Hello.", "score": "7",
         "parsed_result": {"strengths": "a", "score": "7"}, "meta_data": {"k": [1]}},
    ],
    "mixeval": [
        {"id": 0, "problem_type": "free-form", "context": None, "prompt": "Who?",
         "target": ["A", "B"], "benchmark_name": "TriviaQA", "formated_input": "Q: Who?",
         "response": "A", "judge_score": 0.75},
    ],
    "qwen-math": [
        {"idx": 0, "question": "1+1?", "gt": "2", "level": "Level 1", "code": ["so 2", "so 3"],
         "pred": ["2", "3"], "score": [True, False], "pred_score": [[1.5], [-0.25]]},
    ],
    "gsm8k-solutions": [
        {"index": 0, "question": "1+1?", "ground_truth": "A: 2",
         "6b": {"is_correct": True, "solution": "A: 2"},
         "175b": {"is_correct": False, "solution": "A: 3"}},
    ],
    "prm800k": [
        {"problem": "1+1?", "given_answer": "2", "is_correct": True, "orm_score": 0.5, "n": 3},
        {"problem": "1+1?", "given_answer": "3", "is_correct": False, "orm_score": 0.25, "n": 3},
    ],
    "tree-of-thought": [
        {"idx": 900, "ys": ["Answer: 1", "Answer: 2"], "accs": [False, True],
         "usage_so_far": {"completion_tokens": 10, "prompt_tokens": 4, "cost": 0.5}},
    ],
    "trl-preference": [
        {"prompt": "Hi?", "chosen": "Hello.", "rejected": "No.", "margin": 0.5},
    ],
    "trl-sft": [{"prompt": "Hi?", "completion": "Hello.", "source": "x"}],
}  # fmt: skip
VALUES = {
    "alpaca-annotations": "alpaca_eval:judge",
    "wildbench": "wildbench:score",
    "mixeval": "mixeval:judge",
    "qwen-math": "qwen-math:pred_score",
    "prm800k": "prm800k:orm_score",
}


def stored(path: Path, name: str, records: list[Values]) -> Path:
    is_list = find(name).container == "list"
    return document(path, records) if is_list else lines(path, records)


@pytest.mark.parametrize("name", RECORDS)
def test_importing_and_exporting_gives_the_file(tmp_path: Path, name: str) -> None:
    path = stored(tmp_path / "x", name, RECORDS[name])
    assert recognise(open_source(path)).name == name
    run = imported(path).run
    if name == "trl-preference":
        return  # which pair is written is a choice; tests/cli/test_export.py
    assert exported(run, name, value=VALUES.get(name, "")) == RECORDS[name]


@pytest.mark.parametrize("name", [*RECORDS, "inspect", "evalplus", "plain"])
def test_every_format_has_an_own_page_entry(name: str) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "formats.md").read_text()
    assert name in FORMATS
    assert f"`{name}`" in page


texts = st.text(st.characters(), max_size=12)
samples = st.lists(st.tuples(texts, st.booleans(), st.integers(-8, 8)), min_size=1, max_size=3)
#: Pairs are a choice; of predictions only the patch is written, of reports nothing.
NOT_OUTPUTS = ("trl-preference", "swebench", "swebench-report")
#: What holds outputs alone, or judges in another way.
NO_VERDICTS = ("alpaca", "alpaca-annotations", "arena-hard", "wildbench", "trl-sft", "lm-eval")


def held(name: str, drawn: Sequence[Sequence[tuple[str, bool, int]]]) -> list[Held]:
    """Problems with samples, verdicts and values, as a run would hold them."""
    found = []
    for at, own in enumerate(drawn):
        n = 1 if find(name).one_each else len(own)
        key = f"p{at}"
        scores: dict[str, list[Score | None]] = {
            "v": [Score.verdict(passed, answer="4") for _, passed, _ in own[:n]],
            "evalplus:base": [Score.verdict(passed) for _, passed, _ in own[:n]],
            "r": [Score(value=float(value)) for *_, value in own[:n]],
        }
        drawn_samples = [Sample(key, i, text) for i, (text, *_) in enumerate(own[:n])]
        found.append(Held(Problem(key, key, "4"), drawn_samples, scores))
    return found


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in NOT_OUTPUTS])
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(drawn=st.lists(samples, min_size=1, max_size=3))
def test_whatever_the_texts_are_they_come_back(
    tmp_path: Path, name: str, drawn: list[list[tuple[str, bool, int]]]
) -> None:
    problems = held(name, drawn)
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"".join(write(find(name), problems, About("m", "t", "v", "r"))))
    found = rows(path, name)
    wanted = [(sample, at, one) for one in problems for at, sample in enumerate(one.samples)]
    assert [row.sample.output for row in found if row.sample] == [s.output for s, *_ in wanted]
    if name in NO_VERDICTS:
        return
    for row, (_, at, one) in zip(found, wanted, strict=True):
        verdict = one.scores["v"][at]
        assert verdict is not None
        assert next(iter(row.scores.values())).passed is verdict.passed


def test_lone_surrogates_and_nan_are_written_so_that_readers_survive(tmp_path: Path) -> None:
    sample = Sample("p", 0, "a\ud800\u2028b", metadata={"humaneval": {"x": [math.nan, {"y": 1}]}})
    one = Held(Problem("p", "p"), [sample], {})
    data = b"".join(write(find("humaneval"), [one], About()))
    assert b"NaN" not in data
    assert data.count(b"\n") == 1
    path = tmp_path / "x.jsonl"
    path.write_bytes(data)
    (row,) = rows(path, "humaneval")
    assert row.sample is not None
    assert row.sample.output == sample.output
