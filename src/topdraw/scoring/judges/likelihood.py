"""The probabilities of a verdict's token, where a server gives them: more than the token itself.

Not here: where the verdict stands in the reply (`verdicts`).
Try it: `python -m pytest tests/scoring/judges/test_likelihood.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from topdraw.core.records import Json, Sample

#: Less than this on the scale's tokens, and the verdict that was drawn is taken as it stands.
LEAST_MASS = 0.5


class Token(NamedTuple):
    """A token of a reply.

    Attributes:
        text: of it.
        start: where it begins in the texts of all tokens joined.
        chances: probability of it and of the likeliest others in its place, by their text.
    """

    text: str
    start: int
    chances: Mapping[str, float]


class Weighed(NamedTuple):
    """A verdict weighed by probability.

    Attributes:
        value: the expected verdict.
        mass: probability of all tokens that are verdicts, in (0, 1]; the value is over these alone.
    """

    value: float
    mass: float


def tokens_of(sample: Sample) -> list[Token]:
    """The tokens of a reply with their likely others; none where the server does not say.

    Args:
        sample: with the server's own choice in its metadata, as draws of a `Given` are.
    """
    choice = sample.metadata.get("choice")
    logprobs = choice.get("logprobs") if isinstance(choice, dict) else None
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    found, start = [], 0
    for item in content if isinstance(content, list) else []:
        text = item.get("token") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(text, str):
            return []
        found.append(Token(text, start, dict(_chances(item))))
        start += len(text)
    return found


def _chances(item: Mapping[str, Json]) -> Iterator[tuple[str, float]]:
    others = item.get("top_logprobs")
    for one in [*(others if isinstance(others, list) else []), item]:
        if isinstance(one, dict):
            text, logprob = one.get("token"), one.get("logprob")
            if isinstance(text, str) and isinstance(logprob, int | float) and logprob <= 1e-6:
                yield text, math.exp(max(logprob, -700.0))


def joined(tokens: Sequence[Token]) -> str:
    """The reply that these tokens make."""
    return "".join(token.text for token in tokens)


def expected_number(
    tokens: Sequence[Token], at: int, drawn: str, low: int, high: int
) -> Weighed | None:
    """The expected number on a scale, over the tokens that could have stood in the place of it.

    E = sum p(v) v / sum p(v) over the whole numbers v of the scale. What the other tokens have is
    left out and the rest normalised; where that is more than half, there is no expectation.

    Args:
        tokens: of the reply.
        at: where the number begins in them.
        drawn: the number that was drawn.
        low: worst of the scale.
        high: best of it.

    Returns:
        None too when the number is longer than its token, or a token is the beginning of several
        numbers of the scale: "1" of 1 and 10, where the tokenizer splits the latter.

    References:
        G-Eval (Liu et al. 2023, arXiv 2303.16634), eq. 1, with the probabilities themselves in
        place of 20 draws.
    """
    token = _at(tokens, at)
    if token is None or token.text.strip() != drawn:
        return None
    scale = {str(value) for value in range(low, high + 1)}
    words = {word: chance for word, chance in _by_word(token).items() if word in scale}
    if any(_begins_others(word, scale) for word in words) and not any(
        len(word) == len(str(high)) for word in words
    ):
        return None
    return _mean({float(word): chance for word, chance in words.items()})


def _begins_others(word: str, scale: set[str]) -> bool:
    return any(other != word and other.startswith(word) for other in scale)


def first_better(tokens: Sequence[Token], at: int) -> Weighed | None:
    """The probability that the judge says A rather than B; a tie is half of each.

    P = (p(A) + p(tie) / 2) / (p(A) + p(B) + p(tie)).

    Args:
        tokens: of the reply.
        at: where the verdict begins in them.
    """
    token = _at(tokens, at)
    if token is None:
        return None
    found = {1.0: 0.0, 0.0: 0.0, 0.5: 0.0}
    for word, chance in _by_word(token).items():
        if word in ("A", "B"):
            found[float(word == "A")] += chance
        elif word and "tie".startswith(word.lower()):
            found[0.5] += chance
    return _mean(found)


def _at(tokens: Sequence[Token], at: int) -> Token | None:
    return next((one for one in tokens if one.start <= at < one.start + len(one.text)), None)


def _by_word(token: Token) -> dict[str, float]:
    words: dict[str, float] = {}
    for text, chance in token.chances.items():
        word = text.strip()
        words[word] = words.get(word, 0.0) + chance
    return words


def _mean(chances: Mapping[float, float]) -> Weighed | None:
    mass = math.fsum(chances.values())
    if mass < LEAST_MASS:
        return None
    value = math.fsum(value * chance for value, chance in chances.items()) / mass
    # Rounding must not lead out of the scale.
    most, least = max(chances), min(chances)
    return Weighed(min(max(value, least), most), min(mass, 1.0))
