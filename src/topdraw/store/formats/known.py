"""The formats by name, and which of them a file is of.

Not here: the formats, one file each. Try it: `topdraw import --help`.
"""

from __future__ import annotations

from topdraw.core.registry import unknown_name
from topdraw.errors import FormatError
from topdraw.store.formats import (
    alpaca,
    arena_hard,
    evalplus,
    gsm8k_solutions,
    humaneval,
    inspect_log,
    livecodebench,
    lm_eval,
    mixeval,
    plain,
    prm800k,
    qwen_math,
    swebench,
    thought_logs,
    trl,
    wildbench,
)
from topdraw.store.formats.protocol import Format
from topdraw.store.formats.source import Source

#: All formats by name, in the order in which help lists them.
FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        lm_eval.FORMAT,
        inspect_log.FORMAT,
        humaneval.FORMAT,
        evalplus.FORMAT,
        livecodebench.FORMAT,
        *alpaca.FORMATS,
        arena_hard.FORMAT,
        wildbench.FORMAT,
        mixeval.FORMAT,
        qwen_math.FORMAT,
        gsm8k_solutions.FORMAT,
        prm800k.FORMAT,
        thought_logs.FORMAT,
        *swebench.FORMATS,
        *trl.FORMATS,
        plain.FORMAT,
    )
}


def find(name: str) -> Format:
    """The format of that name.

    Raises:
        UnknownNameError: with all names, the closest first.
    """
    if name not in FORMATS:
        raise unknown_name("format", name, list(FORMATS))
    return FORMATS[name]


def recognise(source: Source) -> Format:
    """The format that is surest that a file is its own.

    Raises:
        FormatError: when none is, or the file cannot be read; says what its fields are.
    """
    sure = max(FORMATS.values(), key=lambda one: one.sniff(source))  # of equals, the first
    if sure.sniff(source) > 0:
        return sure
    if not source.head:
        raise FormatError(f"{source.path} holds no object.")
    fields = ", ".join(repr(key[:40]) for key in list(source.first)[:20]) or "none"
    raise FormatError(
        f"{source.path} is of no format that topdraw knows; the fields of its first object are "
        f"{fields}.",
        hint="Say which field is what, --map problem=FIELD,text=FIELD, or which format it is,"
        " --format NAME.",
    )
