r"""The prompt for competition mathematics, and the answer in a solution's last `\boxed{...}`.

Not here: comparing answers (scorers "math" and "number").
Try it: `python -c "from topdraw.tasks.boxed import boxed; print(boxed(r'so \boxed{12}'))"`.

The prompt is the one of Qwen2.5-Math (https://github.com/QwenLM/Qwen2.5-Math, "qwen25-math-cot"),
in one user turn.
"""

from __future__ import annotations

from topdraw.core.records import Json
from topdraw.tasks.benchmark import known_style

ASK = r"Please reason step by step, and put your final answer within \boxed{}."
DECODING: dict[str, dict[str, Json]] = {
    "zero-shot": {"max_tokens": 2048},
    "plain": {"max_tokens": 2048},
}
"""The settings of each style."""
_MARKS = ("\\boxed", "\\fbox")


def asked(question: str, style: str) -> str:
    """The prompt of a question.

    Args:
        question: as it stands in the data set.
        style: "zero-shot" asks for steps and a box, "plain" for nothing.

    Raises:
        DomainError: when the style is not known.
    """
    known_style(style, DECODING)
    return f"{question}\n{ASK}" if style == "zero-shot" else question


def boxed(solution: str) -> str | None:
    r"""What stands in the last `\boxed{...}` or `\fbox{...}`; None when there is none.

    `\boxed 7` without braces holds what follows up to a `$`, as the Hendrycks loader reads it.

    Examples:
        >>> boxed(r"\boxed{1} or \boxed{\frac{1}{2}}."), boxed(r"$\boxed 7$"), boxed("7")
        ('\\frac{1}{2}', '7', None)
    """
    start, mark = max((solution.rfind(mark), mark) for mark in _MARKS)
    if start < 0:
        return None
    rest = solution[start + len(mark) :]
    if not rest.startswith("{"):
        return rest.split("$", 1)[0].strip() or None
    depth = 0
    for at, character in enumerate(rest):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return rest[1:at].strip() or None
    return None
