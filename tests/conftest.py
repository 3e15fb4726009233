"""Fixtures shared by all tests: data beside the checkout, and runs of a few samples.

Not here: fakes of servers and models; they stand beside the tests that use them.
Try it: `python -m pytest --fixtures tests | grep -A1 -E "shared_data|tiny_run"`.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from topdraw.core.records import Decoding, Problem, Sample, Task, Usage, sampler_hash
from topdraw.store.run import Run, Sampler

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of reference data; tests that need it are skipped where it is not."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"reference data are not at {SHARED_DATA}")
    return SHARED_DATA


# Machines are noisy: how long an example takes says nothing about the code.
settings.register_profile("topdraw", deadline=None)
settings.load_profile("topdraw")

# A shell starts what runs in its background with Ctrl-C ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

TinyRun = Callable[..., Run]


@pytest.fixture
def tiny_run(tmp_path: Path) -> TinyRun:
    """A factory of stored runs.

    `tiny_run({"p1": ["4", "5"], "p2": ["7"]})` stores these outputs as samples; `targets` gives
    the problems their targets, `greedy` adds one greedy output per problem, `name` the folder.
    """

    def make(
        outputs: Mapping[str, Sequence[str]],
        *,
        targets: Mapping[str, str] | None = None,
        greedy: Mapping[str, str] | None = None,
        name: str = "run",
        scorer: str = "",
    ) -> Run:
        problems = tuple(Problem(key, f"Solve {key}.", (targets or {}).get(key)) for key in outputs)
        model = {"name": "tiny"}
        hashes = {t: sampler_hash(model, Decoding(temperature=t)) for t in (0.0, 1.0)}
        n = max((len(texts) for texts in outputs.values()), default=0)
        samplers = [Sampler(hashes[1.0], "sampled", Decoding(), max(n, 1))]
        if greedy:
            samplers.append(Sampler(hashes[0.0], "greedy", Decoding(temperature=0.0), 1))
        task = Task("tiny", "1", problems, scorer)
        run = Run.create(tmp_path / name, task=task, model=model, samplers=samplers, seed=0)
        with run.writer() as writer:
            for key, texts in outputs.items():
                for index, text in enumerate(texts):
                    writer.append(_sample(key, index, text, hashes[1.0]))
            for key, text in (greedy or {}).items():
                writer.append(_sample(key, 0, text, hashes[0.0]))
        return run

    return make


def _sample(key: str, index: int, text: str, sampler: str) -> Sample:
    usage = Usage(prompt_tokens=3, output_tokens=len(text))
    return Sample(key, index, text, sampler=sampler, seed=index, logprob=-1.0, usage=usage)
