"""A fork server without namespaces: `python serve_here.py MASTER MODE COUNT`.

A small process for it: a clone of the tests' own would carry their threads and a gigabyte along.
"""

import os
import signal
import socket
import sys
from typing import NoReturn

from topdraw.scoring.sandbox.inside import kernel, prison, watch, zygote


def _wait_for_ever(*_: object) -> NoReturn:
    # As the real ones do: a copy of the host's end would keep the server from seeing it close.
    os.closerange(3, prison.MOST_DESCRIPTORS)
    while True:
        signal.pause()


def _end_with_seven(*_: object) -> NoReturn:
    os._exit(7)


def _refuse(_: int) -> NoReturn:
    raise OSError("no namespaces left")


def main(master: int, mode: str, count: int) -> None:
    """Serve; programs wait, or do as the mode says.

    Args:
        master: descriptor of the connection to the host.
        mode: "wait", "seven" for an end with that code, "refuse" for no clone at all.
        count: descriptor of a file that holds the number of kills by the kernel.
    """
    setattr(prison, "NAMESPACES", 0)  # noqa: B010  it is a constant for everyone else
    setattr(zygote, "_check", _wait_for_ever)  # noqa: B010
    setattr(zygote, "_live", _end_with_seven if mode == "seven" else _wait_for_ever)  # noqa: B010
    setattr(watch, "oom_kills", lambda: int(os.pread(count, 9, 0)))  # noqa: B010
    if mode == "refuse":
        setattr(kernel, "clone", _refuse)  # noqa: B010
    zygote.Zygote(socket.socket(fileno=master), None).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
