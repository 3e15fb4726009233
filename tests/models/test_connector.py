from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from topdraw.models.connector import Resolver


async def test_a_host_is_looked_up() -> None:
    found = await Resolver().resolve("localhost", 80, socket.AF_UNSPEC)
    assert {entry["host"] for entry in found} <= {"127.0.0.1", "::1"}
    assert {(entry["hostname"], entry["port"]) for entry in found} == {("localhost", 80)}


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 300, "a..b"])
async def test_a_host_that_is_none_is_an_error_of_the_world(host: str) -> None:
    with pytest.raises(OSError, match=r"[Nn]ame|host|known"):
        await Resolver().resolve(host)


async def test_a_machine_with_no_network_but_itself_finds_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really = socket.getaddrinfo

    def offline(host: str, port: int, family: int, kind: int, *, flags: int = 0) -> object:
        if flags & socket.AI_ADDRCONFIG:
            raise socket.gaierror(socket.EAI_NONAME, "none configured")
        return really(host, port, family, kind)

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    assert await Resolver().resolve("localhost", 80)


def test_a_look_up_that_ends_after_its_loop_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, threads = threading.Event(), set(threading.enumerate())

    def slow(*arguments: object, **options: object) -> list[object]:
        may_end.wait()
        return []

    async def main() -> None:
        async with asyncio.timeout(0.01):
            await Resolver().resolve("localhost")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(TimeoutError):
        asyncio.run(main())
    (look_up,) = set(threading.enumerate()) - threads
    may_end.set()
    look_up.join()  # an exception in it would fail this test


async def test_a_look_up_that_nobody_waits_for_any_more_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_end, threads = threading.Event(), set(threading.enumerate())
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: may_end.wait() and [])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await Resolver().resolve("localhost")
    (look_up,) = set(threading.enumerate()) - threads
    may_end.set()
    look_up.join()
    await asyncio.sleep(0)
