"""Byte-level BPE in pure Python: text to token ids and back, read from a `tokenizer.json`.

Equal to the `tokenizers` package on the shipped file, except that special tokens are never read out
of text: they are only placed around it.

Not here: training a tokenizer, or other kinds of tokenizer.
Try it: `python -m pytest tests/models/builtin/test_tokenizer.py`.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path

from topdraw.errors import FormatError

_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# GPT-2's split. Digits are cut out before it, so `[^\W_]` is Unicode's letters and nothing else.
_WORD = re.compile(
    rf"'(?:s|t|re|ve|m|ll|d)| ?[^\W_{_SPACE}]+| ?(?:[^\w{_SPACE}]|_)+"
    rf"|[{_SPACE}]+(?![^{_SPACE}])|[{_SPACE}]+"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


class Tokenizer:
    """Encodes and decodes with one vocabulary.

    Args:
        path: a `tokenizer.json` of the `tokenizers` package: byte-level BPE, each digit on its own.

    Raises:
        FormatError: when the file is not such a tokenizer.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
            vocabulary: dict[str, int] = data["model"]["vocab"]
            merges = [tuple(pair) for pair in data["model"]["merges"]]
            self.special: dict[str, int] = {t["content"]: t["id"] for t in data["added_tokens"]}
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"{path} is not a byte-level BPE tokenizer file.") from error
        letters = _byte_letters()
        self._letters = [letters[byte] for byte in range(256)]
        self._ids = vocabulary
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._bytes = _token_bytes(vocabulary, letters, set(self.special.values()))
        self._word = functools.lru_cache(maxsize=4096)(self._encode_word)

    @property
    def size(self) -> int:
        """Number of tokens, special ones included."""
        return len(self._bytes)

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, which is only ever read as text.

        Args:
            text: anything. What looks like a special token stays plain characters; a lone
                surrogate, which no encoding can carry, is read as U+FFFD.
        """
        clean = _SURROGATE.sub("\ufffd", text)
        return [token for word in _words(clean) for token in self._word(word)]

    def token_bytes(self, token: int) -> bytes:
        """The bytes a token stands for; empty for special tokens."""
        return self._bytes[token]

    def decode(self, tokens: Iterable[int]) -> str:
        """Text of token ids: special tokens vanish, bytes that are not UTF-8 become U+FFFD."""
        return b"".join(self._bytes[token] for token in tokens).decode("utf-8", "replace")

    def _encode_word(self, word: str) -> tuple[int, ...]:
        parts = [self._letters[byte] for byte in word.encode()]
        while len(parts) > 1:
            pairs = set(itertools.pairwise(parts))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            parts = _merged(parts, best)
        return tuple(self._ids[part] for part in parts)


def _words(text: str) -> Iterator[str]:
    for piece in _digits_apart(text):
        if unicodedata.category(piece[0])[0] == "N":
            yield piece
        else:
            yield from _WORD.findall(piece)


def _digits_apart(text: str) -> Iterator[str]:
    start = 0
    for position, character in enumerate(text):
        if unicodedata.category(character)[0] == "N":
            if start < position:
                yield text[start:position]
            yield character
            start = position + 1
    if start < len(text):
        yield text[start:]


def _merged(parts: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    for part in parts:
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def _byte_letters() -> dict[int, str]:
    """GPT-2's printable letter for each byte: itself where printable, else from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable}
    return letters | {byte: chr(256 + place) for place, byte in enumerate(rest)}


def _token_bytes(
    vocabulary: dict[str, int], letters: dict[int, str], special: set[int]
) -> list[bytes]:
    byte_of = {letter: byte for byte, letter in letters.items()}
    table = [b""] * (max(vocabulary.values(), default=-1) + 1)
    for text, token in vocabulary.items():
        if token not in special:
            table[token] = bytes(byte_of[letter] for letter in text)
    return table
