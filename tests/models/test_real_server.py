"""The endpoint and the engine against llama.cpp's own OpenAI server with the built-in weights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.models.asking import draw
from tests.models.metering import Ledger

from topdraw.core.records import Decoding, Problem
from topdraw.models.endpoint import connect_endpoint
from topdraw.sampling.engine import sample

pytest.importorskip("xllamacpp")
pytest.importorskip("gguf")

pytestmark = pytest.mark.slow

SLOTS = 4
PROMPT = "Make 15 from the numbers 12, 1, 5, 8. Use each once with + - * / and parentheses."
PROBLEM = Problem("real/1", PROMPT)
DECODING = Decoding(max_tokens=32)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from tools.builtin_export import write_gguf

    file = tmp_path_factory.mktemp("gguf") / "small.gguf"
    write_gguf(file, "small", "f16")
    command = [sys.executable, str(Path(__file__).with_name("serve_gguf.py")), str(file), "4"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        address = next(line for line in process.stdout if line.startswith("ADDRESS"))
        yield address.split()[1].replace("127.0.0.1", "localhost") + "/v1"
        process.stdin.close()
        process.wait(20)


def test_n_is_split_at_the_servers_slots_and_tokens_are_counted(url: str) -> None:
    endpoint = connect_endpoint(url, logprobs=True)
    samples = draw(endpoint, 10, decoding=DECODING, problem=PROBLEM)
    assert [s.index for s in samples] == list(range(10))
    assert endpoint._attempts.dialect_of(endpoint.model).max_n == SLOTS
    assert endpoint._attempts.dialect_of(endpoint.model).refused == frozenset()
    assert len({s.seed for s in samples}) == 10
    for drawn in samples:
        assert 1 <= drawn.usage.output_tokens <= 32
        assert not drawn.usage.estimated
        assert drawn.logprob < 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("logprobs", [False, True])
def test_a_sample_is_the_same_however_it_is_asked_for(
    stream: bool, logprobs: bool, url: str
) -> None:
    alone = draw(connect_endpoint(url, chunk=1), 8, decoding=DECODING, problem=PROBLEM)
    endpoint = connect_endpoint(url, chunk=4, stream=stream, logprobs=logprobs)
    with Ledger() as ledger:
        together = draw(endpoint, 8, decoding=DECODING, problem=PROBLEM)
    # llama.cpp gives choice j of a request the seed s + j.
    assert [s.output for s in together] == [s.output for s in alone]
    assert [s.finish_reason for s in together] == [s.finish_reason for s in alone]
    assert [a.samples for a in ledger.answered] == [4, 4]
    # Its usage counts one choice: all are known by log-probabilities, or by one count per choice.
    assert all(a.estimated != (logprobs or stream) for a in ledger.answered)
    tokens = sum(s.usage.output_tokens for s in alone)
    billed = sum(a.output_tokens or 0 for a in ledger.answered)
    assert billed == pytest.approx(tokens, abs=0 if stream and not logprobs else 0.3 * tokens)
    assert {a.prompt_tokens for a in ledger.answered} == {alone[0].usage.prompt_tokens}


def test_seeds_make_single_samples_repeatable(url: str) -> None:
    endpoint = connect_endpoint(url, chunk=1)
    first, second = (draw(endpoint, 6, decoding=DECODING, problem=PROBLEM) for _ in range(2))
    assert [s.output for s in first] == [s.output for s in second]
    assert len({s.output for s in first}) > 1


def test_nothing_of_the_servers_own_taste_is_left(url: str) -> None:
    # A top_k of 1 has one outcome; the server's default of 40 would be a silent limit as well.
    endpoint = connect_endpoint(url, chunk=1)
    narrow = draw(endpoint, 4, decoding=Decoding(top_k=1, max_tokens=16), problem=PROBLEM)
    assert len({s.output for s in narrow}) == 1
    penalised = Decoding(temperature=0, max_tokens=16, repetition_penalty=1.5)
    assert draw(endpoint, 1, decoding=penalised, problem=PROBLEM)
    assert endpoint._attempts.dialect_of(endpoint.model).refused == frozenset()


def test_a_run_through_the_engine(url: str, tmp_path: Path) -> None:
    problems = [PROBLEM, Problem("real/2", PROMPT.replace("15", "16"))]
    model = connect_endpoint(url)
    run = sample(problems, model, 6, max_tokens=16, greedy=True, out=tmp_path)
    assert len(run.samples()) == 12
    assert len(run.samples("greedy")) == 2


def test_a_prompt_longer_than_the_context_is_an_outcome(url: str) -> None:
    endpoint = connect_endpoint(url, chunk=1)
    (drawn,) = draw(endpoint, 1, decoding=DECODING, problem=Problem("long", "12 " * 4000))
    assert (drawn.output, drawn.finish_reason) == ("", "length")


def test_streams_lose_no_request(url: str) -> None:
    # The server closes each connection after a stream: one that is used again loses a request.
    endpoint = connect_endpoint(url, model="x", stream=True, chunk=1, concurrency=2)
    with Ledger() as ledger:
        assert len(draw(endpoint, 24, decoding=DECODING, problem=PROBLEM)) == 24
    assert [answered.fate for answered in ledger.answered] == ["delivered"] * 24
