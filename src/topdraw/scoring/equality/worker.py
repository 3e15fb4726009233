r"""A child process that asks math-verify: one JSON line in, one JSON line out.

A process of its own because math-verify's limits need a main thread and sympy can hang in C code:
it has a limit on processor time, within reach of Python by a timer and else by the kernel, and on
memory. Texts are read by a grammar (latex2sympy2_extended), never evaluated. It ends when its
standard input does, hence with its parent.

Not here: who starts it and when (`pool`).
Try it: `echo '["1/2", "0.5"]' | python -m topdraw.scoring.equality.worker 5`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import resource
import signal
import sys
from typing import Literal

MEMORY_BYTES = 2 * 2**30
_GRACE_SECONDS = 1

Said = Literal["equal", "different", "no gold", "no answer", "slow", "memory"]


class _Slow(BaseException):
    """Out of processor time; no Exception, because sympy swallows those."""


def judge(gold: str, answer: str) -> Said:
    """What math-verify says of two cleaned texts; the gold one first, for it is not symmetric.

    Args:
        gold: the right answer, without dollars.
        answer: another.

    Returns:
        "no gold" or "no answer" when it cannot read one of them as mathematics.
    """
    from math_verify import LatexExtractionConfig, parse, verify

    configs = [LatexExtractionConfig()]  # its other kind of reading evaluates what it finds
    read: list[list[object]] = []
    for text in (gold, answer):
        found = parse(f"${text}$", configs, fallback_mode="no_fallback", parsing_timeout=0)
        if not found:
            return "no answer" if read else "no gold"
        read.append([_with_i(each) for each in found])
    return "equal" if verify(read[0], read[1], timeout_seconds=0) else "different"


def _with_i(expression: object) -> object:
    """The expression with i as the imaginary unit; math-verify often leaves it a symbol."""
    from sympy import Basic, I

    if not isinstance(expression, Basic):
        return expression
    letters = {symbol: I for symbol in expression.free_symbols if str(symbol) == "i"}
    return expression.subs(letters) if letters else expression


def limited(gold: str, answer: str, cpu_seconds: float) -> Said:
    """The same within so much processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(used.ru_utime + used.ru_stime + cpu_seconds) + _GRACE_SECONDS
    # The kernel ends what a timer of Python cannot interrupt, such as one huge power.
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    try:
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        try:
            return judge(gold, answer)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except _Slow:
        return "slow"
    except (MemoryError, RecursionError):
        return "memory"


def _too_slow(number: int, frame: object) -> None:
    raise _Slow


def main(cpu_seconds: float) -> None:
    """Answer questions from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    signal.signal(signal.SIGPROF, _too_slow)
    logging.disable(logging.CRITICAL)
    outward = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    with contextlib.suppress(Exception):
        judge("1", "1")  # imports everything before there is a limit
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(BrokenPipeError), outward:
        print("ready", file=outward, flush=True)
        for line in sys.stdin:
            gold, answer = json.loads(line)
            print(limited(gold, answer, cpu_seconds), file=outward, flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]))
