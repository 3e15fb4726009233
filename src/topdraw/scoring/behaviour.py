"""How a function behaves on the examples its prompt shows, as an answer that votes can compare.

Not here: verdicts; hidden tests are never looked at. Functions that give the same on these inputs
vote together, right or wrong (AlphaCode, Li et al. 2022, arXiv 2203.07814, section 4.6, with
generated inputs). Try it: `python -m pytest tests/scoring/test_behaviour.py`.

The inputs are those of calls of the function with literal arguments that stand in the prompt
(`>>> f([1, 2])`, `assert f("a") == 1`), and neighbours of each argument by fixed rules.
"""

from __future__ import annotations

import ast
import hashlib
import re
from typing import TypeGuard

from topdraw.core.records import Json
from topdraw.scoring.functions import probes
from topdraw.scoring.plain_text import text_of
from topdraw.scoring.sandbox.outcome import Outcome, Verdict

MOST_SHOWN = 6
MOST_PROBES = 10
_LONGEST_CALL = 2000
_LONGEST_ANSWER = 200

Arguments = tuple[object, ...]


def shown_inputs(prompt: str, entry: str) -> tuple[Arguments, ...]:
    r"""Arguments of the calls in a prompt and their neighbours; none when it shows no call.

    Args:
        prompt: as the model saw it.
        entry: the function's name.

    Examples:
        >>> shown_inputs("def f(x):\n    '''\n    >>> f(6)\n    12\n    '''", "f")
        ((6,), (7,), (15,), (3,))
    """
    shown = _calls(prompt, entry)
    more: list[Arguments] = []
    for arguments in shown:
        for at, value in enumerate(arguments):
            if _is_json(value):
                more += [
                    (*arguments[:at], other, *arguments[at + 1 :]) for other in probes([value])
                ]
    known = {repr(arguments) for arguments in shown}
    fresh = {repr(arguments): arguments for arguments in more if repr(arguments) not in known}
    return (*shown, *list(fresh.values())[:MOST_PROBES])


def _is_json(value: object) -> TypeGuard[Json]:
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, bool | int | float | str)


def _calls(prompt: str, entry: str) -> list[Arguments]:
    found: dict[str, Arguments] = {}
    for call in re.finditer(rf"(?<![\w.]){re.escape(entry)}\(", prompt):
        line = prompt[call.end() - 1 : call.end() + _LONGEST_CALL].split("\n", 1)[0]
        arguments = _literal(line)
        if arguments and len(found) < MOST_SHOWN:
            found.setdefault(repr(arguments), arguments)
    return list(found.values())


def _literal(text: str) -> Arguments | None:
    """The arguments that a text beginning with "(" gives, when they are literals."""
    for end in (i for i, letter in enumerate(text) if letter == ")"):
        inside = text[1:end].strip()
        try:
            value = ast.literal_eval(f"({inside.rstrip(',')},)") if inside else ()
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        return value if isinstance(value, tuple) else None
    return None


def answer(outcome: Outcome) -> str | None:
    """The behaviour in an outcome of calls: what each gave, "!" where it gave nothing.

    Args:
        outcome: of `Calls` with the inputs of `shown_inputs`.

    Returns:
        None when every call failed, or nothing could be run; long text as a digest.
    """
    if outcome.missing or all(case.verdict != Verdict.RAN for case in outcome.cases):
        return None
    said = [_text(case.value) if case.verdict == Verdict.RAN else "!" for case in outcome.cases]
    text = " ".join(said)
    if len(text) <= _LONGEST_ANSWER:
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _text(value: object) -> str:
    """One text per plain value, types included, whatever the order of sets."""
    if isinstance(value, set | frozenset):
        return f"{{{','.join(sorted(map(_text, value)))}}}"
    if isinstance(value, list | tuple):
        inside = ",".join(map(_text, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside},)"
    if isinstance(value, dict):
        pairs = sorted(f"{_text(key)}:{_text(entry)}" for key, entry in value.items())
        return f"{{{','.join(pairs)}}}"
    return text_of(value)
