"""What a judge's reply says: its last line of the agreed form, or nothing.

Not here: asking (`asked`), and what the probabilities of the verdict's token say (`likelihood`).
Try it: `python -m pytest tests/scoring/judges/test_verdicts.py`.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

#: Only the end of a longer reply is read.
_LONGEST = 100_000
_DRESS = r"[ \t*_`#>\[\]()\"]{0,20}"


class Found(NamedTuple):
    """A verdict in a reply.

    Attributes:
        text: of the verdict: "7", "A", "tie".
        at: where it begins in the reply.
        ended: whether its line ends, so that nothing of it can have been cut off.
    """

    text: str
    at: int
    ended: bool


def read_number(reply: str, verdict: str) -> Found | None:
    r"""The last number behind the verdict's word, alone on its line but for dress; None for none.

    A reply of a single line may be the number alone.

    Args:
        reply: of the judge.
        verdict: the word.

    Examples:
        >>> read_number("Rating: 3? No:\n**Rating: 7/9**", "Rating")
        Found(text='7', at=25, ended=False)
        >>> read_number("I would say 7.", "Rating") is None
        True
    """
    return _last(reply, verdict, r"\d{1,9}(?:\.\d{1,9})?(?![\d.]*\d)")


def read_letter(reply: str, verdict: str) -> Found | None:
    r"""The last A, B or tie behind the verdict's word; None for none.

    Examples:
        >>> read_letter("Winner: A\nWinner: B", "Winner")
        Found(text='B', at=18, ended=False)
        >>> read_letter("Winner: A and B", "Winner") is None
        True
    """
    return _last(reply, verdict, r"(?-i:[AB])|tie")


def _last(reply: str, verdict: str, form: str) -> Found | None:
    skipped = max(len(reply) - _LONGEST, 0)
    text = reply[skipped:]
    every = list(_lines(verdict, form).finditer(text))
    last = every[-1] if every else _alone(form).fullmatch(text)
    if last is None:
        return None
    return Found(last["found"], skipped + last.start("found"), text[last.end() :][:1] == "\n")


@functools.lru_cache(maxsize=64)
def _lines(verdict: str, form: str) -> re.Pattern[str]:
    head = rf"^{_DRESS}{re.escape(verdict)}{_DRESS}[:=]{_DRESS}"
    tail = rf"(?:[ \t]?/[ \t]?\d{{1,9}})?{_DRESS}\.?{_DRESS}\r?$"
    return re.compile(rf"{head}(?:(?:answer|response)[ \t])?(?P<found>{form}){tail}", re.I | re.M)


@functools.lru_cache(maxsize=8)
def _alone(form: str) -> re.Pattern[str]:
    return re.compile(rf"\s{{0,20}}{_DRESS}(?P<found>{form}){_DRESS}\.?\s{{0,20}}", re.I)
