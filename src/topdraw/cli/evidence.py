"""The run or the table that a command was given, opened.

Not here: the options that say how; `topdraw.cli.options`. Try it: `topdraw report counts.csv`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from topdraw.errors import ConfigError

if TYPE_CHECKING:
    from topdraw.store.evidence import Evidence


def opened(run: str, columns: Sequence[str] = (), model: str | None = None) -> Evidence:
    """The run in a directory, or the table in a file.

    Args:
        run: its path.
        columns: OURS=THEIRS, as given with --map.
        model: as given with --model.

    Raises:
        ConfigError: when a map is not OURS=THEIRS.
        TopdrawError: as `open_evidence` does.
    """
    from topdraw.store.evidence import open_evidence

    return open_evidence(run, columns=dict(map(_pair, columns)), model=model)


def _pair(text: str) -> tuple[str, str]:
    ours, equals, theirs = text.partition("=")
    if not equals or not ours.strip() or not theirs.strip():
        raise ConfigError(f"--map is OURS=THEIRS, as in problem=question, not {text!r}.")
    return ours.strip(), theirs.strip()
