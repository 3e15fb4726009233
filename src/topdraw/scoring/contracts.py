"""`check_scorer`: what every scorer must do, checked on ordinary and on hostile outputs.

Not here: whether a scorer is any good; compare it with a verifier by `analysis.accuracy`.
Try it: `python -c "from topdraw.scoring.contracts import *; check_scorer('logprob')"`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from topdraw.core.protocols import Scorer
from topdraw.core.records import Problem, Sample, Score, Usage
from topdraw.core.seeds import Rng, generator
from topdraw.scoring.apply import apply_scorer
from topdraw.scoring.resolve import NamedScorer, resolve_scorer

HOSTILE = (
    *("", " ", "\n\n", "\x00", "\ud800", "a\u2028b\u0085c", "\u202e42", "\U0001f600" * 3),
    *("#### 1e999999999", "\\boxed{", "(" * 5000, "9" * 5000, "[" * 5000, "x " * 50_000),
    *("nan", "-inf", "1/0", "__import__('os')._exit(1)", "<script>alert(1)</script>", "\r" * 100),
)


def check_scorer(
    scorer: str | Scorer,
    /,
    *,
    problem: Problem | None = None,
    outputs: Sequence[str] = (),
    rng: Rng = 0,
) -> None:
    """Check that a scorer keeps the contract; quiet when it does.

    It returns one score per sample, for no sample, one and many; the same call gives the same
    scores; another order of the samples gives the same scores in that order; a sample alone gets
    the score it gets among others, because scores are stored and topped up; empty, huge and odd
    text is scored without an exception; a missing score has no value, verdict or answer; a verdict
    agrees with itself (True has a larger value than False).

    Args:
        scorer: a name, `FILE.py:NAME` or a function.
        problem: one whose target the scorer understands; by default one without a target.
        outputs: outputs worth scoring; best both right and wrong ones.
        rng: seed or generator of the orders tried.

    Raises:
        AssertionError: naming what was broken, with the output that broke it.
        ConfigError: when it does not return one score, number, bool or None per sample.
        UnknownNameError: when there is no such scorer.

    Examples:
        >>> check_scorer("number", problem=Problem("1", "1+1=", "2"), outputs=["2", "#### 3"])
    """
    named = resolve_scorer(scorer)
    asked = problem or Problem("check", "1+1=")
    samples = [_sample(asked, i, text) for i, text in enumerate([*outputs, *HOSTILE])]
    scores = _score(named, asked, samples)
    assert apply_scorer(named, asked, []) == [], f"{named.name}: no samples, yet scores"  # noqa: S101  a check
    _check_each(named, samples, scores)
    _check_same(named, "a second call", samples, scores, _score(named, asked, samples))
    order = generator(rng).permutation(len(samples)).tolist()
    shuffled = _score(named, asked, [samples[i] for i in order])
    expected = [scores[i] for i in order]
    _check_same(named, "another order", [samples[i] for i in order], expected, shuffled)
    for sample, found in zip(samples, scores, strict=True):
        _check_same(named, "scoring it alone", [sample], [found], _score(named, asked, [sample]))


def _sample(problem: Problem, index: int, output: str) -> Sample:
    usage = Usage(output_tokens=max(len(output) // 4, 1))
    return Sample(problem.id, index, output, logprob=-1.0 - index, usage=usage)


def _score(named: NamedScorer, problem: Problem, samples: list[Sample]) -> list[Score]:
    found = apply_scorer(NamedScorer(named.name, _loud(named.scorer)), problem, samples)
    raised = next((s.missing_reason for s in found if (s.missing_reason or "")[:1] == "\0"), None)
    if raised is not None:
        raise AssertionError(f"{named.name}: raised {raised[1:]}, among {len(samples)} samples")
    return found


def _loud(scorer: Scorer) -> Scorer:
    """The scorer with its exceptions told apart from the missing scores it means to give."""

    def call(problem: Problem, samples: Sequence[Sample], /) -> Sequence[Score]:
        try:
            return scorer(problem, samples)
        except Exception as error:  # noqa: BLE001  reported by the caller
            return [Score.missing(f"\0{type(error).__name__}: {error}") for _ in samples]

    return call


def _check_each(named: NamedScorer, samples: list[Sample], scores: list[Score]) -> None:
    for sample, found in zip(samples, scores, strict=True):
        empty = math.isnan(found.value) and found.passed is None and found.answer is None
        if found.is_missing and not empty:
            _broken(named, "a missing score has a value, verdict or answer", sample, found)
    right = [found.value for found in scores if found.passed is True]
    wrong = [found.value for found in scores if found.passed is False]
    if right and wrong and not min(right) > max(wrong):
        _broken(named, "a passed sample is not worth more than a failed one", samples[0], scores[0])


def _check_same(
    named: NamedScorer, what: str, samples: list[Sample], expected: list[Score], found: list[Score]
) -> None:
    for sample, old, new in zip(samples, expected, found, strict=True):
        # repr, because NaN is not equal to itself.
        if repr(old) != repr(new):
            _broken(named, f"{what} gives another score than {old}", sample, new)


def _broken(named: NamedScorer, what: str, sample: Sample, found: Score) -> None:
    raise AssertionError(f"{named.name}: {what}; output {sample.output[:60]!r} got {found}")
