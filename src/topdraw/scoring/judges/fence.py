"""Texts of others inside a prompt: each between marks that it cannot write.

Not here: the prompts (`prompts`) and what a judge replies (`verdicts`).
Try it: `python -m pytest tests/scoring/judges/test_fence.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from topdraw.core.records import Json, Problem
from topdraw.scoring.judges.prompts import Prompt


def mark_for(texts: Sequence[str]) -> str:
    """Sixteen hex digits that stand in none of these texts, the same for equal texts.

    They are a digest of the texts, so that a text would have to hold the digest of itself.

    Examples:
        >>> mark_for(["4", "5"]) == mark_for(["4", "5"]), len(mark_for([""]))
        (True, 16)
    """
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    mark = digest.hexdigest()[:16]
    while any(mark in text for text in texts):
        digest.update(b"again")
        mark = digest.hexdigest()[:16]
    return mark


def fenced(text: str, what: str, mark: str) -> str:
    """A text between its marks.

    Args:
        text: of somebody else.
        what: it is, in words of ours.
        mark: that stands in no text of the prompt.

    Examples:
        >>> print(fenced("4", "ANSWER", "0f3a"))
        [BEGIN ANSWER 0f3a]
        4
        [END ANSWER 0f3a]
    """
    return f"[BEGIN {what} {mark}]\n{text}\n[END {what} {mark}]"


def of_points(prompt: Prompt, problem: Problem, answer: str) -> str:
    """The prompt that asks to rate an answer."""
    mark = mark_for([problem.prompt, _target(problem), answer])
    return _filled(prompt, problem, mark, answer=fenced(answer, "ANSWER", mark))


def of_pair(prompt: Prompt, problem: Problem, first: str, second: str) -> str:
    """The prompt that asks which of two answers is better."""
    mark = mark_for([problem.prompt, _target(problem), first, second])
    return _filled(
        prompt,
        problem,
        mark,
        first=fenced(first, "ANSWER A", mark),
        second=fenced(second, "ANSWER B", mark),
    )


def of_list(prompt: Prompt, problem: Problem, answers: Sequence[str]) -> str:
    """The prompt that asks to pick one of these answers; they are numbered from 1."""
    mark = mark_for([problem.prompt, _target(problem), *answers])
    shown = [fenced(text, f"ANSWER {at}", mark) for at, text in enumerate(answers, start=1)]
    return _filled(prompt, problem, mark, answers="\n\n".join(shown))


def _filled(prompt: Prompt, problem: Problem, mark: str, **texts: str) -> str:
    question = fenced(problem.prompt, "TASK", mark)
    target = fenced(_target(problem), "TARGET", mark)
    return prompt.filled({"mark": mark, "question": question, "target": target, **texts})


def _target(problem: Problem) -> str:
    target: Json = problem.target
    return target if isinstance(target, str) else "" if target is None else str(target)
