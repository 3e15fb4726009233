from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.hostile import HOSTILE

from topdraw.reports.visible import plain, visible

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.sampled_from(HOSTILE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("\x1b[0m", "␛[0m"),
        ("\x7f", "␡"),
        ("\r\n\t", "␍\n\t"),
        ("\u202eabc", "[U+202E]abc"),
        ("\ud800", "[U+D800]"),
        ("\u2028", "[U+2028]"),
        ("a\u200db", "a[U+200D]b"),
        ("👨\u200d👩", "👨\u200d👩"),
        ("\U000e0041", "[U+E0041]"),
        ("é ñ 漢 שלום", "é ñ 漢 שלום"),
    ],
)
def test_invisible_characters_get_a_name(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(ANY_TEXT)
def test_plain_text_encodes_and_hides_nothing(text: str) -> None:
    shown = plain(text)
    shown.encode()
    kinds = {unicodedata.category(char) for char in shown if char not in "\n\t\u200c\u200d"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(ANY_TEXT, st.integers(64, 400))
def test_visible_markup_keeps_to_its_limit_and_counts_the_rest(text: str, limit: int) -> None:
    clipped = visible(text, limit)
    assert len(clipped.html.encode()) <= limit
    assert 0 <= clipped.hidden <= len(text)
    bare = clipped.html.replace('<span class="ctl">', "").replace("</span>", "")
    assert "<" not in bare
    assert ">" not in bare


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_ordinary_text_comes_back_whole(text: str) -> None:
    clipped = visible(text, 10_000)
    assert clipped.html.unescape() == text
    assert clipped.hidden == 0
    assert plain(text, 10_000) == text


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert plain("x" * 10, 4) == "xxxx…"
    assert visible("x" * 100, 64).hidden == 36
