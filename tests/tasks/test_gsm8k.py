"""GSM8K: packaged rows, the published file, prompts, hand-checked verdicts."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.tasks.conftest import Passed, Rows

from topdraw.core.records import Sample
from topdraw.core.registry import get_scorer
from topdraw.errors import ConfigError, DomainError, FormatError
from topdraw.scoring.number import read_target
from topdraw.tasks.gsm8k import load


def test_what_is_packaged() -> None:
    task = load()
    assert len(task.problems) == 200
    assert [task.problems[0].id, task.problems[-1].id] == ["gsm8k/0000", "gsm8k/0398"]
    assert "packaged 200 of 1,319" in task.description
    assert all(read_target(problem.target) is not None for problem in task.problems)
    assert load(problems=3).problems == task.problems[:3]


def test_the_published_file_has_the_same_problems(shared_data: Path) -> None:
    task = load(path=str(shared_data / "gsm8k"))
    assert len({problem.id for problem in task.problems}) == len(task.problems) == 660
    assert task.problems[:200] == load().problems
    assert "packaged" not in task.description


@pytest.mark.parametrize(
    ("at", "outputs", "verdicts"),
    [
        (0, ["16 - 3 - 4 = 9, 9 * 2 = 18.\n#### 18", "#### 18.0", "#### 17", "no idea"],
         [True, True, False, False]),
        (1, ["The answer is $70,000.", "#### 70000", "70 thousand"], [True, True, False]),
        (2, ["so A: 20", "20 cups, that is 4 * 5"], [True, False]),
        (3, ["**Answer:** 260 sheep", "#### 260 in all"], [True, True]),
        (4, ["\\boxed{45}", "45 or 54"], [True, False]),
    ],
)  # fmt: skip
def test_hand_checked_verdicts(
    passed: Passed, at: int, outputs: list[str], verdicts: list[bool]
) -> None:
    assert passed(load(problems=5), at, *outputs) == verdicts


def test_a_gold_solution_is_right() -> None:
    task = load()
    for problem in task.problems:
        sample = Sample(problem.id, 0, str(problem.metadata["solution"]))
        (score,) = get_scorer(task.scorer)(problem, [sample])
        assert score.passed, problem.id


def test_published_solutions_get_their_published_verdicts(shared_data: Path) -> None:
    # Solve rates of the four solvers on these 660 problems, recounted from `is_correct`.
    path = shared_data / "gsm8k" / "example_model_solutions_even.jsonl"
    task = load(path=str(path))
    scorer = get_scorer(task.scorer)
    right: Counter[str] = Counter()
    for problem, line in zip(task.problems, path.read_text("utf-8").splitlines(), strict=True):
        for solver, one in json.loads(line).items():
            if isinstance(one, dict):
                (score,) = scorer(problem, [Sample(problem.id, 0, one["solution"])])
                assert score.passed == one["is_correct"], (problem.id, solver)
                right[solver] += bool(score.passed)
    rates = {solver: round(count / 660, 4) for solver, count in right.items()}
    assert rates == {
        "6b_finetuning": 0.2197,
        "6b_verification": 0.3894,
        "175b_finetuning": 0.3197,
        "175b_verification": 0.5652,
    }


def test_the_styles() -> None:
    zero, eight, plain = (load(problems=1, style=s) for s in ("zero-shot", "8-shot", "plain"))
    question = plain.problems[0].prompt
    assert zero.problems[0].prompt.startswith(f"{question}\nLet's think step by step.")
    shown = eight.problems[0].prompt
    assert shown.startswith("Q: There are 15 trees in the grove.")
    assert shown.endswith(f"\n\nQ: {question}\nA:")
    assert shown.count("The answer is ") == 8
    assert eight.decoding["stop"] == ["\nQ:"]
    with pytest.raises(DomainError, match="zero-shot, 8-shot, plain"):
        load(style="7-shot")


def test_thousands_and_other_columns(rows: Rows) -> None:
    path = rows(
        {"Question": "Q?", "ground_truth": "s\n#### 1,200"},
        {"problem": "R?", "answer": "#### -7", "index": 5},
        {"question": "S?", "answer": "1,000"},
        {"question": "T?", "ground_truth": "A: 5 no\nA: 6"},
    )
    first, second, third, fourth = load(path=path).problems
    assert (third.target, fourth.target) == ("1,000", "6")
    assert (first.id, first.target, second.id, second.target) == (
        "gsm8k/0000", "1,200", "gsm8k/0005", "-7",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"question": "Q", "answer": "all 18 of them"},
            "must end in #### and a number, not in 'all",
        ),
        ({"question": "Q", "answer": "so #### none"}, "must end in #### and a number"),
        ({"question": "", "answer": "#### 1"}, "'question' must be a text"),
        ({"answer": "#### 1"}, "no column 'question'; there are answer"),
        ({"question": "Q", "answer": 18}, "'answer' must be a text, not 18"),
    ],
)
def test_broken_rows_name_their_line(rows: Rows, row: dict[str, str], words: str) -> None:
    path = rows({"question": "Q", "answer": "#### 1"}, row)
    with pytest.raises(FormatError) as caught:
        load(path=path)
    assert "test.jsonl:2: " in str(caught.value)
    assert words in str(caught.value)


def test_the_training_split(rows: Rows) -> None:
    folder = Path(rows({"question": "Q", "answer": "#### 1"}, name="train.jsonl")).parent
    rows({"question": "R", "answer": "#### 2"}, name="test.jsonl")
    assert load(path=str(folder), split="train").problems[0].id == "gsm8k/train/0000"
    assert load(path=str(folder)).problems[0].id == "gsm8k/0000"
    with pytest.raises(ConfigError, match="needs its problems"):
        load(split="train")


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"no file 'no\.jsonl'"):
        load(path="no.jsonl")


_STORY = st.text(min_size=1).filter(str.strip)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stories=st.lists(_STORY, min_size=1, max_size=4),
    mark=st.booleans(),
    turned=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_is_the_same_in_any_form(
    tmp_path: Path, stories: list[str], mark: bool, turned: bool, end: str
) -> None:
    columns = ["question", "answer"][:: -1 if turned else 1]
    table = [{"question": text, "answer": f"{text}#### {at}"} for at, text in enumerate(stories)]
    lines, sheet = tmp_path / "q.jsonl", tmp_path / "q.csv"
    written = "".join(json.dumps({key: row[key] for key in columns}) + end for row in table)
    lines.write_bytes(b"\xef\xbb\xbf" * mark + written.encode())
    with sheet.open("w", newline="", encoding="utf-8-sig" if mark else "utf-8") as file:
        # Python 3.11 quotes no "\r" by itself, which readers take for a line's end.
        writer = csv.DictWriter(file, columns, lineterminator=end, quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(table)
    task = load(path=str(lines), style="plain")
    assert [problem.prompt for problem in task.problems] == stories
    assert load(path=str(sheet), style="plain").problems == task.problems
