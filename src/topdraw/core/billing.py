"""What was asked of a paid server, what came of it, and what that adds up to.

Not here: prices (`topdraw.sampling.prices`), storing (`topdraw.store`), asking (`topdraw.models`).
Try it: `python -c "from topdraw.core.billing import Bill; print(Bill())"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Fate: TypeAlias = Literal["delivered", "unused", "refused", "unknown"]
"""What became of a request.

"delivered": at least one usable choice came. "unused": the server answered 200 and so has generated
and charged, but nothing usable arrived (cut off, no JSON, too long). "refused": it said no (an
error status, or an error inside a 200) and charged nothing. "unknown": no answer, or we were killed
meanwhile; it may have been charged.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request about to be sent; a retry is a request of its own.

    Attributes:
        problem_id: the problem it is about.
        index: the first sample it asks for.
        samples: choices it asks for, >= 1.
        endpoint: host and port, without path, query or secrets.
    """

    problem_id: str
    index: int
    samples: int
    endpoint: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one request.

    Attributes:
        fate: see `Fate`.
        samples: usable choices that came, more than asked for included.
        prompt_tokens: charged for the whole request, as the server said or estimated; None when
            nobody knows.
        output_tokens: charged for all its choices; None when nobody knows.
        estimated: whether the tokens are our estimate.
        status: HTTP status; None when none came.
        seconds: from sending to the last byte, or to giving up.
        note: one line for people: why nothing usable came; "" when something did.
    """

    fate: Fate
    samples: int = 0
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    estimated: bool = False
    status: int | None = None
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """All requests of a run, added up: every attempt of every session, those of killed ones too.

    Attributes:
        requests: requests sent; the sum of the four that follow.
        delivered: requests that brought at least one usable choice.
        unused: requests charged for nothing usable.
        refused: requests turned down, which cost nothing.
        unknown: requests whose fate nobody knows; they may have been charged.
        paid_samples: choices generated for us: those that came, and those asked for in vain by the
            unused requests.
        kept_samples: choices that are samples of the run.
        unknown_samples: choices asked for by the unknown requests.
        prompt_tokens: of delivered and unused requests; a prompt counts once per request.
        output_tokens: of delivered and unused requests, choices that were not kept included.
        unused_tokens: those of `prompt_tokens` and `output_tokens` that bought no sample.
        estimated: whether any of the tokens are estimates.
    """

    requests: int = 0
    delivered: int = 0
    unused: int = 0
    refused: int = 0
    unknown: int = 0
    paid_samples: int = 0
    kept_samples: int = 0
    unknown_samples: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    unused_tokens: int = 0
    estimated: bool = False

    @property
    def paid_unused(self) -> int:
        """Choices paid for that are no sample of the run."""
        return max(self.paid_samples - self.kept_samples, 0)

    @property
    def tokens(self) -> int:
        """Prompt and output tokens charged."""
        return self.prompt_tokens + self.output_tokens
