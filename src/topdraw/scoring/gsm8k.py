r"""GSM8K's numbers by two published conventions: OpenAI's own grader and lm-eval's flexible one.

Not here: our own reading of final numbers (`scoring.number`), which agrees with the labels of
GSM8K's released model solutions; these two are for numbers to compare with published ones.
Try it: `topdraw score RUN gsm8k`.

They differ on the same outputs: "18.0" and "$18" are wrong by the strict one, and an output that
forgets "####" is right by the flexible one alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.core.registry import scorer

TAIL = 20_000
_STRICT = re.compile(r"#### (\-?[0-9\.\,]+)")
_FLEXIBLE = re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")


@scorer("gsm8k")
def score_gsm8k(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A verdict per sample by OpenAI's grader: the first "#### x", equal as text to the target's.

    Args:
        problem: its target is a GSM8K solution ("... #### 18"), or the number alone.
        samples: of this problem.

    Returns:
        Verdicts, with the number without commas as answer. No "#### x" is wrong. Missing scores
        when the target has no number.

    References:
        openai/grade-school-math, `dataset.py` (`extract_answer`, `is_correct`): commas go, the
        rest is compared as text, so that "18" is not "18.0".

    Examples:
        >>> outputs = [Sample("1", 0, "#### 1,200"), Sample("1", 1, "#### 1200.0")]
        >>> [score.passed for score in score_gsm8k(Problem("1", "", "1200"), outputs)]
        [True, False]
    """
    return _scored(problem, samples, strict, "first ####")


@scorer("gsm8k-flexible")
def score_gsm8k_flexible(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A verdict per sample by lm-eval's "flexible-extract": the last number of the output.

    Args:
        problem: its target is a GSM8K solution ("... #### 18"), or the number alone.
        samples: of this problem.

    Returns:
        As `score_gsm8k`, commas, dollars and a last full stop taken away from both.

    References:
        EleutherAI/lm-evaluation-harness, `tasks/gsm8k/gsm8k.yaml`.

    Examples:
        >>> asked = Problem("1", "", "#### 18")
        >>> score = score_gsm8k_flexible(asked, [Sample("1", 0, "So $18.")])[0]
        >>> score.passed, score.answer
        (True, '18')
    """
    return _scored(problem, samples, flexible, "last number")


def strict(text: str) -> str | None:
    """The number behind the first "#### ", without commas; None when there is none."""
    found = _STRICT.search(text)
    return found[1].strip().replace(",", "") if found else None


def flexible(text: str) -> str | None:
    """The last number, without commas, dollars and a last full stop; None when there is none."""
    found = list(_FLEXIBLE.finditer(text[-TAIL:]))
    return re.sub(r"[,$]|\.$", "", found[-1][0]) if found else None


def _scored(
    problem: Problem, samples: Sequence[Sample], rule: Callable[[str], str | None], name: str
) -> list[Score]:
    found = [rule(sample.output) for sample in samples]
    if problem.target is None:
        return [Score(answer=one, note=name if one is not None else "no number") for one in found]
    gold = _gold(problem.target, rule)
    if gold is None:
        reason = f"target {str(problem.target)[:60]!r} has no number"
        return [Score.missing(reason) for _ in samples]
    return [
        Score.verdict(False, note="no number")
        if one is None
        else Score.verdict(one == gold, answer=one, note=name)
        for one in found
    ]


def _gold(target: Json, rule: Callable[[str], str | None]) -> str | None:
    if isinstance(target, bool) or not isinstance(target, str | int | float):
        return None
    text = str(target)
    return rule(text) if "####" in text else rule(f"#### {text}")
