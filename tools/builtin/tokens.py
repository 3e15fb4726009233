"""The tokenizer of the built-in model: byte-level BPE, 448 tokens, each digit its own token.

Not here: encoding at run time, which is pure Python (`topdraw.models.builtin.tokenizer`).
Try it: `python -m pytest tests/tools/test_train_builtin.py -k tokenizer`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from tools.builtin.data import NARROW, Example, Sizes, stream

SPECIALS = ("<|end|>", "<|user|>", "<|assistant|>", "<|pad|>")
END, USER, ASSISTANT, PAD = range(4)
VOCABULARY = 448
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] "
    "+ '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded token rows of one step.

    Attributes:
        tokens: shape (rows, length), int64, padded with PAD on the right.
        is_answer: shape (rows, length), True on the tokens the model must produce.
        kinds: kind of each row.
        concepts: concept of each row, "" when it has none.
    """

    tokens: NDArray[np.int64]
    is_answer: NDArray[np.bool_]
    kinds: tuple[str, ...]
    concepts: tuple[str, ...]


def train_tokenizer(seed: int, *, examples: int = 20_000) -> Tokenizer:
    """A tokenizer trained on the start of the training stream.

    The pre-tokenizer is a digit splitter, then GPT-2's (llama.cpp calls the pair `smollm`).

    Args:
        seed: seed of the stream.
        examples: how many texts to learn merges from.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIALS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    texts = [e.prompt + "\n" + e.answer for e in islice(stream(seed), examples)]
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def batches(
    tokenizer: Tokenizer, seed: int, *, tokens: int = 3000, pool: int = 1024, sizes: Sizes = NARROW
) -> Iterator[Batch]:
    """An endless stream of length-bucketed batches, the same for the same seed.

    Args:
        tokenizer: see `train_tokenizer`.
        seed: seed of the examples and of the order.
        tokens: padded tokens a batch holds at most.
        pool: examples sorted by length at a time.
        sizes: see `builtin.data`.
    """
    source = stream(seed, sizes=sizes)
    rng = np.random.default_rng([seed, 1])
    while True:
        groups = _bucket(_encode(tokenizer, list(islice(source, pool))), tokens)
        for i in rng.permutation(len(groups)).tolist():
            yield _pad(groups[i])


@dataclass(frozen=True, slots=True)
class _Row:
    example: Example
    ids: list[int]
    answer_start: int


def _encode(tokenizer: Tokenizer, examples: Sequence[Example]) -> list[_Row]:
    prompts = tokenizer.encode_batch([e.prompt for e in examples])
    answers = tokenizer.encode_batch([e.answer for e in examples])
    rows = []
    for example, prompt, answer in zip(examples, prompts, answers, strict=True):
        head = [USER, *prompt.ids, END, ASSISTANT]
        rows.append(_Row(example, [*head, *answer.ids, END], len(head)))
    return rows


def _bucket(rows: list[_Row], tokens: int) -> list[list[_Row]]:
    groups: list[list[_Row]] = [[]]
    for row in sorted(rows, key=lambda r: len(r.ids)):
        if len(row.ids) * (len(groups[-1]) + 1) > tokens and groups[-1]:
            groups.append([])
        groups[-1].append(row)
    return groups


def _pad(rows: Sequence[_Row]) -> Batch:
    length = max(len(row.ids) for row in rows)
    tokens = np.full((len(rows), length), PAD, dtype=np.int64)
    is_answer = np.zeros((len(rows), length), dtype=np.bool_)
    for i, row in enumerate(rows):
        tokens[i, : len(row.ids)] = row.ids
        is_answer[i, row.answer_start : len(row.ids)] = True
    kinds = tuple(row.example.kind for row in rows)
    return Batch(tokens, is_answer, kinds, tuple(row.example.concept for row in rows))


def count_concepts(counts: Counter[str], batch: Batch) -> None:
    """Add a batch's concepts to the exact counts of a training run."""
    counts.update(concept for concept in batch.concepts if concept)
