"""How long `topdraw --help` takes, in units of a bare interpreter.

Not here: any work. Try it: `python benchmarks/bench_start.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path


def seconds(command: list[str], *, rounds: int = 20) -> float:
    """Best wall time of a command over some rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        best = min(best, time.perf_counter() - started)
    return best


def main() -> None:
    """Print one line of JSON: the ratio and both times."""
    bare = seconds([sys.executable, "-c", "pass"])
    helped = seconds([str(Path(sys.executable).with_name("topdraw")), "--help"])
    imported = seconds([sys.executable, "-c", "import topdraw"])
    result = {
        "benchmark": "start",
        "help_over_bare_interpreter": round(helped / bare, 2),
        "import_over_bare_interpreter": round(imported / bare, 2),
        "bar": 5.0,
        "bare_seconds": round(bare, 4),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
