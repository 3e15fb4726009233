"""The Game of 24: the paper's puzzles and samples, prompts, hand-checked verdicts."""

import gzip
import json
from pathlib import Path

import pytest
from tests.tasks.conftest import Passed

from topdraw.core.records import Json, Problem, Sample
from topdraw.errors import DomainError, FormatError
from topdraw.scoring.countdown import score_countdown
from topdraw.tasks.game24 import load


def test_the_packaged_puzzles_are_the_papers(shared_data: Path) -> None:
    task = load()
    assert len(task.problems) == 100
    assert [task.problems[0].id, task.problems[-1].id] == ["game24/0900", "game24/0999"]
    assert task.problems == load(path=str(shared_data / "game24/puzzles_900_999.csv")).problems


def test_the_labels_of_the_papers_samples(shared_data: Path) -> None:
    name = "gpt-4_0.7_naive_standard_sample_100_start900_end1000.json.gz"
    with gzip.open(shared_data / "game24" / name) as file:
        logs = json.load(file)
    problems = {problem.id: problem for problem in load().problems}
    agreed = total = 0
    for log in logs[:20]:
        problem = problems[f"game24/{log['idx']:04d}"]
        scores = score_countdown(problem, [Sample("", i, y) for i, y in enumerate(log["ys"])])
        agreed += sum(s.passed == bool(label) for s, label in zip(scores, log["accs"], strict=True))
        total += len(scores)
    assert (agreed, total) == (2000, 2000)


@pytest.mark.parametrize(
    ("at", "outputs", "verdicts"),
    [
        # 4 5 6 10; 1 2 4 7; 1 3 4 6 and two more of the packaged puzzles
        (0, ["Answer: (5 + 6 - 10 / 10) * 4 = 24", "(10 - 4) * 5 - 6 = 24", "4+5+6+10"],
         [False, True, False]),
        (1, ["(7 - 1 * 2) * 4 = 24", "4 * 7 - 2 * 2", "(7 - 2 + 1) * 4 = 24"],
         [False, False, True]),
    ],
)  # fmt: skip
def test_hand_checked_verdicts(
    passed: Passed, at: int, outputs: list[str], verdicts: list[bool]
) -> None:
    assert passed(load(problems=2), at, *outputs) == verdicts


def test_hand_checked_verdicts_of_known_puzzles(tmp_path: Path, passed: Passed) -> None:
    path = tmp_path / "24.csv"
    path.write_text("Rank,Puzzles\n1,1 1 4 6\n2,3 3 8 8\n3,1 5 5 5\n4,4 4 10 10\n5,2 3 4 5\n")
    task = load(path=str(path))
    assert [problem.id for problem in task.problems][:2] == ["game24/0000", "game24/0001"]
    assert passed(task, 0, "4 * 6 * 1 * 1", "4 * 6") == [True, False]
    assert passed(task, 1, "Answer: 8 / (3 - 8 / 3) = 24", "8 * 3") == [True, False]
    assert passed(task, 2, "5 * (5 - 1 / 5)", "5 * 5 - 1") == [True, False]
    assert passed(task, 3, "(10 * 10 - 4) / 4", "10 + 10 + 4") == [True, False]
    assert passed(task, 4, "2 * (3 + 4 + 5)", "I cannot.") == [True, False]


def test_rows_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "24.csv"
    path.write_text("Rank,Puzzles\n" + "".join(f"{i + 1},1 1 4 {i}\n" for i in range(9)))
    ids = [problem.id for problem in load(path=str(path), start=5, problems=2).problems]
    assert ids == ["game24/0005", "game24/0006"]
    with pytest.raises(DomainError, match="start=9 leaves no puzzle"):
        load(path=str(path), start=9)
    with pytest.raises(DomainError, match="problems=0"):
        load(path=str(path), start=2, problems=0)
    with pytest.raises(DomainError, match="start=-1"):
        load(start=-1)


def test_the_styles() -> None:
    plain, io, cot = (load(problems=1, style=style).problems[0] for style in ("plain", "io", "cot"))
    assert "Numbers: 4 5 6 10\n" in plain.prompt
    assert io.prompt.endswith("Numbers: 4 5 6 10\nAnswer:")
    assert cot.prompt.endswith("Numbers: 4 5 6 10\nSteps:")
    assert io.prompt.count("Answer: ") == cot.prompt.count("(left: 24)") == 5
    with pytest.raises(DomainError, match="plain"):
        load(style="tot")


def test_the_examples_of_the_prompt_win_and_are_no_test_puzzles() -> None:
    prompt = load(problems=1, style="io").problems[0].prompt
    shown = [line.removeprefix("Numbers: ") for line in prompt.splitlines() if "Numbers: " in line]
    won = [line for line in prompt.splitlines() if line.startswith("Answer: ")]
    tested = [p.prompt for p in load().problems]
    for numbers, answer in zip(shown[:5], won, strict=True):
        listed: list[Json] = [int(word) for word in numbers.split()]
        problem = Problem("x", "", {"numbers": listed, "target": 24, "fractions": True})
        assert score_countdown(problem, [Sample("x", 0, answer)])[0].passed, numbers
        assert not [text for text in tested if f"Numbers: {numbers}\n" in text]


@pytest.mark.parametrize("puzzle", ["1 2 3", "1 2 3 x", "1 2 3 4 5", "1,2,3,4", "-1 2 3 4"])
def test_broken_puzzles_name_their_line(tmp_path: Path, puzzle: str) -> None:
    path = tmp_path / "24.csv"
    path.write_text(f'idx,puzzle\n0,1 1 4 6\n1,"{puzzle}"\n')
    with pytest.raises(FormatError, match=r"24\.csv:3: a puzzle is four whole numbers"):
        load(path=str(path))
