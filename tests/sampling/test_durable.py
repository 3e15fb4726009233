import asyncio
import threading

import pytest

from topdraw.errors import StoreError
from topdraw.sampling.durable import GroupSync


class Disk:
    """What is written becomes safe when a sync that began later ends; syncs wait to be let go."""

    def __init__(self) -> None:
        self.written = self.safe = self.syncs = 0
        self.go = threading.Semaphore(0)

    def sync(self) -> None:
        began_with = self.written
        self.go.acquire()
        self.syncs += 1
        self.safe = began_with


async def test_one_sync_serves_all_who_wait_and_none_too_early() -> None:
    disk = Disk()
    group = GroupSync(disk.sync)
    safe_at_return: list[tuple[int, int]] = []

    async def write() -> None:
        disk.written += 1
        mine = disk.written
        await group.wait()
        safe_at_return.append((mine, disk.safe))

    first = asyncio.create_task(write())
    while not group._one_at_a_time.locked() or group._next is not None:
        await asyncio.sleep(0)
    others = [asyncio.create_task(write()) for _ in range(50)]
    await asyncio.sleep(0)
    disk.go.release(2)
    await asyncio.gather(first, *others)
    assert disk.syncs == 2
    assert all(safe >= mine for mine, safe in safe_at_return)


async def test_one_who_is_cancelled_takes_nobody_along() -> None:
    disk = Disk()
    group = GroupSync(disk.sync)
    impatient, patient = (asyncio.create_task(group.wait()) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    disk.go.release()
    await patient
    assert impatient.cancelled() or impatient.cancelling()


async def test_a_disk_that_fails_is_told_to_everybody() -> None:
    def sync() -> None:
        raise StoreError("the disk is gone")

    group = GroupSync(sync)
    results = await asyncio.gather(*(group.wait() for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [StoreError] * 3
    with pytest.raises(StoreError):
        await group.wait()
