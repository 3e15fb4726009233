"""The scores in a log of inspect: "C" and "I", numbers, objects of numbers.

Not here: the samples (`formats.inspect_log`).
Try it: `python -m doctest src/topdraw/store/formats/inspect_scores.py -v`.

inspect counts "C", "P", "I" and "N" as 1, 0.5, 0 and 0, and leaves NaN out as unscored.
"""

from __future__ import annotations

import math

from topdraw.core.records import Json, Score
from topdraw.store.formats import cells
from topdraw.store.formats.protocol import Notes, Values

_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}


def accuracies(header: Values) -> frozenset[str]:
    """The scorers with a metric of accuracy: numbers 0 and 1 of these are verdicts.

    Args:
        header: of a log.
    """
    listed = cells.listed(cells.nested(header.get("eval")).get("scorers"))
    found = set()
    for one in map(cells.nested, listed):
        metrics = [
            cells.text(cells.nested(metric).get("name") or metric)
            for metric in cells.listed(one.get("metrics"))
        ]
        if any(metric.rpartition("/")[2] == "accuracy" for metric in metrics):
            found.add(cells.text(one.get("name")))
    return frozenset(found)


def scores_of(values: Values, judges: frozenset[str], notes: Notes) -> dict[str, Score]:
    """The scores of a sample, by name; an object's entries are scorers of their own.

    Args:
        values: the sample.
        judges: scorers whose numbers 0 and 1 are verdicts.
        notes: where scores that are neither a number nor a letter are counted.
    """
    found = {}
    for name, given in cells.nested(values.get("scores")).items():
        score: Values = given if isinstance(given, dict) else {"value": given}
        value = score.get("value")
        if isinstance(value, dict):
            for key, one in value.items():
                found[f"inspect:{name}.{key}"] = _score({**score, "value": one}, name in judges)
        elif isinstance(value, list):
            notes.counts["scores are lists of values: not kept"] += 1
        else:
            found[f"inspect:{name}"] = _score(score, name in judges)
    return found


def _score(score: Values, is_judge: bool) -> Score:
    """One score.

    Examples:
        >>> _score({"value": "C", "answer": "18"}, False).passed, _score({"value": 0.3}, True).value
        (True, 0.3)
        >>> _score({"value": float("nan")}, True).missing_reason
        'unscored'
    """
    value = score.get("value")
    answer = score.get("answer")
    answer = answer if isinstance(answer, str) else None
    note = " ".join(cells.text(score.get("explanation")).split())[:200]
    if isinstance(value, str) and value in _LETTERS:
        return Score(_LETTERS[value], value == "C", answer, note)
    if isinstance(value, bool):
        return Score.verdict(value, answer=answer, note=note)
    number = cells.number(value)
    if math.isnan(number):
        return (
            Score.missing("unscored")
            if value is None or isinstance(value, float)
            else Score(answer=answer, note=note or cells.text(value)[:200])
        )
    passed = cells.verdict(value) if is_judge and number in (0, 1) else None
    return Score(number, passed, answer, note)


def written_scores(by: str, score: Score | None) -> Values:
    """A score as inspect stores it; none where there is none."""
    if score is None or not by:
        return {}
    letter: Json = "C" if score.passed else "I"
    value = letter if score.passed is not None and score.value in (0, 1) else score.value
    if score.value == 0.5 and score.passed is False:
        value = "P"
    written: Values = {
        "value": math.nan if score.is_missing else value,
        "answer": score.answer,
        "explanation": score.note,
    }
    return {by.removeprefix("inspect:"): written}
