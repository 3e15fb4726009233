"""How far a draw is: a value that the engine hands to whoever draws the bar.

Not here: the bar; that is the command line's.
Try it: `python -c "from topdraw.sampling.progress import Progress; print(Progress(total=100))"`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a draw is.

    Attributes:
        done: samples on disk, those of earlier sessions included.
        total: samples wanted.
        drawn: samples drawn in this session.
        failed: samples given up in this session; asking again later draws them.
        output_tokens: tokens generated in this session, estimates included.
        seconds: since this session began.
    """

    done: int = 0
    total: int = 0
    drawn: int = 0
    failed: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
