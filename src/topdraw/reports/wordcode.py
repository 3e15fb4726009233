"""Many alike texts as numbers of words, which deflate to less than their letters do.

Deflate sees 32 kB back, some eighty answers of a model; as numbers of a byte or two, triple that.
Not here: what the texts are (`archive`), decoding (samples.js).
Try it: `python -m pytest tests/reports/test_wordcode.py`.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r" ?[^\W\d_]+|\d+|\s+|.", re.DOTALL)
_ONE, _TWO = 224, 224 + 31 * 256


@dataclass(frozen=True, slots=True)
class Wordcode:
    """Texts as numbers of words.

    Attributes:
        words: the distinct words, the most frequent first; number i + 1 stands for `words[i]`,
            0 for the end of a text.
        code: the numbers of all texts: below 224 one byte, below 8160 two (224 and the number's
            upper byte, then its lower), else 255 and three.
    """

    words: tuple[str, ...]
    code: bytes


def encoded(texts: Sequence[str]) -> Wordcode:
    r"""Texts as numbers of words.

    Args:
        texts: any.

    Examples:
        >>> encoded(["a b", "a"])
        Wordcode(words=('a', ' b'), code=b'\x01\x02\x00\x01\x00')
    """
    parted = [_WORD.findall(text) for text in texts]
    counts = Counter(itertools.chain.from_iterable(parted))
    words = tuple(word for word, _ in counts.most_common())
    numbers = {word: _bytes(at) for at, word in enumerate(words, start=1)}
    code = b"".join(b"".join([*map(numbers.__getitem__, each), b"\0"]) for each in parted)
    return Wordcode(words, code)


def decoded(made: Wordcode) -> list[str]:
    """The texts again; what samples.js does, for tests and for whoever wants the samples back.

    Args:
        made: by `encoded`.
    """
    texts: list[str] = []
    text: list[str] = []
    code = iter(made.code)
    for first in code:
        number = first
        if first == 255:
            number = next(code) << 16 | next(code) << 8 | next(code)
        elif first >= _ONE:
            number = _ONE + ((first - _ONE) << 8) + next(code)
        if number:
            text.append(made.words[number - 1])
        else:
            texts.append("".join(text))
            text = []
    return texts


def _bytes(number: int) -> bytes:
    if number < _ONE:
        return bytes((number,))
    if number < _TWO:
        return bytes((_ONE + ((number - _ONE) >> 8), (number - _ONE) & 255))
    return b"\xff" + number.to_bytes(3, "big")
