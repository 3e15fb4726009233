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
        total: samples wanted; a stopping rule lowers it as problems end early.
        drawn: samples drawn in this session.
        failed: samples given up in this session; asking again later draws them.
        output_tokens: tokens generated in this session, estimates included.
        seconds: since this session began.
        spent_tokens: prompt and output tokens charged for the run, earlier sessions included.
        spent_usd: what they cost; None when the price is unknown.
        requests: requests of this session, retries included.
        wasted: of these, those that brought no sample.
        under_way: requests sent and not yet answered.
        at_once: requests now allowed to be under way; None when the model does not say.
        throttled_seconds: until the server may be asked again; 0 when it may be now.
        stopped: problems that a stopping rule ended early.
        dropped: requests that were given up under way when the session was stopped; they may be
            charged.
        trouble: what the draw is waiting for; "" when nothing holds it up.
    """

    done: int = 0
    total: int = 0
    drawn: int = 0
    failed: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    spent_tokens: int = 0
    spent_usd: float | None = None
    requests: int = 0
    wasted: int = 0
    under_way: int = 0
    at_once: int | None = None
    throttled_seconds: float = 0.0
    stopped: int = 0
    dropped: int = 0
    trouble: str = ""
