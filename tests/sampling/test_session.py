"""The session: what is told only after it is on disk, and how many requests begin together."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from tests.models.scripted_server import ScriptedServer
from tests.sampling.models_for_tests import Echo
from tests.sampling.test_engine import endpoint, rows, task

from topdraw.core.records import Decoding, Problem, Sample
from topdraw.errors import DomainError
from topdraw.sampling.engine import sample
from topdraw.sampling.progress import Progress
from topdraw.store.segments import read_segments


class Together(Echo):
    """Hands over a problem's samples in one delivery."""

    twice = False

    async def deliveries(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[list[Sample]]:
        stream = self.generate(problem, indices, decoding=decoding, seed=seed)
        drawn = [one async for one in stream]
        yield drawn + drawn[:1] * self.twice


def test_samples_that_come_together_are_those_that_come_alone(tmp_path: Path) -> None:
    together = sample(task(), Together(), 4, out=tmp_path / "together")
    alone = sample(task(), Echo(), 4, out=tmp_path / "alone")
    assert rows(together) == rows(alone)


def test_a_delivery_with_a_sample_twice_is_found_out(tmp_path: Path) -> None:
    model = Together()
    model.twice = True
    with pytest.raises(DomainError, match="not asked for"):
        sample(task(1), model, 4, out=tmp_path)


@pytest.mark.parametrize("durability", ["none", "group", "strict"])
def test_nothing_is_told_before_it_is_written(durability: str, tmp_path: Path) -> None:
    def watch(progress: Progress) -> None:
        assert len(list(read_segments(tmp_path / "segments", []))) >= progress.done
        told.append(progress.drawn)

    told: list[int] = []
    with ScriptedServer() as server:
        sample(
            task(5),
            endpoint(server.url, chunk=4),
            8,
            out=tmp_path,
            durability=durability,  # type: ignore[arg-type]  # one of three
            on_progress=watch,
        )
    assert sorted(set(told)) == list(range(41))


def test_a_disk_that_fills_up_within_a_delivery_takes_it_whole_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    space = iter(("half", "none", "none", "half", "none"))
    told: list[Progress] = []

    def write(fd: int, data: bytes) -> int:
        left = next(space, "enough") if b'"output"' in data else "enough"
        if left == "none":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data if left == "enough" else data[: len(data) // 2])

    monkeypatch.setattr("topdraw.sampling.keeping._DISK_SECONDS", 0.001)
    with ScriptedServer() as server:
        model = endpoint(server.url, chunk=4)
        monkeypatch.setattr(os, "write", write)
        run = sample(task(3), model, 4, out=tmp_path, concurrency=1, on_progress=told.append)
    assert len(run.samples()) == 12
    assert run.recovered == []
    assert run.bill().requests == server.counts.requests == 3
    assert run.bill().paid_unused == 0
    stuck = [one.done for one in told if "disk is full" in one.trouble]
    assert stuck
    assert set(stuck) == {0}


class Early(Echo):
    """Notes how many calls have begun when the first gives way."""

    begun_first = 0

    async def generate(
        self, problem: Problem, indices: Sequence[int], /, *, decoding: Decoding, seed: int
    ) -> AsyncIterator[Sample]:
        self.calls.append((problem.id, tuple(indices)))
        await asyncio.sleep(0)
        self.begun_first = self.begun_first or len(self.calls)
        yield Sample(problem.id, indices[0], "")


def test_calls_begin_in_waves(tmp_path: Path) -> None:
    model = Early()
    sample(task(64), model, 1, out=tmp_path, concurrency=64)
    assert len(model.calls) == 64
    assert model.begun_first <= 16
