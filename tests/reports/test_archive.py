import base64
import json
import math
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.hostile import EVERYTHING, HOSTILE
from tests.reports.long_answers import answers

from topdraw.reports.archive import LONGEST, packed, ranges, unpacked_texts, within
from topdraw.reports.views import SampleView
from topdraw.reports.visible import plain


def _table(block: str) -> dict[str, Any]:
    inside = zlib.decompress(base64.b64decode(block), -15)
    size = int.from_bytes(inside[:4], "big")
    table: dict[str, Any] = json.loads(inside[4 : 4 + size])
    return table


def _view(output: str, *indices: int) -> SampleView:
    return SampleView(output, len(indices), indices[0], "failed", indices=indices)


def test_a_block_holds_all_that_is_known_of_each_sample() -> None:
    chosen = (("best_of_n", 0.99999), ("majority", 0.25))
    samples = [
        SampleView("six", 3, 0, "passed", "right", "6", 0.123456, chosen, 3, "stop", (0, 2, 3)),
        SampleView("five", 1, 1, "failed", "wrong", "5", -math.inf, (), 0, "length", (1,)),
        SampleView("none", 1, 4, "missing", "wrong"),
    ]
    block = packed(samples)
    assert unpacked_texts(block) == ["six", "five", "none"]
    table = _table(block)
    assert table["verdict"] == "pfm"
    assert table["at"] == ["0,2-3", None, "4"]
    assert [table["notes"][at] for at in table["note"]] == ["right", "wrong", "wrong"]
    assert table["answer"] == [0, 1, -1]
    assert table["answers"] == ["6", "5"]
    assert [table["ends"][at] for at in table["end"]] == ["", "length", ""]
    assert table["value"] == [0.123, None, None]
    assert table["tokens"] == [3, 0, 0]
    assert table["by"] == {"0": [["best", "best of n", 1.0], ["majority", "majority", 0.25]]}
    assert table["cut"] == {}


@pytest.mark.parametrize("text", [*HOSTILE, EVERYTHING], ids=range(len(HOSTILE) + 1))
def test_hostile_text_is_named_and_the_block_is_letters(text: str) -> None:
    block = packed([SampleView(text, 1, 0, "failed", text, text, 0.5, (), 0, text)])
    assert block.isascii()
    assert block.replace("+", "").replace("/", "").rstrip("=").isalnum()
    assert unpacked_texts(block) == [plain(text, len(text))]


def test_a_huge_text_is_cut_with_a_count() -> None:
    block = packed([_view("x" * (LONGEST + 7), 0), _view("y", 1)])
    assert [len(text) for text in unpacked_texts(block)] == [LONGEST, 1]
    assert _table(block)["cut"] == {"0": 7}


def test_the_same_samples_make_the_same_block() -> None:
    samples = [_view(text, at) for at, text in enumerate(answers(2, 50))]
    assert packed(samples) == packed(samples)
    assert unpacked_texts(packed(samples)) == answers(2, 50)


def test_what_does_not_fit_is_left_out_and_what_does_comes_after() -> None:
    small, large = [_view("a", 0)], [_view(text, i) for i, text in enumerate(answers(3, 300))]
    room = len(packed(small)) * 2
    made = within([small, large, [], small, small], room)
    assert [bool(block) for block in made] == [True, False, False, True, False]
    assert within([small, large], 0) == ["", ""]


@given(st.sets(st.integers(0, 60)))
def test_ranges_say_every_number_once(numbers: set[int]) -> None:
    told = ranges(sorted(numbers))
    found: list[int] = []
    for part in filter(None, told.split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    assert found == sorted(numbers)
