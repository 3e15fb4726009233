r"""One verdict from two checks: ours (`compare`) and math-verify's (`pool`).

Not here: either check, and where the answer came from (`scoring.answers`).
Try it: `python -c "from topdraw.scoring.equality.verdict import *; print(decide('1/2', '0.5'))"`.

| ours | math-verify | verdict |
|---|---|---|
| equal or different, exactly | not asked | as ours |
| equal, in digits | equal | right |
| equal, in digits | different | wrong, "checks disagree" |
| different, in digits | equal | wrong, "checks disagree" |
| different, in digits | anything else | wrong |
| cannot tell, because the answer alone is too large | not asked | wrong |
| cannot tell, because the gold answer is too large | not asked | undecided |
| cannot tell | equal | undecided |
| cannot tell | different, or cannot read the answer | wrong |
| equal or cannot tell | too slow, out of memory, crashed | undecided |
| equal, in digits | cannot read one | undecided |
| cannot tell | cannot read the gold answer | undecided |

Right needs two checks or a proof. Undecided is our failure, a missing score.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from topdraw.scoring.equality.clean import clean
from topdraw.scoring.equality.compare import compare
from topdraw.scoring.equality.exact import exact
from topdraw.scoring.equality.pool import Reply, ask
from topdraw.scoring.equality.shapes import read
from topdraw.scoring.equality.tree import Node, Shape, Unreadable

_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)")
_LARGEST_POWER = 10**6
_FAILED: dict[Reply, str] = {
    "slow": "ran out of time",
    "memory": "ran out of memory",
    "crashed": "crashed",
    "no gold": "cannot read the right answer",
    "no answer": "cannot read this answer",
}


class Verdict(NamedTuple):
    """Whether an answer is right.

    Attributes:
        right: None when we cannot decide; then the score is missing.
        why: the rule that decided, in a few words.
    """

    right: bool | None
    why: str


def decide(gold: str, answer: str) -> Verdict:
    r"""Whether an answer is the right one, by the table above.

    Args:
        gold: the right answer, LaTeX or plain.
        answer: another.

    Raises:
        MissingPackage: without the extra "math", when more than exact arithmetic is needed.

    Examples:
        >>> decide("70,000", "70000"), decide("(x+1)^2", "x^2+2x+1").right
        (Verdict(right=True, why='exact'), True)
        >>> decide(r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}")
        Verdict(right=False, why='exact')
    """
    if gold == answer:
        return Verdict(True, "same text")
    if _PLAIN.fullmatch(gold) and _PLAIN.fullmatch(answer):
        return Verdict(False, "exact")
    if _same_text(gold, answer):
        return Verdict(True, "same text")
    ours = compare(gold, answer)
    if ours.equal is not None and ours.how == "exact":
        return Verdict(ours.equal, "exact")
    if ours.equal is None and (large := too_large(gold), too_large(answer)) != (False, False):
        return Verdict(None if large else False, "too large to check")
    return _with_second(ours.equal, ask(gold, answer))


def _same_text(gold: str, answer: str) -> bool:
    try:
        # Not between two digits: 1 2 is not 12.
        texts = [re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", clean(text)) for text in (gold, answer)]
    except Unreadable:
        return False
    # Braces around one character are for looks, like spaces.
    bare = [re.sub(r"(?<!\\)\{(\w)\}(?!\w)", r"\1", text) for text in texts]
    return bare[0] == bare[1] != ""


def _with_second(ours: bool | None, theirs: Reply) -> Verdict:
    if ours is None:
        return _alone(theirs)
    if (ours and theirs == "different") or (not ours and theirs == "equal"):
        own = "equal" if ours else "different"
        return Verdict(False, f"checks disagree: ours {own}, math-verify {theirs}")
    if not ours:
        return Verdict(False, "100 digits")
    if theirs == "equal":
        return Verdict(True, "100 digits and math-verify")
    return Verdict(None, f"equal to 100 digits, but math-verify {_FAILED[theirs]}")


def _alone(theirs: Reply) -> Verdict:
    if theirs == "equal":
        return Verdict(None, "math-verify says equal, but our own check cannot tell")
    if theirs in ("different", "no answer"):
        return Verdict(False, "math-verify" if theirs == "different" else "no mathematics")
    return Verdict(None, f"math-verify {_FAILED[theirs]}, and our own check cannot tell")


def too_large(text: str) -> bool:
    """Whether a text spells a tower of powers or a factorial that no check can work out."""
    shape = read(text)
    return shape is not None and _large_shape(shape)


def _large_shape(shape: Shape) -> bool:
    return any(map(_large_shape, shape.parts)) or (shape.node is not None and _large(shape.node))


def _large(node: Node) -> bool:
    if node.op == "^" or (node.op == "call" and node.name == "factorial"):
        argument = node.args[-1]
        size = exact(argument)
        if size is not None and abs(size) > _LARGEST_POWER:
            return True
        nested = argument.op == "^" or argument.name == "factorial"
        if size is None and nested and _constant(argument):
            return True
    return any(map(_large, node.args))


def _constant(node: Node) -> bool:
    return node.op == "number" or (
        node.op in ("^", "call", "*", "+", "-") and all(map(_constant, node.args))
    )
