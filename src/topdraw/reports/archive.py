"""All samples of a problem in a block of letters that a page unpacks when somebody asks for them.

Not here: showing them (samples.js), which few stand in the page itself (`views`).
Try it: `python -m pytest tests/reports/test_archive.py`.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Iterable, Sequence

from topdraw.core.records import Json
from topdraw.reports.strategies import chosen_name, look
from topdraw.reports.views import SampleView
from topdraw.reports.visible import plain
from topdraw.reports.wordcode import Wordcode, decoded, encoded

#: The longest text kept whole, in characters; of longer ones the page says how much it leaves out.
LONGEST = 20_000
_LETTERS = {"passed": "p", "failed": "f", "missing": "m", "unscored": "u"}


def packed(samples: Sequence[SampleView]) -> str:
    """Distinct outputs with all that is known of them, as base64 of deflate.

    Inside are four bytes with the length of a JSON object (big-endian), the object in UTF-8, and
    the texts' code (`wordcode`). The object has `words` of the code and one column for each thing
    known, for columns deflate better than rows: `verdict` (a letter each), `at` (indices as in
    "0,4-6"; null for the one after the last), `note`, `answer`, `end` (each a number into the list
    of the same name with an s, -1 for none), `value`, `tokens`; and by row, where there is
    something: `cut` (characters left out of a text) and `by` (who chose it: key, name, share).

    Args:
        samples: distinct outputs of one problem, by their smallest index.

    Returns:
        Letters that are safe in any markup; the same each time. Invisible characters of all texts
        are named, as `visible.plain` does.
    """
    code = encoded([plain(each.output[:LONGEST], LONGEST) for each in samples])
    notes = [plain(each.note) for each in samples]
    answers = [None if each.answer is None else plain(each.answer) for each in samples]
    ends = ["" if each.finish_reason == "stop" else plain(each.finish_reason) for each in samples]
    table: dict[str, Json] = {
        "words": list(code.words),
        "verdict": "".join(_LETTERS[each.verdict] for each in samples),
        "at": _places([each.indices or (each.index,) for each in samples]),
        **_numbered("note", notes),
        **_numbered("answer", answers),
        **_numbered("end", ends),
        "value": [_rounded(each.value) for each in samples],
        "tokens": [each.tokens for each in samples],
        "cut": {
            str(at): len(each.output) - LONGEST
            for at, each in enumerate(samples)
            if len(each.output) > LONGEST
        },
        "by": {str(at): _choosers(each) for at, each in enumerate(samples) if each.weights},
    }
    told = json.dumps(table, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    inside = len(told).to_bytes(4, "big") + told + code.code
    return base64.b64encode(deflate.compress(inside) + deflate.flush()).decode("ascii")


def unpacked_texts(block: str) -> list[str]:
    """The texts of a block; for whoever wants the samples of a page back.

    Args:
        block: made by `packed`.
    """
    inside = zlib.decompress(base64.b64decode(block), -15)
    size = int.from_bytes(inside[:4], "big")
    words = json.loads(inside[4 : 4 + size])["words"]
    return decoded(Wordcode(tuple(words), inside[4 + size :]))


def within(problems: Iterable[Sequence[SampleView]], most_bytes: int) -> list[str]:
    """A block for each problem, "" for those that do not fit; the first come first.

    Args:
        problems: the distinct outputs of each; none for a problem that needs no block.
        most_bytes: of all blocks together, >= 0.
    """
    room, blocks = most_bytes, []
    for samples in problems:
        # What is surely too large is not packed to find that out: nothing deflates a thousandfold.
        whole = sum(min(len(each.output), LONGEST) for each in samples)
        block = packed(samples) if samples and whole < room * 1000 else ""
        block = block if len(block) <= room else ""
        room -= len(block)
        blocks.append(block)
    return blocks


def _places(places: Sequence[tuple[int, ...]]) -> list[Json]:
    found: list[Json] = []
    expected = 0
    for indices in places:
        found.append(None if indices == (expected,) else ranges(indices))
        expected = indices[0] + 1
    return found


def _choosers(sample: SampleView) -> list[Json]:
    return [[look(name).key, chosen_name(name), _rounded(share)] for name, share in sample.weights]


def _rounded(value: float) -> float | None:
    return float(f"{value:.3g}") if math.isfinite(value) else None


def _numbered(name: str, values: Sequence[str | None]) -> dict[str, Json]:
    """Values as numbers into the list of distinct ones; None is -1."""
    found: dict[str, int] = {}
    numbers: list[Json] = [
        -1 if value is None else found.setdefault(value, len(found)) for value in values
    ]
    return {name: numbers, f"{name}s": list(found)}


def ranges(numbers: Iterable[int]) -> str:
    """Rising whole numbers in short.

    Args:
        numbers: rising.

    Examples:
        >>> ranges([0, 4, 5, 6, 9])
        '0,4-6,9'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ",".join("-".join(map(str, run)) for run in runs)
