"""The host's side of one connection to the fork server: start a program, stop it, learn its end.

Not here: starting the server (`topdraw.scoring.sandbox.launch`) and what is done with a program
(`.judging`, `.calling`, `.running`). Try it: `topdraw sandbox check`.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from topdraw.scoring.sandbox.inside.watch import PATIENCE
from topdraw.scoring.sandbox.jobs import Limits

# The server ends every program in time; one that is silent for longer is broken.
SILENT_SECONDS = 30.0
HUNG_UP_SECONDS = 1.0


class Broken(Exception):
    """The fork server, or a checker, did not do its part."""


@dataclass(frozen=True, slots=True)
class End:
    """How a program ended.

    Attributes:
        code: exit code, or a negative signal.
        cpu_seconds: of its process and the children that were waited for.
        why: which limit the server ended it for (`inside.watch`); "" for none.
    """

    code: int
    cpu_seconds: float
    why: str


class Line:
    """One connection; one program at a time runs on it.

    Args:
        link: as `Namespace.attach` gives it.
    """

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._job = 0

    def close(self) -> None:
        """Hang up; the server ends what runs here."""
        self.link.close()

    def order(self, given: Sequence[int] = (), **order: object) -> None:
        """Tell the server to do something, and hand it descriptors.

        Raises:
            OSError: when it is gone.
        """
        socket.send_fds(self.link, [json.dumps(order).encode()], given)

    def start(self, role: str, given: Sequence[int], limits: Limits, **more: object) -> float:
        """Start a program; the time until which it may take, as `time.monotonic` counts.

        Args:
            role: "calls", "script" or "command".
            given: descriptors it gets; the first is its channel.
            limits: of it.
            more: what else the role needs.
        """
        self._job += 1
        terms = {
            "cpu_seconds": limits.cpu_seconds,
            "wall_seconds": limits.wall,
            "memory_bytes": limits.memory_bytes,
            "disk_bytes": limits.disk_bytes,
            "processes": limits.processes,
        }
        most = limits.output_bytes
        self.order(given, do="run", job=self._job, role=role, terms=terms, most=most, **more)
        return time.monotonic() + PATIENCE * limits.wall + SILENT_SECONDS

    def stop(self, *, hung_up: bool = False) -> None:
        """End the program, if it still runs; its end is told all the same.

        Args:
            hung_up: whether it closed its channel. Most have ended then, and how they did is on
                its way: it is waited for, so that the same program always gets the same words.
        """
        if hung_up:
            wait([self.link], time.monotonic() + HUNG_UP_SECONDS)
        self.order(do="stop", job=self._job)

    def end(self, deadline: float) -> End:
        """The end of the program, waited for until then.

        Raises:
            Broken: when the server says nothing, or that it could not start it.
        """
        if not wait([self.link], deadline):
            raise Broken("the fork server is silent")
        said: dict[str, Any] = json.loads(self.link.recv(1 << 16) or b"{}")
        if said.get("ended") != self._job or "broken" in said:
            raise Broken(said.get("broken", "the fork server is gone"))
        return End(said["code"], said["cpu"], said["why"])


def wait(readable: Sequence[int | socket.socket], deadline: float) -> list[int]:
    """Which descriptors have something to read; none when the deadline passes first."""
    poll = select.poll()
    for one in readable:
        poll.register(one, select.POLLIN)
    return [fd for fd, _ in poll.poll(1000 * max(deadline - time.monotonic(), 0))]
