"""Batches through a network such that a result never depends on what else is in the batch.

Sums of floating-point numbers depend on the shape of a batch: the same text alone and among others
differs in the last bits. So a shape follows from a text's own length, and batches are filled up to
it; with batches of one there is nothing to fill. Not here: what the network is.
Try it: `python -m pytest tests/scoring/rewards/test_passes.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from topdraw.errors import DomainError
from topdraw.scoring.rewards.checkpoint import Checkpoint, Foreign
from topdraw.scoring.rewards.conversation import Tokens
from topdraw.scoring.rewards.told import say_once

_SHORTEST = 32
# A pass reads each weight once, and does two operations a token with it: beyond some 300 tokens in
# bfloat16 arithmetic takes the time of today's GPUs, so that more rows, which may only be filling,
# save nothing.
_TOKENS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes through a network at once.

    Attributes:
        ids: a tensor, shape (rows, width), of whole numbers.
        mask: likewise, 1 where there is a token and 0 where there is padding, on the right.
        types: likewise, token types; None when there are none.
        padding: the token that the rows are padded with; no text has it, or the network's own.
        tokens: of the rows that count; those after them only fill the batch.
    """

    ids: Foreign
    mask: Foreign
    types: Foreign
    padding: int
    tokens: Sequence[Tokens]

    @property
    def inputs(self) -> dict[str, Foreign]:
        """What a network of transformers takes."""
        given = {"input_ids": self.ids, "attention_mask": self.mask}
        return given if self.types is None else given | {"token_type_ids": self.types}


#: Gives a plain value for each row that counts.
Ask: TypeAlias = Callable[[Batch], Sequence[object]]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no result for a text."""

    reason: str


class Passes:
    """Sends texts through a network, shortest first.

    Args:
        checkpoint: whose network it is.
        ask: sends a batch through it.
        batch_size: most rows at once; None for 1 on a CPU and 16 on a GPU. With 1, texts are not
            padded. When memory runs out, batches of that size and larger ones have half the rows
            from then on, which may change last bits.

    Raises:
        DomainError: when batch_size is below 1.
    """

    def __init__(self, checkpoint: Checkpoint, ask: Ask, *, batch_size: int | None = None) -> None:
        if batch_size is not None and batch_size < 1:
            raise DomainError(f"batch_size is {batch_size}; it must be at least 1.")
        self.batch_size = batch_size or (16 if checkpoint.on_gpu else 1)
        self._tokens_at_once = _TOKENS_AT_ONCE
        self._checkpoint, self._ask = checkpoint, ask
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[Tokens]) -> list[object]:
        """What the network gives for each text, or `Failed`; equal texts are sent once."""
        torch = self._checkpoint.torch
        left = sorted(
            {t for t in texts if t.ids}, key=lambda t: (len(t.ids), t.ids, t.types, t.places)
        )
        results: dict[Tokens, object] = {}
        with self._lock, torch.inference_mode():
            while left:
                width = padded_length(len(left[0].ids), self.batch_size)
                rows = rows_of(width, self.batch_size, self._tokens_at_once)
                fit = [t for t in left[:rows] if len(t.ids) <= width]
                found = self._sent(fit, rows, width)
                if found is not None:
                    results.update(zip(fit, found, strict=True))
                    left = left[len(fit) :]
        return [
            results.get(text, Failed(text.refused or "there is nothing to read")) for text in texts
        ]

    def _sent(self, fit: Sequence[Tokens], rows: int, width: int) -> Sequence[object] | None:
        """The results of a batch; None when it is to be tried again with fewer rows."""
        try:
            return self._ask(self._batch(fit, rows, width))
        except RuntimeError as error:
            if not _out_of_memory(self._checkpoint.torch, error):
                raise
        if self._checkpoint.device.type == "cuda":  # pragma: no cover  needs a GPU
            self._checkpoint.torch.cuda.empty_cache()
        if rows == 1:
            return [Failed(f"out of memory at {width} tokens")]
        self._tokens_at_once = rows // 2 * width
        said = f"out of memory with {rows} rows of {width} tokens; going on with {rows // 2}."
        say_once(self._checkpoint.where.model, said)
        return None

    def _batch(self, fit: Sequence[Tokens], rows: int, width: int) -> Batch:
        torch, device = self._checkpoint.torch, self._checkpoint.device
        filled = [*fit, *[fit[0]] * (rows - len(fit))]
        pad = _padding(self._checkpoint.config, fit)

        def tensor(lines: Sequence[Sequence[int]], filler: int) -> Foreign:
            wide = [[*line, *[filler] * (width - len(line))] for line in lines]
            return torch.tensor(wide, dtype=torch.long, device=device)

        return Batch(
            tensor([t.ids for t in filled], pad),
            tensor([[1] * len(t.ids) for t in filled], 0),
            tensor([t.types for t in filled], 0) if fit[0].types else None,
            pad,
            fit,
        )


def padded_length(length: int, batch_size: int) -> int:
    """Tokens of a row that holds a text: at most an eighth more, from 32 tokens on.

    Args:
        length: of the text, >= 1.
        batch_size: with 1 nothing is padded.

    Examples:
        >>> [padded_length(n, 16) for n in (1, 33, 300, 1025)], padded_length(33, 1)
        ([32, 64, 320, 1152], 33)
    """
    if batch_size == 1:
        return length
    step = max(_SHORTEST, 1 << max((length - 1).bit_length() - 4, 0))
    return -(-length // step) * step


def rows_of(width: int, batch_size: int, most_tokens: int = _TOKENS_AT_ONCE) -> int:
    """Rows of a batch of this width: at least one, at most so many, and at most so many tokens.

    Args:
        width: tokens of a row.
        batch_size: most rows.
        most_tokens: of all rows together.

    Examples:
        >>> rows_of(32, 16), rows_of(128, 16), rows_of(4096, 16)
        (16, 4, 1)
    """
    return max(1, min(batch_size, most_tokens // width))


def _padding(config: Foreign, fit: Sequence[Tokens]) -> int:
    """What to pad with: the network's own padding, else a token that none of the texts has."""
    own = getattr(config, "pad_token_id", None)
    if own is not None and own >= 0:
        return int(own)
    used = {one for text in fit for one in text.ids}
    return next(one for one in range(len(used) + 1) if one not in used)


def _out_of_memory(torch: Foreign, error: RuntimeError) -> bool:
    said = str(error).lower()
    kind = getattr(torch, "OutOfMemoryError", ())
    return isinstance(error, kind) or "out of memory" in said or "allocate memory" in said
