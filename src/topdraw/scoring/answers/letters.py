r"""The letter an output chooses, by the conventions of the multiple-choice benchmarks.

Not here: verdicts (`scoring.choice`) and choosing by log-likelihood, which needs the model.
Try it: `python -c "from topdraw.scoring.answers.letters import *; print(RULES)"`.

The conventions differ by points of accuracy on the same outputs, so that the rule is part of the
score's note. Letters are those of the options, "A" the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_MARKS = re.compile(
    r"\*\*|__|\$?\\boxed\{|\\(?:text|mathrm|mathbf|textbf)\{|\\[(){}\[\]]|[${}]|(?<=\w)\}"
)
_TAIL = 20_000


def _plain(text: str) -> str:
    return _MARKS.sub("", text[-_TAIL:])


def _hits(pattern: str, text: str, letters: str) -> list[str]:
    one = rf"\(?([{letters}{letters.lower()}])\b(?!')"
    return [hit.upper() for hit in re.findall(pattern.replace("LETTER", one), text)]


def original(text: str, letters: str) -> str | None:
    """The first thing written, as where the next token after "Answer:" is compared.

    References:
        Hendrycks et al. 2021 (arXiv 2009.03300): MMLU's own harness takes the most likely of
        " A".." D"; of a generated text only its start can be looked at.
    """
    found = re.match(rf"\s*\(?([{letters}])(?![\w'])", text)
    return found[1] if found else None


def simple_evals(text: str, letters: str) -> str | None:
    """The *first* "Answer: X", Markdown and LaTeX marks taken away first.

    References:
        openai/simple-evals, `common.py` (MULTILINGUAL_ANSWER_REGEXES); English only here.
    """
    found = _hits(r"(?i:answer)[ \t]*:\s*LETTER", _plain(text), letters)
    return found[0] if found else None


def answer_last(text: str, letters: str) -> str | None:
    """The *last* "Answer: X": a model that changes its mind is taken at its last word."""
    found = _hits(r"(?i:answer)[ \t]*:\s*LETTER", _plain(text), letters)
    return found[-1] if found else None


def answer_is(text: str, letters: str) -> str | None:
    """The last "answer is (X)", as MMLU-Pro and lm-eval's chain-of-thought variants ask for it.

    References:
        TIGER-AI-Lab/MMLU-Pro, `extract_answer`; lm-eval's `mmlu_flan_cot`.
    """
    pattern = (
        r"(?i:answer|choice|option)\s+(?i:is|would be)(?:[ \t]+(?i:option|choice))?:?\s*LETTER"
    )
    found = _hits(pattern, _plain(text), letters)
    return found[-1] if found else None


def boxed(text: str, letters: str) -> str | None:
    r"""The letter in the last `\boxed{...}`: `\boxed{B}`, `\boxed{\text{(B)}}`, `\boxed{B. 5}`."""
    at = text.rfind("\\boxed")
    found = (
        re.match(rf"\s*\(?([{letters}])(?!\w|')", _plain(text[at : at + 200])) if at >= 0 else None
    )
    return found[1] if found else None


def alone(text: str, letters: str) -> str | None:
    """The whole output is a letter: "B", "(B)", "B.", "**B**", "B) 17"."""
    found = re.fullmatch(
        rf"\(?([{letters}{letters.lower()}])(?:[).:].{{0,200}})?", _plain(text).strip()
    )
    return found[1].upper() if found else None


def last_letter(text: str, letters: str) -> str | None:
    """The last "(X)", else the last capital that stands alone; "A" and "I" before a word do not.

    References:
        lm-eval's "flexible-extract" of multiple choice takes the last "(X)"; MMLU-Pro falls back
        on the last letter that stands alone.
    """
    plain = _plain(text)
    found = re.findall(rf"\(([{letters}])\)", plain)
    word = r"(?<![\w'-])(?![AI]\s+[a-z])"
    found = found or re.findall(rf"{word}([{letters}])(?![\w'-])", plain)
    return found[-1] if found else None


RULES: dict[str, Callable[[str, str], str | None]] = {
    "original": original,
    "simple-evals": simple_evals,
    "answer-last": answer_last,
    "answer-is": answer_is,
    "boxed": boxed,
    "alone": alone,
    "last-letter": last_letter,
}
#: Tried in this order where the problem names no rule.
USUAL = ("boxed", "answer-last", "answer-is", "alone", "last-letter")
