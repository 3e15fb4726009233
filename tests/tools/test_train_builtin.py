"""Tests of the training tool: reproducible, never sees held-out problems, small files.

Not here: how good the trained model is (its model card) and drawing from it.
Try it: `python -m pytest tests/tools/test_train_builtin.py`.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topdraw.tasks import arithmetic, countdown, functions

pytest.importorskip("torch")

from tokenizers import Tokenizer
from tools.builtin import data, tokens
from tools.builtin.optimise import FLOOR, rate_factor
from tools.train_builtin import WEIGHTS, train

MOST_BYTES = 4_000_000


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))


@pytest.mark.slow
@settings(deadline=None, max_examples=5)
@given(st.integers(0, 2**32))
def test_the_stream_never_holds_a_test_prompt(seed: int) -> None:
    tested = {
        problem.prompt
        for load in (countdown.load, arithmetic.load, functions.load)
        for problem in load(problems=50, seed=seed % 3).problems
    }
    stream = list(itertools.islice(data.stream(seed), 200))
    assert {example.kind for example in stream} == set(data.MIX)
    assert not tested & {example.prompt for example in stream}


def test_the_stream_is_deterministic() -> None:
    first = list(itertools.islice(data.stream(5), 50))
    assert first == list(itertools.islice(data.stream(5), 50))
    assert first != list(itertools.islice(data.stream(6), 50))


def test_every_drill_is_right() -> None:
    drills = [e for e in itertools.islice(data.stream(1), 400) if e.kind == "drill"]
    for drill in drills:
        for line in drill.answer.split("\n"):
            left, right = line.split("=")
            assert eval(left) == int(right)  # noqa: S307 - text of this repository


@given(st.text())
def test_the_tokenizer_round_trips(text: str) -> None:
    tokenizer = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
    plain = text.encode("utf-8", "replace").decode()
    for special in tokens.SPECIALS:
        plain = plain.replace(special, "")
    assert tokenizer.decode(tokenizer.encode(plain).ids) == plain


def test_the_vocabulary(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size() == tokens.VOCABULARY
    assert [tokenizer.id_to_token(i) for i in range(4)] == list(tokens.SPECIALS)
    assert len(tokenizer.encode("12+345=357").ids) == 10
    merged = [token for token in tokenizer.get_vocab() if token not in tokens.SPECIALS]
    assert not any(len(token) > 1 and any(c.isdigit() for c in token) for token in merged)


def test_batches_hold_what_they_promise(tokenizer: Tokenizer) -> None:
    for batch in itertools.islice(tokens.batches(tokenizer, 0, tokens=500, pool=64), 30):
        assert batch.tokens.shape == batch.is_answer.shape
        assert batch.tokens.size <= 500
        assert (batch.tokens[:, 0] == tokens.USER).all()
        for row, answer in zip(batch.tokens, batch.is_answer, strict=True):
            text = row[answer]
            assert text[-1] == tokens.END
            assert tokens.PAD not in text
            assert row[np.argmax(answer) - 1] == tokens.ASSISTANT


@given(st.integers(60, 2000), st.floats(0.1, 0.9))
def test_the_schedule(steps: int, share: float) -> None:
    start = max(31, int(steps * share))
    factors = [rate_factor(i, decay_start=start, steps=steps + 31) for i in range(steps + 31)]
    assert max(factors) == 1.0
    assert factors[-1] == pytest.approx(FLOOR)
    assert all(b <= a + 1e-12 for a, b in itertools.pairwise(factors[start:]))


@pytest.mark.slow
def test_a_tiny_run_repeats_from_its_seed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        train(seed=3, steps=5, out=tmp_path / name, batch_tokens=300, tokenizer_examples=500)
    train(seed=4, steps=5, out=tmp_path / "c", batch_tokens=300, tokenizer_examples=500)
    for file in ("builtin.safetensors", "small.safetensors", "tokenizer.json", "config.json"):
        content = (tmp_path / "a" / file).read_bytes()
        assert content == (tmp_path / "b" / file).read_bytes()
    builtin = (tmp_path / "a" / "builtin.safetensors").read_bytes()
    assert builtin != (tmp_path / "c" / "builtin.safetensors").read_bytes()
    assert builtin != (tmp_path / "a" / "small.safetensors").read_bytes()
    facts = json.loads((tmp_path / "a" / "builtin.json").read_text())
    assert facts["steps"] == 5
    assert sum(facts["concepts"].values()) <= facts["examples"]


def test_the_shipped_files_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in WEIGHTS.iterdir()}
    assert {"builtin.safetensors", "small.safetensors", "tokenizer.json", "config.json"} <= set(
        sizes
    )
    assert sum(sizes.values()) < MOST_BYTES
