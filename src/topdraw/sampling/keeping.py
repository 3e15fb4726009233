"""Keeping what was paid for: samples to the journal, however long the disk is full.

Not here: the journal (`topdraw.store.journal`), one sync for many (`durable`).
Try it: `python -m pytest tests/sampling/test_caps.py -k disk`.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import time
from collections.abc import Awaitable, Callable, Sequence

from topdraw.core.records import Sample
from topdraw.errors import StoreError
from topdraw.sampling.account import Account
from topdraw.sampling.durable import GroupSync
from topdraw.store.run import SampleWriter

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_DISK_SECONDS = 1.0
_DISK_PATIENCE_SECONDS = 900.0


class Keeper:
    """Keeps the samples of one session.

    Args:
        writer: open; takes samples the moment they are there.
        account: of the session; once it is halted no disk is waited for.
        strict: whether a sample counts only once it is on disk for good.
        on_trouble: told when `trouble` has changed for the worse.

    Attributes:
        trouble: what holds it up; "" when nothing does.
    """

    def __init__(
        self,
        writer: SampleWriter,
        account: Account,
        *,
        strict: bool,
        on_trouble: Callable[[], None],
    ) -> None:
        self.trouble = ""
        self._writer, self._account, self._on_trouble = writer, account, on_trouble
        self._durable = GroupSync(writer.sync) if strict else None
        self._full_since: float | None = None

    async def keep(self, samples: Sequence[Sample], sampler: str) -> None:
        """Store samples that came together; waits while the disk is full.

        Args:
            samples: as the model gave them.
            sampler: hash of the sampler that drew them.

        Raises:
            StoreError: when they cannot be stored.
        """
        await self._stored(functools.partial(self._append, samples, sampler))
        if self._durable is not None:
            await self._stored(self._durable.wait)
        self._full_since, self.trouble = None, ""

    async def _append(self, samples: Sequence[Sample], sampler: str) -> None:
        self._writer.append_all(samples, sampler)

    async def _stored(self, store: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await store()
            except StoreError as error:
                if not is_disk_full(error):
                    raise
                await self.wait_for_space(error)

    async def wait_for_space(self, error: Exception) -> None:
        """Wait a moment, up to a quarter of an hour since the disk was found full.

        Raises:
            StoreError: that error, after it, and when the session is to end.
        """
        now = time.monotonic()
        self._full_since = self._full_since or now
        if self._account.halted or now - self._full_since > _DISK_PATIENCE_SECONDS:
            raise error
        self.trouble = "the disk is full; waiting for space"
        self._on_trouble()
        await asyncio.sleep(_DISK_SECONDS)


def is_disk_full(error: Exception) -> bool:
    """Whether this is for want of space, and may work later."""
    cause = error.__cause__
    return isinstance(error, StoreError) and getattr(cause, "errno", None) in _DISK_FULL
