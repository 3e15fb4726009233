"""Deadlines that are put off as an attempt gets on, and pass when they should."""

from __future__ import annotations

import asyncio

import pytest

from topdraw.models.phases import Deadlines, Phases


class Silent:
    """A connection on which nothing has come."""

    head = b""
    has_head = False


async def _waiting(phases: Phases, *, bytes_came: bool = False) -> None:
    async with phases:
        phases.connected(Silent())
        if bytes_came:
            phases.bytes_came()
        await asyncio.sleep(30)


async def test_a_deadline_put_off_passes_later_than_the_first_would_have() -> None:
    loop = asyncio.get_running_loop()
    phases = Phases(Deadlines(connect_seconds=0.02, first_byte_seconds=0.06))
    began = loop.time()
    with pytest.raises(TimeoutError):
        await _waiting(phases)
    assert loop.time() - began >= 0.06
    assert phases.expired
    assert phases.trouble().what == "no answer in 0.06 s"


async def test_a_deadline_drawn_nearer_passes_before_the_first_would_have() -> None:
    loop = asyncio.get_running_loop()
    phases = Phases(Deadlines(connect_seconds=60, between_bytes_seconds=0.02))
    began = loop.time()
    with pytest.raises(TimeoutError):
        await _waiting(phases, bytes_came=True)
    assert loop.time() - began < 30
    assert phases.trouble().what == "the answer stopped for 0.02 s"


async def test_no_deadline_holds_once_the_attempt_is_over() -> None:
    async with Phases(Deadlines(connect_seconds=0.01, first_byte_seconds=0.01)) as phases:
        phases.connected(Silent())
    await asyncio.sleep(0.03)
    assert not phases.expired
