"""MMLU in its layouts and three conventions, MMLU-Pro, hand-checked verdicts."""

from pathlib import Path

import pytest
from tests.tasks.conftest import Passed, Rows

from topdraw.core.records import Json
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.tasks.mmlu import load_mmlu, load_pro


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """The layout of https://github.com/hendrycks/test, questions of our own."""
    for split, subject, count in [
        ("test", "high_school_biology", 3),
        ("test", "anatomy", 2),
        ("dev", "high_school_biology", 5),
        ("dev", "anatomy", 5),
    ]:
        path = tmp_path / "data" / split / f"{subject}_{split}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f'"{split} {subject} {i}, is it?",no {i},"yes, {i}",maybe,never,{"ABCD"[i % 4]}\n'
            for i in range(count)
        ]
        path.write_text("".join(lines))
    return str(tmp_path / "data")


def test_the_folder_of_the_original(folder: str) -> None:
    task = load_mmlu(path=folder)
    assert [(problem.id, problem.target) for problem in task.problems] == [
        ("mmlu/anatomy/0", "A"),
        ("mmlu/anatomy/1", "B"),
        ("mmlu/high_school_biology/0", "A"),
        ("mmlu/high_school_biology/1", "B"),
        ("mmlu/high_school_biology/2", "C"),
    ]
    assert task.scorer == "choice"
    assert task.problems[0].metadata == {
        "options": ["no 0", "yes, 0", "maybe", "never"],
        "subject": "anatomy",
        "letter_rule": "simple-evals",
    }
    assert "Answer: $LETTER" in task.problems[0].prompt
    assert task.decoding["max_tokens"] == 2048


def test_the_original_convention(folder: str) -> None:
    task = load_mmlu(path=folder, style="original")
    prompt = task.problems[0].prompt
    head = "The following are multiple choice questions (with answers) about  anatomy.\n\n"
    assert prompt.startswith(f"{head}dev anatomy 0, is it?\nA. no 0\nB. yes, 0\nC. maybe\nD. never")
    assert prompt.endswith(
        "Answer: A\n\ntest anatomy 0, is it?\nA. no 0\nB. yes, 0\nC. maybe\nD. never\nAnswer:"
    )
    assert prompt.count("\nAnswer:") == 6
    assert "biology" not in prompt
    assert task.problems[0].metadata["letter_rule"] == "original"
    assert task.decoding == {"max_tokens": 4, "stop": ["\n"]}
    assert load_mmlu(path=folder, style="original", shots=2).problems[0].prompt.count("dev") == 2


def test_the_convention_of_lm_eval(folder: str) -> None:
    prompt = load_mmlu(path=folder, style="lm-eval").problems[2].prompt
    assert prompt == (
        "The following are multiple choice questions (with answers) about high school biology.\n\n"
        "test high_school_biology 0, is it?\nA. no 0\nB. yes, 0\nC. maybe\nD. never\nAnswer:"
    )
    worked = load_mmlu(path=folder, shots=1).problems[0].prompt
    assert worked.startswith("dev anatomy 0, is it?\n\nA) no 0")


def test_shots_need_their_split(folder: str, rows: Rows) -> None:
    path = rows({"question": "Q", "choices": ["a", "b"], "answer": 1, "subject": "s"})
    with pytest.raises(ConfigError, match=r"5 examples come from the split 'dev'.*shots=0"):
        load_mmlu(path=path, style="original")
    assert len(load_mmlu(path=path, style="original", shots=0).problems) == 1
    with pytest.raises(DomainError, match="shots=-1"):
        load_mmlu(path=folder, shots=-1)
    with pytest.raises(DomainError, match="simple-evals, original, lm-eval"):
        load_mmlu(path=folder, style="mine")


def test_the_hubs_columns_and_a_table_with_a_header(rows: Rows, tmp_path: Path) -> None:
    hub = rows({"question": "Q", "choices": list("wxyz"), "answer": 3, "subject": "anatomy"})
    path = tmp_path / "simple_evals.csv"
    path.write_text(",Question,A,B,C,D,Answer,Subject\n0,Q,w,x,y,z,D,anatomy\n")
    first, second = load_mmlu(path=hub).problems[0], load_mmlu(path=str(path)).problems[0]
    assert first == second
    assert (first.id, first.target) == ("mmlu/anatomy/0", "D")


def test_mmlu_pro(rows: Rows) -> None:
    # Columns of https://huggingface.co/datasets/TIGER-Lab/MMLU-Pro
    row: dict[str, Json] = {
        "question_id": 70, "question": "Q?", "answer": "J", "answer_index": 9,
        "options": [f"o{i}" for i in range(10)], "category": "computer science",
    }  # fmt: skip
    short = {**row, "question_id": 71, "options": ["a", "b", "N/A"], "answer": "B"}
    first, second = load_pro(path=rows(row, short)).problems
    assert (first.id, first.target, first.metadata["subject"]) == (
        "mmlu_pro/70", "J", "computer_science",
    )  # fmt: skip
    assert "one of ABCDEFGHIJ" in first.prompt
    assert second.metadata["options"] == ["a", "b"]


def test_hand_checked_verdicts(folder: str, passed: Passed) -> None:
    task = load_mmlu(path=folder)
    assert passed(task, 0, "No.\nAnswer: A", "Answer: B", "A it is") == [True, False, False]
    assert passed(task, 1, "**Answer:** B", "Answer: b") == [True, True]
    assert passed(task, 2, "Answer: A. Or is it? Answer: B", "") == [True, False]
    letters = load_mmlu(path=folder, style="lm-eval")
    assert passed(letters, 3, " B", "B.", "Because of C, B") == [True, True, False]
    assert passed(letters, 4, "C", "D", "c") == [True, False, False]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"question": "Q", "choices": ["a", "b"], "answer": 2}, "must be one of AB"),
        ({"question": "Q", "A": "a", "B": "b", "C": "c", "answer": "A"}, "no column 'd'"),
        ({"choices": ["a"], "answer": 0}, "no column 'question'"),
    ],
)
def test_broken_rows_name_their_line(rows: Rows, row: dict[str, Json], words: str) -> None:
    good: dict[str, Json] = {"question": "Q", "choices": ["a", "b"], "answer": 1}
    with pytest.raises(FormatError) as caught:
        load_mmlu(path=rows(good, row))
    assert "test.jsonl:2: " in str(caught.value)
    assert words in str(caught.value)


def test_semicolons_in_a_file_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "anatomy_test.csv"
    path.write_text('"a; b; c; d; e; f; g; h?",1,2,3,4,D\n')
    assert load_mmlu(path=str(path)).problems[0].target == "D"


def test_a_line_with_too_few_cells(tmp_path: Path) -> None:
    path = tmp_path / "anatomy_test.csv"
    path.write_text("Q,a,b,c,d,A\nQ,a,b\n")
    with pytest.raises(FormatError, match=r"line 2 has 3 cells"):
        load_mmlu(path=str(path))
