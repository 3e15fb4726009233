"""Drawing from a fault server with a recording meter, and whether both kept the same books.

`faced` is a test in one line: serve a plan, draw, compare the books.
Not here: the server (`fault_server`) and what each case must show (`test_fault_matrix`).
Try it: `python -m pytest tests/models/test_fault_matrix.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.models.fault_log import Log
from tests.models.fault_plans import Plan, quiet
from tests.models.fault_server import FaultServer
from tests.models.fault_wire import text_of

from topdraw.core.billing import Answered, Asked
from topdraw.core.protocols import Model
from topdraw.core.records import Decoding, Problem, Sample
from topdraw.core.seeds import consecutive_seed
from topdraw.errors import EndpointError
from topdraw.models.endpoint import connect_endpoint
from topdraw.models.meter import METER, Halted
from topdraw.models.retry import Retry
from topdraw.models.transport import Deadlines

QUICK = Retry(base_seconds=0.002, cap_seconds=0.01, longest_hint_seconds=5)
PROMPT = "How many?"
DECODING = Decoding(temperature=0.7, max_tokens=64)
SEED = 5


class Recorder:
    """A meter that writes everything down, and insists that each attempt ends exactly once.

    Args:
        most: requests it allows; None for any number.
    """

    def __init__(self, most: int | None = None) -> None:
        self.asked: list[Asked] = []
        self.answered: dict[str, Answered] = {}
        self.waits: list[tuple[float, str]] = []
        self.limits: list[int] = []
        self._most = most

    def begin(self, asked: Asked, /) -> str:
        if self._most is not None and len(self.asked) >= self._most:
            raise Halted
        self.asked.append(asked)
        return str(len(self.asked) - 1)

    def end(self, attempt: str, answered: Answered, /) -> None:
        assert int(attempt) < len(self.asked)
        assert attempt not in self.answered, f"attempt {attempt} ended twice"
        self.answered[attempt] = answered

    def waiting(self, endpoint: str, seconds: float, why: str, /) -> None:
        self.waits.append((seconds, why))

    def at_once(self, endpoint: str, limit: int, /) -> None:
        self.limits.append(limit)

    @property
    def fates(self) -> Counter[str]:
        return Counter(answered.fate for answered in self.answered.values())

    def samples(self, fate: str) -> int:
        """Choices: those that came with requests of this fate; those asked for, if none came."""
        return sum(
            answered.samples or self.asked[int(attempt)].samples
            for attempt, answered in self.answered.items()
            if answered.fate == fate
        )

    def tokens(self) -> tuple[int, int]:
        """Prompt and output tokens of the delivered requests whose server counted them."""
        counted = [a for a in self.answered.values() if a.fate == "delivered" and not a.estimated]
        return sum(a.prompt_tokens or 0 for a in counted), sum(
            a.output_tokens or 0 for a in counted
        )


@dataclass
class Drawn:
    """What came of drawing: samples by prompt, in order; errors by prompt; both sides' books."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    errors: dict[str, EndpointError] = field(default_factory=dict)
    meter: Recorder = field(default_factory=Recorder)
    log: Log = field(default_factory=Log)

    @property
    def only(self) -> list[Sample]:
        """The samples of the only prompt, and no error."""
        assert not self.errors, self.errors
        (samples,) = self.samples.values()
        return samples

    @property
    def error(self) -> EndpointError:
        (error,) = self.errors.values()
        return error

    @property
    def outputs(self) -> list[str]:
        return [sample.output for sample in self.only]

    @property
    def reasons(self) -> list[str]:
        return [sample.finish_reason for sample in self.only]


def connected(server: FaultServer | str, **options: object) -> Model:
    """The endpoint, in a hurry: short waits, short deadlines."""
    url = server if isinstance(server, str) else server.url
    given: dict[str, Any] = {"model": "tiny", "retry": QUICK, "deadlines": deadlines(), **options}
    return connect_endpoint(url, **given)


def deadlines(
    *, connect: float = 5.0, first_byte: float = 5.0, between: float = 5.0, total: float = 10.0
) -> Deadlines:
    return Deadlines(
        connect_seconds=connect,
        first_byte_seconds=first_byte,
        between_bytes_seconds=between,
        total_seconds=total,
    )


def draw(
    model: Model,
    n: int = 1,
    *,
    prompts: Iterable[str] = (PROMPT,),
    decoding: Decoding = DECODING,
    most: int | None = None,
    times: int = 1,
) -> Drawn:
    """Draw n samples of each prompt at once, `times` times over, on one event loop."""
    drawn = Drawn(meter=Recorder(most))

    async def one(prompt: str) -> None:
        got = drawn.samples[prompt] = []
        problem = Problem(f"p/{prompt}", prompt)
        try:
            async for sample in model.generate(problem, range(n), decoding=decoding, seed=SEED):
                got.append(sample)
        except EndpointError as error:
            drawn.errors[prompt] = error
        except Halted:
            pass
        got.sort(key=lambda sample: sample.index)

    async def main() -> None:
        METER.set(drawn.meter)
        asked = list(prompts)
        try:
            for _ in range(times):
                await asyncio.gather(*map(one, asked))
        finally:
            await model.aclose()  # type: ignore[attr-defined]  # no protocol asks for it

    asyncio.run(main())
    return drawn


def faced(
    plan: Plan,
    n: int = 1,
    *,
    prompts: Iterable[str] = (PROMPT,),
    worked: bool = True,
    books: bool = True,
    odd: float = 0.0,
    models: tuple[str, ...] | None = ("tiny",),
    most: int | None = None,
    times: int = 1,
    **options: object,
) -> Drawn:
    """Serve a plan, draw from it, and compare the books.

    Args:
        plan: what goes wrong.
        n: samples of each prompt.
        prompts: drawn at once.
        worked: let the server give one good answer before.
        books: compare them.
        odd: share of odd choices.
        models: that the server lists.
        most: requests that the meter allows; None for any number.
        times: how often to draw the same.
        options: of the endpoint.
    """
    with FaultServer(quiet, odd=odd, models=models) as server:
        model = connected(server, **options)
        if worked:
            draw(model, prompts=["warm-up"])
            server.log.seen.clear()
        server.plan = plan
        drawn = draw(model, n, prompts=prompts, most=most, times=times)
        drawn.log = server.log
    if books:
        check_books(drawn.log, drawn.meter)
    return drawn


def texts(n: int, prompt: str = PROMPT) -> list[str]:
    """The outputs of n samples of which none is odd."""
    return [text_of(prompt, consecutive_seed(SEED, f"p/{prompt}", i)) for i in range(n)]


def check_books(log: Log, meter: Recorder) -> None:
    """Both sides saw the same requests, and value them alike."""
    assert len(meter.answered) == len(meter.asked), "an attempt began and never ended"
    assert len(meter.asked) == log.requests
    assert not _differences(log, meter)
    assert meter.fates == log.fates
    assert meter.samples("delivered") == log.delivered
    paid = meter.samples("delivered") + meter.samples("unused")
    assert paid == log.paid - log.blind
    fair = [s.tokens for s in log.seen if s.fate == "delivered" and s.tokens]
    if fair and len(fair) == log.fates["delivered"]:
        assert meter.tokens() == (sum(t[0] for t in fair), sum(t[1] for t in fair))


def _differences(log: Log, meter: Recorder) -> list[str]:
    """Requests that the two sides tell differently; the attempts of a first choice are in order."""
    said: dict[tuple[str, int], list[Answered]] = {}
    for attempt, asked in enumerate(meter.asked):
        prompt = asked.problem_id.removeprefix("p/")
        key = prompt, consecutive_seed(SEED, asked.problem_id, asked.index)
        said.setdefault(key, []).append(meter.answered[str(attempt)])
    return [
        f"{one} was told as {answered}"
        for one in log.seen
        for answered in [said[one.prompt, one.seed][one.attempt]]
        if (answered.fate, answered.samples) != (one.fate, len(one.came))
    ]


def row(sample: Sample) -> tuple[object, ...]:
    """Everything of a sample, comparable although NaN is not equal to itself."""
    metadata: Mapping[str, object] = sample.metadata
    return (
        *(sample.problem_id, sample.index, sample.output, sample.finish_reason, sample.seed),
        *(repr(sample.logprob), sample.usage, sorted(metadata.items())),
    )


def rows(samples: Sequence[Sample]) -> list[tuple[object, ...]]:
    return [row(sample) for sample in samples]
