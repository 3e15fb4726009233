"""From a name or a file, and options, to a task."""

from pathlib import Path

import pytest

from topdraw.core.records import Json, Task
from topdraw.core.registry import task
from topdraw.errors import ConfigError, UnknownNameError
from topdraw.tasks.load import load


def test_a_registered_name_with_options() -> None:
    found = load("countdown", problems=4, seed=3)
    assert len(found.problems) == 4
    assert found.problems != load("countdown", problems=4).problems


def test_a_file_with_options(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"q": "1+1=", "a": "2"}\n{"q": "2+2=", "a": "4"}\n')
    for given in (path, str(path)):
        found = load(given, prompt="q", target="a", problems=1)
        assert (found.name, len(found.problems), found.problems[0].target) == ("mine", 1, "2")
    assert load("jsonl", path=str(path), prompt="q").problems[1].prompt == "2+2="


def test_a_name_wins_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "countdown").write_text("")
    monkeypatch.chdir(tmp_path)
    assert load("countdown", problems=1).name == "countdown"


def test_unknown_names_suggest_the_closest() -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'countdown'.*\.jsonl.*hf:OWNER/NAME"):
        load("cuontdown")


def test_files_that_are_not_there_or_no_table(tmp_path: Path) -> None:
    for name in ("missing.jsonl", "missing.csv.gz"):
        with pytest.raises(ConfigError, match=f"no file '{name}'"):
            load(name)
    path = tmp_path / "table.txt"
    path.write_text("a,b\n")
    with pytest.raises(ConfigError, match=r"is no file of problems.*\.csv"):
        load(path)


def test_a_folder_and_a_name_of_the_hub(tmp_path: Path) -> None:
    path = tmp_path / "quiz" / "test.jsonl"
    path.parent.mkdir()
    path.write_text('{"question": "1+1=", "answer": 2}\n')
    assert load(path.parent).name == load(f"hf:{path.parent}").name == "quiz"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"colour": "red"}, ["no option 'colour'", "problems", "seed", "largest"]),
        ({"problems": "ten"}, ["problems='ten'", "a whole number"]),
        ({"problems": 1.5}, ["problems=1.5", "a whole number"]),
        ({"problems": True}, ["problems=True", "a whole number"]),
    ],
)
def test_wrong_options_list_the_right_ones(options: dict[str, Json], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load("countdown", **options)
    for word in words:
        assert word in str(caught.value)


def test_wrong_options_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"prompt": "1+1="}\n')
    with pytest.raises(ConfigError, match=r"'jsonl' has no option 'seed'.*prompt, target"):
        load(path, seed=1)
    with pytest.raises(ConfigError, match=r"prompt=3 .* must be a text"):
        load(path, prompt=3)


def test_third_party_tasks() -> None:
    @task("test-any-options")
    def anything(**options: Json) -> Task:
        return Task("any", str(sorted(options)), ())

    @task("test-needs-one")
    def needs(*, size: int) -> Task:
        return Task("needs", str(size), ())

    @task("test-no-task")
    def broken(*, ratio: float = 0.5) -> object:
        return None

    assert load("test-any-options", x=1, y=[2]).version == "['x', 'y']"
    assert load("test-needs-one", size=3).version == "3"
    with pytest.raises(ConfigError, match="needs the option 'size'"):
        load("test-needs-one")
    with pytest.raises(ConfigError, match="gave NoneType instead of a Task"):
        load("test-no-task", ratio=1)
    with pytest.raises(ConfigError, match="must be a number"):
        load("test-no-task", ratio="half")
