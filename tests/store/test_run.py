from __future__ import annotations

import dataclasses
import gc
import json
import math
import os
import queue
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.strategies import HASH, HOSTILE, MODEL, make, same, samples, scores

import topdraw
from topdraw.core.billing import Answered, Asked
from topdraw.core.records import Decoding, Problem, Sample, Score, Task, sampler_hash
from topdraw.core.until import Until
from topdraw.errors import ConfigError, ResumeConflict, StoreError
from topdraw.store import journal as journal_module
from topdraw.store.rows import pack_sample
from topdraw.store.run import Durability, Run, Sampler
from topdraw.store.segments import frame, segments
from topdraw.store.table import sample_columns

SAMPLED = Sampler(HASH, "sampled", Decoding(), 4)
COLD = Decoding(temperature=0.0)
GREEDY = Sampler(sampler_hash(MODEL, COLD), "greedy", COLD, 1)
TASK = Task("t", "1", tuple(Problem(key, f"{key}?", "4") for key in "bac"), "number")


def create(
    path: Path,
    task: Task = TASK,
    samplers: tuple[Sampler, ...] = (SAMPLED,),
    until: Until | None = None,
) -> Run:
    return Run.create(path, task=task, model=MODEL, samplers=samplers, seed=0, until=until)


def fill(run: Run, drawn: list[Sample]) -> None:
    with run.writer() as writer:
        for sample in drawn:
            writer.append(sample)


ALL = [make(key, at, f"{key}{at}") for key in "bac" for at in range(4)]


def test_a_run_keeps_what_it_was_drawn_with(tmp_path: Path) -> None:
    made = create(tmp_path / "run")
    run = Run.open(tmp_path / "run")
    assert run.manifest == made.manifest
    assert run.manifest.schema == 1
    assert run.manifest.samplers == (SAMPLED,)
    assert run.manifest.scorer == "number"
    assert run.manifest.task["name"] == "t"
    assert list(run.problems.values()) == list(TASK.problems)
    assert list(run.problems) == ["b", "a", "c"]
    assert run.samples() == []
    assert run.recovered == []
    assert "run" in repr(run)


def test_samples_come_in_the_order_of_the_problems_then_by_index(tmp_path: Path) -> None:
    run = create(tmp_path)
    fill(run, ALL[::-1])
    assert run.samples() == ALL
    assert run.drawn(HASH) == {(one.problem_id, one.index) for one in ALL}
    assert run.drawn("other") == set()
    run.seal()
    assert Run.open(tmp_path).samples() == ALL
    assert run.drawn(HASH) == {(one.problem_id, one.index) for one in ALL}


def test_roles_are_kept_apart(tmp_path: Path) -> None:
    run = create(tmp_path, samplers=(SAMPLED, GREEDY))
    cold = [dataclasses.replace(make(key, 0, "cold"), sampler=GREEDY.hash) for key in "bac"]
    fill(run, [*cold, *ALL])
    assert run.samples("greedy") == cold
    assert run.samples() == ALL
    assert run.samples("unknown") == []


def test_sampling_at_temperature_0_shares_its_first_sample_with_greedy(tmp_path: Path) -> None:
    run = create(tmp_path, samplers=(dataclasses.replace(GREEDY, role="sampled", n=4), GREEDY))
    drawn = [dataclasses.replace(one, sampler=GREEDY.hash) for one in ALL]
    fill(run, drawn)
    assert run.samples() == drawn
    assert run.samples("greedy") == [one for one in drawn if one.index == 0]
    run.seal()
    assert sample_columns(run, role="greedy").index.tolist() == [0, 0, 0]
    assert len(sample_columns(run).index) == len(ALL)


def test_a_run_names_the_version_of_the_package(tmp_path: Path) -> None:
    assert create(tmp_path).manifest.topdraw == topdraw.__version__ == version("topdraw")


def test_reading_leaves_the_garbage_collector_as_it_was(tmp_path: Path) -> None:
    run = create(tmp_path)
    gc.disable()
    try:
        run.samples()
        assert not gc.isenabled()
    finally:
        gc.enable()
    run.samples()
    assert gc.isenabled()


def test_a_sample_of_nobody_is_refused(tmp_path: Path) -> None:
    run = create(tmp_path)
    with run.writer() as writer, pytest.raises(ConfigError, match="no sampler hash"):
        writer.append(Sample("a", 0, "x"))


def test_interrupted_and_resumed_equals_uninterrupted_row_for_row(tmp_path: Path) -> None:
    whole, parts = create(tmp_path / "whole"), create(tmp_path / "parts")
    fill(whole, ALL)
    for sample in ALL[::-1]:
        fill(parts, [sample])
        Run.open(parts.path)

    def rows(run: Run) -> list[bytes]:
        return sorted(
            line
            for path in segments(run.path / "segments")
            for line in path.read_bytes().split(b"\n")
        )[-len(ALL) :]

    assert rows(whole) == rows(parts)


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.lists(samples, max_size=8, unique_by=lambda one: (one.problem_id, one.index)))
def test_hostile_samples_come_back_before_and_after_sealing(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Sample]
) -> None:
    ids = dict.fromkeys(sample.problem_id for sample in drawn)
    task = Task("t", "1", tuple(Problem(one, one, one) for one in ids))
    path = tmp_path_factory.mktemp("runs") / "run"
    run = create(path, task)
    fill(run, drawn)
    place = list(ids)
    wanted = sorted(drawn, key=lambda one: (place.index(one.problem_id), one.index))
    assert same(run.samples(), wanted)
    run.seal()
    again = Run.open(path)
    assert same(again.samples(), wanted)
    assert again.drawn(HASH) == {(one.problem_id, one.index) for one in drawn}
    assert list(again.problems) == place
    assert {one.name for one in path.iterdir()} <= {
        *("manifest.json", "problems.jsonl", ".lock", "segments", "samples")
    }


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(given_scores=st.lists(scores, max_size=6))
def test_hostile_scores_come_back_before_and_after_sealing(
    tmp_path_factory: pytest.TempPathFactory, given_scores: list[Score]
) -> None:
    run = create(tmp_path_factory.mktemp("runs") / "run")
    wanted = {}
    for at, score in enumerate(given_scores):
        run.add_scores("x.py:f", [(make("a", at), score)])
        wanted[HASH, "a", at] = score
    for _ in range(2):
        found = run.scores("x.py:f")
        assert found.keys() == wanted.keys()
        assert all(same(found[key], wanted[key]) for key in wanted)
        run.seal()


def test_hostile_ids_never_become_paths(tmp_path: Path) -> None:
    task = Task("../../up", "1", tuple(Problem(one, "?") for one in HOSTILE))
    run = create(tmp_path / "inner" / "run", task)
    fill(run, [make(one, 0, one) for one in HOSTILE])
    for name in ("../../up", "/etc/x", "", ".", "..", "a\x00b", "\ud800", "N" * 5000, "CON"):
        run.add_scores(name, [(make(one, 0), Score.verdict(True)) for one in HOSTILE])
    run.seal()
    assert len(run.scorers()) == 9
    for name in run.scorers():
        assert len(run.scores(name)) == len(HOSTILE)
    assert [one.output for one in run.samples()] == list(HOSTILE)
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]
    assert [path.name for path in (tmp_path / "inner").iterdir()] == ["run"]
    assert len(list((run.path / "scores").iterdir())) == 9


def test_scores_point_at_samples_and_never_change_them(tmp_path: Path) -> None:
    run = create(tmp_path)
    fill(run, ALL)
    assert run.scorers() == []
    assert run.scores("number") == {}
    run.add_scores("number", ((one, Score(value=math.nan, passed=True)) for one in ALL))
    run.add_scores("File.py:Name", [(ALL[0], Score.missing("down"))])
    run.seal()
    assert run.scorers() == ["File.py:Name", "number"]
    assert run.scores("number").keys() == {(HASH, one.problem_id, one.index) for one in ALL}
    assert run.scores("File.py:Name")[HASH, "b", 0].missing_reason == "down"
    assert run.samples() == ALL


def test_many_small_batches_of_scores_stay_few_files(tmp_path: Path) -> None:
    run = create(tmp_path)
    for at in range(40):
        run.add_scores("number", [(make("a", at), Score.verdict(True))])
    assert len(list((tmp_path / "scores" / "number" / "segments").iterdir())) < 16
    assert len(run.scores("number")) == 40


def test_a_larger_n_tops_the_run_up_and_a_smaller_one_keeps_it(tmp_path: Path) -> None:
    create(tmp_path)
    for n, kept in ((2, 4), (9, 9), (4, 9)):
        run = create(tmp_path, samplers=(dataclasses.replace(SAMPLED, n=n),))
        assert [one.n for one in run.manifest.samplers] == [kept]
        assert Run.open(tmp_path).manifest == run.manifest


def test_a_greedy_sampler_can_join_later(tmp_path: Path) -> None:
    create(tmp_path)
    assert create(tmp_path, samplers=(SAMPLED, GREEDY)).manifest.samplers == (SAMPLED, GREEDY)
    assert create(tmp_path).manifest.samplers == (SAMPLED, GREEDY)


def test_every_difference_is_named(tmp_path: Path) -> None:
    create(tmp_path, samplers=(Sampler("h", "sampled", Decoding(temperature=0.7), 4),))
    with pytest.raises(ResumeConflict) as caught:
        Run.create(
            tmp_path,
            task=dataclasses.replace(TASK, version="2", problems=TASK.problems[:2]),
            model={"name": "other"},
            samplers=[SAMPLED],
            seed=1,
        )
    for text in (
        "temperature: run has 0.7, asked 1.0",
        "model name: run has 'tiny', asked 'other'",
        "task version: run has '1', asked '2'",
        "task digest: run has",
        "seed: run has 0, asked 1",
    ):
        assert text in str(caught.value)
    assert "top_p" not in str(caught.value)


def test_fewer_problems_are_another_draw(tmp_path: Path) -> None:
    create(tmp_path)
    with pytest.raises(ResumeConflict, match="digest"):
        create(tmp_path, dataclasses.replace(TASK, problems=TASK.problems[:2]))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(StoreError, match=r"not a run, and it is not empty.*thesis\.tex"):
        create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(StoreError, match="is not a run"):
        Run.open(tmp_path)
    with pytest.raises(StoreError, match="is not a run"):
        Run.open(tmp_path / "none")
    with pytest.raises(StoreError, match="No run can be made"):
        create(tmp_path / "thesis.tex" / "run")


def test_a_run_killed_while_it_was_made_can_be_made_again(tmp_path: Path) -> None:
    create(tmp_path)
    (tmp_path / "manifest.json").rename(tmp_path / ".manifest.json.abcd.tmp")
    assert len(create(tmp_path).problems) == 3


def test_two_problems_with_one_id_are_refused(tmp_path: Path) -> None:
    task = Task("t", "1", (Problem("a", "1"), Problem("a", "2")))
    with pytest.raises(ConfigError, match="two problems with the id 'a'"):
        create(tmp_path, task)
    with pytest.raises(ConfigError, match="one sampler per role"):
        create(tmp_path, samplers=(SAMPLED, SAMPLED))


def test_a_damaged_problems_file_is_a_clear_error(tmp_path: Path) -> None:
    run = create(tmp_path)
    (tmp_path / "problems.jsonl").write_bytes(b"{")
    with pytest.raises(StoreError, match=r"problems\.jsonl cannot be read"):
        _ = run.problems


def test_a_damaged_scorer_name_is_a_clear_error(tmp_path: Path) -> None:
    run = create(tmp_path)
    run.add_scores("number", [(ALL[0], Score.verdict(True))])
    (tmp_path / "scores" / "number" / "_scorer.json").write_bytes(b"[]")
    with pytest.raises(StoreError, match=r"scorer\.json cannot be read"):
        run.scorers()
    with pytest.raises(StoreError, match=r"scorer\.json cannot be read"):
        run.check_source("number", "abc")


def test_scores_that_cannot_be_stored_are_a_clear_error(tmp_path: Path) -> None:
    run = create(tmp_path)
    (tmp_path / "scores").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be made"):
        run.add_scores("number", [])


def test_opening_recovers_and_says_what_was_cut(tmp_path: Path) -> None:
    run = create(tmp_path)
    fill(run, ALL)
    (path,) = segments(tmp_path / "segments")
    path.rename(path.with_name(path.name.replace(".jsonl", ".open.jsonl")))
    with open(segments(tmp_path / "segments")[0], "ab") as file:
        file.write(b'{"problem_id":"c","ind')
    again = Run.open(tmp_path)
    assert again.samples() == ALL
    assert len(again.recovered) == 1
    assert "unfinished record" in again.recovered[0]
    assert Run.open(tmp_path).recovered == []


def test_a_run_without_samplers_or_with_unknown_fields_opens(tmp_path: Path) -> None:
    create(tmp_path)
    path = tmp_path / "manifest.json"
    values = json.loads(path.read_text())
    values["new"] = {"later": 1}
    values["samplers"][0]["decoding"]["min_p"] = 0.1
    path.write_text(json.dumps(values))
    assert Run.open(tmp_path).manifest.extra == {"new": {"later": 1}}
    create(tmp_path, samplers=(dataclasses.replace(SAMPLED, n=9),))
    assert json.loads(path.read_text())["new"] == {"later": 1}


def scored(run: Run, score: Score, source: str | None) -> None:
    with run.score_writer("mine", source=source) as writer:
        writer.append(ALL[0], score)


def test_a_scorer_without_scores_is_not_listed(tmp_path: Path) -> None:
    run = create(tmp_path)
    run.add_scores("mine", [])
    assert run.scorers() == []
    scored(run, Score.verdict(True), "abc")  # the source of the first that stores anything counts
    assert run.scorers() == ["mine"]
    run.seal()
    assert run.scorers() == ["mine"]
    with pytest.raises(ResumeConflict):
        run.check_source("mine", "def")


@pytest.mark.parametrize("sealed", [False, True])
def test_scores_of_another_source_are_not_mixed(tmp_path: Path, sealed: bool) -> None:
    run = create(tmp_path)
    run.check_source("mine", "abc")
    scored(run, Score.verdict(True), "abc")
    if sealed:
        run.seal()
    run.check_source("mine", "abc")
    run.check_source("mine", None)
    for other in ("def", ""):
        with pytest.raises(ResumeConflict, match=r"'mine'.*another version.*--again"):
            run.check_source("mine", other)
        with pytest.raises(ResumeConflict):
            scored(run, Score.verdict(False), other)
    assert [one.passed for one in run.scores("mine").values()] == [True]


def test_scores_of_an_unknown_source_go_with_any(tmp_path: Path) -> None:
    run = create(tmp_path)
    run.add_scores("mine", [(ALL[0], Score.verdict(True))])
    run.check_source("mine", "abc")


def test_dropped_scores_are_gone_and_others_stay(tmp_path: Path) -> None:
    run = create(tmp_path)
    run.drop_scores("mine")
    scored(run, Score.verdict(True), "abc")
    run.add_scores("other", [(ALL[0], Score.verdict(True))])
    run.drop_scores("mine")
    assert run.scorers() == ["other"]
    assert run.scores("mine") == {}
    assert [path.name for path in (tmp_path / "scores").iterdir()] == ["other"]
    scored(run, Score.verdict(False), "def")
    assert [one.passed for one in run.scores("mine").values()] == [False]


def test_a_kill_while_scores_are_dropped_brings_none_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create(tmp_path)
    scored(run, Score.verdict(True), "abc")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda path, **named: None)
        run.drop_scores("mine")
    assert len(list((tmp_path / "scores").iterdir())) == 1
    assert Run.open(tmp_path).scorers() == []
    scored(run, Score.verdict(False), "def")
    run.drop_scores("mine")
    assert list((tmp_path / "scores").iterdir()) == []


def test_scores_that_cannot_be_dropped_are_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(old: object, new: object) -> None:
        raise PermissionError(13, "Permission denied")

    run = create(tmp_path)
    scored(run, Score.verdict(True), "abc")
    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(StoreError, match=r"could not be dropped.*Permission denied"):
        run.drop_scores("mine")
    assert run.scorers() == ["mine"]


def test_a_run_keeps_its_stopping_rule_and_refuses_another(tmp_path: Path) -> None:
    rule = Until("settled", "number", 2, 0.9)
    assert create(tmp_path, until=rule).manifest.until == rule
    wider = (dataclasses.replace(SAMPLED, n=9),)
    assert create(tmp_path, samplers=wider, until=rule).manifest.until == rule
    for other in (None, Until("pass", "number")):
        with pytest.raises(ResumeConflict, match="until: run has until the vote is settled by"):
            create(tmp_path, until=other)
    assert Run.open(tmp_path).manifest.until == rule


@pytest.mark.parametrize(
    ("durability", "appended", "synced"), [("none", 0, 1), ("group", 1, 2), ("strict", 1, 2)]
)
def test_samples_are_synced_as_the_durability_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    durability: Durability,
    appended: int,
    synced: int,
) -> None:
    calls = queue.SimpleQueue[int]()
    monkeypatch.setattr(journal_module, "_sync", calls.put)
    monkeypatch.setattr(journal_module, "SYNC_SECONDS", 3600)
    together = sum(len(frame(pack_sample(sample))) for sample in ALL)
    monkeypatch.setattr(journal_module, "SYNC_BYTES", together)
    with create(tmp_path).writer(durability=durability) as writer:
        for sample in ALL:
            writer.append(sample)
        for _ in range(appended):
            calls.get(timeout=30)  # as many as asked for at once
        writer.append(make("a", 9))
        writer.sync()
        writer.sync()
        assert calls.qsize() == 1
    assert calls.qsize() == 1
    assert len(Run.open(tmp_path).samples()) == len(ALL) + 1


def test_another_durability_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="durability is 'much'"):
        create(tmp_path).writer(durability="much")  # type: ignore[arg-type]  # wrong on purpose


def everything(run: Run) -> list[object]:
    return [run.samples(), run.drawn(HASH), run.scores("number"), run.scorers(), run.bill()]


def fill_everywhere(path: Path) -> Run:
    """A run with parts, sealed segments, and segments that a killed writer left torn."""
    run = create(path)
    for at in range(3):
        fill(run, ALL[at::3])
        run.add_scores("number", [(one, Score.verdict(True)) for one in ALL[at::3]])
        with run.bill_writer() as bill:
            bill.end(bill.begin(Asked("a", at, 1, "host")), Answered("delivered", 1, 2, 3))
            bill.begin(Asked("a", at, 1, "host"))
        if at == 0:
            run.seal()
    for folder in (path, path / "bill", path / "scores" / "number"):
        last = segments(folder / "segments")[-1]
        with open(last, "ab") as file:
            file.write(b'{"torn')
        last.rename(last.with_name(last.name.replace(".jsonl", ".open.jsonl")))
    return run


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")
def test_a_read_only_file_system_reads_whole(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.mkdir()
    if os.system(f"mount -t tmpfs -o size=4m tmpfs '{path}' 2>/dev/null"):  # noqa: S605  # a path of pytest
        pytest.skip("this machine does not mount file systems")
    try:
        wanted = everything(fill_everywhere(path / "run"))
        assert not os.system(f"mount -o remount,ro '{path}'")  # noqa: S605  # a path of pytest
        before = files(path)
        run = Run.open(path / "run")
        assert everything(run) == wanted
        assert run.recovered == []
        assert files(path) == before
        with run.writer() as writer, pytest.raises(StoreError, match="Read-only file system"):
            writer.append(make("a", 9))
        with pytest.raises(StoreError, match="No run can be made"):
            create(path / "run")
    finally:
        os.system(f"umount '{path}'")  # noqa: S605  # a path of pytest


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """A folder of a user who minds permissions, and that user at work in it."""
    path = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    try:
        if is_root:
            os.chown(path, 65534, 65534)
            os.seteuid(65534)
        yield path
    finally:
        if is_root:
            os.seteuid(0)
        for folder in [path, *path.rglob("*/")]:
            folder.chmod(0o755)
        shutil.rmtree(path)


def test_a_folder_that_may_not_be_written_reads_whole(nobodys_folder: Path) -> None:
    path = nobodys_folder / "run"
    wanted = everything(fill_everywhere(path))
    for folder in [path, *(one for one in path.rglob("*") if one.is_dir())]:
        folder.chmod(0o555)
    before = files(path)
    run = Run.open(path)
    assert everything(run) == wanted
    assert run.recovered == []
    assert files(path) == before
