r"""Verifier of mathematical answers: finds the final answer and compares it with the target twice.

Not here: the rules of finding it (`scoring.answers.spans`) and of equality (`scoring.equality`).
Try it: `topdraw score RUN math`.

A verdict needs a proof by exact arithmetic, or two checks that agree: our own to 100 digits and
math-verify's. The note says which rule found the answer and what decided. See docs/answers.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.errors import MissingPackage
from topdraw.scoring import number
from topdraw.scoring.answers.spans import Span, find
from topdraw.scoring.equality.canonical import canonical
from topdraw.scoring.equality.compare import same
from topdraw.scoring.equality.pool import AT_ONCE, require_math
from topdraw.scoring.equality.shapes import read
from topdraw.scoring.equality.verdict import decide


@scorer("math")
def score_math(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    r"""A verdict per sample: is its final answer mathematically the problem's target?

    Args:
        problem: its target is the right answer in LaTeX or plain, a number, or a solution that
            ends in `\boxed{...}` or `#### ...`; None when nobody knows the answer.
        samples: of this problem.

    Returns:
        Verdicts with a canonical text as answer; no answer is wrong. Without a target the answer
        alone, for votes. Missing where the target cannot be used or the checks cannot decide.

    Raises:
        MissingPackage: without the extra "math": half a verifier would call right answers wrong.

    Examples:
        >>> problem = Problem("1", "", r"\frac{\sqrt{3}}{3}")
        >>> score_math(problem, [Sample("1", 0, r"so \boxed{1/\sqrt{3}}")])[0].passed
        True
    """
    require_math()
    gold = read_target(problem.target)
    if problem.target is not None and gold is None:
        reason = f"target {str(problem.target)[:60]!r} holds no answer"
        return [Score.missing(reason) for _ in samples]
    scores = {output: _score(gold, output) for output in {sample.output for sample in samples}}
    return [scores[sample.output] for sample in samples]


def equivalent(one: str, other: str) -> bool:
    """Whether two answers of this scorer are one for a vote; by text alone without the extra."""
    try:
        return same(one, other)
    except MissingPackage:
        return False


# Read by `scoring.engine` and by whoever makes classes of answers for a vote.
score_math.workers = AT_ONCE  # type: ignore[attr-defined]  # functions take attributes
score_math.equivalent = equivalent  # type: ignore[attr-defined]  # likewise


def _score(gold: str | None, output: str) -> Score:
    found = locate(output)
    if found is None:
        return Score(note="no answer") if gold is None else Score.verdict(False, note="no answer")
    answer = canonical(found.text)
    if gold is None:
        return Score(answer=answer, note=found.rule)
    verdict = decide(gold, found.text)
    if verdict.right is None:
        return Score.missing(f"{verdict.why} ({found.text[:60]!r})")
    return Score.verdict(verdict.right, answer=answer, note=f"{found.rule}; {verdict.why}")


def locate(output: str) -> Span | None:
    """The final answer of an output: by `spans.find`, else all of one line, or its last number.

    A sentence that is no mathematics is read for its first number: "18 of the apples" is 18. So is
    what stood between two dollar signs of money.
    """
    found = find(output)
    if found is not None and (found.rule in ("boxed", "minerva") or read(found.text) is not None):
        return found
    whole = output.strip()
    if found is None and _is_answer(whole):
        return Span(whole, "whole output")
    last = number.extract(output)
    if last is None:
        return found
    if found is not None and last.rule == "last number" and "\\" in found.text:
        return found
    return Span(number.canonical(last.value), last.rule)


def _is_answer(line: str) -> bool:
    """Whether one line is mathematics, or a single word."""
    shape = None if "\n" in line else read(line)
    return shape is not None and (shape.kind != "words" or len(line.split()) == 1)


def read_target(target: Json) -> str | None:
    """The right answer of a target, as text; None when there is none."""
    if isinstance(target, bool) or target is None:
        return None
    if isinstance(target, int):
        return str(target)
    if isinstance(target, float):
        return number.canonical(Fraction(repr(target))) if math.isfinite(target) else None
    if not isinstance(target, str) or not target.strip():
        return None
    marked = "\\boxed" in target or "####" in target
    found = find(target) if marked else None
    return found.text if found else target.strip()
