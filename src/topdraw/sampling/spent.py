"""What a run has cost so far, and what one more request is expected to cost.

Not here: caps (`budget`) and keeping them (`account`); the bill on disk (`topdraw.store.bill`).
Try it: `python -c "from topdraw.sampling.spent import Spent; print(Spent().mean_output())"`.
"""

from __future__ import annotations

from dataclasses import dataclass

from topdraw.core.billing import Bill
from topdraw.models.charge import CHARACTERS_PER_TOKEN

# What an output may have before the first one came, where no longest output is set.
_GUESSED_OUTPUT_TOKENS = 1000


@dataclass(slots=True)
class Spent:
    """What a run has cost. What nobody counted is taken to be the mean of what somebody did.

    Attributes:
        samples: on disk.
        known_prompt_tokens: charged, as far as somebody counted them.
        known_output_tokens: the same of outputs.
        known_requests: requests of which somebody did; of a model without a meter, samples.
        known_samples: choices of which somebody did.
        lost_requests: requests that were charged, or may have been, and nobody counted.
        lost_samples: choices of which that is true.
        longest: most tokens of an output, for as long as none is known; None when nobody says.
    """

    samples: int = 0
    known_prompt_tokens: int = 0
    known_output_tokens: int = 0
    known_requests: int = 0
    known_samples: int = 0
    lost_requests: int = 0
    lost_samples: int = 0
    longest: int | None = None

    @classmethod
    def by(cls, bill: Bill, samples: int) -> Spent:
        """What the requests on a bill have cost, those of unknown fate included.

        Args:
            bill: of the run.
            samples: on disk.
        """
        charged = bill.delivered + bill.unused
        spent = cls(samples, lost_requests=bill.unknown, lost_samples=bill.unknown_samples)
        if bill.tokens:  # else nobody has counted anything yet
            spent.known_prompt_tokens, spent.known_requests = bill.prompt_tokens, charged
            spent.known_output_tokens, spent.known_samples = bill.output_tokens, bill.paid_samples
        else:
            spent.lost_requests += charged
            spent.lost_samples += bill.paid_samples
        return spent

    def charge(self, samples: int, prompt_tokens: int | None, output_tokens: int | None) -> None:
        """Add a request.

        Args:
            samples: choices charged.
            prompt_tokens: None when nobody knows.
            output_tokens: of all choices; None when nobody knows.
        """
        if prompt_tokens is None:
            self.lost_requests += 1
        else:
            self.known_requests += 1
            self.known_prompt_tokens += prompt_tokens
        if output_tokens is None:
            self.lost_samples += samples
        else:
            self.known_samples += samples
            self.known_output_tokens += output_tokens

    @property
    def prompt_tokens(self) -> float:
        """Charged for prompts."""
        return self.known_prompt_tokens + self.lost_requests * self.mean_prompt("")

    @property
    def output_tokens(self) -> float:
        """Charged for outputs."""
        # A guess is good enough to be careful with, and not to say that so much was spent.
        mean = self.mean_output() if self.is_known else self.longest or 0
        return self.known_output_tokens + self.lost_samples * mean

    @property
    def tokens(self) -> int:
        """Prompt and output tokens charged."""
        return round(self.prompt_tokens + self.output_tokens)

    @property
    def is_known(self) -> bool:
        """Whether it is known by now what an output costs."""
        return self.known_samples > 0

    def mean_prompt(self, prompt: str) -> float:
        """Tokens of a prompt, to be expected; guessed from its text before any is known."""
        if self.known_requests:
            return self.known_prompt_tokens / self.known_requests
        return len(prompt) / CHARACTERS_PER_TOKEN

    def mean_output(self) -> float:
        """Tokens of an output, to be expected; a guess before any is known."""
        if self.known_samples:
            return self.known_output_tokens / self.known_samples
        return self.longest or _GUESSED_OUTPUT_TOKENS
