"""Calls in threads, some of which never return."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from topdraw.servers.proxy import workers as workers_module
from topdraw.servers.proxy.workers import Workers


async def test_calls_come_one_after_the_other_in_one_thread() -> None:
    under_way, most, threads = 0, 0, set[int]()

    def work() -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        threads.add(threading.get_ident())
        time.sleep(0.001)
        under_way -= 1
        return 7

    workers = Workers[int]("w", 1)
    assert await asyncio.gather(*(workers.call(work) for _ in range(20))) == [7] * 20
    assert (most, len(threads)) == (1, 1)
    workers.close()


async def test_as_many_at_once_as_there_may_be() -> None:
    all_there = threading.Barrier(4)
    workers = Workers[int]("w", 4)
    found = await asyncio.gather(*(workers.call(lambda: all_there.wait(30)) for _ in range(4)))
    assert sorted(found) == [0, 1, 2, 3]
    workers.close()


async def test_one_that_hangs_gives_its_place_to_another() -> None:
    free = threading.Event()
    workers = Workers[bool]("w", 1)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await workers.call(lambda: free.wait(60))
    assert await workers.call(lambda: True)
    assert workers._lost == 3
    free.set()
    while workers._lost:
        await asyncio.sleep(0.001)
    assert await workers.call(lambda: True)
    assert workers._threads == 1
    workers.close()


async def test_one_given_up_before_its_turn_is_not_called() -> None:
    free, called = threading.Event(), list[int]()
    workers = Workers[object]("w", 1)
    first = asyncio.create_task(workers.call(lambda: free.wait(60)))
    second = asyncio.create_task(workers.call(lambda: called.append(2)))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    free.set()
    assert await first is True
    await workers.call(lambda: called.append(3))
    assert called == [3]
    workers.close()


async def test_the_lost_are_not_without_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "_MOST_LOST", 1)
    free = threading.Event()
    workers = Workers[bool]("w", 1)
    for _ in range(4):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await workers.call(lambda: free.wait(60))
    assert workers._lost == 1
    free.set()
    assert await workers.call(lambda: True)
    workers.close()


def test_a_process_ends_though_one_hangs() -> None:
    code = """
import asyncio, time
from topdraw.servers.proxy.workers import Workers
async def main():
    try:
        async with asyncio.timeout(0.05):
            await Workers("w", 1).call(lambda: time.sleep(600))
    except TimeoutError:
        print("late")
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stdout == b"late\n"
