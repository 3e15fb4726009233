r"""Verifier of multiple choice: the letter an output chooses, or the text of an option it names.

Not here: the rules for letters (`answers.letters`), and choosing by log-likelihood.
Try it: `topdraw score RUN choice`.

Options are `metadata["options"]` of the problem: texts ("17", or "B) 17"), or a mapping from
letters to texts. `metadata["letter_rule"]` names one rule of `answers.letters`; without it these
are tried in turn: boxed, answer-last, answer-is, alone, option text, last-letter. Which one found
the letter is in the score's note, because the conventions differ by points on the same outputs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from topdraw.core.records import Json, Problem, Sample, Score
from topdraw.core.registry import scorer
from topdraw.errors import ConfigError
from topdraw.scoring.answers.letters import RULES, USUAL
from topdraw.scoring.answers.spans import Span, find

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WITHOUT_OPTIONS = "ABCDEFGHIJ"
_LABEL = re.compile(r"\s*\(?([A-Z])\s*[).:]\s*(.*)", re.DOTALL)


@scorer("choice")
def score_choice(problem: Problem, samples: Sequence[Sample], /) -> list[Score]:
    """A verdict per sample: does it choose the option that is right?

    Args:
        problem: its target is the letter, the option's text, or its place counted from 0; its
            options are in its metadata (see the module). None: nobody knows the answer.
        samples: of this problem.

    Returns:
        Verdicts with the letter as answer; no letter is wrong. Without a target the letters alone.
        Missing scores when the target is none of the options.

    Raises:
        ConfigError: if `letter_rule` is no rule.

    Examples:
        >>> problem = Problem("1", "", "B", {"options": ["16", "17"]})
        >>> outputs = ["Answer: B", "it is 17.", "(A) or (B)? The answer is (A)."]
        >>> scores = score_choice(problem, [Sample("1", i, text) for i, text in enumerate(outputs)])
        >>> [(score.passed, score.note) for score in scores]
        [(True, 'answer-last'), (True, 'option text'), (False, 'answer-is')]
    """
    options = read_options(problem.metadata.get("options"))
    letters = "".join(options) or _WITHOUT_OPTIONS
    rule = problem.metadata.get("letter_rule")
    if rule is not None and rule not in RULES:
        raise ConfigError(
            f"letter_rule {str(rule)[:60]!r} of problem {problem.id!r} is no rule.",
            hint=f"Known: {', '.join(RULES)}.",
        )
    gold = read_letter(problem.target, options)
    if gold is None and problem.target is not None:
        reason = f"target {str(problem.target)[:60]!r} is none of the options {', '.join(letters)}"
        return [Score.missing(reason) for _ in samples]
    found = [choose(sample.output, letters, options, str(rule or "")) for sample in samples]
    return [_score(gold, one) for one in found]


def _score(gold: str | None, found: Span | None) -> Score:
    if gold is None:
        return (
            Score(note="no letter") if found is None else Score(answer=found.text, note=found.rule)
        )
    if found is None:
        return Score.verdict(False, note="no letter")
    return Score.verdict(found.text == gold, answer=found.text, note=found.rule)


def choose(output: str, letters: str, options: Mapping[str, str], rule: str = "") -> Span | None:
    """The letter an output chooses and the rule that found it; None when it chooses none.

    Args:
        output: anything.
        letters: those of the options.
        options: letter to text; may be empty.
        rule: the only one to try; "" for the usual ones.
    """
    for name in (rule,) if rule else USUAL:
        if name == "last-letter" and not rule:
            named = by_text(output, options)
            if named is not None:
                return Span(named, "option text")
        letter = RULES[name](output, letters)
        if letter is not None and letter in letters:
            return Span(letter, name)
    return None


def by_text(output: str, options: Mapping[str, str]) -> str | None:
    """The letter of the only option whose text is the final answer, or ends the last line.

    Case, spaces and the punctuation around it do not count. Where one option ends another ("17" and
    "117"), the longest counts, and only whole words.
    """
    found = find(output)
    lines = output.strip().rsplit("\n", 1)
    places = [_plain(found.text)] if found else []
    places.append(_plain(lines[-1][-2000:]))
    texts = {letter: _plain(text) for letter, text in options.items() if _plain(text)}
    for place in places:
        exact = [letter for letter, text in texts.items() if text == place]
        if len(exact) == 1:
            return exact[0]
    ending = [letter for letter, text in texts.items() if f" {places[-1]}".endswith(f" {text}")]
    longest = max((len(texts[letter]) for letter in ending), default=0)
    best = [letter for letter in ending if len(texts[letter]) == longest]
    return best[0] if len(best) == 1 else None


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" .,;:!?*_$()\"'`").casefold()


def read_options(options: Json) -> dict[str, str]:
    """Letter to text, in order; empty when there are no options."""
    if isinstance(options, Mapping):
        return {str(key).strip().upper(): str(text) for key, text in options.items()}
    if not isinstance(options, list):
        return {}
    found = {}
    for letter, option in zip(ALPHABET, options, strict=False):
        labelled = _LABEL.fullmatch(str(option))
        found[letter] = labelled[2] if labelled and labelled[1] == letter else str(option)
    return found


def read_letter(target: Json, options: Mapping[str, str]) -> str | None:
    """The letter a target means: itself, a place from 0, or an option's text; None when none."""
    letters = list(options) or list(_WITHOUT_OPTIONS)
    if isinstance(target, int) and not isinstance(target, bool):
        return letters[target] if 0 <= target < len(letters) else None
    if not isinstance(target, str):
        return None
    bare = target.strip().strip("().").upper()
    if bare in letters:
        return bare
    same = [letter for letter, text in options.items() if _plain(text) == _plain(target)]
    return same[0] if len(same) == 1 else None
