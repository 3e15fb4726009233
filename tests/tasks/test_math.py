r"""MATH in its three layouts: the original's folder, MATH-500, files of Qwen2.5-Math."""

import json
from pathlib import Path

import pytest
from tests.tasks.conftest import Passed, Rows

from topdraw.core.records import Json
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.tasks.math import SUBJECTS, load, load_500

# Layout of https://huggingface.co/datasets/HuggingFaceH4/MATH-500; problems of our own.
_FIVE: list[dict[str, Json]] = [
    {"problem": "What is half of one?", "answer": r"\frac{1}{2}", "level": 1},
    {"problem": "Solve $x^2 = 4$, $x > 0$.", "answer": "2", "level": 2},
    {"problem": "How many ways to order 7 cards?", "answer": "5040", "level": 3},
    {"problem": "Where does $x \\ge 3$ hold?", "answer": r"[3, \infty)", "level": 4},
    {"problem": "Give the midpoint of 0 and (2, 4).", "answer": "(1, 2)", "level": 5},
]


def _math_500(rows: Rows) -> str:
    extra = [{"subject": "Algebra", "unique_id": f"test/algebra/{i}.json"} for i in range(5)]
    return rows(*[{**one, **more, "solution": "s"} for one, more in zip(_FIVE, extra, strict=True)])


def test_math_500(rows: Rows) -> None:
    task = load_500(path=_math_500(rows))
    assert (task.name, task.scorer) == ("math500", "math")
    problem = task.problems[2]
    assert (problem.id, problem.target) == ("math/algebra/2", "5040")
    assert problem.metadata == {"level": 3, "subject": "Algebra", "solution": "s"}
    assert problem.prompt.endswith(r"within \boxed{}.")
    assert load_500(path=_math_500(rows), style="plain").problems[0].prompt == _FIVE[0]["problem"]


def test_the_folder_of_the_original(tmp_path: Path) -> None:
    # Layout of https://github.com/hendrycks/math: one object a file.
    for split, subject, kind, number, answer in [
        ("test", "algebra", "Algebra", 10, "10"),
        ("test", "algebra", "Algebra", 9, "9"),
        ("test", "counting_and_probability", "Counting & Probability", 9, r"\frac{1}{9}"),
        ("train", "algebra", "Algebra", 1, "1"),
    ]:
        path = tmp_path / "MATH" / split / subject / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        solution = f"Because \\boxed{{no}}, hence $\\boxed{{{answer}}}$."
        row = {"problem": "P?", "level": "Level 4", "type": kind, "solution": solution}
        path.write_text(json.dumps(row))
    (training,) = load(path=str(tmp_path / "MATH"), split="train").problems
    assert (training.id, training.target) == ("math/train/algebra/1", "1")
    task = load(path=str(tmp_path / "MATH"))
    assert [(p.id, p.target, p.metadata["level"]) for p in task.problems] == [
        ("math/algebra/9", "9", 4),
        ("math/algebra/10", "10", 4),
        ("math/counting_and_probability/9", r"\frac{1}{9}", 4),
    ]


def test_files_of_qwen(shared_data: Path) -> None:
    task = load(path=str(shared_data / "math_rm"))
    assert [task.problems[0].id, task.problems[0].target] == ["math/0000", "420"]
    assert len({problem.id for problem in task.problems}) == len(task.problems) == 40
    assert task.problems[0].metadata["level"] == 3


def test_hand_checked_verdicts(rows: Rows, passed: Passed) -> None:
    task = load_500(path=_math_500(rows))
    assert passed(task, 0, r"So \boxed{1/2}.", r"\boxed{0.5}", r"\boxed{2}") == [True, True, False]
    assert passed(task, 1, r"$\boxed{2}$", r"\boxed{-2}", "no answer") == [True, False, False]
    assert passed(task, 2, r"\boxed{7!}", r"\boxed{5{,}040}", r"\boxed{540}") == [True, True, False]
    assert passed(task, 3, r"\boxed{[3,\infty)}", r"\boxed{(3,\infty)}") == [True, False]
    assert passed(task, 4, r"\boxed{(1,2)}", r"\boxed{(2,1)}") == [True, False]


def test_all_of_the_hub_is_read_subject_by_subject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets")
    asked: list[str] = []

    def answer(name: str, config: str, *, split: str) -> list[dict[str, str]]:
        asked.append(config)
        return [
            {"problem": f"{config} {i}?", "type": config, "solution": r"\boxed{1}"} for i in (0, 1)
        ]

    monkeypatch.setattr(datasets, "load_dataset", answer)
    assert len(load(path="hf").problems) == 14
    assert asked == list(SUBJECTS)
    asked.clear()
    assert [p.metadata["subject"] for p in load(path="hf", problems=3).problems] == [
        "algebra", "algebra", "counting_and_probability",
    ]  # fmt: skip
    assert asked == list(SUBJECTS[:2])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"problem": "P", "solution": "no box"}, "no \\boxed{...}"),
        ({"problem": "P"}, "no column 'solution'"),
        ({"problem": "P", "answer": ""}, "'answer' must be a text"),
        ({"problem": "P", "answer": True}, "'answer' must be a text, not true"),
        ({"solution": r"\boxed{1}"}, "no column 'problem'"),
    ],
)
def test_broken_rows_name_their_line(rows: Rows, row: dict[str, Json], words: str) -> None:
    with pytest.raises(FormatError) as caught:
        load(path=rows({"problem": "P", "answer": 2.0}, row))
    assert "test.jsonl:2: " in str(caught.value)
    assert words in str(caught.value)


def test_whole_numbers_and_unknown_levels(rows: Rows) -> None:
    (problem,) = load(path=rows({"problem": "P", "answer": 2.0, "level": "Level ?"})).problems
    assert (problem.target, problem.metadata["level"]) == ("2", None)


def test_without_a_path_or_with_an_unknown_style(rows: Rows) -> None:
    with pytest.raises(ConfigError, match="hendrycks/math"):
        load()
    with pytest.raises(ConfigError, match="MATH-500"):
        load_500()
    with pytest.raises(DomainError, match="style='x'"):
        load(path=_math_500(rows), style="x")
