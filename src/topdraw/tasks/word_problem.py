"""Prompts for word problems whose answer is a number.

Not here: the problems; `topdraw.tasks.gsm8k`, `topdraw.tasks.svamp`.
Try it: `topdraw tasks gsm8k -o style=plain --problems 1`.

"zero-shot" is the trigger of Kojima et al. 2022 (arXiv 2205.11916) with a line on the form of the
answer; "8-shot" is the chain of thought of Wei et al. 2022 (arXiv 2201.11903), whose answers end in
"The answer is x."; "plain" is the question alone.
"""

from __future__ import annotations

from topdraw.core.records import Json
from topdraw.tasks.benchmark import known_style
from topdraw.tasks.wei import EIGHT_SHOTS

ASK = "Let's think step by step. At the end, write #### and then the answer as a number alone."
DECODING: dict[str, dict[str, Json]] = {
    "zero-shot": {"max_tokens": 1024},
    "8-shot": {"max_tokens": 512, "stop": ["\nQ:"]},
    "plain": {"max_tokens": 1024},
}
"""The settings of each style."""


def worded(question: str, style: str) -> str:
    r"""The prompt of a question.

    Args:
        question: as it stands in the data set.
        style: one of `DECODING`.

    Raises:
        DomainError: when the style is not known.

    Examples:
        >>> worded("What is 1 + 1?", "8-shot")[-22:]
        '\n\nQ: What is 1 + 1?\nA:'
    """
    known_style(style, DECODING)
    if style == "8-shot":
        return f"{EIGHT_SHOTS}\n\nQ: {question}\nA:"
    return f"{question}\n{ASK}" if style == "zero-shot" else question
