import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.hostile import HOSTILE

from topdraw.errors import StoreError
from topdraw.reports.document import told, write_page


@pytest.mark.parametrize(
    ("text", "number", "interval"),
    [
        ("it is 0.61 [0.55, 0.66].", "0.61", "[0.55, 0.66]"),
        ("falls by -0.1 [-0.2, -0.05]", "\u22120.1", "[\u22120.2, \u22120.05]"),
        ("takes 11.1k [9.34k, 14.1k] tokens", "11.1k", "[9.34k, 14.1k]"),
        ("saves -$2 [-$3, -$1]", "\u2212$2", "[\u2212$3, \u2212$1]"),
        ("costs $13.80 [$9.00, $19.00]", "$13.80", "[$9.00, $19.00]"),
        ("12% [10%, 14%] of", "12%", "[10%, 14%]"),
        ("k = 1,200 [900, 1,500]", "1,200", "[900, 1,500]"),
    ],
)
def test_intervals_are_found_in_a_sentence(text: str, number: str, interval: str) -> None:
    assert f'<span class="num">{number}</span> <span class="ci">{interval}</span>' in told(text)


@pytest.mark.parametrize("text", ["a [b, c]", "p 0.5 [see note]", "0.5 [0.1,0.2]"])
def test_what_is_no_interval_stays_as_it_is(text: str) -> None:
    assert told(text) == text


@given(st.text())
def test_told_text_says_what_it_said(text: str) -> None:
    assert set(re.findall(r"<[^>]*>", told(text))) <= {
        '<span class="num">',
        '<span class="ci">',
        "</span>",
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    told(text).encode()
    assert "<" not in told(text)


def test_a_page_is_written_into_folders_that_are_not_there_yet(tmp_path: Path) -> None:
    path = write_page("<!doctype html>\u2713", tmp_path / "a" / "b.html")
    assert path.read_text(encoding="utf-8") == "<!doctype html>\u2713"
    with pytest.raises(StoreError, match="cannot be written"):
        write_page("", path / "c.html")
