from collections.abc import Callable
from pathlib import Path

import pytest
from tests.studies.greedy.made import made_drawn, sure

from topdraw.core.records import Decoding, Problem, Sample, Score, Task, sampler_hash
from topdraw.store.evidence import open_evidence
from topdraw.store.run import Run, Sampler
from topdraw.studies.greedy.drawn import Drawn, drawn
from topdraw.studies.greedy.groups import cold_beside, task_groups, varied, whole_samples
from topdraw.studies.material import Material

Make = Callable[..., Drawn]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(name: str, **options: object) -> Drawn:
        return made_drawn(tmp_path / name, sure(6, 0.5, 2), **options)

    return made


def _table(path: Path, first: int, count: int) -> Drawn:
    rows = [f'{{"problem": "p{at:03d}", "correct": [1, 0]}}' for at in range(first, first + count)]
    path.write_text("\n".join(rows))
    evidence = open_evidence(path)
    return drawn(Material(path.name, "recorded", path.name, path.stem, evidence))


def test_runs_go_by_the_name_of_their_task(make: Make) -> None:
    sets = [make("a", task="x"), make("b", task="y"), make("c", task="x")]
    groups = task_groups(sets)
    assert [(one.task, len(one.sets)) for one in groups] == [("x", 2), ("y", 1)]


@pytest.mark.parametrize(("first", "tasks"), [(3, ["made"]), (4, ["made", "t.jsonl"])])
def test_a_table_goes_by_its_problems(
    make: Make, tmp_path: Path, first: int, tasks: list[str]
) -> None:
    sets = [make("run"), _table(tmp_path / "t.jsonl", first, 6)]
    assert [one.task for one in task_groups(sets)] == tasks


def test_tables_that_come_first_stay_first(make: Make, tmp_path: Path) -> None:
    sets = [_table(tmp_path / "t.jsonl", 0, 6), make("run")]
    (group,) = task_groups(sets)
    assert group.task == "made"
    assert group.sets == tuple(sets)


def test_sets_that_differ_in_one_setting_make_a_curve(make: Make) -> None:
    sets = [
        make("one", temperature=1.0),
        make("hot", temperature=1.5),
        make("cold", temperature=0.0),
        make("penalty", repetition_penalty=1.2),
        make("other", temperature=0.5, repetition_penalty=1.2),
        make("else", temperature=0.5, model="else"),
    ]
    (group,) = task_groups(sets)
    curves = {(one.axis, tuple(value for value, _ in one.sets)) for one in varied(group)}
    assert curves == {
        ("temperature", (0.0, 1.0, 1.5)),
        ("temperature", (0.5, 1.0)),
        ("repetition_penalty", (1.0, 1.2)),
    }
    assert [one.material.name for one in whole_samples(group)] == ["one", "else"]


def test_the_set_at_temperature_zero_has_the_greedy_answers(make: Make) -> None:
    cold, warm = make("cold", temperature=0.0), make("warm", temperature=0.7)
    (group,) = task_groups([cold, warm])
    assert cold_beside(warm, group) is cold
    (alone,) = task_groups([warm])
    assert cold_beside(warm, alone) is None


def test_who_has_no_decoding_is_on_no_curve(make: Make, tmp_path: Path) -> None:
    table = _table(tmp_path / "t.jsonl", 0, 6)
    (group,) = task_groups([make("run"), table])
    assert varied(group) == []
    assert len(whole_samples(group)) == 2


def test_problems_of_one_id_that_ask_something_else_are_of_another_task(tmp_path: Path) -> None:
    def made(folder: Path, prompt: str) -> Drawn:
        decoding, model = Decoding(), {"name": "made"}
        sampler = Sampler(sampler_hash(model, decoding), "sampled", decoding, 1)
        task = Task("games", "1", (Problem("games/0000", prompt),), "judge")
        run = Run.create(folder, task=task, model=model, samplers=[sampler], seed=0)
        with run.writer() as writer:
            writer.append(Sample("games/0000", 0, "x", sampler=sampler.hash))
        run.add_scores("judge", [(one, Score.verdict(True)) for one in run.samples()])
        return drawn(Material(folder.name, "main", "games", folder.name, run, decoding))

    sets = [made(tmp_path / name, name[0]) for name in ("a1", "b1", "a2", "b2")]
    groups = task_groups(sets)
    assert [one.task for one in groups] == ["games", "games #2"]
    assert [one.sets for one in groups] == [(sets[0], sets[2]), (sets[1], sets[3])]
