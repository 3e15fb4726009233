"""Writers killed by SIGKILL again and again: nothing acknowledged is lost, nothing is there twice.

Not here: kills at chosen steps of a compaction; `tests.store.kill_steps`.
Try it: `python -m tests.store.kill_trials 200`. Prints one JSON line; exits 1 on a loss.

Writers are forked, so that a trial takes milliseconds; what opens a database does so in a process
of its own. Each writer appends as many at a time as its number says, and tells its parent their
indices after `append_all` has returned.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb  # noqa: F401  # once, before the forks
from tests.store.strategies import HASH, MODEL

from topdraw.core.records import Decoding, Problem, Sample, Task
from topdraw.store import parquet
from topdraw.store.run import Run, Sampler

WRITERS = 4
TRIALS_PER_RUN = 20
TOGETHER = (1, 4, 16, 64)


@dataclass
class Outcome:
    """What some trials came to; `lost`, `doubled` and `wrong` must be 0."""

    trials: int = 0
    kills: int = 0
    acknowledged: int = 0
    unheard: int = 0
    torn: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    seconds: float = 0.0


def text_of(writer: int, index: int) -> str:
    """What a writer draws: long enough that some records tear."""
    return f"{writer}/{index} " + "x" * (index * 7919 % 6000)


def create(path: Path) -> Run:
    """An empty run with a problem for each writer."""
    task = Task("t", "1", tuple(Problem(f"p{at}", "?") for at in range(WRITERS)))
    samplers = [Sampler(HASH, "sampled", Decoding(), 10**9)]
    return Run.create(path, task=task, model=MODEL, samplers=samplers, seed=0)


def fork(work: Callable[[], object]) -> tuple[int, int]:
    """A process that writes the JSON of what the work returns into a pipe; its id and the pipe."""
    out, into = os.pipe()
    pid = os.fork()
    if pid:
        os.close(into)
        return pid, out
    status = 1
    try:
        os.close(out)
        os.dup2(into, 1)
        os.write(1, json.dumps(work()).encode())
        status = 0
    finally:
        os._exit(status)


def heard(pipe: int) -> bytes:
    """Everything that was written into a pipe."""
    with open(pipe, "rb") as file:
        return file.read()


def write(path: Path, writer: int, first: int, sealing: bool) -> None:
    """Draw for ever, or until killed."""
    run = Run.open(path)
    with run.writer() as appending:
        for start in range(first, first + 10**6, TOGETHER[writer]):
            some = range(start, start + TOGETHER[writer])
            drawn = [Sample(f"p{writer}", index, text_of(writer, index)) for index in some]
            appending.append_all(drawn, HASH)
            os.write(1, b"".join(b"%d\n" % index for index in some))
            if sealing and start % 128 == 0:
                run.seal()


def check(path: Path, acknowledged: dict[int, list[int]], seal: bool) -> dict[str, int]:
    """What is wrong with a run after a trial."""
    run = Run.open(path)
    drawn = run.drawn(HASH)
    wanted = {(f"p{writer}", index) for writer, some in acknowledged.items() for index in some}
    found = {"stored": len(drawn), "lost": len(wanted - drawn), "torn": len(run.recovered)}
    if seal:
        run.seal()
        samples = run.samples()
        rows = sum(1 for _ in parquet.select(path / "samples", run.sample_ledger().kind))
        found["doubled"] = rows - len(drawn)
        found["wrong"] = sum(
            one.output != text_of(int(one.problem_id[1:]), one.index) for one in samples
        ) + abs(len(samples) - len(drawn))
    return found


def trial(path: Path, number: int, rng: random.Random, acknowledged: dict[int, list[int]]) -> None:
    """Start writers, kill them one after another, and note what they acknowledged."""
    running = []
    for writer in range(WRITERS):
        first, sealing = number * 10**6, rng.random() < 0.25
        running.append(fork(lambda w=writer, f=first, s=sealing: write(path, w, f, s)))  # type: ignore[misc]  # bound now
    begun = [os.read(pipe, 1 << 16) for _, pipe in running]
    for pid, _ in running:
        time.sleep(rng.uniform(0.0, 0.02))
        os.kill(pid, signal.SIGKILL)
    for writer, (pid, pipe) in enumerate(running):
        text = begun[writer] + heard(pipe)
        acknowledged[writer] += [int(line) for line in text.split(b"\n")[:-1]]
        os.waitpid(pid, 0)


def trials(count: int, folder: Path, seed: int) -> Outcome:
    """So many trials, a new run every few, all checked after each."""
    outcome, rng, start = Outcome(), random.Random(seed), time.monotonic()
    for begin in range(0, count, TRIALS_PER_RUN):
        path = folder / f"run-{begin}"
        create(path)
        acknowledged: dict[int, list[int]] = {writer: [] for writer in range(WRITERS)}
        last = min(begin + TRIALS_PER_RUN, count)
        for number in range(begin, last):
            trial(path, number, rng, acknowledged)
            ended = number == last - 1
            pid, pipe = fork(lambda p=path, a=acknowledged, e=ended: check(p, a, e))  # type: ignore[misc]  # bound now
            found = json.loads(heard(pipe))
            os.waitpid(pid, 0)
            outcome.trials += 1
            outcome.kills += WRITERS
            outcome.torn += found["torn"]
            outcome.lost += found["lost"]
        told = sum(map(len, acknowledged.values()))
        outcome.acknowledged += told
        outcome.unheard += found["stored"] - told
        outcome.doubled += found["doubled"]
        outcome.wrong += found["wrong"]
    outcome.seconds = round(time.monotonic() - start, 1)
    return outcome


def main() -> None:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = trials(options.trials, Path(folder), options.seed)
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
    sys.exit(bool(outcome.lost or outcome.doubled or outcome.wrong))


if __name__ == "__main__":
    main()
