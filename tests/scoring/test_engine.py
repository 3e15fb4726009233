"""Scoring a stored run: only what is left, both roles, missing ones again, kill and resume."""

import asyncio
import functools
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from topdraw.core.records import Problem, Sample, Score
from topdraw.errors import ConfigError, DomainError, ResumeConflict, StoreError, UnknownNameError
from topdraw.scoring import engine
from topdraw.scoring.engine import score
from topdraw.store.parquet import connect
from topdraw.store.run import Run

TinyRun = Callable[..., Run]

_OUTPUTS = {"p1": ["4", "5", "4"], "p2": ["7", "x"], "p3": ["0"]}
_TARGETS = {"p1": "4", "p2": "7", "p3": "1"}


class Recorder:
    """A scorer that remembers its calls and fails where it is told to."""

    def __init__(self, broken: Sequence[str] = ()) -> None:
        self.calls: list[tuple[str, int]] = []
        self.threads: set[str] = set()
        self.broken = set(broken)

    def __call__(self, problem: Problem, samples: Sequence[Sample], /) -> Sequence[Score]:
        self.calls.append((problem.id, len(samples)))
        self.threads.add(threading.current_thread().name)
        if problem.id in self.broken:
            raise ValueError(problem.id)
        return [Score(value=float(len(sample.output))) for sample in samples]


def _verdicts(run: Run, scorer: str = "number") -> dict[tuple[str, int], bool | None]:
    return {key[1:]: found.passed for key, found in run.scores(scorer).items()}


def test_scores_are_stored(tiny_run: TinyRun) -> None:
    run = tiny_run(_OUTPUTS, targets=_TARGETS)
    assert score(run, "number") is run
    assert _verdicts(Run.open(run.path)) == {
        ("p1", 0): True, ("p1", 1): False, ("p1", 2): True,
        ("p2", 0): True, ("p2", 1): False, ("p3", 0): False,
    }  # fmt: skip


def test_a_path_and_several_scorers(tiny_run: TinyRun) -> None:
    run = score(tiny_run(_OUTPUTS, targets=_TARGETS).path, ["number", "logprob", Recorder()])
    assert run.scorers() == ["Recorder", "logprob", "number"]
    assert all(len(run.scores(name)) == 6 for name in run.scorers())


def test_greedy_samples_are_scored_too(tiny_run: TinyRun) -> None:
    run = tiny_run({"p1": ["4"]}, targets=_TARGETS, greedy={"p1": "5"})
    score(run, "number")
    assert sorted(found.passed is True for found in run.scores("number").values()) == [False, True]


def test_only_what_is_left_is_scored(tiny_run: TinyRun) -> None:
    run, scorer = tiny_run(_OUTPUTS), Recorder()
    score(run, scorer)
    score(run, scorer)
    assert scorer.calls == [("p1", 3), ("p2", 2), ("p3", 1)]


def test_missing_scores_are_tried_again(tiny_run: TinyRun) -> None:
    run, scorer = tiny_run(_OUTPUTS), Recorder(broken=["p2"])
    score(run, scorer)
    reasons = {found.missing_reason for found in run.scores("Recorder").values()}
    assert reasons == {None, "ValueError: p2"}
    scorer.broken.clear()
    score(run, scorer)
    assert scorer.calls[3:] == [("p2", 2)]
    assert not any(found.is_missing for found in run.scores("Recorder").values())


@pytest.mark.parametrize("workers", [1, 3])
def test_an_interrupt_keeps_what_was_scored(tiny_run: TinyRun, workers: int) -> None:
    run, scorer = tiny_run({f"p{i}": ["a"] for i in range(20)}), Recorder()

    def interrupt(done: int, total: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(run, scorer, workers=workers, on_progress=interrupt)
    kept = len(run.scores("Recorder"))
    assert 8 <= kept < 20
    calls = len(scorer.calls)
    score(run, scorer)
    assert len(run.scores("Recorder")) == 20
    assert len(scorer.calls) == calls + 20 - kept


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_change_nothing_but_the_threads(tiny_run: TinyRun, workers: int) -> None:
    run, scorer = tiny_run({f"p{i}": ["a" * i, "b"] for i in range(12)}), Recorder()
    score(run, scorer, workers=workers)
    values = {key[1:]: found.value for key, found in run.scores("Recorder").items()}
    assert values == {(f"p{i}", j): (i, 1)[j] for i in range(12) for j in range(2)}
    here = threading.current_thread().name
    assert (scorer.threads == {here}) == (workers == 1)


@pytest.mark.parametrize("odd", ["\ud800", "a/../b", "\x00", "\u2028", "x" * 500, " "])
def test_odd_ids_and_outputs_are_scored(tiny_run: TinyRun, odd: str) -> None:
    run = score(tiny_run({odd: [odd, "2"]}, targets={odd: "2"}), "number")
    assert _verdicts(run) == {(odd, 0): False, (odd, 1): True}


@pytest.mark.slow
def test_a_kill_loses_no_finished_score(tiny_run: TinyRun) -> None:
    run = tiny_run({f"p{i}": ["a", "b"] for i in range(12)})
    scorer = run.path.parent / "mine.py"
    scorer.write_text(
        "import os, pathlib\n"
        f"calls = pathlib.Path({str(run.path.parent / 'calls')!r})\n"
        "def mine(problem, samples):\n"
        "    with calls.open('a') as file:\n"
        "        print(problem.id, file=file)\n"
        "    if len(calls.read_text().splitlines()) == 6:\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return [1.0 for _ in samples]\n"
    )
    code = "import sys, topdraw; topdraw.score(sys.argv[1], sys.argv[2])"
    command = [sys.executable, "-c", code, str(run.path), f"{scorer}:mine"]
    assert subprocess.run(command, check=False).returncode == -9
    assert len(Run.open(run.path).scores("mine")) == 10
    subprocess.run(command, check=True)
    assert len(Run.open(run.path).scores("mine")) == 24
    calls = (run.path.parent / "calls").read_text().splitlines()
    assert calls == [f"p{i}" for i in (*range(6), *range(5, 12))]


def test_progress_rises_to_the_total(tiny_run: TinyRun) -> None:
    seen: list[tuple[int, int]] = []
    run = tiny_run(_OUTPUTS)
    score(run, Recorder(), on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 6), (3, 6), (5, 6), (6, 6)]
    score(run, Recorder(), on_progress=lambda done, total: seen.append((done, total)))
    assert seen[4:] == [(6, 6)]


def test_long_problems_are_scored_in_pieces(
    tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MOST_PER_CALL", 2)
    run, scorer = tiny_run({"p1": ["a"] * 5}), Recorder()
    score(run, scorer)
    assert scorer.calls == [("p1", 2), ("p1", 2), ("p1", 1)]


def test_async_scorers_run_side_by_side(tiny_run: TinyRun) -> None:
    gate: list[asyncio.Event] = []
    waiting = 0

    async def together(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        nonlocal waiting
        if not gate:
            gate.append(asyncio.Event())
        waiting += 1
        if waiting == 3:
            gate[0].set()
        await asyncio.wait_for(gate[0].wait(), 30)
        return [Score.verdict(True) for _ in samples]

    run = score(tiny_run(_OUTPUTS), together)  # type: ignore[arg-type]  # async scorers are allowed
    assert all(found.passed for found in run.scores("together").values())
    assert len(run.scores("together")) == 6


def test_many_small_sessions_are_compacted(tiny_run: TinyRun) -> None:
    run, scorer = tiny_run({f"p{i}": ["a"] for i in range(20)}), Recorder()

    def stop(most: int, done: int, total: int) -> None:
        if done > most:
            raise KeyboardInterrupt

    for most in range(16):
        with pytest.raises(KeyboardInterrupt):
            score(run, scorer, on_progress=functools.partial(stop, most))
    score(run, scorer)
    assert not run.score_ledger("Recorder").is_scattered(2)
    assert len(run.scores("Recorder")) == 20


def test_a_file_and_an_empty_run(tiny_run: TinyRun) -> None:
    run = tiny_run({"p1": []})
    path = run.path.parent / "mine.py"
    path.write_text("def size(problem, samples):\n    return [len(s.output) for s in samples]\n")
    assert score(run, f"{path}:size").scores("size") == {}
    full = tiny_run({"p1": ["abc"]}, name="full")
    assert [s.value for s in score(full, f"{path}:size").scores("size").values()] == [3]


def test_bad_calls_are_refused(tiny_run: TinyRun) -> None:
    run = tiny_run(_OUTPUTS)
    with pytest.raises(DomainError, match="workers=0"):
        score(run, "number", workers=0)
    with pytest.raises(UnknownNameError, match="nmuber"):
        score(run, ["number", "nmuber"])
    assert run.scorers() == []
    with pytest.raises(StoreError):
        score(run.path / "nowhere", "number")

    def few(problem: Problem, samples: Sequence[Sample]) -> list[Score]:
        return []

    with pytest.raises(ConfigError, match="0 scores for the 3 samples of problem 'p1'"):
        score(run, few)
    assert run.scorers() == []


def _write(run: Run, folder: str, value: int) -> str:
    path = run.path.parent / folder / "mine.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"def f(problem, samples):\n    return [{value} for _ in samples]\n")
    return f"{path}:f"


def _values(run: Run, scorer: str = "f") -> set[float]:
    return {found.value for found in run.scores(scorer).values()}


def test_two_files_with_one_function_name_do_not_share_scores(tiny_run: TinyRun) -> None:
    run = tiny_run(_OUTPUTS)
    first, second = _write(run, "a", 1), _write(run, "b", 2)
    score(run, first)
    with pytest.raises(ResumeConflict, match=r"'f'.*another version.*another file.*--again"):
        score(run.path, second)
    assert _values(score(run, first)) == {1}
    assert _values(score(run, second, again=True)) == {2}
    with pytest.raises(ResumeConflict):
        score(run, first)


def test_two_files_with_one_function_name_in_one_call(tiny_run: TinyRun) -> None:
    run = tiny_run(_OUTPUTS)
    both = [_write(run, "a", 1), _write(run, "b", 2)]
    for again in (False, True):
        with pytest.raises(ResumeConflict):
            score(run, both, again=again)
        assert _values(run) == {1}


def test_a_conflict_is_found_before_anything_is_scored(tiny_run: TinyRun) -> None:
    run = tiny_run(_OUTPUTS)
    score(run, _write(run, "a", 1))
    with pytest.raises(ResumeConflict):
        score(run, ["number", _write(run, "a", 2)])
    assert run.scorers() == ["f"]


def test_an_edited_file_is_refused_and_scored_again_when_asked(tiny_run: TinyRun) -> None:
    run = tiny_run(_OUTPUTS)
    score(run, _write(run, "a", 1))
    edited = _write(run, "a", 2)
    with pytest.raises(ResumeConflict):
        score(run, edited)
    score(run, edited, again=True)
    assert _values(Run.open(run.path)) == {2}
    assert len(run.scores("f")) == 6


def test_a_scorer_that_failed_can_be_mended(tiny_run: TinyRun) -> None:
    run = tiny_run(_OUTPUTS)
    spec = _write(run, "a", 1)
    path = spec.rpartition(":")[0]
    Path(path).write_text("def f(problem, samples):\n    return []\n")
    with pytest.raises(ConfigError):
        score(run, spec)
    assert run.scorers() == []
    assert _values(score(run, _write(run, "a", 1))) == {1}


def test_again_scores_everything_anew(tiny_run: TinyRun) -> None:
    run, scorer = tiny_run(_OUTPUTS), Recorder()
    score(run, [scorer, "number"])
    score(run, scorer, again=True)
    assert scorer.calls == [("p1", 3), ("p2", 2), ("p3", 1)] * 2
    assert len(run.scores("Recorder")) == len(run.scores("number")) == 6


def test_again_drops_nothing_when_a_name_is_unknown(tiny_run: TinyRun) -> None:
    run = score(tiny_run(_OUTPUTS), "number")
    with pytest.raises(UnknownNameError):
        score(run, ["number", "nmuber"], again=True)
    assert len(run.scores("number")) == 6


@pytest.mark.parametrize("workers", [1, 3])
def test_a_scorer_that_exits_is_missing(tiny_run: TinyRun, workers: int) -> None:
    def leave(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
        sys.exit(3)

    run = score(tiny_run(_OUTPUTS), leave, workers=workers)
    reasons = [found.missing_reason for found in run.scores("leave").values()]
    assert reasons == ["SystemExit: 3"] * 6


def test_a_join_counts_every_sample_once(tiny_run: TinyRun) -> None:
    run, scorer = tiny_run(_OUTPUTS), Recorder(broken=["p1"])
    score(run, scorer)
    scorer.broken.clear()
    score(run, scorer)
    (folder,) = (run.path / "scores").iterdir()
    query = (
        f"SELECT count(*) FROM '{run.path}/samples/*.parquet' "
        f"JOIN '{folder}/*.parquet' USING (sampler, problem_id, index)"
    )
    assert connect().execute(query).fetchone() == (6,)
