"""A child process that draws with the built-in model: one JSON line in, one JSON line out.

A process of its own because BLAS must be held to one thread (two are slower and cost twice the
CPU), which only the environment at start can do. `python -m` rather than `multiprocessing`, so that
scripts without a main guard work. It ends when its standard input does, hence with its parent.

Not here: who starts it and when (`model.py`).
Try it: `echo '{"prompt": "1+1=", "draws": [[0, 7]], "decoding": {}}' |
python -m topdraw.models.builtin.worker builtin`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple

from topdraw.core.records import Decoding, Json
from topdraw.errors import DomainError, EndpointError, TopdrawError
from topdraw.models.builtin.batch import Draw
from topdraw.models.builtin.engine import Engine

_ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class Drawn(NamedTuple):
    """What comes back of one output."""

    text: str
    finish_reason: str
    logprob: float
    prompt_tokens: int
    output_tokens: int


def request(prompt: str, draws: Sequence[Draw], decoding: Decoding) -> bytes:
    """One line that asks for samples; any text is carried, lone surrogates included."""
    settings = decoding.as_dict()
    return _line(
        {"prompt": prompt, "draws": [[d.index, d.seed] for d in draws], "decoding": settings}
    )


def answer(engine: Engine, line: bytes) -> bytes:
    """The line that answers a request: its samples, or why there are none."""
    asked = json.loads(line)
    settings = asked["decoding"]
    decoding = Decoding(**{**settings, "stop": tuple(settings.get("stop", ()))})
    try:
        draws = [Draw(*pair) for pair in asked["draws"]]
        outputs = engine.generate(asked["prompt"], draws, decoding)
    except TopdrawError as error:
        return _line({"error": error.message, "hint": error.hint})
    return _line(
        {
            "outputs": [
                [o.text, o.finish_reason, o.logprob, o.prompt_tokens, len(o.tokens)]
                for o in outputs
            ]
        }
    )


def read_answer(line: bytes) -> list[Drawn]:
    """What an answer says.

    Raises:
        DomainError: when the worker refused the request.
    """
    said = json.loads(line)
    if "error" in said:
        raise DomainError(said["error"], hint=said["hint"])
    return [Drawn(*output) for output in said["outputs"]]


class Worker:
    """One child process, asked by one thread at a time.

    Args:
        stage: of the built-in model.
    """

    def __init__(self, stage: str) -> None:
        self._complaints: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(  # noqa: S603  # our own module, a known stage
            [sys.executable, "-P", "-m", "topdraw.models.builtin.worker", stage],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=_environment(os.environ),
        )
        self._close = weakref.finalize(self, _end, self._process, self._complaints)
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def ask(self, line: bytes) -> bytes:
        """Send a request and wait for its answer.

        Raises:
            EndpointError: when the process died first; it cannot be asked again.
        """
        assert self._process.stdin is not None  # noqa: S101  # opened as pipes above
        assert self._process.stdout is not None  # noqa: S101  # likewise
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            said = self._process.stdout.readline()
        except (OSError, ValueError):
            said = b""
        if not said.endswith(b"\n"):
            raise EndpointError(
                f"A worker process of the built-in model ended unexpectedly{self._why()}."
            )
        return said

    def kill(self) -> None:
        """End the process now; a waiting `ask` raises."""
        self._process.kill()

    def close(self) -> None:
        """End the process and wait for it."""
        with self._lock:
            self._close()

    def _why(self) -> str:
        self._process.kill()
        code = self._process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return f" (exit code {code}{': ' + lines[-1] if lines else ''})"


def _line(message: Mapping[str, Json]) -> bytes:
    return json.dumps(message).encode("ascii") + b"\n"


def _environment(parent: Mapping[str, str]) -> dict[str, str]:
    """The parent's, with one BLAS thread, and with its import path, however that was made."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    return {**parent, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONPATH": path}


def _end(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, complaints):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def main(stage: str) -> None:
    """Answer requests from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    engine = Engine.load(stage)
    with contextlib.suppress(BrokenPipeError):
        for line in inward:
            outward.write(answer(engine, line))
            outward.flush()
    os._exit(0)  # nothing to save; a flush of the broken pipe at exit would complain


if __name__ == "__main__":
    main(sys.argv[1])
